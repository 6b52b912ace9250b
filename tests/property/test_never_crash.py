"""Whatever the files hold, a build ends with diagnostics that can be shown, and writes nothing that is at fault."""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egc.compiler import KINDS
from egc.diagnostics import Place, Severity
from egc.diagnostics.machine import FORMATS, Settings
from egc.envoy import binary, descriptors, printer
from egc.options import OnError
from tests.property.building import PROFILE, Outcome, build_texts, text_of
from tests.property.mutations import corpus, known_keys, mutated

# What ends a line in YAML 1.1: https://yaml.org/spec/1.1/#id871136
LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"]))
keys = st.sampled_from(known_keys()) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=20
)
objects = st.builds(
    lambda kind, metadata, spec: {"apiVersion": kind[0], "kind": kind[1], "metadata": metadata, "spec": spec},
    st.sampled_from(sorted(KINDS)),
    trees | st.just({"name": "eg"}),
    trees,
)
scraps = st.sampled_from([*"  \n\t:{]'\"|#\r\x85é", "- ", "---\n", "...\n", "&a ", "*a", "!!x ", "<<: "])


@pytest.fixture(scope="module", autouse=True)
def known_envoy() -> Iterator[None]:
    """The schema of Envoy is read once, not for every example."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(descriptors, "load", cache(descriptors.load))
        yield


def judge(texts: dict[str, str]) -> None:
    """Build in both modes, and look at all that is said and made."""
    for mode in OnError:
        outcome = build_texts(texts, on_error=mode, envoy=binary.find())
        failed = any(found.severity is Severity.ERROR for found in outcome.diagnostics)
        if mode is OnError.FAIL:
            assert (outcome.built.bundle is None) is failed
        for found in outcome.diagnostics:
            # What egc makes of bad input may be little, but it is what Envoy's schema allows.
            assert not found.rule.code.startswith("EGC6"), found.message
            for place in (found.place, *(label.place for label in found.related)):
                assert place is None or lies_within(place), (found.rule.code, place)
        can_be_shown(outcome)


def lies_within(place: Place) -> bool:
    """Whether the span of a place is one of the file's text."""
    span = place.span
    if span is None or not place.text:
        return span is None or min(span.line, span.column) >= 1
    lines = LINE_BREAK.split(place.text)
    ends = [(span.line, span.column), (span.end_line, span.end_column)]
    return ends == sorted(ends) and all(
        1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1 for line, column in ends
    )


def can_be_shown(outcome: Outcome) -> None:
    """Every format can say what was found, and the statuses can be written."""
    for write in FORMATS.values():
        write(outcome.diagnostics, Settings(color=True, width=40, version="0")).encode()
    printer.to_yaml(outcome.built.statuses).encode()


@settings(max_examples=2 * settings().max_examples)
@given(st.lists(objects | trees, max_size=4), st.none() | trees)
def test_any_tree(documents: list[Any], profile: object) -> None:
    """Trees of any shape, as documents of known kinds or of none, and as the host profile."""
    judge({"site.yaml": text_of(documents)} | ({PROFILE: text_of([profile])} if profile is not None else {}))


@settings(max_examples=3 * settings().max_examples)
@given(st.randoms(use_true_random=False))
def test_any_mistake(random: Random) -> None:
    """Sound sites with a few nodes replaced, renamed, repeated or lost."""
    judge(mutated(random))


@settings(max_examples=2 * settings().max_examples)
@given(st.sampled_from(corpus()), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 20), scraps), max_size=4))
def test_any_slip(site: dict[str, tuple[Any, ...]], slips: list[tuple[float, int, str]]) -> None:
    """Sound sites in whose text characters were lost or have crept in."""
    texts = {name: text_of(documents) for name, documents in site.items()}
    for where, length, scrap in slips:
        name = min(texts)
        at = round(where * len(texts[name]))
        texts[name] = texts[name][:at] + scrap + texts[name][at + length :]
    judge(texts)


@pytest.mark.slow
def test_the_command_line(tmp_path: Path) -> None:
    """The command says what is wrong and exits with 1, or builds; it never shows a traceback."""
    for seed in range(24):
        folder = tmp_path / str(seed)
        folder.mkdir()
        texts = mutated(Random(seed))
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        paths = [name for name in texts if name != PROFILE]
        command = [sys.executable, "-m", "egc", "build", *paths, "-o", "dist", "--no-validate"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        assert "Traceback" not in done.stderr and "EGC0900" not in done.stderr, done.stderr
        assert done.returncode in ((1, 2) if "error[EGC" in done.stderr else (0,)), done.stderr
        assert (folder / "dist").exists() is (done.returncode == 0)
        assert {path.name for path in folder.iterdir()} - {"dist"} == texts.keys()
