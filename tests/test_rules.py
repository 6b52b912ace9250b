"""Every rule has a site that breaks it and a site that nearly does; and all rules are told in the same manner.

``fixtures/rules/<code>/bad.yaml`` yields that code and no other, ``good.yaml`` nothing at all; ``diagnostics.txt`` is
what is said of ``bad.yaml``. ``egc.yaml`` is the host profile of both, or ``bad.egc.yaml`` and ``good.egc.yaml`` are
those of each; ``options.yaml`` says how to build.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from pkgutil import iter_modules

import egc_host.findings
import pytest
import yaml

from egc.artifacts.findings import RULES_OF_THE_HOST
from egc.compiler import KINDS
from egc.diagnostics import RULES, Rule, Severity, Sink
from egc.diagnostics.explain import load_all_rules
from egc.options import OnError
from egc.source import Substitution, read
from tests.case import FIXTURES, Result, load

FOLDER = FIXTURES / "rules"
HEADLINE = re.compile(r"^(?:error|warning|note)\[(EGC\d{4})\]: (.*)$", re.MULTILINE)
EXAMPLE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)

ELSEWHERE = {
    # A defect.
    "EGC0900": "tests.unit.test_crash:test_a_defect",
    # No YAML shows what is wrong with a file as such.
    "EGC0001": "tests.unit.test_files:test_failures",
    "EGC0002": "tests.unit.test_files:test_permission",
    "EGC0003": "tests.unit.test_files:test_not_text",
    "EGC0004": "tests.unit.test_files:test_too_large",
    "EGC0005": "tests.unit.test_files:test_link_loops",
    "EGC0006": "tests.unit.test_files:test_failures",
    "EGC0007": "tests.unit.test_files:test_failures",
    # A file of variables is no YAML.
    "EGC1022": "tests.unit.test_env_file:test_bad_lines",
    # Needs more problems than a reader of fixtures can bear.
    "EGC1012": "tests.unit.test_yaml:test_many_problems",
    # Of such addresses egc has something else to say, too, even when they are sound.
    "EGC2134": "tests.unit.test_validity:test_address_names",
    # The disk.
    "EGC5010": "tests.unit.test_write_errors:test_a_file_is_no_folder",
    "EGC5011": "tests.unit.test_write_errors:test_a_folder_of_something_else_is_left_alone",
    "EGC5012": "tests.unit.test_write_errors:test_the_system_refuses",
    # Envoy: what it is asked for comes from egc, and no input should make egc ask for nonsense.
    "EGC6001": "tests.unit.test_gate:test_no_envoy",
    "EGC6002": "tests.unit.test_gate:test_the_schema_refuses",
    "EGC6003": "tests.unit.test_gate:test_envoy_refuses",
    "EGC6004": "tests.unit.test_gate:test_no_envoy_binary",
    "EGC6005": "tests.unit.test_gate:test_no_room_to_ask_envoy",
}
"""Rules that no YAML can break, and the test that does."""

PROPER = {kind for _, kind in KINDS} | {"Envoy", "YAML"}
"""Words that a title may begin with although it begins in lower case; abbreviations and field values may too."""

ON_THE_HOST = "\n".join(path.read_text() for path in sorted(Path(__file__).parent.rglob("host/**/*.py")))
"""The tests of the programs that run on the host."""

NAMES_ON_THE_HOST = {
    kind.code: name
    for module in iter_modules(egc_host.findings.__path__)
    for name, kind in vars(import_module(f"egc_host.findings.{module.name}")).items()
    if isinstance(kind, egc_host.findings.Kind)
}
"""Kinds of findings as tests call them, by code."""

CONDITIONS = {
    "Accepted",
    "Conflicted",
    "InsecureFrontendValidationMode",
    "PartiallyInvalid",
    "Programmed",
    "ResolvedRefs",
}

load_all_rules()
CODES = sorted(RULES)
FIXED = sorted(path.name for path in FOLDER.iterdir())


def compile_site(code: str, name: str, on_error: OnError | None = None) -> Result:
    """Build one of the two sites of a rule; *on_error* replaces that of the fixture."""
    case = load(FOLDER / code, f"{name}.yaml")
    options = replace(case.options, on_error=on_error or case.options.on_error)
    profile = f"{name}.egc.yaml"
    if (FOLDER / code / profile).exists():
        options = replace(options, profile=profile)
    return replace(case, options=options).build()


def examples() -> Iterator[tuple[str, str]]:
    """The YAML in the explanations, by code."""
    for code in CODES:
        for example in EXAMPLE.findall(cleandoc(RULES[code].explanation)):
            yield code, example


@pytest.mark.parametrize("code", FIXED)
def test_bad(code: str, request: pytest.FixtureRequest) -> None:
    """What breaks a rule is told as that, and as nothing else."""
    told = compile_site(code, "bad").diagnostics
    found = HEADLINE.findall(told)
    assert {code for code, _ in found} == {code}, told
    for _, message in found:
        assert not message.endswith("."), message
    golden = FOLDER / code / "diagnostics.txt"
    if request.config.getoption("--update"):
        golden.write_text(told, encoding="utf-8")
    assert told == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("code", FIXED)
def test_degrade(code: str) -> None:
    """To serve what is sound changes nothing of what is said, and what is served has a form that Envoy takes."""
    result = compile_site(code, "bad", OnError.DEGRADE)
    assert {found for found, _ in HEADLINE.findall(result.diagnostics)} == {code}, result.diagnostics
    fatal = code.startswith("EGC5") and RULES[code].severity is Severity.ERROR
    assert bool(result.files) is not fatal


@pytest.mark.parametrize("code", FIXED)
def test_good(code: str) -> None:
    """What nearly breaks a rule is built without a word."""
    result = compile_site(code, "good")
    assert result.diagnostics == ""
    assert "envoy.yaml" in result.files


@pytest.mark.parametrize("code", CODES)
def test_every_rule_is_broken_somewhere(code: str) -> None:
    """A rule has both sites, or a test of its own."""
    if code in RULES_OF_THE_HOST:
        name = NAMES_ON_THE_HOST[code]
        assert re.search(rf"\b(?:{name}|{code})\b", ON_THE_HOST), f"no test in tests/host provokes {name}"
        return
    if code not in ELSEWHERE:
        assert (FOLDER / code / "bad.yaml").exists() and (FOLDER / code / "good.yaml").exists()
        return
    assert code not in FIXED
    module, _, function = ELSEWHERE[code].partition(":")
    assert callable(getattr(import_module(module), function))


def test_every_fixture_has_a_rule() -> None:
    """No site and no exception is left of a rule that is gone."""
    assert set(FIXED) <= set(CODES) and set(ELSEWHERE) <= set(CODES)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_wording(rule: Rule) -> None:
    """Codes, titles, explanations and conditions are of one form."""
    assert re.fullmatch(r"EGC[0-6]\d{3}", rule.code)
    first = rule.title.split()[0].removesuffix("'s")
    assert first[:1].islower() or first in PROPER or re.search(r".[A-Z]", first), rule.title
    assert not re.search(r"\n|\. |\.$", rule.title)
    assert len(rule.title) <= 72
    assert cleandoc(rule.explanation)
    assert not rule.help.endswith(".")
    if rule.condition:
        type, _, reason = rule.condition.partition("/")
        assert type in CONDITIONS and re.fullmatch(r"[A-Z][A-Za-z]+", reason)


def test_codes_are_unique() -> None:
    """A second rule of one code is refused when it is declared."""
    first = RULES[CODES[0]]
    with pytest.raises(ValueError, match=first.code):
        replace(first, title="another")


@pytest.mark.parametrize(("code", "example"), list(examples()))
def test_examples(code: str, example: str) -> None:
    """The YAML of an explanation can be read, unless it shows how not to write YAML."""
    sink = Sink()
    documents = read("example.yaml", example, sink, Substitution({}), number_keys=code >= "EGC1040")
    if code < "EGC1040":
        assert {found.rule.code for found in sink.found} <= {code}
    else:
        assert documents and not sink.found
        assert list(yaml.safe_load_all(example))
