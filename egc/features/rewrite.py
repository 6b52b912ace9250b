"""URLRewrite: what a backend gets as host and path."""

from egc.envoy import api as pb
from egc.features.base import Context, Feature
from egc.features.path_rewrite import full_path, regex, replace_prefix
from egc.plan.model import Route


class UrlRewrite(Feature):
    """https://gateway-api.sigs.k8s.io/reference/spec/#httpurlrewritefilter"""

    def on_route(self, route: Route, message: "pb.route.Route", ctx: Context) -> None:
        """Rewrite host and path of what is forwarded."""
        action = message.route
        rewrite = next((f.url_rewrite for f in route.rule.spec.filters if f.url_rewrite is not None), None)
        if action is None or rewrite is None:
            return
        if rewrite.hostname is not None:
            action.host_rewrite_literal = rewrite.hostname
            action.append_x_forwarded_host = True
        if rewrite.path is None:
            return
        if rewrite.path.type == "ReplaceFullPath":
            action.regex_rewrite = regex("^/.*$", full_path(rewrite.path))
        else:
            replace_prefix(action, route.match.path, rewrite.path.replace_prefix_match or "")
