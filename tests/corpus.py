"""``make corpus``: how far statuses and answers agree with the reference controller's, over its own cases.

The folder ../shared beside the repository holds the cases and the programs that compare; EGC_CORPUS names another.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("EGC_CORPUS", ROOT.parent / "shared"))
CASES = SHARED / "corpus" / "envoy-gateway"
STATUS_KINDS = (
    "GatewayClass",
    "Gateway",
    "ListenerSet",
    "HTTPRoute",
    "GRPCRoute",
    "TLSRoute",
    "TCPRoute",
    "UDPRoute",
    "BackendTLSPolicy",
)
"""The kinds whose statuses are compared, in every case."""

_BESIDE = (
    "ReferenceGrant",
    "Service",
    "EndpointSlice",
    "Secret",
    "ConfigMap",
    "Namespace",
    "Backend",
    "HTTPRouteFilter",
)
ANSWER_KINDS = frozenset(STATUS_KINDS + _BESIDE)
"""Requests are compared for the cases that have no other kinds."""

_KIND = re.compile(r"^kind: *(\w+)", re.MULTILINE)


def egc_command() -> str:
    """egc as the comparing programs call it: see tests/corpus_egc.py."""
    return f"{sys.executable} {ROOT / 'tests' / 'corpus_egc.py'}"


def answered() -> list[str]:
    """The cases whose requests are compared."""
    names = sorted(file.name.removesuffix(".answers.yaml") for file in CASES.glob("*.answers.yaml"))
    return [name for name in names if ANSWER_KINDS.issuperset(_kinds(name))]


def _kinds(case: str) -> list[str]:
    return _KIND.findall((CASES / f"{case}.yaml").read_text(encoding="utf-8"))


def statuses(*options: str) -> str:
    """The closing line about statuses; what differs is printed with --list."""
    return _run("agreement.py", "--kinds", ",".join(STATUS_KINDS), "--min", "0", *options)


def answers(*options: str) -> str:
    """The closing line about answers of a real Envoy."""
    envoy = str(Path(sys.executable).with_name("envoy"))
    names = rf"^({'|'.join(answered())})(\.|$)"
    return _run("answers.py", "--envoy", envoy, "--match", names, "--min", "0", *options)


def _run(program: str, *options: str) -> str:
    command = [sys.executable, str(SHARED / "tools" / program), "--egc", egc_command(), *options, str(CASES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sys.stderr.write(done.stderr)
    return done.stdout


def main() -> None:
    """Print both figures; options such as --list go to both programs."""
    if not CASES.is_dir():
        sys.exit(f"no cases in {CASES}; set EGC_CORPUS to the folder that holds corpus/ and tools/")
    sys.stdout.write(statuses(*sys.argv[1:]))
    sys.stdout.flush()
    sys.stdout.write(answers(*sys.argv[1:]))


if __name__ == "__main__":
    main()
