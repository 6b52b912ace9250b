"""What certbot is asked for, and when it is not asked at all; with a stand-in for certbot."""

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from egc_host.bundle import load
from egc_host.certificates import command
from egc_host.certificates.account import options, rehearsal
from egc_host.certificates.certbot import STAGING
from egc_host.findings import Kind, Refusal
from egc_host.findings import certificates as findings

from tests.host.bundles import Layout, free_port, make_bundle
from tests.host.pairs import pair
from tests.host.variants import changed

Told = pytest.CaptureFixture[str]

LETSENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
ACME = {"email": None, "server": LETSENCRYPT, "port": 8402, "eab": None, "caBundle": None}

STAND_IN = """#!/bin/sh
if [ "$1" = --version ]; then echo "certbot {version}"; exit; fi
for argument; do echo "$argument"; done >> {log}
echo "what certbot says"
exit {code}
"""


@contextlib.contextmanager
def answering(port: int, status: int) -> Iterator[None]:
    """An HTTP server that answers everything with one status."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


class Asked:
    """A bundle with the lineage "a" for a.test and www.a.test, and a certbot that only writes down what it is asked."""

    def __init__(self, root: Path, *more: str, version: str = "2.1.0", code: int = 0, http01: bool = True) -> None:
        self.layout = Layout(root, lineages={"a": ["a.test", "www.a.test"]})
        bundle = make_bundle(self.layout)
        self.bundle = changed(bundle, lambda _, host: host.update(acme=ACME))
        certbot = [*([] if http01 else ["--dns-rfc2136"]), *more]

        def arguments(_: dict[str, object], host: dict[str, object]) -> None:
            lineage = host["certificates"]["lineages"][0]  # type: ignore[index]  # JSON, of known form
            lineage["certbot"] = [*(lineage["certbot"] if http01 else []), *certbot]

        changed(bundle, arguments)
        self.program, self._log, self.live = root / "certbot", root / "asked", root / "le" / "live" / "a"
        self.program.write_text(STAND_IN.format(version=version, log=self._log, code=code), encoding="utf-8")
        self.program.chmod(0o755)

    def issue(self, *arguments: str) -> int:
        """`egc-site certs issue`; its exit code."""
        folders = ["--bundle", str(self.bundle), "--config-dir", str(self.live.parents[1])]
        return command.main(["issue", *arguments, "--certbot", str(self.program), *folders])

    def keep(self, *names: str, days: tuple[float, float] = (-1, 89), server: str = LETSENCRYPT) -> None:
        """Certbot has the lineage already."""
        pair(*names, days=days).write(self.live)
        renewal = self.live.parents[1] / "renewal"
        renewal.mkdir(exist_ok=True)
        (renewal / "a.conf").write_text(f"[renewalparams]\nserver = {server}\n", encoding="utf-8")

    @property
    def asked(self) -> list[str]:
        """The arguments that certbot got."""
        return self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []


@pytest.mark.parametrize(
    ("status", "kind"),
    [(503, None), (404, findings.NO_CHALLENGE), (301, findings.NO_CHALLENGE), (None, findings.NO_LISTENER)],
)
def test_the_way_of_the_challenge(tmp_path: Path, capsys: Told, status: int | None, kind: Kind | None) -> None:
    """The CA is asked only if the running Envoy would pass its question on to certbot."""
    asked = Asked(tmp_path)
    with answering(asked.layout.http, status) if status else contextlib.nullcontext():
        asked.issue()
    assert bool(asked.asked) is (kind is None)
    err = capsys.readouterr().err
    assert kind is None or (kind.code in err and "www.a.test" in err)
    assert "Errno" not in err


def test_the_port_that_the_authority_sees(tmp_path: Path, capsys: Told) -> None:
    """What is published as port 80 counts, whatever other listeners would answer."""
    asked, other = Asked(tmp_path), free_port()
    more = {"name": "other", "address": "127.0.0.1", "port": other, "published": 81, "protocol": "tcp", "tls": False}

    def publish(_: dict[str, object], host: dict[str, list[dict[str, object]]]) -> None:
        host["listeners"][0]["published"] = 80
        host["listeners"].append(more)

    changed(asked.bundle, publish)
    with answering(asked.layout.http, 404), answering(other, 503):
        asked.issue()
    assert findings.NO_CHALLENGE.code in capsys.readouterr().err and not asked.asked


def test_no_listener_for_the_challenge(tmp_path: Path, capsys: Told) -> None:
    """A bundle that only speaks TLS."""
    asked = Asked(tmp_path)
    changed(asked.bundle, lambda _, host: host["listeners"].pop(0))
    assert asked.issue() == 1
    assert findings.NO_LISTENER.code in capsys.readouterr().err and not asked.asked


def test_arguments(tmp_path: Path, capsys: Told) -> None:
    """Names, challenge, account and hooks; what certbot says stays unsaid when it succeeds."""
    asked = Asked(tmp_path, http01=False)
    asked.issue()
    line = " ".join(asked.asked)
    for part in (
        "certonly --cert-name a ",
        f"--agree-tos --server {LETSENCRYPT} --register-unsafely-without-email --dns-rfc2136",
        f"--deploy-hook {asked.bundle}/bin/certbot-deploy --post-hook {asked.bundle}/bin/certbot-post",
        "--non-interactive",
        f"--config-dir {asked.live.parents[1]}",
    ):
        assert part in line
    assert "--force-renewal" not in line and "--dry-run" not in line
    said = "".join(capsys.readouterr())
    assert "what certbot says" not in said and findings.CERTBOT_FAILED.code in said  # for there is no certificate


def test_installed_hooks(tmp_path: Path) -> None:
    """The hooks that certbot remembers are those of whichever release is current."""
    asked = Asked(tmp_path / "made", http01=False)
    release = tmp_path / "site" / "releases" / "abc"
    release.parent.mkdir(parents=True)
    asked.bundle = asked.bundle.rename(release)
    (tmp_path / "site" / "current").symlink_to("releases/abc")
    asked.issue()
    assert f"{tmp_path}/site/current/bin/certbot-deploy" in asked.asked


def test_staging(tmp_path: Path, capsys: Told) -> None:
    """Let's Encrypt has a staging server, other CAs have none that is known."""
    asked = Asked(tmp_path, http01=False)
    asked.issue("--staging")
    assert STAGING in asked.asked
    changed(asked.bundle, lambda _, host: host["acme"].update(server="https://ca.test/dir"))
    assert asked.issue("--staging") == 1 and findings.NO_STAGING.code in capsys.readouterr().err
    assert rehearsal(load(asked.bundle).acme) == ["--server", "https://ca.test/dir"] and rehearsal(ACME) == []


def test_failure(tmp_path: Path, capsys: Told) -> None:
    """When certbot fails, what it said is shown."""
    assert Asked(tmp_path, code=3, http01=False).issue() == 1
    err = capsys.readouterr().err
    assert "what certbot says" in err and findings.CERTBOT_FAILED.code in err and "status 3" in err


def test_what_certbot_has(tmp_path: Path) -> None:
    """What it has, with all names, from this CA and for a while, is not asked for; anything less is, anew."""
    asked = Asked(tmp_path, http01=False)
    asked.keep("a.test", "www.a.test")
    asked.issue()
    assert asked.asked == []
    for names, days, server in (
        (("a.test",), (-1, 89), LETSENCRYPT),
        (("a.test", "www.a.test"), (-80, 10), LETSENCRYPT),
        (("a.test", "www.a.test"), (-1, 89), STAGING),
    ):
        asked.keep(*names, days=days, server=server)
        before = asked.asked.count("--force-renewal")
        asked.issue("a")
        assert asked.asked.count("--force-renewal") == before + 1
    asked.keep("a.test", "www.a.test")
    asked.issue("--dry-run")
    assert asked.asked[-3:] and "--dry-run" in asked.asked
    asked.issue("--force")
    assert asked.asked.count("--force-renewal") == 4


@pytest.mark.parametrize(("version", "old"), [("2.1.0", True), ("4.0.0", False), ("5.8.0", False)])
def test_an_option_of_newer_certbots(tmp_path: Path, capsys: Told, version: str, old: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """What this host's certbot does not know is told before it is run."""
    asked = Asked(tmp_path, "--preferred-profile", "shortlived", version=version, http01=False)
    asked.issue()
    assert (findings.CERTBOT_TOO_OLD.code in capsys.readouterr().err) is old
    assert bool(asked.asked) is not old


@pytest.mark.parametrize("text", ["", "two words", "key\nmore", "\xff"])
def test_a_file_that_holds_no_key(tmp_path: Path, text: str) -> None:
    """A file with anything but one key is refused, and nothing of it is shown."""
    key = tmp_path / "key"
    key.write_text(text, encoding="latin-1")
    eab = {**ACME, "eab": {"kid": "k", "hmacKeyFile": str(key)}}
    with pytest.raises(Refusal) as refusal, options(eab, LETSENCRYPT):
        pass
    assert refusal.value.finding.kind is findings.NO_EAB
    assert not text or text not in refusal.value.finding.message


def test_account_binding(tmp_path: Path) -> None:
    """The key is in a file for this user only, which is gone afterwards."""
    key = tmp_path / "key"
    key.write_text("secret\n", encoding="ascii")
    with options({**ACME, "eab": {"kid": "k", "hmacKeyFile": str(key)}}, LETSENCRYPT) as given:
        path = Path(given[given.index("-c") + 1])
        assert "secret" not in json.dumps(given)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.read_text(encoding="ascii").splitlines() == ["eab-kid = k", "eab-hmac-key = secret"]
    assert not path.exists()
