"""ReplacePrefixMatch and ReplaceFullPath, which redirects and rewrites share."""

import re

from egc.envoy import api as pb
from egc.gatewayapi.models.filters import HTTPPathModifier
from egc.gatewayapi.models.httproute import HTTPPathMatch


def replace_prefix(
    message: "pb.route.RouteAction | pb.route.RedirectAction", path: HTTPPathMatch, replacement: str
) -> None:
    """Replace the matched prefix by whole segments.

    https://gateway-api.sigs.k8s.io/reference/spec/#httppathmodifier has the table of what becomes what.
    """
    prefix, new = path.value.rstrip("/"), replacement.rstrip("/")
    if not prefix:
        # The match is "/", of which only the slash is replaced: it must come back.
        message.prefix_rewrite = f"{new}/"
    elif not new:
        # Nothing is left of the prefix: "/foo" and "/foo/" become "/", "/foo/bar" becomes "/bar".
        message.regex_rewrite = regex(rf"^{re.escape(prefix)}/*", "/")
    else:
        message.prefix_rewrite = new


def regex(expression: str, substitution: str) -> "pb.matcher.RegexMatchAndSubstitute":
    """A rewrite of what an RE2 expression matches."""
    return pb.matcher.RegexMatchAndSubstitute(
        pattern=pb.matcher.RegexMatcher(regex=expression), substitution=substitution
    )


def full_path(modifier: HTTPPathModifier) -> str:
    """The path that replaces everything, as a substitution of an RE2 expression."""
    return (modifier.replace_full_path or "/").replace("\\", "\\\\")
