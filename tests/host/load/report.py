"""What clients saw. Times are seconds of time.monotonic()."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

VERSION = "x-version"
"""The header by which an answer says which configuration it comes from."""


class Why(StrEnum):
    """How a request, or a WebSocket, failed."""

    REFUSED = "connection refused"
    RESET_CONNECTING = "connection reset while connecting"
    HANDSHAKE = "TLS handshake broken off"
    CONNECTING = "cannot connect"
    TIMEOUT_CONNECTING = "no connection in time"
    EOF_NEW = "closed without an answer, new connection"
    EOF_REUSED = "closed without an answer, reused connection"
    RESET_NEW = "reset without an answer, new connection"
    RESET_REUSED = "reset without an answer, reused connection"
    TIMEOUT = "no answer in time"
    TRUNCATED = "answer cut short"
    MALFORMED = "no HTTP"
    STATUS = "status"
    BODY = "another body"
    STREAM_RESET = "stream reset"
    STREAM_REFUSED = "stream refused by GOAWAY"
    CONNECTION_LOST = "connection lost with the stream open"
    WEBSOCKET = "WebSocket cut"
    UNFINISHED = "not done when the load ended"
    DEFECT = "defect of the client"


class Closing(StrEnum):
    """How the server ended a connection that a client would have kept."""

    IDLE = "while idle"
    HEADER = "connection: close"
    GOAWAY = "GOAWAY"
    CUT = "cut"


class RequestError(Exception):
    """A request failed."""

    def __init__(self, why: Why, detail: object = "") -> None:
        super().__init__(f"{why}: {detail}" if str(detail) else str(why))
        self.why, self.detail = why, str(detail)

    @property
    def closing(self) -> "Closing | None":
        """How the server ended the connection, if that is what failed the request."""
        return None if self.why in {Why.STATUS, Why.BODY, Why.TIMEOUT, Why.MALFORMED} else Closing.CUT


@dataclass(frozen=True)
class Failure:
    """One failed request, or one WebSocket that was cut."""

    at: float
    client: str
    why: Why
    detail: str

    def __str__(self) -> str:
        """A line for a report."""
        return f"{self.client}: {self.why}{' ' if self.detail else ''}{self.detail}"


@dataclass
class Seen:
    """When something was seen first and last, and how often."""

    first: float
    last: float
    count: int = 1

    def merged(self, other: "Seen") -> "Seen":
        """Both together."""
        return Seen(min(self.first, other.first), max(self.last, other.last), self.count + other.count)


@dataclass
class Tally:
    """What one client saw: ``answered`` requests were answered in full, with 200 (a WebSocket: 101)."""

    client: str
    answered: int = 0
    echoes: int = 0
    """Messages that came back over WebSockets, or as datagrams."""
    losses: list[float] = field(default_factory=list)
    """When datagrams were sent that did not come back."""
    connections: int = 0
    failures: list[Failure] = field(default_factory=list)
    closings: Counter[Closing] = field(default_factory=Counter)
    versions: dict[str, Seen] = field(default_factory=dict)
    """By the header x-version."""
    certificates: dict[str, Seen] = field(default_factory=dict)
    """By SHA-256 in hexadecimal; of connections made."""
    seconds: list[float] = field(default_factory=list)
    """How long each answered request took, a new connection included."""

    @property
    def kind(self) -> str:
        """The client's kind; its name has a number besides."""
        return self.client.rpartition(" ")[0]

    def fail(self, at: float, error: RequestError) -> None:
        """Take down a failure."""
        self.failures.append(Failure(at, self.client, error.why, error.detail))

    def answer(self, at: float, seconds: float, version: str | None) -> None:
        """Take down an answer."""
        self.answered += 1
        self.seconds.append(seconds)
        if version is not None:
            see(self.versions, version, at)


def see(table: dict[str, Seen], key: str, at: float) -> None:
    """Take down that *key* was seen."""
    seen = table.get(key)
    if seen is None:
        table[key] = Seen(at, at)
    else:
        seen.last, seen.count = at, seen.count + 1


@dataclass(frozen=True)
class Report:
    """What all clients saw. It may be read while they run."""

    tallies: tuple[Tally, ...]

    @property
    def requests(self) -> int:
        """HTTP requests, failed ones included."""
        return sum(tally.answered for tally in self.tallies) + len(self.failed)

    @property
    def failed(self) -> list[Failure]:
        """HTTP requests that failed, in order of time."""
        return sorted((one for one in self._failures() if one.why != Why.WEBSOCKET), key=lambda one: one.at)

    @property
    def cuts(self) -> Counter[str]:
        """How often each WebSocket client was cut off."""
        return Counter(one.client for one in self._failures() if one.why == Why.WEBSOCKET)

    @property
    def echoes(self) -> int:
        """Messages that came back over WebSockets or as datagrams."""
        return sum(tally.echoes for tally in self.tallies)

    @property
    def losses(self) -> list[float]:
        """When datagrams were sent that did not come back."""
        return sorted(at for tally in self.tallies for at in tally.losses)

    @property
    def connections(self) -> int:
        """Connections made, or tried."""
        return sum(tally.connections for tally in self.tallies)

    @property
    def closings(self) -> Counter[Closing]:
        """Connections that the server ended."""
        return sum((tally.closings for tally in self.tallies), Counter[Closing]())

    @property
    def versions(self) -> dict[str, Seen]:
        """Every version that answered."""
        return _merged(dict(tally.versions) for tally in self.tallies)

    @property
    def certificates(self) -> dict[str, Seen]:
        """Every certificate that a new connection got."""
        return _merged(dict(tally.certificates) for tally in self.tallies)

    def percentile(self, share: float) -> float:
        """The time that this share of the answered requests stayed below, in seconds; 0 without any."""
        return percentile([second for tally in self.tallies for second in tally.seconds], share)

    def of(self, kind: str) -> "Report":
        """The report of one kind of client."""
        return Report(tuple(tally for tally in self.tallies if tally.kind == kind))

    def summary(self) -> str:
        """One line for each kind of client, with what failed below it."""
        return "\n".join(line for kind in _kinds(self.tallies) for line in _lines(kind, self.of(kind)))

    def _failures(self) -> Iterable[Failure]:
        return (failure for tally in self.tallies for failure in list(tally.failures))


def percentile(values: Iterable[float], share: float) -> float:
    """The value that this share of *values* stays below; 0 without any."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def _merged(tables: Iterable[dict[str, Seen]]) -> dict[str, Seen]:
    merged: dict[str, Seen] = {}
    for table in tables:
        for key, seen in table.items():
            merged[key] = merged[key].merged(seen) if key in merged else seen
    return merged


def _kinds(tallies: Iterable[Tally]) -> list[str]:
    return list(dict.fromkeys(tally.kind for tally in tallies))


def _lines(kind: str, report: Report) -> Iterable[str]:
    ended = ", ".join(f"{count} {how}" for how, count in report.closings.items()) or "none"
    times = "/".join(f"{report.percentile(share) * 1000:.0f}" for share in (0.5, 0.99, 1))
    counts = f"{report.requests} requests, {len(report.failed)} failed, {report.cuts.total()} cut"
    if report.echoes:
        counts += f", {report.echoes} echoes, {len(report.losses)} lost"
    yield f"{kind:22} {counts}, {report.connections} connections, ended: {ended}; {times} ms (p50/p99/max)"
    whys = Counter(f"{failure.why} {failure.detail}".strip() for failure in report._failures())  # noqa: SLF001 - own class
    yield from (f"{'':22}   {count} x {why}" for why, count in whys.most_common(6))
