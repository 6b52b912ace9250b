"""Did you mean: the known word nearest to a misspelt one."""

from collections.abc import Iterable
from difflib import get_close_matches


def suggest(word: str, known: Iterable[str]) -> str | None:
    """The word of *known* that *word* most likely stands for, regardless of case; None if none is near."""
    folded: dict[str, str] = {}
    for candidate in sorted(known):
        folded.setdefault(candidate.casefold(), candidate)
    near = get_close_matches(word.casefold(), folded, n=1)
    return folded[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean "x"?``, or nothing."""
    near = suggest(word, known)
    return f'did you mean "{near}"?' if near is not None else ""
