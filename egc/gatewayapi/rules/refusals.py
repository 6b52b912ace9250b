"""Why a parent does not take a route.

https://gateway-api.sigs.k8s.io/reference/spec/#routeconditionreason
"""

from egc.diagnostics import Rule, Severity, Sink, did_you_mean
from egc.gatewayapi.graph import GatewayNode, ListenerNode, ParentNode

NO_LISTENER = Rule(
    code="EGC2021",
    severity=Severity.ERROR,
    title="Gateway has no such listener",
    explanation="""
        `sectionName` is the name of a listener. A Gateway's name does not stand for the listeners of its ListenerSets:
        a route of theirs names the ListenerSet (`kind: ListenerSet`).
        """,
    condition="Accepted/NoMatchingParent",
)
NO_PORT = Rule(
    code="EGC2078",
    severity=Severity.ERROR,
    title="Gateway has no listener on the port",
    explanation="`port` is the port of a listener. Where `sectionName` is given, too, a listener must fit both.",
    condition="Accepted/NoMatchingParent",
)
NOT_ALLOWED = Rule(
    code="EGC2022",
    severity=Severity.ERROR,
    title="listener does not allow the route",
    explanation="""
        A listener takes routes only from the namespace of its Gateway or ListenerSet unless
        `allowedRoutes.namespaces` says more.

        ```yaml
        allowedRoutes:
          namespaces: {from: All}
        ```
        """,
    condition="Accepted/NotAllowedByListeners",
)
WRONG_KIND = Rule(
    code="EGC2079",
    severity=Severity.ERROR,
    title="listener does not take routes of this kind",
    explanation="""
        A listener's protocol decides which kinds of routes it can take, and `allowedRoutes.kinds` may name fewer.
        HTTP and HTTPS take HTTPRoutes and GRPCRoutes, TLS takes TLSRoutes (with `mode: Terminate` TCPRoutes, too),
        TCP takes TCPRoutes, UDP takes UDPRoutes.

        ```yaml
        allowedRoutes:
          kinds: [{kind: HTTPRoute}, {kind: GRPCRoute}]
        ```
        """,
    condition="Accepted/NotAllowedByListeners",
)
NO_HOSTNAME = Rule(
    code="EGC2023",
    severity=Severity.ERROR,
    title="no hostname in common",
    explanation="""
        The route's hostnames and the listener's do not meet: no request could ever reach the route there.
        `*.example.com` covers `a.example.com` and `a.b.example.com`, but not `example.com`.
        """,
    help="change the hostnames of one of them",
    condition="Accepted/NoMatchingListenerHostname",
)


def no_listener(parent: ParentNode, sink: Sink) -> None:
    """A parentRef that fits no listener."""
    ref, known = parent.ref, {listener.spec.name: listener.spec.port for listener in parent.target.listeners}
    if ref.section_name is not None and ref.section_name not in known:
        message = f'{ref.kind} "{ref.name}" has no listener "{ref.section_name}"'
        help = _whose(parent) or did_you_mean(ref.section_name, known) or f"its listeners: {', '.join(known)}"
        parent.conditions.deny(NO_LISTENER, ref.at("sectionName"), message, sink, help=help)
    elif ref.section_name is not None:
        message = f'listener "{ref.section_name}" of {ref.kind} "{ref.name}" is not on port {ref.port}'
        parent.conditions.deny(NO_PORT, ref.at("port"), message, sink, help=f"its port: {known[ref.section_name]}")
    else:
        message = f'{ref.kind} "{ref.name}" has no listener on port {ref.port}'
        help = f"its ports: {', '.join(str(port) for port in dict.fromkeys(known.values()))}"
        parent.conditions.deny(NO_PORT, ref.at("port"), message, sink, help=help)


def _whose(parent: ParentNode) -> str:
    """Which ListenerSet has the listener that a route looks for at the Gateway."""
    sets = parent.target.sets if isinstance(parent.target, GatewayNode) else []
    found = next((s for s in sets for listener in s.listeners if listener.spec.name == parent.ref.section_name), None)
    return f'refer to ListenerSet "{found.resource.name}", which has it' if found is not None else ""


def not_allowed(parent: ParentNode, chosen: list[ListenerNode], sink: Sink) -> None:
    """Listeners that do not take the route, for its kind or its namespace."""
    route = parent.route.resource
    kind_fits = any(route.kind in listener.kinds for listener in chosen)
    what = f'routes from namespace "{route.namespace}"' if kind_fits else f"{route.kind}s"
    related = [(listener.spec.at("name"), "this listener") for listener in chosen]
    message = f'no listener of "{parent.ref.name}" allows {what}'
    if kind_fits:
        rule, help = NOT_ALLOWED, "add it to the listener's allowedRoutes.namespaces"
    else:
        kinds = dict.fromkeys(kind for listener in chosen for kind in listener.kinds)
        rule, help = WRONG_KIND, f"attach it to a listener that takes {route.kind}s"
        help += f"; this one takes {', '.join(f'{kind}s' for kind in kinds)}" if kinds else ""
    # A listener that is itself at fault has told why.
    if not any(listener.programmed for listener in chosen):
        parent.conditions.set("Accepted", "NotAllowedByListeners", message, status=False)
    else:
        parent.conditions.deny(rule, parent.ref.at("name"), message, sink, help=help, related=related)


def no_hostname(parent: ParentNode, allowed: list[ListenerNode], sink: Sink) -> None:
    """A route and listeners whose hostnames do not meet."""
    route = parent.route.resource
    hosts = ", ".join(sorted({f'"{listener.hostname}"' for listener in allowed}))
    related = [(listener.spec.at("hostname"), "the listener's") for listener in allowed]
    message = f"no hostname of the route meets the listener's {hosts}"
    parent.conditions.deny(NO_HOSTNAME, route.at("spec", "hostnames"), message, sink, related=related)
