"""Replay requests against a site and compare its answers with what is expected."""

import json
import math
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from tests.serve.client import RefusedError, Reply, send
from tests.serve.echo import BACKEND
from tests.serve.heard import share_problem
from tests.serve.requests import Entry, Expect, Value
from tests.serve.site import Site

_SAMPLE = 200
_AT_A_TIME = 100
_DEVIATIONS = 5
REFUSED = "refused"
"""The share of what is turned away."""
_AT_ONCE = 1.0
"""Seconds in which a client must be turned away; what gets no answer to a datagram within them gets none."""


@dataclass(frozen=True)
class Outcome:
    """What came of one entry: ``problems`` is empty if all was as expected.

    ``status`` is None without an answer, ``backend`` if Envoy answered itself, ``route`` if it found none.
    """

    name: str
    request: str
    status: int | str | None
    backend: str | None
    route: str | None
    problems: list[str] = field(default_factory=list)


def replay(site: Site, entries: Iterable[Entry]) -> list[Outcome]:
    """Send all entries in order, each request on a connection of its own."""
    return [_share(site, entry) if entry.expect.share else _replay(site, entry) for entry in entries]


def _replay(site: Site, entry: Entry) -> Outcome:
    problems: list[str] = []
    site.heard.clear()
    replies = [_send(site, entry, problems)]
    further = _following(entry, replies[0], problems) if entry.session else entry
    replies += [_send(site, further, problems) for _ in range(entry.times - 1)]
    if entry.session and len(backends := {_backend(reply) for reply in replies if reply}) > 1:
        problems.append(f"session: answered by {', '.join(sorted(map(str, backends)))}")
    statuses = tuple(reply.status if reply else None for reply in replies)
    if entry.statuses and statuses != entry.statuses:
        problems.append(f"statuses: {_list(statuses)} instead of {_list(entry.statuses)}")
    line, last = _line(entry), replies[-1]
    if last is None:
        return Outcome(entry.name, line, None, None, None, problems)
    problems += [*_differences(entry.expect, last), *_others(site, entry)]
    route = site.route(last.client) if last.client and not entry.request.transport else None
    return Outcome(entry.name, line, last.status, _backend(last), route, problems)


def _others(site: Site, entry: Entry) -> Iterator[str]:
    """What backends got, whoever answered."""
    for backend, expected in entry.expect.got.items():
        told = site.heard.wait(backend, expected.count)
        if expected.percent is not None:
            if problem := share_problem(backend, len(told), expected.percent, entry.times):
                yield problem
        elif len(told) != expected.count:
            yield f"got {backend}: {len(told)} requests instead of {expected.count}"
        elif expected.count:
            yield from _compare(f"got {backend}", told[0], expected.seen)
            yield from _compare(f"got {backend} header", _joined(told[0]["headers"]), expected.headers)


def _following(entry: Entry, first: Reply | None, problems: list[str]) -> Entry:
    """The further requests of a session, with the cookie or header that the first answer gave."""
    headers = first.headers if first else {}
    cookies = [value.partition(";")[0] for value in headers.get("set-cookie", [])]
    given = [("cookie", cookie) for cookie in cookies if cookie.startswith(f"{entry.session}=")]
    given += [(entry.session, value) for value in headers.get(entry.session, [])]
    if len(given) != 1:
        problems.append(f"session: the first answer gives {len(given)} cookies and headers named {entry.session}")
    return replace(entry, request=replace(entry.request, headers=(*entry.request.headers, *given)))


def _send(site: Site, entry: Entry, problems: list[str]) -> Reply | None:
    """One request; a listener that the site does not have refuses, too. To be turned away must not take long."""
    request = entry.request
    refused = entry.expect.refused or REFUSED in entry.expect.share
    begin = time.monotonic()
    try:
        port = site.port(entry.listener, "UDP" if request.transport == "udp" else "TCP")
        return send(request, port, _AT_ONCE) if refused and request.transport == "udp" else send(request, port)
    except (RefusedError, LookupError) as error:
        if not refused:
            problems.append(f"no answer: {error}")
        elif request.transport != "udp" and time.monotonic() - begin > _AT_ONCE:
            problems.append(f"refused, but not within {_AT_ONCE:g} s")
    except TimeoutError:
        problems.append("no answer in time")
    return None


def _share(site: Site, entry: Entry) -> Outcome:
    """Many requests: each share must lie within five standard deviations, a share of 0 or 100 is exact."""
    problems: list[str] = []
    counts: Counter[str] = Counter()
    for reply in _sample(site, entry, problems):
        if problems:
            break
        counts[(_backend(reply) or str(reply.status)) if reply else REFUSED] += 1
    for name in [] if problems else sorted({*entry.expect.share, *counts}):
        expected, got = entry.expect.share.get(name, 0.0), 100 * counts[name] / _SAMPLE
        if abs(got - expected) > _DEVIATIONS * math.sqrt(expected * (100 - expected) / _SAMPLE):
            problems.append(f"share of {name}: {got:g} % instead of {expected:g} %")
    return Outcome(entry.name, _line(entry), None, None, None, problems)


def _sample(site: Site, entry: Entry, problems: list[str]) -> Iterator[Reply | None]:
    """Many answers. Who waits in vain for one to a datagram does not keep the others waiting."""
    with ThreadPoolExecutor(_AT_A_TIME if entry.request.transport == "udp" else 1) as pool:
        for _ in range(0, _SAMPLE, _AT_A_TIME):
            yield from pool.map(lambda _: _send(site, entry, problems), range(_AT_A_TIME))


def _differences(expect: Expect, reply: Reply) -> list[str]:
    if expect.refused:
        return [f"answered with {reply.status or _backend(reply)} instead of refusing"]
    problems = []
    if expect.status not in (None, reply.status):
        problems.append(f"status: {reply.status} instead of {expect.status}")
    backend = _backend(reply)
    if expect.backend not in ("", backend):
        problems.append(f"backend: {backend or 'none'} instead of {expect.backend or 'none'}")
    if expect.body is not None:
        problems += _compare("answer", {"body": reply.body.decode(errors="replace")}, {"body": expect.body})
    return [*problems, *_compare("header", _joined(reply.headers), expect.headers), *_seen(expect, reply)]


def _seen(expect: Expect, reply: Reply) -> list[str]:
    if not expect.seen and not expect.seen_headers:
        return []
    try:
        seen = json.loads(reply.body)
        headers = _joined(seen.pop("headers", {}))
    except (ValueError, AttributeError):
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
    return f"{entry.request.method or entry.request.transport} {entry.url}"


def _list(statuses: Iterable[int | str | None]) -> str:
    return ", ".join("none" if status is None else str(status) for status in statuses)


def _backend(reply: Reply) -> str | None:
    return reply.headers.get(BACKEND, [None])[0]
