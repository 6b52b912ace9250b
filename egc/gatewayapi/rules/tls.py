"""TLS of a listener: the mode, and where its certificates come from.

https://gateway-api.sigs.k8s.io/reference/spec/#listenertlsconfig
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.graph import CertificateNode, ListenerNode
from egc.gatewayapi.models.shared import SecretObjectReference
from egc.gatewayapi.rules import certificates
from egc.gatewayapi.rules.grants import NOT_PERMITTED, Target, how_to_permit, permitted
from egc.kube.resources import Resources

if TYPE_CHECKING:
    from egc.kube.core import Secret

NO_CERTIFICATE = Rule(
    code="EGC2014",
    severity=Severity.ERROR,
    title="HTTPS listener without a certificate",
    explanation="""
        A listener that terminates TLS needs at least one entry in `tls.certificateRefs`. The Secret need not be part
        of the input: a name that no document has is a certbot lineage on the host.

        ```yaml
        - name: https
          protocol: HTTPS
          port: 443
          tls: {certificateRefs: [{name: shop-example}]}
        ```
        """,
    help="add tls.certificateRefs",
    condition="Programmed/Invalid",
)
WRONG_MODE = Rule(
    code="EGC2015",
    severity=Severity.ERROR,
    title="HTTPS listener that passes TLS through",
    explanation="HTTP routing needs the decrypted request, so a listener of protocol HTTPS must terminate TLS.",
    help="use mode: Terminate, or protocol: TLS for passthrough",
    condition="Programmed/UnsupportedTLSMode",
)
TLS_WITHOUT_USE = Rule(
    code="EGC2018",
    severity=Severity.ERROR,
    title="TLS settings on a listener that speaks plain text",
    explanation="A listener of protocol HTTP does not use TLS; its `tls` section would have no effect.",
    help="use protocol: HTTPS, or remove tls",
    condition="Programmed/Invalid",
)
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


def resolve(resources: Resources, listener: ListenerNode, sink: Sink) -> None:
    """Find the certificates of an HTTPS listener."""
    spec, conditions = listener.spec, listener.conditions
    if spec.protocol == "HTTP" and spec.tls is not None:
        conditions.deny(TLS_WITHOUT_USE, spec.at("tls").key, f'listener "{spec.name}" speaks HTTP but has tls', sink)
    if spec.protocol != "HTTPS":
        return
    if spec.tls is not None and spec.tls.mode == "Passthrough":
        conditions.deny(WRONG_MODE, spec.tls.at("mode"), "an HTTPS listener cannot pass TLS through", sink)
    elif spec.tls is None or not spec.tls.certificate_refs:
        message = f'listener "{spec.name}" has no certificate'
        conditions.deny(NO_CERTIFICATE, spec.at("tls") if spec.tls else spec.at(), message, sink)
    else:
        for ref in spec.tls.certificate_refs:
            _certificate(resources, listener, ref, sink)


def _certificate(resources: Resources, listener: ListenerNode, ref: SecretObjectReference, sink: Sink) -> None:
    gateway = listener.gateway.resource
    conditions = listener.conditions
    namespace = ref.namespace or gateway.namespace
    target = Target("", "Secret", namespace, ref.name)
    if (ref.group or "", ref.kind or "Secret") != ("", "Secret"):
        conditions.deny(NOT_A_SECRET, ref.at("kind"), f'"{ref.kind}" of group "{ref.group}" is not a Secret', sink)
    elif not permitted(resources, gateway, target):
        message = f'Secret "{ref.name}" is in namespace "{namespace}", which does not grant the reference'
        conditions.deny(NOT_PERMITTED, ref.at("namespace"), message, sink, help=how_to_permit(gateway, target))
    elif resources.is_broken(*target):
        conditions.set("ResolvedRefs", "InvalidCertificateRef", f"Secret {ref.name} is invalid", status=False)
    else:
        secret = cast("Secret | None", resources.get(*target))
        if secret is not None and (problem := certificates.problem(secret, sink)) is not None:
            related = [(secret.at("metadata", "name"), "this Secret")]
            message = f'Secret "{ref.name}" {problem}'
            conditions.deny(UNUSABLE_CERTIFICATE, ref.at("name"), message, sink, related=related)
            return
        listener.certificates.append(CertificateNode(ref, namespace, secret))
