"""The folders that a site needs on its host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from egc_host.releases import account, writing
from egc_host.releases.places import Places
from egc_host.releases.writing import Owner


@dataclass(frozen=True)
class Folder:
    """A folder as it should be. One that is ``shared`` may have been made by others, and is then left as it is."""

    path: Path
    mode: int
    owner: Owner
    shared: bool = False

    def wanting(self) -> bool:
        """Whether :meth:`make` would change anything; Refusal if a link is in its place."""
        writing.guard(self.path)
        if self.shared and self.path.is_dir():
            return False
        return writing.differs(self.path, self.mode, self.owner)

    def make(self) -> None:
        """Make it, or mend owner and mode."""
        writing.folder(self.path, self.mode, self.owner)

    def __str__(self) -> str:
        """What :meth:`make` will do."""
        return f"{'mend owner and mode of' if self.path.is_dir() else 'make'} the folder {self.path}"


def folders(places: Places) -> Iterator[Folder]:
    """The folders of a site, outer ones first."""
    bundle, user = places.bundle, places.bundle.envoy.user
    root = Owner(0, 0) if places.prefix is None else Owner()
    yield Folder(places.root, 0o755, root)
    yield Folder(places.releases, 0o755, root)
    if bundle.target == "compose":
        return  # the others are volumes of the containers
    yield Folder(bundle.certificates, 0o750, account.reader(user), shared=True)
    yield Folder(bundle.state, 0o755, root, shared=True)
    # Others may enter for the metrics; what else is in it, only its owner reads.
    yield Folder(bundle.state / "envoy", 0o755, account.owner(user))
    yield Folder(bundle.textfile, 0o755, root, shared=True)
    if places.prefix is not None:  # else the unit makes it
        yield Folder(bundle.run, 0o750, account.owner(user))
