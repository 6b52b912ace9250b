"""What the command line answers to what cannot be done."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from egc.cli import egc

SITE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: app}
spec: {hostnames: ["app.${DOMAIN}"]}
"""
HINT = "${NAME} is replaced only if --set, --env-file or --env says with what"


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["buidl"], 'no command buidl; did you mean "build"?'),
        (["xyz"], "no command xyz; egc --help lists them"),
        (["check"], "which site? Name files or folders: egc check site"),
        (["build", "-o", "dist"], "which site? Name files or folders: egc build site"),
    ],
)
def test_wrong_usage(arguments: list[str], answer: str) -> None:
    """Wrong usage is answered with what to type."""
    result = CliRunner().invoke(egc, arguments, prog_name="egc")
    assert result.exit_code == 2
    assert result.output.splitlines()[-1] == f"Error: {answer}"


@pytest.mark.parametrize(("options", "told"), [([], True), (["--set", "OTHER=x"], False)])
def test_variables_without_values(tmp_path: Path, options: list[str], *, told: bool) -> None:
    """Who writes ${NAME} and forgets to say what it is, is told how; with an option, it is an error of its own."""
    file = tmp_path / "site.yaml"
    file.write_text(SITE)
    result = CliRunner().invoke(egc, ["check", str(file), "--no-validate", *options], prog_name="egc")
    assert result.exit_code == 1
    assert (HINT in result.output) is told


@pytest.mark.parametrize("whole", [False, True], ids=["the file", "its folder"])
def test_statuses_are_not_written_over_the_input(tmp_path: Path, *, whole: bool) -> None:
    """A file of the site stays as it is, and none joins it that the next build would read."""
    file = tmp_path / "site.yaml"
    file.write_text(SITE)
    status = tmp_path / "status.yaml" if whole else file
    paths = [str(tmp_path if whole else file), "--status", str(status)]
    result = CliRunner().invoke(egc, ["build", *paths, "-o", str(tmp_path / "dist")], prog_name="egc")
    assert (result.exit_code, "a file of the input" in result.output) == (2, True)
    assert [found.name for found in tmp_path.iterdir()] == ["site.yaml"]
    assert file.read_text() == SITE
