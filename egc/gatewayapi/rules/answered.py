"""Rules that answer at once, and what of them has no effect then."""

from collections.abc import Iterator

from egc.diagnostics import Located, Rule, Severity, Sink
from egc.gatewayapi.graph import Graph, RuleNode

WITHOUT_EFFECT = Rule(
    code="EGC2194",
    severity=Severity.WARNING,
    title="setting that needs a backend, on a rule that answers at once",
    explanation="""
        A redirect or a direct response is an answer of Envoy's own. Nothing is forwarded, so timeouts, retries,
        sessions, edits of requests and backends of the same rule have no effect.

        ```yaml
        rules:
        - filters:
          - {type: RequestRedirect, requestRedirect: {scheme: https}}
          timeouts: {request: 5s}
        ```
        """,
    help="remove it, or move it to a rule that forwards",
)

_OF_REQUESTS = ("RequestHeaderModifier", "URLRewrite")


def report(graph: Graph, sink: Sink) -> None:
    """Report every such setting of rules that are sound otherwise."""
    for route in graph.routes:
        for rule in route.rules:
            what = _answer(rule) if rule.filters and not rule.broken else ""
            for name, at in _idle(rule) if what else ():
                sink.report(WITHOUT_EFFECT, at, f"{name} has no effect beside {what}")


def _answer(rule: RuleNode) -> str:
    if any(found.type == "RequestRedirect" for found in rule.filters):
        return "a redirect"
    return "a direct response" if any(found.answers for found in rule.extensions(rule.filters)) else ""


def _idle(rule: RuleNode) -> Iterator[tuple[str, Located]]:
    spec = rule.spec
    settings: dict[str, object] = {"sessionPersistence": rule.session}
    if rule.http is not None:
        settings |= {"timeouts": rule.http.timeouts, "retry": rule.http.retry}
    if not any(found.type == "RequestRedirect" for found in rule.filters):  # beside a redirect they are an error
        settings |= {"backendRefs": rule.backends}
    yield from ((f'"{alias}"', spec.at(alias).key) for alias, value in settings.items() if value)
    for found in rule.filters:
        extended = rule.extensions([found])
        if found.type in _OF_REQUESTS or (found.type == "ExtensionRef" and extended and not extended[0].answers):
            yield f"a filter of type {found.type}", found.at("type")
