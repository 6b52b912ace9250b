"""BackendTLSPolicy: which backends are spoken to by TLS, and what they must prove.

https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicy
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, cast

from egc.diagnostics import Located, Rule, Severity, Sink, did_you_mean
from egc.gatewayapi.conditions import Conditions
from egc.gatewayapi.graph import Backend, Fault, Graph, ListenerNode, RouteNode
from egc.gatewayapi.rules import ca_certificates
from egc.gatewayapi.rules.ca_certificates import Problem, Why
from egc.gatewayapi.rules.grants import Target
from egc.gatewayapi.tls import Authorities, BackendTLSPolicyNode, Claim, UpstreamTLS
from egc.kube.resource import Resource
from egc.kube.resources import key_of

if TYPE_CHECKING:
    from egc.gatewayapi.models.backendtlspolicy import BackendTLSPolicy, LocalPolicyTargetReferenceWithSectionName
    from egc.kube.core import Service

TARGET_NOT_FOUND = Rule(
    code="EGC2167",
    severity=Severity.ERROR,
    title="BackendTLSPolicy targets something that does not exist",
    explanation="""
        The backend is looked up in the policy's own namespace. `sectionName` is the name of a port of a Service, or
        the number of the port that the endpoints of a Backend have. Where it is wrong, nothing is sent to the backend:
        it would be in plain text.

        ```yaml
        targetRefs:
        - {group: "", kind: Service, name: shop, sectionName: https}
        ```
        """,
    condition="Accepted/TargetNotFound",
)
TARGET_KIND = Rule(
    code="EGC2168",
    severity=Severity.ERROR,
    title="BackendTLSPolicy cannot target this kind",
    explanation="A BackendTLSPolicy governs core Services and Backends of `gateway.envoyproxy.io`.",
    help="target a Service or a Backend",
)
CONFLICT = Rule(
    code="EGC2169",
    severity=Severity.ERROR,
    title="two BackendTLSPolicies on one backend",
    explanation="""
        Only one policy can say how a port of a backend is spoken to: one that names the port in `sectionName` before
        one for all ports, of equal ones the oldest by `creationTimestamp`, then the first by namespace and name.
        """,
    help="merge the two policies into one",
    condition="Accepted/Conflicted",
)
UNKNOWN_AUTHORITIES = Rule(
    code="EGC2170",
    severity=Severity.ERROR,
    title="unknown set of CA certificates",
    explanation="""
        `wellKnownCACertificates` may be `System`: the certificates that the host keeps for everybody, in the file that
        `certificates.systemCA` of the host profile names. Other names belong to other implementations.
        """,
    help='use "System", or caCertificateRefs',
    condition="Accepted/Invalid",
)
UNPROVED = Rule(
    code="EGC2179",
    severity=Severity.ERROR,
    title="backend speaks TLS, and nothing says how to check it",
    explanation="""
        `tls` of a Backend needs `caCertificateRefs` or `wellKnownCACertificates`, unless a BackendTLSPolicy has them.
        For a TCPRoute or TLSRoute it needs `sni`, too: there is no request whose host could be looked for.

        ```yaml
        kind: Backend
        spec:
          endpoints: [{fqdn: {hostname: api.example.com, port: 443}}]
          tls: {wellKnownCACertificates: System, sni: api.example.com}
        ```
        """,
    condition="ResolvedRefs/InvalidBackendTLS",
)


class _Place(Protocol):
    @property
    def port(self) -> int: ...


class _Endpoint(Protocol):
    @property
    def ip(self) -> _Place | None: ...

    @property
    def fqdn(self) -> _Place | None: ...


class _Spec(Protocol):
    @property
    def endpoints(self) -> list[_Endpoint]: ...


class _HasEndpoints(Protocol):
    @property
    def spec(self) -> _Spec: ...


_KINDS = {"Service": "", "Backend": "gateway.envoyproxy.io"}


def collect(graph: Graph, sink: Sink) -> None:
    """Read every policy, and report what it targets in vain."""
    for resource in cast("list[BackendTLSPolicy]", graph.resources.of_kind("BackendTLSPolicy")):
        policy = BackendTLSPolicyNode(resource)
        policy.tls = _read(graph, policy, sink)
        graph.tls_policies.append(policy)
        for ref in resource.spec.target_refs:
            group = _KINDS.get(ref.kind)
            if group != ref.group:
                message, at = f'BackendTLSPolicy cannot target "{ref.kind}" of group "{ref.group}"', ref.at("kind")
                help = f'write group: "{group}"' if group is not None else "target a Service or a Backend"
                sink.report(TARGET_KIND, at if group is None else ref.at("group"), message, help=help)
            if group is None:
                continue
            target = Target(group, ref.kind, resource.namespace, ref.name)
            claims = graph.governors.setdefault(target, [])
            found = group == ref.group and _exists(graph, target, ref, sink)
            if group == ref.group:
                _compete(claims, Claim(policy, ref, found), sink)
            claims.append(Claim(policy, ref, found))


def _claims(graph: Graph, target: Target, port: int | None) -> list[Claim]:
    """The claims on a port of a backend, the one that counts first: one that names the port, or is for all."""
    claims, resource = graph.governors.get(target, ()), graph.resources.get(*target)
    if not claims or resource is None:
        return []
    sections = _sections(resource, port)
    # Nobody knows which port a wrong sectionName means: none of them may be reached in plain text.
    lost = [claim for claim in claims if not claim.found]
    exact = [claim for claim in claims if claim.found and claim.ref.section_name in sections]
    return lost or exact or [claim for claim in claims if claim.ref.section_name is None]


def govern(graph: Graph, target: Target, backend: Backend) -> Backend | Fault:
    """The backend as its policy wants it spoken to; a fault where the policy cannot be honoured."""
    claims = _claims(graph, target, backend.port)
    if not claims and backend.tls is not None and backend.tls.incomplete:
        message = f'{target.kind} "{target.name}" speaks TLS, and nothing says whom to trust'
        return Fault(UNPROVED, message, help="add wellKnownCACertificates: System, or caCertificateRefs")
    if not claims or backend.udp:
        return backend
    policy = claims[0].policy
    if policy.tls is None or not claims[0].found:
        message = f'BackendTLSPolicy "{policy.resource.name}" of {target.kind} "{target.name}" cannot be honoured'
        return Fault(None, message, reason="InvalidBackendTLS")
    return replace(backend, tls=policy.tls)


def unnamed(graph: Graph, backend: Backend, route: RouteNode) -> Fault | None:
    """Why a route cannot use a backend that is asked for the host of the request: it may have no requests."""
    tls, name = backend.tls, f'{backend.resource.kind} "{backend.resource.name}"'
    if tls is not None and backend.udp:
        return Fault(UNPROVED, f"{name} speaks TLS, and datagrams cannot", help="remove its tls, or use a TCPRoute")
    if tls is None or not tls.of_request or tls.authorities is None or route.kind not in ("TCPRoute", "TLSRoute"):
        return None
    through = [passes_through(listener) for listener in graph.listeners() if id(route) in listener.routes]
    if through and all(through):
        return None
    return Fault(UNPROVED, f"{name} speaks TLS, and nothing says by which name", help="add sni to its tls")


def passes_through(listener: ListenerNode) -> bool:
    """Whether TLS goes through the listener unread."""
    spec = listener.spec
    return spec.protocol == "TLS" and spec.tls is not None and spec.tls.mode == "Passthrough"


def note(graph: Graph, target: Target, port: int | None, route: RouteNode) -> None:
    """Tell the policies on a backend that a route leads there: its parents are their ancestors."""
    claims = _claims(graph, target, port)
    for claim in claims:
        for parent in route.parents if claim.ref.group == target.group else ():
            ref = parent.ref
            key = (ref.kind, ref.namespace or route.resource.namespace, ref.name, ref.section_name or "")
            conditions = claim.policy.ancestors.setdefault(key, Conditions())
            if not claim.found:
                conditions.mark(TARGET_NOT_FOUND, _missing_section(target, claim.ref.section_name or ""))
            elif claim.policy is not claims[0].policy:
                conditions.mark(CONFLICT, f'"{claims[0].policy.resource.name}" already governs {target.name}')


def conclude(graph: Graph) -> None:
    """What is not bad is good, for every ancestor."""
    for policy in graph.tls_policies:
        for conditions in policy.ancestors.values():
            for type, condition in policy.conditions.by_type.items():
                conditions.by_type.setdefault(type, condition)
            conditions.set("Accepted", "Accepted", "Policy is accepted")
            conditions.set("ResolvedRefs", "ResolvedRefs", "All references of the policy are resolved")


def _read(graph: Graph, policy: BackendTLSPolicyNode, sink: Sink) -> UpstreamTLS | None:
    """The policy's validation, if it can be honoured."""
    resource, validation = policy.resource, policy.resource.spec.validation
    authorities = _authorities(graph, policy, sink)
    refused = key_of(resource) in graph.resources.refused
    flawed = any(graph.flaws.of(model) for model in (validation, *validation.subject_alt_names))
    if authorities is None or refused or flawed:
        if refused or flawed:
            policy.conditions.set(
                "Accepted", "Invalid", "The policy has settings that cannot be honoured", status=False
            )
        return None
    name = f"{resource.namespace}/{resource.name}"
    return UpstreamTLS(name, validation.hostname, authorities, tuple(validation.subject_alt_names))


def _authorities(graph: Graph, policy: BackendTLSPolicyNode, sink: Sink) -> Authorities | None:
    resource, validation = policy.resource, policy.resource.spec.validation
    known = validation.well_known_ca_certificates
    if not validation.ca_certificate_refs:
        if known == "System":
            return Authorities()
        if known is not None:
            message = f'"{known}" is no set of CA certificates that egc knows'
            policy.conditions.deny(UNKNOWN_AUTHORITIES, validation.at("wellKnownCACertificates"), message, sink)
        return None
    pem, problems = ca_certificates.resolve(graph.resources, resource, validation.ca_certificate_refs, sink)
    _tell(policy.conditions, problems, valid=bool(pem))
    return Authorities(f"backendtlspolicy/{resource.namespace}/{resource.name}", pem) if pem else None


def _tell(conditions: Conditions, problems: Iterable[Problem], *, valid: bool) -> None:
    for why, message in problems:
        reason = "InvalidKind" if why is Why.KIND else "InvalidCACertificateRef"
        conditions.set("ResolvedRefs", reason, message, status=False)
        if not valid:
            conditions.set("Accepted", "NoValidCACertificate", message, status=False)


def _exists(graph: Graph, target: Target, ref: LocalPolicyTargetReferenceWithSectionName, sink: Sink) -> bool:
    """Whether a target is there, with the port that is meant; what is broken was told of."""
    resource = graph.resources.get(*target)
    if resource is None:
        if not graph.resources.is_broken(*target):
            message = f'{ref.kind} "{ref.name}" does not exist in namespace "{target.namespace}"'
            known = graph.resources.names(target.group, target.kind, target.namespace)
            sink.report(TARGET_NOT_FOUND, ref.at("name"), message, help=did_you_mean(ref.name, known))
        return True
    ports = _ports(resource)
    several = target.kind == "Backend" and len(ports) > 1
    if ref.section_name is None or (ref.section_name in ports and not several):
        return True
    at: Located = ref.at("sectionName")
    help = did_you_mean(ref.section_name, ports) or (f"its ports: {', '.join(ports)}" if ports else "")
    if several:
        help = "its endpoints have several ports: split the Backend, or remove sectionName"
    sink.report(TARGET_NOT_FOUND, at, _missing_section(target, ref.section_name), help=help or "remove sectionName")
    return False


def _missing_section(target: Target, section: str) -> str:
    return f'{target.kind} "{target.name}" has no port "{section}"'


def _ports(resource: Resource) -> list[str]:
    """The ports of a backend as a sectionName calls them."""
    if resource.kind == "Service":
        return [port.name for port in cast("Service", resource).spec.ports if port.name]
    # What a Backend looks like is another package's matter; whoever has endpoints has their ports.
    endpoints = cast("_HasEndpoints", resource).spec.endpoints
    return sorted({str(place.port) for end in endpoints for place in (end.ip, end.fqdn) if place is not None})


def _sections(resource: Resource, port: int | None) -> frozenset[str]:
    """What a sectionName may be that means what a reference with a port means."""
    if resource.kind == "Service":
        spec = cast("Service", resource).spec
        return frozenset(each.name for each in spec.ports if each.port == port and each.name)
    return frozenset(_ports(resource))


def _compete(claims: list[Claim], mine: Claim, sink: Sink) -> None:
    """Report a claim that an older policy makes, too."""
    older = next(
        (c for c in claims if c.ref.section_name == mine.ref.section_name and c.policy is not mine.policy), None
    )
    if older is not None:
        message = f'BackendTLSPolicy "{older.policy.resource.name}" already governs this target'
        related = [(older.policy.resource.at("metadata", "name"), "this one")]
        sink.report(CONFLICT, mine.ref.at("name"), message, related=related)
