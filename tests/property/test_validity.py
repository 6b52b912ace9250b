"""Whatever stands together in one object, egc finds what an API server finds."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cel.evaluate import broken
from tests.cel.objects import Entry, entries, judged, whole
from tests.cel.schema import CRDS, Expression, expressions
from tests.test_cel import EXCEPT

pytestmark = [
    pytest.mark.hypothesis,
    pytest.mark.skipif(not CRDS.is_dir(), reason=f"RULES ARE NOT COMPARED: no CRDs in {CRDS}, set EGC_CRDS"),
]

RULES = [rule for rule in expressions() if rule.message not in EXCEPT]
KINDS = sorted({(rule.api_version, rule.kind) for rule in RULES})

UNREAD = {"EGC1044", "EGC1045", "EGC2150"}
"""What is said of an object that does not fit its schema; its rules are not judged any more."""

BEYOND = {"EGC2052", "EGC2114"}
"""What an API server says without CEL: entries of lists that must differ."""

SEVERAL = "EGC2046"
"""CEL asks whether exactly one backend replaces the prefix that must be there; egc also sees it of two."""


def entry_of(rule: Expression) -> Entry:
    """The values for a rule."""
    return next(found for found in entries() if found.fits(rule.message, rule.steps))


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    """An object of several values for the rules of its kind, of which some keep and some break a rule."""
    api_version, kind = draw(st.sampled_from(KINDS))
    rules = [rule for rule in RULES if (rule.api_version, rule.kind) == (api_version, kind)]
    found: dict[str, Any] = {}
    for rule in draw(st.lists(st.sampled_from(rules), min_size=1, max_size=4)):
        values = entry_of(rule)
        value = draw(st.sampled_from([*values.accepts, *values.refuses]))
        found = joined(found, whole(api_version, kind, rule.steps, value))
    return found


def joined(one: Any, other: Any) -> Any:
    """Two objects in one: lists one after the other, mappings with the fields of both, the later of two values."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one | {key: joined(one[key], value) if key in one else value for key, value in other.items()}
    if isinstance(one, list) and isinstance(other, list):
        return one + [item for item in other if item not in one]
    return other


@given(objects())
def test_the_same_verdict(obj: dict[str, Any]) -> None:
    """egc reports each rule that is broken, and no other."""
    errors, _ = judged(obj)
    codes = {found.rule.code for found in errors} - BEYOND
    if codes & UNREAD:
        return
    wanted = {found.code for steps, message in broken(obj) for found in entries() if found.fits(message, steps)}
    replacing = json.dumps(obj["spec"]).count('"replacePrefixMatch"')
    assert codes - ({SEVERAL} - wanted if replacing > 1 else set()) == wanted
