"""Names that Kubernetes allows, and file systems do not."""

from pathlib import Path

from click.testing import CliRunner

from egc.cli import egc
from egc.plan import names

_AUTHORITIES = Path(__file__).parents[2] / "fixtures" / "features" / "backend_tls" / "authorities" / "in.yaml"


def test_file() -> None:
    """A name is what it was, unless it is too long; then it is as long as can be, and nobody else's."""
    assert names.file("ca/web/shop", ".crt") == "ca/web/shop.crt"
    assert names.file(f"ca/web/{'a' * 246}", ".crt") == f"ca/web/{'a' * 246}.crt"
    cut = {names.file(f"ca/web/{'a' * 252}{last}", ".crt") for last in "bc"}
    assert len(cut) == 2
    assert {len(name) for name in cut} == {len("ca/web/") + 250}


def test_longest(tmp_path: Path) -> None:
    """Envoy reads the CA certificates of policies whose names are as long as Kubernetes allows."""
    site = tmp_path / "site.yaml"
    text = _AUTHORITIES.read_text(encoding="utf-8")
    for name, long in (("secret", f"{'a' * 252}b"), ("several", f"{'a' * 252}c")):
        policy = f"kind: BackendTLSPolicy\nmetadata: {{name: {name}}}"
        assert policy in text
        text = text.replace(policy, policy.replace(f"{{name: {name}}}", f"{{name: {long}}}"))
    site.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(egc, ["build", str(site), "-o", str(tmp_path / "dist")])
    assert done.exit_code == 0, done.output
    assert len([path for path in (tmp_path / "dist" / "ca").rglob("*") if len(path.name) == 250]) == 2
