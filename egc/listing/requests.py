"""Which rule takes a request, and which ones before it do not and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, urlsplit

from egc.gatewayapi.rules.hostnames import covers, specificity
from egc.listing.entries import Entry, Host, Port, plain
from egc.listing.matches import Request, misfits, path_fits

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A rule whose path would fit, but that does not take the request."""

    rule: Entry
    because: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one listener of Envoy does with a request. Without ``rule``, ``because`` says what happens instead."""

    port: Port
    host: Host | None
    rule: Entry | None
    passed_over: tuple[PassedOver, ...]
    because: str | None = None


def as_data(verdict: Verdict) -> dict[str, object]:
    """A verdict as JSON has it, without the rest of the listener's rules."""
    listener, host = plain(verdict.port), plain(verdict.host)
    for node, key in ((listener, "hosts"), (host, "rules")):
        if isinstance(node, dict):
            del node[key]
    rest = {"rule": verdict.rule, "passedOver": verdict.passed_over, "because": verdict.because}
    return {"listener": listener, "host": host} | {key: plain(value) for key, value in rest.items()}


class NotAUrlError(ValueError):
    """A text that is not the address of a request."""


def judge(ports: Iterable[Port], url: str, method: str, headers: Mapping[str, str]) -> list[Verdict]:
    """What becomes of a request at each listener that could get it. NotAUrlError for a text that is no URL."""
    parts = _split(url)
    name = str(parts.hostname)
    host = headers.get("host", name if parts.port is None else f"{name}:{parts.port}")
    query: dict[str, str] = {}
    for key, _, value in (part.partition("=") for part in parts.query.split("&")):
        query.setdefault(key, value)  # Envoy looks at the first one, and decodes nothing
    request = Request(host.lower(), parts.path or "/", method, dict(headers), query)
    return [_judge(port, name.lower(), request) for port in _reached(ports, parts)]


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        given = parts.hostname, parts.port  # reading them can fail
    except ValueError as error:
        raise NotAUrlError(url) from error
    if parts.scheme not in _PORTS or not given[0]:
        raise NotAUrlError(url)
    return parts


def _reached(ports: Iterable[Port], parts: SplitResult) -> list[Port]:
    """The listeners on the port of a URL. One without a port means any that knows names, if none has the usual one."""
    possible = [port for port in ports if "UDP" not in port.protocol and _is_tls(port) == (parts.scheme == "https")]
    wanted = parts.port or _PORTS[parts.scheme]
    found = [port for port in possible if port.port == wanted]
    return found or ([] if parts.port else [port for port in possible if port.protocol != "TCP"])


def _is_tls(port: Port) -> bool:
    return any(host.server_names is not None for host in port.hosts)


def _judge(port: Port, server_name: str, request: Request) -> Verdict:
    hosts = _of_server_name(port.hosts, server_name)
    if not hosts:
        return Verdict(port, None, None, (), "no listener is for this server name, so the connection is closed")
    bare = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    host = hosts[0] if not hosts[0].hostnames else _best(hosts, bare)
    if host is None:
        return Verdict(port, None, None, (), "no route is for this host: 404")
    passed: list[PassedOver] = []
    for rule in host.rules:
        reasons = list(misfits(rule, request))
        if not reasons:
            return Verdict(port, host, rule, tuple(passed))
        if path_fits(rule, request.path):
            passed.append(PassedOver(rule, "; ".join(reasons)))
    return Verdict(port, host, None, tuple(passed), "no rule of this host takes it: 404")


def _of_server_name(hosts: Sequence[Host], name: str) -> list[Host]:
    """The hosts of the filter chain that Envoy chooses; all of them where TLS plays no part."""
    names = {known for host in hosts for known in host.server_names or ("*",)}
    best = min((known for known in names if covers(known, name)), key=specificity, default=None)
    return [host for host in hosts if best in (host.server_names or ("*",))]


def _best(hosts: Iterable[Host], name: str) -> Host | None:
    """The virtual host for a name: one of that name, else the one with the longest wildcard that fits."""
    found = {hostname.lower(): host for host in hosts for hostname in host.hostnames}
    best = min((hostname for hostname in found if covers(hostname, name)), key=specificity, default=None)
    return found[best] if best is not None else None


def of_host(ports: Iterable[Port], name: str) -> list[Port]:
    """What serves a host: its virtual host in each listener; for a name with ``*``, those that are for just that."""
    name = name.lower()
    return [replace(port, hosts=found) for port in ports if (found := _hosts_of(port, name))]


def _hosts_of(port: Port, name: str) -> tuple[Host, ...]:
    if "*" in name:
        return tuple(host for host in port.hosts if name in (*host.hostnames, *(host.server_names or ())))
    hosts = _of_server_name(port.hosts, name)
    named = [host for host in hosts if host.hostnames]
    best = _best(named, name)
    return tuple(host for host in hosts if host is best or host not in named)


def of_path(ports: Iterable[Port], path: str) -> list[Port]:
    """The rules that could take a path, with their places among all; hosts without any are left out."""
    found = []
    for port in ports:
        hosts = [replace(h, rules=tuple(rule for rule in h.rules if path_fits(rule, path))) for h in port.hosts]
        if kept := tuple(host for host in hosts if host.rules):
            found.append(replace(port, hosts=kept))
    return found
