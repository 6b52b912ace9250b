"""A host with one lineage, without Envoy or certbot."""

from pathlib import Path

import pytest
from egc_host.bundle import load
from egc_host.certificates.deploy import deploy
from egc_host.certificates.notes import Notes
from egc_host.findings import Kind, Refusal

from tests.host.bundles import Layout, make_bundle
from tests.host.pairs import Pair


def contents(folder: Path) -> tuple[bytes, bytes]:
    """Chain and key that are current in a lineage's folder."""
    return (folder / "current" / "fullchain.pem").read_bytes(), (folder / "current" / "privkey.pem").read_bytes()


class Host:
    """A bundle with the lineage "a", and certbot's folder."""

    def __init__(self, root: Path, *hostnames: str, reload: str = "hot-restart") -> None:
        self.layout = Layout(root, lineages={"a": list(hostnames)}, reload=reload)
        self.bundle = load(make_bundle(self.layout))
        self.certbot = root / "letsencrypt"
        self.live = self.certbot / "live" / "a"
        self.folder = self.layout.certificates / "a"
        self.notes = Notes(self.bundle.state)

    def deploy(self, renewed: Pair) -> None:
        """What the hook does when certbot has renewed the lineage."""
        renewed.write(self.live)
        deploy(self.bundle, self.certbot, str(self.live))

    def refused(self, kind: Kind, renewed: Path | str) -> str:
        """The hook refuses a folder; why."""
        with pytest.raises(Refusal) as refusal:
            deploy(self.bundle, self.certbot, str(renewed))
        assert refusal.value.finding.kind is kind
        return refusal.value.finding.message
