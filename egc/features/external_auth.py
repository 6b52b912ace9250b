"""ExternalAuth: a service of the site is asked whether a request may pass."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from egc.envoy import api as pb
from egc.features.base import Context, HttpFilter, Use
from egc.plan.model import Chain, Cluster, Preflight, Route

if TYPE_CHECKING:
    from egc.gatewayapi.graph import RouteFilter
    from egc.gatewayapi.models.filters import HTTPAuthConfig, HTTPExternalAuthFilter

TIMEOUT = timedelta(seconds=10)
# What an authorizer always gets. https://gateway-api.sigs.k8s.io/geps/gep-1494/
_ALWAYS_TOLD = frozenset({"host", "method", "path", "content-length", "authorization"})
# They belong to the authorizer's answer or to the way it came, and would break the request to the backend.
_OF_THE_ANSWER = (
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "keep-alive",
    "proxy-connection",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
)


class ForgedHeaders(HttpFilter):
    """Remove a client's own copies of the headers that an authorizer sets, before it is asked.

    Envoy overwrites what the authorizer sets, and leaves the client's value where it sets none.
    """

    filter = "envoy.filters.http.header_mutation"

    def shared(self, chain: Chain, ctx: Context) -> pb.header_mutation.HeaderMutation:
        """Each route says what it removes."""
        return pb.header_mutation.HeaderMutation()

    def uses(self, route: Route, ctx: Context) -> tuple[Use, ...]:
        """All headers that some authorizer of the route may set, but for those that it is told by the client."""
        names: dict[str, None] = {}
        for _, auth, _ in _asked(route):
            told = {name.lower() for name in auth.http.allowed_headers} | _ALWAYS_TOLD if auth.http is not None else ()
            set_by_it = auth.http.allowed_response_headers if auth.http is not None else ()
            names |= {name.lower(): None for name in set_by_it if name.lower() not in told}
        if not names:
            return ()
        removals = [pb.mutation_rules.HeaderMutation(remove=name) for name in names]
        mutations = pb.header_mutation.Mutations(request_mutations=removals)
        return (Use(pb.header_mutation.HeaderMutationPerRoute(mutations=mutations)),)


class ExternalAuth(HttpFilter):
    """https://gateway-api.sigs.k8s.io/reference/spec/#httpexternalauthfilter"""

    filter = "envoy.filters.http.ext_authz"

    def uses(self, route: Route, ctx: Context) -> tuple[Use, ...]:
        """A filter for each authorizer. Where it cannot be asked, nothing passes: that is Envoy's default."""
        return tuple(Use(_filter(auth, cluster), _name(route, found)) for found, auth, cluster in _asked(route))


def _asked(route: Route) -> Iterable[tuple[RouteFilter, HTTPExternalAuthFilter, Cluster]]:
    """The authorizers of a route. Preflights come without credentials, and get no further than the CORS filter."""
    if not route.asked or isinstance(route.action, Preflight):
        return
    for found in route.filters:
        auth, cluster = getattr(found, "external_auth", None), route.asked.get(id(found))
        if auth is not None and cluster is not None:
            yield found, auth, cluster


def _name(route: Route, found: RouteFilter) -> str:
    """Kind, object, rule and filter; a backend's filter has the backend before it."""
    resource, rule = route.rule.route.resource, route.rule
    name = f"{resource.kind.lower()}/{resource.namespace}/{resource.name}/rule/{rule.index}"
    own = rule.filters
    if route.alone is not None and not any(found is other for other in own):
        name, own = f"{name}/backend/{rule.backends.index(route.alone)}", route.alone.filters
    return f"{name}/filter/{next(i for i, other in enumerate(own) if other is found)}"


def _filter(auth: HTTPExternalAuthFilter, cluster: Cluster) -> pb.ext_authz.ExtAuthz:
    message = pb.ext_authz.ExtAuthz(transport_api_version=pb.core.ApiVersion.V3, failure_mode_allow=False)
    if auth.http is not None:
        message.http_service = _http(auth.http, cluster)
        if not auth.http.allowed_response_headers:
            # Neither Host nor anything else that says where the request goes, by default.
            message.decoder_header_mutation_rules = pb.mutation_rules.HeaderMutationRules(
                disallow_system=True,
                disallow_expression=pb.matcher.RegexMatcher(regex="|".join(_OF_THE_ANSWER)),
            )
        told = auth.http.allowed_headers
    else:
        grpc = pb.core.GrpcServiceEnvoyGrpc(cluster_name=cluster.name)
        message.grpc_service = pb.core.GrpcService(envoy_grpc=grpc, timeout=TIMEOUT)
        told = auth.grpc.allowed_headers if auth.grpc is not None else []
    if told:
        message.allowed_headers = _named(told)
    size = auth.forward_body.max_size if auth.forward_body is not None else None
    if size:
        # A longer body is refused: an authorizer that saw a part of it could not tell what the rest does.
        message.with_request_body = pb.ext_authz.BufferSettings(max_request_bytes=size)
    return message


def _http(http: HTTPAuthConfig, cluster: Cluster) -> pb.ext_authz.HttpService:
    # The URI is for logs alone: the cluster says where the service is, the client's request which host it is asked for.
    uri = pb.core.HttpUri(uri=f"http://{cluster.name.replace('/', '.')}", cluster=cluster.name, timeout=TIMEOUT)
    message = pb.ext_authz.HttpService(server_uri=uri)
    if http.path is not None:
        message.path_prefix = http.path.rstrip("/")
    passed = http.allowed_response_headers
    anything = pb.matcher.StringMatcher(safe_regex=pb.matcher.RegexMatcher(regex=".*"))
    allowed = _named(passed) if passed else pb.matcher.ListStringMatcher(patterns=[anything])
    message.authorization_response = pb.ext_authz.AuthorizationResponse(allowed_upstream_headers=allowed)
    return message


def _named(names: Iterable[str]) -> pb.matcher.ListStringMatcher:
    patterns = [pb.matcher.StringMatcher(exact=name.lower(), ignore_case=True) for name in names]
    return pb.matcher.ListStringMatcher(patterns=patterns)
