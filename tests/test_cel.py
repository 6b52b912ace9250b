"""egc refuses what an API server refuses: each rule of the CRDs with objects that keep and that break it.

Each rule is evaluated by a CEL library, and egc judges the same objects.
"""

import pytest

from tests.cel.evaluate import broken
from tests.cel.objects import DISTINCT, Entry, entries, judged, whole, within
from tests.cel.schema import CRDS, Distinct, Expression, Steps, distinct, expressions

pytestmark = pytest.mark.skipif(not CRDS.is_dir(), reason=f"RULES ARE NOT COMPARED: no CRDs in {CRDS}, set EGC_CRDS")

EXCEPT = {
    "Value is immutable": "it compares an object with what it was before, and files have no before",
    r"Hostname value must only contain valid characters (matching ^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    r"(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)": "it is about status, which controllers write",
}
"""Rules that cannot apply to a file, by their messages, and why."""

RULES = list(expressions())
LISTS = list(distinct())


def entry(message: str, steps: Steps) -> Entry:
    """The values for a rule at a place."""
    fitting = [found for found in entries() if found.fits(message, steps)]
    assert len(fitting) == 1, f"{len(fitting)} entries in fixtures/cel for this rule"
    return fitting[0]


def accepted(rule: Expression | Distinct, value: object) -> None:
    """Nobody has anything against a value at the rule's place."""
    obj = whole(rule.api_version, rule.kind, rule.steps, value)
    errors, _ = judged(obj)
    assert not broken(obj), obj
    assert not errors, obj


def refused(rule: Expression | Distinct, value: object, code: str) -> None:
    """egc refuses a value at the rule's place for what the rule is about, and where it is."""
    errors, top = judged(whole(rule.api_version, rule.kind, rule.steps, value))
    assert {found.rule.code for found in errors} == {code}, value
    assert all(within(found, top, rule.steps) for found in errors), errors


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.message not in EXCEPT], ids=str)
def test_a_rule(rule: Expression) -> None:
    """Both accept what keeps a rule, and refuse what breaks it, for that and nothing else."""
    values = entry(rule.message, rule.steps)
    assert values.accepts and values.refuses
    for value in values.accepts:
        accepted(rule, value)
    for value in values.refuses:
        obj = whole(rule.api_version, rule.kind, rule.steps, value)
        assert broken(obj) == {(rule.steps, message) for message in (rule.message, *values.also)}, obj
        refused(rule, value, values.code)


@pytest.mark.parametrize("rule", LISTS, ids=str)
def test_entries_differ(rule: Distinct) -> None:
    """What a list may have only once is refused when it comes again."""
    values = entry(DISTINCT, rule.steps)
    for value in values.accepts:
        assert repeats(rule, value) is False
        accepted(rule, value)
    for value in values.refuses:
        assert repeats(rule, value) is True
        refused(rule, value, values.code)


def repeats(rule: Distinct, value: list[object]) -> bool:
    """Whether two entries of a list are the same, in the fields that count."""
    seen = [[item[key] for key in rule.keys] if isinstance(item, dict) else item for item in value]
    return any(item in seen[:i] for i, item in enumerate(seen))


def test_the_count() -> None:
    """Every rule of every served version is compared, but for those that cannot apply."""
    compared = [rule for rule in RULES if rule.message not in EXCEPT]
    assert (len(compared), len(RULES)) == (331, 335)
    assert (len({rule.text for rule in compared}), len({rule.text for rule in RULES})) == (86, 88)
    assert {rule.message for rule in RULES} >= EXCEPT.keys()


def test_no_entry_is_left_over() -> None:
    """Every entry is for a rule that there is."""
    places = [(rule.message, rule.steps) for rule in RULES] + [(DISTINCT, rule.steps) for rule in LISTS]
    assert [found for found in entries() if not any(found.fits(*place) for place in places)] == []
