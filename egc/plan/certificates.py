"""certificateRefs to files.

In this order: a Secret of the input, the host profile's ``certificates.files``, else a certbot lineage named after the
Secret, for the hostnames that the listener serves.
"""

from egc.gatewayapi.graph import ListenerNode
from egc.gatewayapi.tls import CertificateNode
from egc.plan import names
from egc.plan.model import Certificate
from egc.profile import Profile


class CertificateStore:
    """The certificates of a plan, by name; one that several listeners use is one."""

    def __init__(self, profile: Profile) -> None:
        self._settings = profile.certificates
        self._found: dict[str, Certificate] = {}
        self._hostnames: dict[str, set[str]] = {}

    def of(self, listener: ListenerNode) -> list[Certificate]:
        """The certificates of a listener."""
        return [self._certificate(node, listener) for node in listener.certificates]

    def shown_to_backends(self, node: CertificateNode) -> Certificate:
        """The certificate that a Gateway shows to backends."""
        name = names.certificate(node.namespace, node.ref.name)
        return self._found.get(name) or self._found.setdefault(name, self._locate(name, node))

    def all(self) -> list[Certificate]:
        """Every certificate, by name. Secrets of one name in several namespaces are one lineage."""
        for certificate in self._found.values():
            certificate.hostnames = tuple(sorted(self._hostnames.get(certificate.lineage, ())))
        return sorted(self._found.values(), key=lambda certificate: certificate.name)

    def _certificate(self, node: CertificateNode, listener: ListenerNode) -> Certificate:
        name = names.certificate(node.namespace, node.ref.name)
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._locate(name, node)
        if found.lineage:
            hosts = (
                {listener.hostname} if listener.spec.hostname else {h for a in listener.attached for h in a.hostnames}
            )
            self._hostnames.setdefault(found.lineage, set()).update(hosts.difference("*"))
        return found

    def _locate(self, name: str, node: CertificateNode) -> Certificate:
        if node.secret is not None:
            return Certificate(name, secret=node.secret, staple=node.staple)
        files = self._settings.files.get(name)
        if files is not None:
            return Certificate(name, files.chain, files.key)
        folder = f"{self._settings.directory.rstrip('/')}/{node.ref.name}/current"
        return Certificate(name, f"{folder}/fullchain.pem", f"{folder}/privkey.pem", lineage=node.ref.name)
