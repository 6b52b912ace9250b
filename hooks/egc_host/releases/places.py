"""Where the parts of a site are on this host."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from egc_host.bundle import Bundle
from egc_host.located import below


@dataclass(frozen=True)
class Places:
    """The paths of a site. With a *prefix*, what belongs to root lies below it."""

    bundle: Bundle
    prefix: Path | None

    @property
    def root(self) -> Path:
        """The folder of the site: its releases, and which of them is current."""
        return below(self.prefix, self.bundle.releases) / self.bundle.site

    @property
    def releases(self) -> Path:
        """The folder with one folder for each release, called by its digest."""
        return self.root / "releases"

    @property
    def current(self) -> Path:
        """The link to the release that is to be served."""
        return self.root / "current"

    @property
    def lock(self) -> Path:
        """The file whose lock an install or rollback holds."""
        return self.root / ".lock"

    def release(self, digest: str) -> Path:
        """The folder of a release."""
        return self.releases / digest

    def installed(self) -> str | None:
        """The digest of the current release."""
        try:
            return self.current.readlink().name
        except OSError:
            return None

    def at(self, path: str) -> Path:
        """A path of the host, below the prefix."""
        return below(self.prefix, Path(path))
