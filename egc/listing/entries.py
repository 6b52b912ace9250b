"""What a listing of routes is made of; ``plain`` makes JSON of it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Literal

from pydantic.alias_generators import to_camel

from egc.diagnostics import Located
from egc.plan.model import Route

_HIDDEN = {"hidden": True}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the input."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Source:
    """The first of some places that a file says; looked for when it is shown, since that takes longest."""

    places: tuple[Located, ...]

    def line(self) -> Line | None:
        """The line, or None for what no file says."""
        found = (place for at in self.places if (place := at.place()) is not None)
        return next((Line(place.file, place.span.line) for place in found if place.span is not None), None)


@dataclass(frozen=True, slots=True)
class Value:
    """What something must be: ``type`` is Exact, PathPrefix or RegularExpression."""

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Named:
    """What a header or a query parameter must be."""

    name: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Call:
    """A gRPC call; a service or method that is None may be any."""

    type: str
    service: str | None
    method: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """The conditions of a rule, all of which must hold. TCP, TLS and UDP have none."""

    path: Value | None = None
    method: str | None = None
    headers: tuple[Named, ...] = ()
    query_params: tuple[Named, ...] = ()
    cookies: tuple[Named, ...] = ()
    grpc: Call | None = None
    port_in_host: bool = False
    """Whether the Host header must have a port."""
    preflight: bool = False
    """Whether it takes the questions of browsers before a script's request of that method, or of any."""
    percent_below: float | None = None
    """It takes requests whose random number of 100 is below this one."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Something done to requests or responses; for one backend alone if it stands there."""

    type: str
    about: str


@dataclass(frozen=True, slots=True)
class Share:
    """A backend, its weight and its part of the rule's requests in percent.

    ``status`` is what it is answered if it leads nowhere, and ``because`` why.
    """

    kind: str
    namespace: str
    name: str
    port: int | None
    weight: int
    percent: float
    endpoints: tuple[str, ...]
    filters: tuple[Filter, ...] = ()
    status: int | None = None
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of a request: ``to`` is where a redirect leads, ``because`` why nothing is forwarded."""

    type: Literal["forward", "redirect", "respond", "preflight", "reject", "acme"]
    status: int | None = None
    to: str | None = None
    because: str | None = None
    backends: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """The rule of an object; ``match`` is the index of the match in the rule, None for a rule without matches."""

    kind: str
    namespace: str
    name: str
    rule: int
    rule_name: str | None
    match: int | None
    source: Source


@dataclass(frozen=True, slots=True)
class Entry:
    """A route of Envoy. ``order`` counts from 1 within its host; ``origin`` is None for what no rule asked for.

    ``why`` says what puts it before the next one; ``shadowed_by`` is the order of one that takes all its requests.
    """

    order: int
    name: str
    match: Match
    answer: Answer
    filters: tuple[Filter, ...]
    origin: Origin | None
    why: str
    shadowed_by: int | None = None
    route: Route | None = field(default=None, repr=False, metadata=_HIDDEN)


@dataclass(frozen=True, slots=True)
class Host:
    """A virtual host, or the connections of a filter chain.

    ``server_names`` are those that a TLS client must ask for; None where TLS plays no part, ``*`` is any.
    """

    name: str
    hostnames: tuple[str, ...]
    server_names: tuple[str, ...] | None
    rules: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Port:
    """A listener of Envoy, and the listeners of Gateways that share it."""

    name: str
    addresses: tuple[str, ...]
    port: int
    protocol: str
    listeners: tuple[str, ...]
    hosts: tuple[Host, ...]


def plain(value: object) -> object:
    """An entry, or several, as JSON has it: every key is always there."""
    if isinstance(value, Source):
        return plain(value.line())
    if is_dataclass(value):
        return {to_camel(f.name): plain(getattr(value, f.name)) for f in fields(value) if f.metadata != _HIDDEN}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value
