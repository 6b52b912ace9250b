"""TCPRoutes, TLSRoutes and UDPRoutes to tunnels: what is passed on unread.

https://gateway-api.sigs.k8s.io/reference/spec/#tlsroute
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from egc.diagnostics import Rule, Severity, Sink
from egc.envoygateway.policies import Policies
from egc.gatewayapi.graph import Attachment, GatewayNode, ListenerNode, ListenerSetNode, RouteNode, RuleNode
from egc.gatewayapi.rules.hostnames import covers, specificity
from egc.kube.resources import seniority
from egc.plan import names
from egc.plan.certificates import CertificateStore
from egc.plan.clusters import Clusters
from egc.plan.model import Share, Tunnel
from egc.profile import Profile

OLDER_ROUTE = Rule(
    code="EGC2220",
    severity=Severity.WARNING,
    title="route loses its listener to an older one",
    explanation="""
        Nothing in a TCP connection or a datagram tells two routes on one listener apart, and of TLS connections only
        the server name does. So a listener of protocol TCP or UDP has one route, one of protocol TLS has one for each
        name: the oldest by `creationTimestamp`, then the first by namespace and name. The others are accepted, as the
        Gateway API wants it, and get no traffic there until the older one goes.
        """,
    help="give the route another listener, or put its backends into the older route",
)
CUT_AT_RELOADS = Rule(
    code="EGC2221",
    severity=Severity.NOTE,
    title="long UDP sessions are cut at a reload",
    explanation="""
        After a hot restart, the old Envoy keeps the sessions that it has until it ends, `envoy.parentShutdownTime`
        later. Then answers under way are lost, and the client's next datagram begins a session at the new Envoy: from
        another port, and perhaps with another backend. Shorter sessions lose nothing, such as a question and its
        answer; a protocol with long ones has to bear that.

        The note goes away when the host profile says how long the old Envoy waits, even if that is the default:

        ```yaml
        # file: egc.yaml
        envoy:
          parentShutdownTime: 30s
        ```
        """,
    help="set envoy.parentShutdownTime in egc.yaml to the time that a session lasts",
)
IDLE_TIMEOUT_WITHOUT_USE = Rule(
    code="EGC2223",
    severity=Severity.WARNING,
    title="idle timeout of connections that are not passed on",
    explanation="""
        `timeout.tcp.idleTimeout` of a ClientTrafficPolicy is for connections that are passed on unread: those of
        listeners of protocol TCP and TLS. None of the listeners that this policy governs is one. HTTP has idle timeouts
        of its own:

        ```yaml
        timeout:
          http: {idleTimeout: 10m}
        ```
        """,
    help="use timeout.http.idleTimeout, or target a listener of protocol TCP or TLS",
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What tunnels are made of, beside listeners and routes."""

    policies: Policies
    clusters: Clusters
    certificates: CertificateStore
    profile: Profile
    sink: Sink


def tunnels(port: list[ListenerNode], ground: Ground) -> list[Tunnel]:
    """The tunnels of a port, the most specific server name first; listeners of HTTPS have none."""
    served = [node for node in port if node.programmed]
    mine = [node for node in served if node.spec.protocol not in ("HTTP", "HTTPS")]
    found = [tunnel for node in mine for tunnel in _of_listener(node, port, ground)]
    if len(mine) == len(served) and not any(tunnel.shares for tunnel in found):
        # Nobody need be asked for a server name only to be turned away.
        return [Tunnel(mine[0].name, mine[0])] if mine else []
    found += _of_those_down(port, mine)
    if len({tunnel.name for tunnel in found}) < len(found):
        _tell_apart(found)
    return sorted(found, key=lambda tunnel: [specificity(name) for name in tunnel.server_names or ("*",)])


def check_idle_timeouts(policies: Policies, sink: Sink) -> None:
    """Report idle timeouts that govern nothing."""
    for policy in policies.client.nodes:
        tcp = policy.spec.timeout.tcp if policy.spec.timeout is not None else None
        if tcp is None or tcp.idle_timeout is None or not policy.governs:
            continue
        listeners: list[ListenerNode] = []
        for node in policy.governs:
            listeners += node.all_listeners() if isinstance(node, GatewayNode) else []
            listeners += node.listeners if isinstance(node, ListenerSetNode) else []
            listeners += [node] if isinstance(node, ListenerNode) else []
        if not any(listener.spec.protocol in ("TCP", "TLS") for listener in listeners):
            message = f'no listener of protocol TCP or TLS is governed by ClientTrafficPolicy "{policy.resource.name}"'
            sink.report(IDLE_TIMEOUT_WITHOUT_USE, tcp.at("idleTimeout"), message)


def datagrams(node: ListenerNode, ground: Ground) -> Tunnel:
    """The tunnel of a UDP listener."""
    attached = _by_age(node)
    _report_younger(attached, ground.sink)
    profile = ground.profile
    if attached and profile.target != "none" and "parent_shutdown_time" not in profile.envoy.model_fields_set:
        wait = f"{profile.envoy.parent_shutdown_time.total_seconds():g}s"
        message = f"at a reload, sessions that last longer than {wait} are cut"
        ground.sink.report(CUT_AT_RELOADS, node.spec.at("protocol"), message)
    if not attached:
        return Tunnel(node.name, node)
    route = attached[0].parent.route
    return Tunnel(names.tunnel(route), node, route=route, shares=_pool(route, node, ground))


def _of_listener(node: ListenerNode, port: list[ListenerNode], ground: Ground) -> Iterator[Tunnel]:
    mine = node.hostname
    strangers = [o for o in port if o.hostname != mine and covers(mine, o.hostname)] if mine.startswith("*") else []
    taken: dict[str, Attachment] = {}
    ends_here = node.spec.tls is not None and node.spec.tls.mode == "Terminate"
    certificates = ground.certificates.of(node) if ends_here else []
    client = ground.policies.client.on_listener(node)
    for attachment in _by_age(node):
        asked = attachment.hostnames if node.spec.protocol == "TLS" else ("*",)
        hosts = [host for host in asked if not any(covers(o.hostname, host) for o in strangers)]
        own = [host for host in hosts if taken.setdefault(host, attachment) is attachment]
        route = attachment.parent.route
        if own:
            server_names = () if "*" in own else tuple(sorted(own, key=specificity))
            shares = _shares(route, node, ground)
            # Who is turned away need not shake hands before.
            shown = certificates if shares else []
            yield Tunnel(names.tunnel(route), node, server_names, route, shares, shown, client)
        if len(own) < len(hosts):
            _report_lost(attachment, taken, [host for host in hosts if host not in own], ground.sink)
    # What no route of its listener takes must not fall through to a wider name of another listener.
    if mine not in taken and any(covers(o.hostname, mine) for o in port if o is not node):
        yield Tunnel(node.name, node, () if mine == "*" else (mine.lower(),))


def _of_those_down(port: list[ListenerNode], served: list[ListenerNode]) -> Iterator[Tunnel]:
    """The names of listeners that are not served must not fall through to a wider name of one that is."""
    for node in port:
        if not node.programmed and any(covers(o.hostname, node.hostname) for o in served):
            yield Tunnel(node.name, node, (node.hostname.lower(),))


def _by_age(node: ListenerNode) -> list[Attachment]:
    """The attachments of a listener, the oldest route first; two parentRefs of a route may lead to one listener."""
    first = {id(attachment.parent.route): attachment for attachment in reversed(node.attached)}
    return sorted(first.values(), key=lambda attachment: seniority(attachment.parent.route.resource))


def _refused(rule: RuleNode, node: ListenerNode, policies: Policies) -> bool:
    """Whether nothing may pass, since something at fault governs the rule."""
    governing = (
        policies.client.on_listener(node),
        policies.backend.on_rule(rule, node),
        policies.security.on_rule(rule, node),
    )
    return (
        rule.broken
        or node.gateway.broken
        or node.owner.broken
        or any(found is not None and found.broken for found in governing)
    )


def _shares(route: RouteNode, node: ListenerNode, ground: Ground) -> tuple[Share, ...]:
    """All backends of a route: without matches, several rules share what comes. None if no share leads anywhere."""
    found: list[Share] = []
    for rule in route.rules:
        if _refused(rule, node, ground.policies):
            found += [Share(backend, backend.weight, None) for backend in rule.backends if backend.weight]
        else:
            found += ground.clusters.forward(rule, ground.policies.backend.on_rule(rule, node), node).shares
    return tuple(found) if any(share.cluster and share.cluster.endpoints for share in found) else ()


def _pool(route: RouteNode, node: ListenerNode, ground: Ground) -> tuple[Share, ...]:
    """The backends of a UDPRoute as one share, and as another those that lead nowhere."""
    weighed = [(rule, backend) for rule in route.rules for backend in rule.backends if backend.weight]
    sound = [
        backend
        for rule, backend in weighed
        if backend.backend is not None and backend.backend.endpoints and not _refused(rule, node, ground.policies)
    ]
    lost = [backend for _, backend in weighed if backend not in sound]
    if not sound:
        return ()
    cluster = ground.clusters.datagrams(names.pool(route), sound)
    shares = [Share(sound[0], sum(backend.weight for backend in sound), cluster)]
    if lost:
        shares.append(Share(lost[0], sum(backend.weight for backend in lost), None))
    return tuple(shares)


def _tell_apart(found: list[Tunnel]) -> None:
    """A route on several listeners of a port has a tunnel for each, and Envoy wants names of its chains unique."""
    seen: set[str] = set()
    for tunnel in found:
        if tunnel.name in seen:
            tunnel.name = f"{tunnel.name}/{tunnel.node.name}"
        seen.add(tunnel.name)


def _report_younger(attached: list[Attachment], sink: Sink) -> None:
    for attachment in attached[1:]:
        _report_lost(attachment, {"*": attached[0]}, ["*"], sink)


def _report_lost(attachment: Attachment, taken: dict[str, Attachment], hosts: list[str], sink: Sink) -> None:
    """That an older route has all or some of what comes to the listener."""
    node = attachment.listener
    older = taken[hosts[0]].parent.route.resource
    what = f'"{hosts[0]}"' if node.spec.protocol == "TLS" and hosts[0] != "*" else "everything"
    message = (
        f'{older.kind} "{older.namespace}/{older.name}" comes first and gets {what} of listener "{node.spec.name}"'
    )
    related = [(older.at("metadata", "name"), "this one comes first")]
    sink.report(OLDER_ROUTE, attachment.parent.ref.at("name"), message, related=related)
