"""A real browser reuses connections for all names of a certificate; what it asks still goes to the right listener."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.case import FIXTURES
from tests.needs import need
from tests.property.building import PROFILE, build_texts
from tests.serve import Site
from tests.serve.certificates import throwaway

pytestmark = pytest.mark.slow

CASE = FIXTURES / "features" / "tls" / "one_certificate" / "in.yaml"
PAGE = """
<body><script>
(async () => {
  const said = [];
  for (const url of ["https://a.example/", "https://b.example/", "https://a.example/again"]) {
    const answer = await fetch(url);
    said.push(answer.status + " " + (await answer.json()).backend);
  }
  document.body.textContent = said.join("; ");
})();
</script>
"""


def trusted(certificate: Path, home: Path) -> None:
    """Make a browser that runs in *home* trust a certificate."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    certutil = [need("certutil"), "-d", f"sql:{store}"]
    subprocess.run([*certutil, "-N", "--empty-password"], check=True)
    subprocess.run([*certutil, "-A", "-t", "C,,", "-n", "throw-away", "-i", str(certificate)], check=True)


def shown(page: Path, home: Path, port: int) -> str:
    """What a browser makes of a page, with every name of ``example`` on a local port."""
    command = [need("chromium"), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={home / 'profile'}"]
    command += [f"--host-resolver-rules=MAP *.example 127.0.0.1:{port}", "--virtual-time-budget=10000", "--dump-dom"]
    environment = {**os.environ, "HOME": str(home)}
    done = subprocess.run(
        [*command, page.as_uri()], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def test_a_browser_gets_each_answer_from_its_listener(envoy: Path, tmp_path: Path) -> None:
    """The connection for a is tried for b, refused with 421, and b is asked again on a connection of its own."""
    need("chromium")
    chain, key = throwaway(tmp_path, ["a.example", "b.example"])
    trusted(chain, tmp_path)
    profile = {"certificates": {"files": {"default/both": {"chain": str(chain), "key": str(key)}}}}
    outcome = build_texts({"site.yaml": CASE.read_text(encoding="utf-8"), PROFILE: yaml.safe_dump(profile)})
    for path, content in outcome.files.items():
        (tmp_path / path).write_bytes(content)
    page = tmp_path / "page.html"
    page.write_text(PAGE, encoding="utf-8")
    with Site(tmp_path, envoy) as site:
        assert "200 a.local:80; 200 b.local:80; 200 a.local:80" in shown(page, tmp_path, site.port(8443))
        asked = [
            (line["response_code"], line[":authority"], line["requested_server_name"]) for line in site.access_log()
        ]
    assert asked == [
        (200, "a.example", "a.example"),
        (421, "b.example", "a.example"),
        (200, "b.example", "b.example"),
        (200, "a.example", "a.example"),
    ]
