"""Every generated name, in Envoy Gateway's scheme: patches, dashboards and log queries depend on them.

https://gateway.envoyproxy.io/docs/tasks/extensibility/envoy-patch-policy/
"""

from egc.gatewayapi.graph import Backend, RuleNode

# https://github.com/envoyproxy/gateway/blob/v1.9.0/internal/xds/translator/route.go: a name that no cluster has.
NO_CLUSTER = "invalid-backend-cluster"
NO_ENDPOINTS = "no-endpoints"


def route(rule: RuleNode, match: int, host: str) -> str:
    """A route: kind, object, rule, match and host; the match is -1 where the rule has none."""
    resource = rule.route.resource
    return f"httproute/{resource.namespace}/{resource.name}/rule/{rule.index}/match/{match}/{host.replace('.', '_')}"


def virtual_host(listener: str, host: str) -> str:
    """A virtual host of a listener."""
    return f"{listener}/{host.replace('.', '_')}"


def misdirected(listener: str) -> str:
    """The virtual host of the names that other listeners serve."""
    return f"{listener}/misdirected/*"


def cluster(backend: Backend, policy: str) -> str:
    """A cluster, named after its backend as with mergeBackends; a policy that tunes it has clusters of its own."""
    resource = backend.resource
    parts = [resource.kind.lower(), resource.namespace, resource.name]
    parts += [str(backend.port)] if backend.port is not None else []
    return "/".join(parts + ([policy] if policy else []))


def certificate(namespace: str, name: str) -> str:
    """A secret of Envoy, named after the Secret it stands for."""
    return f"{namespace}/{name}"
