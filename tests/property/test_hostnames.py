"""Hostname patterns mean sets of names: what egc says of patterns is what can be counted in the sets."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from egc.gatewayapi.rules.hostnames import covers, intersection, meet

LABELS = ("a", "ba", "a-a")
"""One label is the end of another: a wildcard stands for whole labels, not for characters."""

DEEPEST = 3
NAMES = [".".join(labels) for depth in range(1, DEEPEST + 1) for labels in product(LABELS, repeat=depth)]
WILDCARDS = ["*", *(f"*.{name}" for name in NAMES if name.count(".") < DEEPEST - 1)]
PATTERNS = [*NAMES, *WILDCARDS]


def meaning(pattern: str) -> frozenset[str]:
    """All names of the tiny alphabet that a pattern stands for; ``*`` is one or more labels."""
    if not pattern.startswith("*"):
        return frozenset({pattern})
    suffix = pattern.split(".")[1:]
    split = [(name, name.split(".")) for name in NAMES]
    return frozenset(name for name, labels in split if labels[len(labels) - len(suffix) :] == suffix != labels)


MEANING = {pattern: meaning(pattern) for pattern in PATTERNS}

patterns = st.sampled_from(PATTERNS)


def served(hostnames: tuple[str, ...]) -> frozenset[str]:
    """All names that some patterns stand for."""
    return frozenset().union(*(MEANING[hostname] for hostname in hostnames))


def test_the_alphabet_tells_patterns_apart() -> None:
    """No two patterns stand for the same names, and none for no name: sets can stand for patterns."""
    assert len(set(MEANING.values())) == len(PATTERNS)
    assert all(MEANING.values())


def test_covering_is_inclusion() -> None:
    """A pattern covers another just if it stands for all of its names."""
    for one, other in product(PATTERNS, repeat=2):
        assert covers(one, other) is (MEANING[one] >= MEANING[other]), (one, other)


def test_meeting_is_intersection() -> None:
    """Where two patterns meet is what both stand for, whichever comes first; each meets itself in itself."""
    for one, other in product(PATTERNS, repeat=2):
        both = meet(one, other)
        assert (MEANING[both] if both is not None else frozenset()) == MEANING[one] & MEANING[other], (one, other)
        assert both == meet(other, one)
    assert [meet(pattern, pattern) for pattern in PATTERNS] == PATTERNS


@given(patterns, st.lists(patterns, max_size=6))
def test_a_listener_serves_what_it_shares_with_the_route(listener: str, route: list[str]) -> None:
    """A listener serves those of a route's names that are its own, each pattern once, whatever their order."""
    found = intersection(listener, route)
    assert served(found) == MEANING[listener] & served(tuple(route or ["*"]))
    assert len(set(found)) == len(found)
    assert found == intersection(listener, route[::-1])
    assert not found or intersection(listener, found) == found
