"""TLS of a listener: the mode, and where its certificates come from.

https://gateway-api.sigs.k8s.io/reference/spec/#listenertlsconfig
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from egc.diagnostics import Rule, Severity, Sink, did_you_mean
from egc.gatewayapi.graph import Graph, ListenerNode
from egc.gatewayapi.models.shared import SecretObjectReference
from egc.gatewayapi.rules import certificates, gateway_tls
from egc.gatewayapi.rules.grants import Target, permitted, refusal
from egc.gatewayapi.tls import CertificateNode
from egc.gatewayapi.validity.listeners import NO_CERTIFICATE

if TYPE_CHECKING:
    from egc.kube.core import Secret

NOT_A_SECRET = Rule(
    code="EGC2017",
    severity=Severity.ERROR,
    title="certificate reference to something else than a Secret",
    explanation="`certificateRefs` may name core `Secret` objects only.",
    help='refer to a Secret (group: "", kind: Secret)',
    condition="ResolvedRefs/InvalidCertificateRef",
)
UNUSABLE_CERTIFICATE = Rule(
    code="EGC2019",
    severity=Severity.ERROR,
    title="certificate cannot be used",
    explanation="""
        The Secret is part of the input, but its certificate and key are not usable: not of type `kubernetes.io/tls`,
        not PEM, or the key does not belong to the certificate.
        """,
    help="mend the Secret, or leave it out and let certbot provide the files",
    condition="ResolvedRefs/InvalidCertificateRef",
)
UNKNOWN_CERTIFICATE = Rule(
    code="EGC2083",
    severity=Severity.ERROR,
    title="certificate that nobody has",
    explanation="""
        The Secret is neither part of the input nor named in `certificates.files` of the host profile, and the profile
        says `certificates.unknown: error`: no name stands for a lineage of certbot.
        """,
    help="add the Secret, name its files in certificates.files, or set certificates.unknown: lineage",
    condition="ResolvedRefs/InvalidCertificateRef",
)
CERTIFICATE_WITHOUT_USE = Rule(
    code="EGC2222",
    severity=Severity.WARNING,
    title="certificate on a listener that passes TLS through",
    explanation="""
        With `tls.mode: Passthrough`, clients shake hands with the backend, and it is the backend that shows a
        certificate. The Gateway API says that `tls.certificateRefs` are not looked at then.
        """,
    help="remove certificateRefs, or use mode: Terminate",
)


def resolve(graph: Graph, listener: ListenerNode, sink: Sink) -> None:
    """Find the certificates of a listener that terminates TLS, and those that its clients must show."""
    spec, conditions = listener.spec, listener.conditions
    gateway_tls.protect(listener)
    if spec.protocol == "TLS" and spec.tls is not None and spec.tls.mode == "Passthrough" and spec.tls.certificate_refs:
        message = f'listener "{spec.name}" passes TLS through and never shows a certificate'
        sink.report(CERTIFICATE_WITHOUT_USE, spec.tls.at("certificateRefs"), message)
    if spec.protocol not in ("HTTPS", "TLS") or (spec.tls is not None and spec.tls.mode == "Passthrough"):
        return
    if spec.tls is None and spec.protocol == "TLS":
        conditions.set("Programmed", "Invalid", "A listener of protocol TLS needs tls", status=False)
    elif spec.tls is None or not spec.tls.certificate_refs:
        message = f'listener "{spec.name}" has no certificate'
        conditions.deny(NO_CERTIFICATE, spec.at("tls") if spec.tls else spec.at(), message, sink)
    else:
        for ref in spec.tls.certificate_refs:
            _certificate(graph, listener, ref, sink)


def _certificate(graph: Graph, listener: ListenerNode, ref: SecretObjectReference, sink: Sink) -> None:
    resources = graph.resources
    gateway = listener.owner.resource
    conditions = listener.conditions
    namespace = ref.namespace or gateway.namespace
    target = Target("", "Secret", namespace, ref.name)
    if (ref.group or "", ref.kind or "Secret") != ("", "Secret"):
        conditions.deny(NOT_A_SECRET, ref.at("kind"), f'"{ref.kind}" of group "{ref.group}" is not a Secret', sink)
    elif not permitted(resources, gateway, target):
        message = f'Secret "{ref.name}" is in namespace "{namespace}", which does not grant the reference'
        rule, help, related = refusal(resources, gateway, target)
        conditions.deny(rule, ref.at("namespace"), message, sink, help=help, related=related)
    elif resources.is_broken(*target):
        conditions.set("ResolvedRefs", "InvalidCertificateRef", f"Secret {ref.name} is invalid", status=False)
    else:
        secret = cast("Secret | None", resources.get(*target))
        if secret is None and not (graph.host.lineages or f"{namespace}/{ref.name}" in graph.host.files):
            message = f'Secret "{ref.name}" does not exist in namespace "{namespace}"'
            help = did_you_mean(ref.name, resources.names("", "Secret", namespace))
            conditions.deny(UNKNOWN_CERTIFICATE, ref.at("name"), message, sink, help=help)
            return
        judged = certificates.judge(secret, sink) if secret is not None else certificates.Judgement()
        if secret is not None and judged.problem:
            there = [(secret.at("metadata", "name"), "this Secret")]
            message = f'Secret "{ref.name}" {judged.problem}'
            conditions.deny(judged.rule or UNUSABLE_CERTIFICATE, ref.at("name"), message, sink, related=there)
            return
        listener.certificates.append(CertificateNode(ref, namespace, secret, judged.staple))
