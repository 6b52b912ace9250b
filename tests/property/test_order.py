"""What a site becomes depends on what its documents say, not on how they are arranged."""

from functools import cache
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from egc.diagnostics import Sink
from egc.options import OnError
from egc.source import read
from tests.case import Case, cases
from tests.property.building import PROFILE, Outcome, build_texts, text_of
from tests.property.strategies import Plain, sites

ARRANGED = [case for case in cases() if not case.whole and len(case.options.paths) == 1]


@cache
def documents(case: Case) -> tuple[object, ...]:
    """The documents of a case, in their order."""
    (path,) = case.options.paths
    text = (case.folder / path).read_text(encoding="utf-8")
    return tuple(document.data for document in read(path, text, Sink(), case.options.substitution))


def built(case: Case, texts: dict[str, str]) -> Outcome:
    """What comes of a case with its documents in other files; what is at fault is left out."""
    options = {"inline_secrets": case.options.inline_secrets, "on_error": OnError.DEGRADE}
    if case.options.profile:
        texts[PROFILE] = (case.folder / case.options.profile).read_text(encoding="utf-8")
    return build_texts(texts, **options)


@cache
def as_written(case: Case) -> Outcome:
    """What comes of a case as it is."""
    return built(case, {"site.yaml": text_of(documents(case))})


def turned(node: Any, random: Random) -> Any:
    """The same data with the keys of its mappings in another order."""
    if isinstance(node, dict):
        keys = random.sample(list(node), len(node))
        return {key: turned(node[key], random) for key in keys}
    return [turned(item, random) for item in node] if isinstance(node, list) else node


def told(outcome: Outcome) -> list[tuple[str, str]]:
    """What was found, wherever it stands."""
    return sorted((found.rule.code, found.message) for found in outcome.diagnostics)


@given(st.sampled_from(ARRANGED), st.randoms(use_true_random=False))
def test_arrangement_changes_nothing(case: Case, random: Random) -> None:
    """Documents in another order and in other files, and the keys of mappings in another order, give the same bytes."""
    parts: list[list[object]] = [[] for _ in range(random.randint(1, 4))]
    for document in random.sample(documents(case), len(documents(case))):
        random.choice(parts).append(turned(document, random))
    outcome = built(case, {f"{i}.yaml": text_of(part) for i, part in enumerate(parts)})
    # An empty file is worth a warning.
    assert [found for found in told(outcome) if found[0] != "EGC0007"] == told(as_written(case))
    assert outcome.files == as_written(case).files


@settings(max_examples=settings().max_examples // 2)
@given(sites(), st.randoms(use_true_random=False))
def test_arrangement_of_many_routes_changes_nothing(site: Any, random: Random) -> None:
    """The same holds for routes that compete for requests."""
    texts = [text_of([turned(document, random)]) for document in site.documents]
    random.shuffle(texts)
    one = build_texts({"site.yaml": text_of(site.documents)}, on_error=OnError.DEGRADE)
    other = build_texts({f"{i}.yaml": text for i, text in enumerate(texts)}, on_error=OnError.DEGRADE)
    assert one.files == other.files


@settings(max_examples=settings().max_examples // 2)
@given(sites(), sites(9090, "other"))
def test_a_further_gateway_changes_nothing_else(site: Any, other: Any) -> None:
    """A Gateway on another port adds its listener and its clusters; all else stays, in the same order."""
    both = [*site.documents, *other.documents[1:]]
    before = build_texts({"site.yaml": text_of(site.documents)}, on_error=OnError.DEGRADE, format="json").bootstrap
    after = build_texts({"site.yaml": text_of(both)}, on_error=OnError.DEGRADE, format="json").bootstrap
    assert port(before["static_resources"]["listeners"][0]) == site.port
    resources: Plain = after["static_resources"]
    resources["listeners"] = [entry for entry in resources["listeners"] if port(entry) != other.port]
    resources["clusters"] = [entry for entry in resources["clusters"] if ".other." not in entry["name"]]
    assert after == before


def port(listener: Plain) -> int:
    """The port of a listener."""
    found: int = listener["address"]["socket_address"]["port_value"]
    return found
