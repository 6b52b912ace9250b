"""Every generated name, in Envoy Gateway's scheme: patches, dashboards and log queries depend on them.

https://gateway.envoyproxy.io/docs/tasks/extensibility/envoy-patch-policy/
"""

import hashlib

from egc.gatewayapi.graph import Backend, RouteNode, RuleNode

# https://github.com/envoyproxy/gateway/blob/v1.9.0/internal/xds/translator/route.go: a name that no cluster has.
NO_CLUSTER = "invalid-backend-cluster"
NO_ENDPOINTS = "no-endpoints"

_LONGEST = 250
"""Bytes of a file's name: NAME_MAX is 255, and installing adds some while it writes."""


def route(rule: RuleNode, match: int, host: str) -> str:
    """A route: kind, object, rule, match and host; the match is -1 where the rule has none."""
    resource = rule.route.resource
    kind = resource.kind.lower()
    return f"{kind}/{resource.namespace}/{resource.name}/rule/{rule.index}/match/{match}/{host.replace('.', '_')}"


def virtual_host(listener: str, host: str) -> str:
    """A virtual host of a listener."""
    return f"{listener}/{host.replace('.', '_')}"


def misdirected(listener: str) -> str:
    """The virtual host of the names that other listeners serve."""
    return f"{listener}/misdirected/*"


def cluster(backend: Backend, policy: str, *, grpc: bool = False, variant: str = "") -> str:
    """A cluster, named after its backend as with mergeBackends; a policy that tunes it has clusters of its own.

    So has gRPC, where the backend speaks HTTP/1 to others, and a ``variant`` of the TLS towards it.
    """
    resource = backend.resource
    parts = [resource.kind.lower(), resource.namespace, resource.name]
    parts += [str(backend.port)] if backend.port is not None else []
    parts += ["udp"] if backend.udp else []
    parts += ["grpc"] if grpc else []
    parts += [variant] if variant else []
    return "/".join(parts + ([policy] if policy else []))


def joint_cluster(rule: RuleNode, policy: str, variant: str = "") -> str:
    """A cluster of all backends of a rule, named after the rule."""
    resource = rule.route.resource
    name = f"{resource.kind.lower()}/{resource.namespace}/{resource.name}/rule/{rule.index}"
    return "/".join(part for part in (name, variant, policy) if part)


def tunnel(route: RouteNode) -> str:
    """What passes connections or datagrams of a route on, unread."""
    resource = route.resource
    return f"{resource.kind.lower()}/{resource.namespace}/{resource.name}"


def pool(route: RouteNode) -> str:
    """The cluster of all backends of a UDPRoute."""
    return f"{tunnel(route)}/rule/-1"


def file(name: str, ending: str) -> str:
    """A file of the bundle. Kubernetes has longer names than file systems: one is cut, and told apart by a digest."""
    folder, slash, last = name.rpartition("/")
    if len(last) + len(ending) > _LONGEST:
        last = f"{last[: _LONGEST - len(ending) - 17]}-{hashlib.sha256(last.encode()).hexdigest()[:16]}"
    return f"{folder}{slash}{last}{ending}"


def authorities(name: str) -> str:
    """The file of some CA certificates in the bundle."""
    return file(f"ca/{name}", ".crt")


def certificate(namespace: str, name: str) -> str:
    """A secret of Envoy, named after the Secret it stands for."""
    return f"{namespace}/{name}"


def credential(namespace: str, name: str) -> str:
    """A secret of Envoy that holds the credential of a Secret; in a bundle, its file."""
    return f"credential/{namespace}/{name}"
