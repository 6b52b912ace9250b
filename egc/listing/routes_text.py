"""The listing of routes for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from egc.listing.entries import Answer, Entry, Filter, Host, Match, Origin, Port, Share
from egc.listing.matches import path_text, value_text
from egc.listing.reasons import ONLY
from egc.listing.requests import Verdict

_WIDTH = 100
_INDENT = 6
_ALL = 100


def listing(ports: Iterable[Port]) -> str:
    """Every listener, its hosts and their rules."""
    return "\n\n".join(_port(port) for port in ports)


def _port(port: Port) -> str:
    lines = [_title(port)]
    for host in port.hosts:
        lines += [f"  {_name(host, port)}", *(line for rule in host.rules for line in _rule(rule))]
        if not host.rules:
            lines.append(f"{' ' * _INDENT}no rule: every request is answered 404")
    return "\n".join(lines)


def _title(port: Port) -> str:
    addresses = port.addresses or ("*",)
    listens = ", ".join(f"[{host}]:{port.port}" if ":" in host else f"{host}:{port.port}" for host in addresses)
    return _filled(f"{port.protocol} on {listens}, listener {', '.join(port.listeners)}", 0)


def _name(host: Host, port: Port) -> str:
    tls = f"server name {', '.join(host.server_names)}" if host.server_names is not None else ""
    named = f"host {', '.join(host.hostnames)}" if host.hostnames else ""
    return ", ".join(filter(None, (tls, named))) or f"every {'datagram' if port.protocol == 'UDP' else 'connection'}"


def _rule(rule: Entry, *, place: bool = True) -> Iterator[str]:
    yield _filled(match_text(rule.match), _INDENT, f"{rule.order:>4}  ")
    if rule.origin is not None:
        yield _filled(_origin(rule.origin), _INDENT)
    if told := [found for found in rule.filters if found.type != "RequestRedirect"]:  # the answer tells of that one
        yield _filled(f"filters: {_filters(told)}", _INDENT)
    yield _filled(answer_text(rule.answer), _INDENT)
    if rule.shadowed_by is not None:
        yield _filled(f"NO REQUEST REACHES IT: {rule.shadowed_by} takes the same ones", _INDENT)
    if place and rule.why != ONLY:
        yield _filled(f"why here: {rule.why}", _INDENT)


def match_text(match: Match) -> str:
    """The conditions of a match, in one line."""
    parts = [path_text(match)] if match.path or match.grpc else []
    parts += [f"preflight for {match.method or 'any method'}"] if match.preflight else []
    parts += [match.method] if match.method and not match.preflight else []
    parts += [f"{header.name}: {value_text(header)}" for header in match.headers]
    parts += [f"?{parameter.name}={value_text(parameter)}" for parameter in match.query_params]
    parts += [f"cookie {cookie.name}={value_text(cookie)}" for cookie in match.cookies]
    parts += ["Host with a port"] if match.port_in_host else []
    parts += [f"random number below {match.percent_below:g} %"] if match.percent_below is not None else []
    return "  ".join(parts) or "everything"


def _origin(origin: Origin) -> str:
    rule = f"rule {origin.rule}" + (f' "{origin.rule_name}"' if origin.rule_name else "")
    match = f", match {origin.match}" if origin.match is not None else ""
    line = origin.source.line()
    source = f", {line}" if line is not None else ""
    return f"{origin.kind} {origin.namespace}/{origin.name}, {rule}{match}{source}"


def _filters(filters: Iterable[Filter]) -> str:
    return ", ".join(f"{found.type}{f' ({found.about})' if found.about else ''}" for found in filters)


def answer_text(answer: Answer) -> str:
    """What becomes of a request, in words."""
    because = f": {answer.because}" if answer.because else ""
    match answer.type:
        case "forward":
            return f"to {', '.join(_shares(answer.backends))}"
        case "redirect":
            return f"redirects with {answer.status} to {answer.to}"
        case "preflight":
            return "tells the browser whether a script may call"
        case "acme":
            return "to certbot, for the certificates"
        case "reject":
            return f"closes the connection{because}"
    return f"answers {answer.status}{because}"


def _shares(shares: tuple[Share, ...]) -> Iterator[str]:
    """Backends with their part of the requests, where it is not all."""
    for share in shares:
        part = "" if share.percent == _ALL else f"{share.percent:g} % "
        port = f":{share.port}" if share.port is not None else ""
        where = ", ".join(share.endpoints)
        if share.because is not None:
            where = f"{f'answers {share.status}' if share.status else 'leads nowhere'}: {share.because}"
        filters = f", {_filters(share.filters)}" if share.filters else ""
        yield f"{part}{share.kind} {share.namespace}/{share.name}{port} ({where}{filters})"


def verdicts(found: Iterable[Verdict], asked: str) -> str:
    """What becomes of a request at each listener that could get it."""
    parts = [_verdict(verdict) for verdict in found]
    return "\n\n".join([asked, *(parts or ["no listener is on this port"])])


def _verdict(verdict: Verdict) -> str:
    lines = [_title(verdict.port)]
    if verdict.host is not None:
        lines.append(f"  {_name(verdict.host, verdict.port)}")
    for passed in verdict.passed_over:
        lines.append(_filled(f"{match_text(passed.rule.match)}", _INDENT, f"{passed.rule.order:>4}  "))
        lines.append(_filled(f"passed over: {passed.because}", _INDENT))
    if verdict.rule is not None:
        lines += _rule(verdict.rule, place=False)
    if verdict.because:
        lines.append(_filled(verdict.because, _INDENT))
    return "\n".join(lines)


def _filled(text: str, indent: int, start: str | None = None) -> str:
    """A line broken at the width, and set further in from the second one on."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=" " * indent if start is None else start,
        subsequent_indent=" " * (indent + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
