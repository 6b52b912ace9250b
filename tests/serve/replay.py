"""Replay requests against a site and compare its answers with what is expected."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.serve.client import RefusedError, Reply, send
from tests.serve.echo import BACKEND
from tests.serve.requests import Entry, Expect, Value
from tests.serve.site import Site

_SAMPLE = 200
_DEVIATIONS = 5


@dataclass(frozen=True)
class Outcome:
    """What came of one entry: ``problems`` is empty if all was as expected.

    ``status`` is None without an answer, ``backend`` if Envoy answered itself, ``route`` if it found none.
    """

    name: str
    request: str
    status: int | None
    backend: str | None
    route: str | None
    problems: list[str] = field(default_factory=list)


def replay(site: Site, entries: Iterable[Entry]) -> list[Outcome]:
    """Send all entries in order, each request on a connection of its own."""
    return [_share(site, entry) if entry.expect.share else _replay(site, entry) for entry in entries]


def _replay(site: Site, entry: Entry) -> Outcome:
    problems: list[str] = []
    replies = [_send(site, entry, problems) for _ in range(entry.times)]
    statuses = tuple(reply.status if reply else None for reply in replies)
    if entry.statuses and statuses != entry.statuses:
        problems.append(f"statuses: {_list(statuses)} instead of {_list(entry.statuses)}")
    line, last = _line(entry), replies[-1]
    if last is None:
        return Outcome(entry.name, line, None, None, None, problems)
    problems += _differences(entry.expect, last)
    return Outcome(entry.name, line, last.status, _backend(last), site.route(last.client), problems)


def _send(site: Site, entry: Entry, problems: list[str]) -> Reply | None:
    """One request; a listener that the site does not have refuses, too."""
    try:
        return send(entry.request, site.port(entry.listener))
    except (RefusedError, LookupError) as error:
        if not entry.expect.refused:
            problems.append(f"no answer: {error}")
    except TimeoutError:
        problems.append("no answer in time")
    return None


def _share(site: Site, entry: Entry) -> Outcome:
    """Many requests: each share must lie within five standard deviations, a share of 0 or 100 is exact."""
    problems: list[str] = []
    counts: Counter[str] = Counter()
    for _ in range(_SAMPLE):
        reply = _send(site, entry, problems)
        if reply is None:
            break
        counts[_backend(reply) or str(reply.status)] += 1
    for name in [] if problems else sorted({*entry.expect.share, *counts}):
        expected, got = entry.expect.share.get(name, 0.0), 100 * counts[name] / _SAMPLE
        if abs(got - expected) > _DEVIATIONS * math.sqrt(expected * (100 - expected) / _SAMPLE):
            problems.append(f"share of {name}: {got:g} % instead of {expected:g} %")
    return Outcome(entry.name, _line(entry), None, None, None, problems)


def _differences(expect: Expect, reply: Reply) -> list[str]:
    if expect.refused:
        return [f"answered with {reply.status} instead of refusing"]
    problems = []
    if expect.status not in (None, reply.status):
        problems.append(f"status: {reply.status} instead of {expect.status}")
    backend = _backend(reply)
    if expect.backend not in ("", backend):
        problems.append(f"backend: {backend or 'none'} instead of {expect.backend or 'none'}")
    return [*problems, *_compare("header", _joined(reply.headers), expect.headers), *_seen(expect, reply)]


def _seen(expect: Expect, reply: Reply) -> list[str]:
    if not expect.seen and not expect.seen_headers:
        return []
    try:
        seen = json.loads(reply.body)
        headers = _joined(seen.pop("headers"))
    except (ValueError, AttributeError, KeyError):
        return ["seen: the body is not an echo backend's"]
    return [*_compare("seen", seen, expect.seen), *_compare("seen header", headers, expect.seen_headers)]


def _joined(headers: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: ", ".join(values) for name, values in headers.items()}


def _compare(what: str, got: Mapping[str, str | None], expected: Mapping[str, Value]) -> list[str]:
    return [
        f"{what} {name}: {_shown(got.get(name))} instead of {_shown(value)}"
        for name, value in expected.items()
        if not _fits(got.get(name), value)
    ]


def _fits(got: str | None, expected: Value) -> bool:
    if isinstance(expected, re.Pattern):
        return got is not None and expected.fullmatch(got) is not None
    return got == expected


def _shown(value: Value) -> str:
    if isinstance(value, re.Pattern):
        return f"a match of {value.pattern}"
    return "none" if value is None else repr(value)


def _line(entry: Entry) -> str:
    return f"{entry.request.method} {entry.url}"


def _list(statuses: Iterable[int | None]) -> str:
    return ", ".join("none" if status is None else str(status) for status in statuses)


def _backend(reply: Reply) -> str | None:
    return reply.headers.get(BACKEND, [None])[0]
