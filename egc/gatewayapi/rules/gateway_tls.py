"""TLS of a Gateway as a whole: the certificate that it shows to backends, and whom its clients must be vouched for by.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewaytlsconfig
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, cast

from egc.diagnostics import Rule, Severity, Sink, did_you_mean
from egc.gatewayapi.graph import GatewayNode, Graph, ListenerNode
from egc.gatewayapi.models.gateway import FrontendTLSValidation
from egc.gatewayapi.models.shared import SecretObjectReference
from egc.gatewayapi.rules import ca_certificates, certificates
from egc.gatewayapi.rules.ca_certificates import Why
from egc.gatewayapi.rules.grants import Target, permitted, refusal
from egc.gatewayapi.tls import Authorities, CertificateNode, ClientValidation, Frontend
from egc.kube.resources import Resources

if TYPE_CHECKING:
    from egc.kube.core import Secret

CLIENT_CERTIFICATE = Rule(
    code="EGC2171",
    severity=Severity.ERROR,
    title="client certificate for backends cannot be used",
    explanation="""
        `tls.backend.clientCertificateRef` names a Secret of type `kubernetes.io/tls` in the input, or one whose files
        the host profile lists in `certificates.files`. Without the certificate nothing is sent to backends that TLS is
        spoken to.

        ```yaml
        spec:
          tls:
            backend:
              clientCertificateRef: {name: gateway-identity}
        ```
        """,
    condition="ResolvedRefs/InvalidClientCertificateRef",
)
INSECURE_FALLBACK = Rule(
    code="EGC2172",
    severity=Severity.WARNING,
    title="clients without a valid certificate are let in",
    explanation="""
        With `mode: AllowInsecureFallback` a client may show no certificate, or one that nobody vouches for. The
        Gateway API calls this a significant security risk, for tests and for the time of a change.
        """,
    help="use mode: AllowValidOnly",
    condition="InsecureFrontendValidationMode/ConfigurationChanged",
)
UNUSED_PORT = Rule(
    code="EGC2173",
    severity=Severity.WARNING,
    title="client validation that an HTTPS listener alone can do",
    explanation="""
        `tls.frontend` says which certificates clients must show to listeners of protocol HTTPS. Where no such listener
        has the port, and at listeners of protocol TLS, nothing is checked.
        """,
)

_REASONS = {
    Why.REF: "InvalidCACertificateRef",
    Why.KIND: "InvalidCACertificateKind",
    Why.GRANT: "RefNotPermitted",
}


def resolve(graph: Graph, files: Collection[str], sink: Sink) -> None:
    """Read the TLS settings of every Gateway. *files* are the certificates (namespace/name) that the host has."""
    for gateway in graph.gateways:
        tls = gateway.resource.spec.tls
        if tls is None:
            continue
        if tls.backend is not None and tls.backend.client_certificate_ref is not None:
            gateway.tls.client = _client(graph.resources, gateway, tls.backend.client_certificate_ref, files, sink)
            gateway.tls.lost = gateway.tls.client is None
        if tls.frontend is not None:
            gateway.tls.frontends[None] = _frontend(graph, gateway, tls.frontend.default.validation, "default", sink)
            for entry in tls.frontend.per_port:
                found = _frontend(graph, gateway, entry.tls.validation, str(entry.port), sink)
                for flaw in graph.flaws.of(entry):
                    found.faults.mark(flaw.rule, flaw.message)
                gateway.tls.frontends.setdefault(entry.port, found)
        message = "All references of the Gateway's TLS settings are resolved"
        gateway.conditions.set("ResolvedRefs", "ResolvedRefs", message)


def protect(listener: ListenerNode) -> None:
    """Have an HTTPS listener check its clients; it is not served where that cannot be done."""
    frontends = listener.gateway.tls.frontends
    found = frontends.get(listener.spec.port, frontends.get(None))
    if found is None or listener.spec.protocol != "HTTPS":
        return
    listener.validation = found.validation
    for type, condition in found.faults.by_type.items():
        listener.conditions.by_type.setdefault(type, condition)


def note_unused(graph: Graph, sink: Sink) -> None:
    """Report settings that no HTTPS listener uses, and listeners that could be thought to use them."""
    for gateway in graph.gateways:
        tls, name = gateway.resource.spec.tls, gateway.resource.name
        if tls is None or tls.frontend is None:
            continue
        ports = {listener.spec.port for listener in gateway.all_listeners() if listener.spec.protocol == "HTTPS"}
        for entry in tls.frontend.per_port:
            if entry.port not in ports and entry.tls.validation is not None:
                message = f'Gateway "{name}" has no HTTPS listener on port {entry.port}'
                sink.report(UNUSED_PORT, entry.at("port"), message, help="correct the port, or remove the entry")
        default = tls.frontend.default.validation
        if default is not None and not ports:
            message = f'Gateway "{name}" has no HTTPS listener'
            sink.report(UNUSED_PORT, default.at().key, message, help="use protocol HTTPS, or remove the validation")
        for listener in gateway.all_listeners() if ports else ():
            _note_unchecked(listener, sink)


def _note_unchecked(listener: ListenerNode, sink: Sink) -> None:
    """That a listener ends TLS and checks nobody, where others of its Gateway do."""
    spec, frontends = listener.spec, listener.gateway.tls.frontends
    found = frontends.get(spec.port, frontends.get(None))
    terminates = spec.protocol == "TLS" and spec.tls is not None and spec.tls.mode == "Terminate"
    if terminates and found is not None and (found.validation is not None or found.faults.by_type):
        message = f'listener "{spec.name}" of protocol TLS asks its clients for no certificate'
        sink.report(UNUSED_PORT, spec.at("protocol"), message, help="use protocol HTTPS, or have the backend ask")


def _client(
    resources: Resources, gateway: GatewayNode, ref: SecretObjectReference, files: Collection[str], sink: Sink
) -> CertificateNode | None:
    resource, conditions = gateway.resource, gateway.conditions
    namespace = ref.namespace or resource.namespace
    target = Target("", "Secret", namespace, ref.name)
    secret = cast("Secret | None", resources.get(*target))
    if (ref.group, ref.kind) != ("", "Secret"):
        at, message = ref.at("kind"), f'"{ref.kind}" of group "{ref.group}" is not a Secret'
        conditions.deny(CLIENT_CERTIFICATE, at, message, sink, help='refer to a Secret (group: "", kind: Secret)')
    elif not permitted(resources, resource, target):
        message = f'Secret "{ref.name}" is in namespace "{namespace}", which does not grant the reference'
        rule, help, related = refusal(resources, resource, target)
        conditions.deny(rule, ref.at("namespace"), message, sink, help=help, related=related)
    elif secret is not None:
        judged = certificates.judge(secret, sink)
        if not judged.problem:
            return CertificateNode(ref, namespace, secret)
        there = [(secret.at("metadata", "name"), "this Secret")]
        message, help = f'Secret "{ref.name}" {judged.problem}', "mend the Secret" if judged.rule is None else ""
        conditions.mark(CLIENT_CERTIFICATE, message)
        sink.report(judged.rule or CLIENT_CERTIFICATE, ref.at("name"), message, help=help, related=there)
    elif f"{namespace}/{ref.name}" in files:
        return CertificateNode(ref, namespace, None)
    else:
        message = f'Secret "{ref.name}" does not exist in namespace "{namespace}"'
        if resources.is_broken(*target):
            conditions.mark(CLIENT_CERTIFICATE, message)
        else:
            help = did_you_mean(ref.name, resources.names("", "Secret", namespace))
            help = help or "add the Secret, or its files to certificates.files in the host profile"
            conditions.deny(CLIENT_CERTIFICATE, ref.at("name"), message, sink, help=help)
    return None


def _frontend(
    graph: Graph, gateway: GatewayNode, validation: FrontendTLSValidation | None, part: str, sink: Sink
) -> Frontend:
    """The check that a part of the settings asks for."""
    if validation is None:
        return Frontend()
    resource, found = gateway.resource, Frontend()
    refs = validation.ca_certificate_refs
    pem, problems = ca_certificates.resolve(graph.resources, resource, refs, sink)
    for why, message in problems:
        found.faults.set("ResolvedRefs", _REASONS[why], message, status=False)
        found.faults.set("Programmed", _REASONS[why], message, status=False)
        if not pem:
            found.faults.set("Accepted", "NoValidCACertificate", message, status=False)
        gateway.conditions.set("ResolvedRefs", "InvalidParameters", message, status=False)
    optional = validation.mode == "AllowInsecureFallback"
    if optional:
        message = "clients without a valid certificate are let in"
        gateway.conditions.deny(INSECURE_FALLBACK, validation.at("mode"), message, sink)
    if pem:
        name = f"gateway/{resource.namespace}/{resource.name}/{part}"
        found.validation = ClientValidation(Authorities(name, pem), optional)
    return found
