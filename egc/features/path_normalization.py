"""Paths are cleaned before anything looks at them: ``ClientTrafficPolicy.spec.path``."""

from egc.envoy import api as pb
from egc.features.base import Context, Feature
from egc.plan.model import Chain


class PathNormalization(Feature):
    """Decode, resolve dots, merge slashes; an encoded slash is sent back to the client decoded."""

    def on_hcm(self, chain: Chain, message: "pb.hcm.HttpConnectionManager", ctx: Context) -> None:
        """Always normalise; the policy may change what happens to slashes."""
        path = chain.client.spec.path if chain.client else None
        actions = pb.hcm.HttpConnectionManagerPathWithEscapedSlashesAction
        message.normalize_path = True
        message.merge_slashes = not (path and path.disable_merge_slashes)
        message.path_with_escaped_slashes_action = {
            "KeepUnchanged": actions.KEEP_UNCHANGED,
            "RejectRequest": actions.REJECT_REQUEST,
            "UnescapeAndForward": actions.UNESCAPE_AND_FORWARD,
            "UnescapeAndRedirect": actions.UNESCAPE_AND_REDIRECT,
        }[(path and path.escaped_slashes_action) or "UnescapeAndRedirect"]
