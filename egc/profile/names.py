"""Names in the host profile that nothing in the site has: most likely misspelt, and then without effect."""

from egc.diagnostics import Rule, Severity, Sink, did_you_mean
from egc.gatewayapi.graph import Graph
from egc.profile.model import Profile

UNKNOWN_NAME = Rule(
    code="EGC5003",
    severity=Severity.WARNING,
    title="host profile names something that the site does not have",
    explanation="""
        `addresses` names Gateways and `certificates.files` the Secrets that listeners and
        `tls.backend.clientCertificateRef` refer to, each as namespace/name. An entry for any other name has no effect:
        a Gateway whose name is misspelt there listens on all addresses.
        """,
    help="correct the name, or remove the entry if it is for another site",
)


def check(profile: Profile, graph: Graph, sink: Sink) -> None:
    """Report every such name."""
    resources = graph.resources
    known = [*resources.sound, *resources.broken]
    gateways = {f"{key.namespace}/{key.name}" for key in known if key.kind == "Gateway"}
    refs = [(node, ref) for node in graph.listeners() if node.spec.tls for ref in node.spec.tls.certificate_refs]
    secrets = {f"{ref.namespace or node.owner.resource.namespace}/{ref.name}" for node, ref in refs}
    shown = [gateway.tls.client for gateway in graph.gateways]
    secrets |= {f"{node.namespace}/{node.ref.name}" for node in shown if node is not None}
    for name in profile.addresses.keys() - gateways:
        at = profile.at("addresses", name).key
        sink.report(UNKNOWN_NAME, at, f'no Gateway is named "{name}"', help=did_you_mean(name, gateways))
    for name in profile.certificates.files.keys() - secrets:
        at = profile.certificates.at("files", name).key
        sink.report(UNKNOWN_NAME, at, f'no listener refers to "{name}"', help=did_you_mean(name, secrets))
