"""Where the API server and egc are not of one opinion, and which of that is listed with a reason."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import yaml

from tests.kubernetes.inputs import Subject
from tests.kubernetes.opinion import Opinion
from tests.kubernetes.server import Answer

LIST = Path(__file__).with_name("differences.yaml")


class Verdict(Enum):
    """What the two say of one object."""

    ACCEPTED = "accepted by both"
    REFUSED = "refused by both"
    UNSUPPORTED = "accepted by the server, not supported by egc"
    ALONE = "refused by egc alone"
    MISSED = "refused by the server alone"


DIFFERING = frozenset({Verdict.ALONE, Verdict.MISSED})


@dataclass(frozen=True)
class Compared:
    """One object and what is said of it."""

    subject: Subject
    answer: Answer
    opinion: Opinion

    @property
    def verdict(self) -> Verdict:
        """What egc does not support it need not judge: that it is refused is enough."""
        if self.answer.refused:
            return Verdict.REFUSED if self.opinion.form or self.opinion.otherwise else Verdict.MISSED
        if self.opinion.form:
            return Verdict.ALONE
        return Verdict.UNSUPPORTED if self.opinion.otherwise else Verdict.ACCEPTED

    @property
    def codes(self) -> frozenset[str]:
        """What egc has against the form."""
        return frozenset(error.rule.code for error in self.opinion.form)


@dataclass(frozen=True)
class Difference:
    """A kind of difference that is meant.

    It is of what ``egc`` alone refuses, for none but these codes; or of what the server alone refuses, with a message
    that has the expression ``server``. ``kind`` and ``file``, expressions for the whole, narrow it down.
    """

    reason: str
    egc: frozenset[str] = frozenset()
    server: str = ""
    kind: str = ".*"
    file: str = ".*"

    def covers(self, found: Compared) -> bool:
        """Whether an object that the two differ in is meant."""
        subject = found.subject
        if not (re.fullmatch(self.kind, subject.kind) and re.fullmatch(self.file, subject.file)):
            return False
        if found.verdict is Verdict.MISSED:
            return bool(self.server) and re.search(self.server, found.answer.message) is not None
        return found.verdict is Verdict.ALONE and found.codes <= self.egc


@dataclass(frozen=True)
class Listed:
    """What ``differences.yaml`` says. ``rules``: see ``Reading.by_rules``."""

    rules: frozenset[str]
    differences: tuple[Difference, ...]


def listed(path: Path = LIST) -> Listed:
    """The list; ValueError for an entry of neither side or of both, or without a reason."""
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    found = []
    for entry in said["differences"]:
        made = Difference(**{**entry, "egc": frozenset(entry.get("egc", ()))})
        if bool(made.egc) == bool(made.server) or not made.reason:
            raise ValueError(f"{path.name}: an entry needs a reason, and either egc or server: {entry}")
        found.append(made)
    return Listed(frozenset(said["rules"]), tuple(found))


def unlisted(found: Iterable[Compared], differences: Sequence[Difference]) -> list[Compared]:
    """The differences that no entry covers."""
    return [one for one in found if one.verdict in DIFFERING and not any(each.covers(one) for each in differences)]


def left_over(found: Sequence[Compared], known: Listed) -> list[str]:
    """What the list has and nothing needs any more: codes of rules, and reasons."""
    alone = (one.opinion.otherwise for one in found if one.answer.refused and not one.opinion.form)
    needed = {error.rule.code for errors in alone for error in errors}
    unused = [entry.reason for entry in known.differences if not any(entry.covers(one) for one in found)]
    return sorted(known.rules - needed) + unused


def strangers(found: Iterable[Compared]) -> Iterator[str]:
    """The kinds that the server does not have, in lines, with the number of their objects."""
    counts = Counter((one.subject.api_version, one.subject.kind) for one in found if not one.answer.known)
    for (version, kind), number in sorted(counts.items()):
        yield f"{version} {kind}".strip() + f": {number}" if kind else f"no kind: {number}"


def table(found: Iterable[Compared]) -> Iterator[str]:
    """The figures, in lines, by kind."""
    counts: Counter[tuple[str, Verdict]] = Counter((one.subject.kind or "no kind", one.verdict) for one in found)
    kinds = sorted({kind for kind, _ in counts})
    width = max(map(len, [*kinds, "all"]))
    heads = ["objects", "accepted", "refused", "unsupported", "egc alone", "server alone"]
    yield f"{'':{width}}  {'  '.join(f'{head:>12}' for head in heads)}"
    for kind in [*kinds, "all"]:
        row = [sum(n for (k, v), n in counts.items() if kind in (k, "all") and v is verdict) for verdict in Verdict]
        yield f"{kind:{width}}  {'  '.join(f'{number:>12}' for number in (sum(row), *row))}"


def told(found: Compared) -> Iterator[str]:
    """One object in which they differ: where it is, and what both say."""
    yield f"{found.subject.where}: {found.verdict.value}"
    if found.verdict is Verdict.MISSED:
        yield f"    server: {' '.join(found.answer.message.split())}"
    for error in found.opinion.form:
        line = error.place.span.line if error.place is not None and error.place.span is not None else 0
        yield f"    egc: {error.rule.code} {error.message}" + (f" (line {line})" if line else "")
