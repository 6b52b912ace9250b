"""Label selectors, and the namespaces that a listener takes routes from.

https://gateway-api.sigs.k8s.io/reference/spec/#routenamespaces
"""

from collections.abc import Iterator, Mapping

from egc.diagnostics import Located, Rule, Severity, Sink, did_you_mean
from egc.gatewayapi.graph import ListenerNode
from egc.gatewayapi.models.gateway import ListenerNamespaces, RouteNamespaces
from egc.kube.resource import is_label_key, is_label_value
from egc.kube.resources import Resources
from egc.kube.selector import LabelSelector

BAD_SELECTOR = Rule(
    code="EGC2016",
    severity=Severity.ERROR,
    title="label selector makes no sense",
    explanation="""
        An operator is `In` or `NotIn`, which need values, or `Exists` or `DoesNotExist`, which must not have any.
        A namespace selector (`from: Selector`) needs a selector. Keys and values are such as labels can have: else
        `NotIn` and `DoesNotExist` would select what they were meant to leave out.

        ```yaml
        matchExpressions: [{key: team, operator: In, values: [web, shop]}]
        ```
        """,
    condition="Programmed/Invalid",
)


_OPERATORS = {"In": True, "NotIn": True, "Exists": False, "DoesNotExist": False}
"""The operators of selectors, and whether they take values."""


def validate_selector(listener: ListenerNode, sink: Sink) -> None:
    """Report a namespace selector that cannot be evaluated."""
    for at, message, help in faults(listener.spec.allowed_routes.namespaces):
        listener.closed = True
        listener.conditions.deny(BAD_SELECTOR, at, message, sink, help=help)


def faults(namespaces: RouteNamespaces | ListenerNamespaces) -> Iterator[tuple[Located, str, str]]:
    """What is wrong with the selector of some namespaces: place, message and help."""
    if namespaces.from_ != "Selector":
        return
    if namespaces.selector is None:
        yield namespaces.at("from"), "from: Selector without a selector", "add a selector"
        return
    yield from problems(namespaces.selector)


def problems(selector: LabelSelector) -> Iterator[tuple[Located, str, str]]:
    """What is wrong with a selector: place, message and help."""
    yield from _strange(selector)
    for expression in selector.match_expressions:
        operator, at = expression.operator, expression.at("operator")
        if operator not in _OPERATORS:
            choices = f"one of {', '.join(_OPERATORS)}"
            yield at, f'"{operator}" is not an operator of selectors', did_you_mean(operator, _OPERATORS) or choices
        elif _OPERATORS[operator] and not expression.values:
            yield at, f"operator {operator} needs values", "add values"
        elif expression.values and not _OPERATORS[operator]:
            yield at, f"operator {operator} must not have values", "remove values"


def _strange(selector: LabelSelector) -> Iterator[tuple[Located, str, str]]:
    """Keys and values that no label can have."""
    keys: list[tuple[Located, str]] = [(selector.at("matchLabels", key).key, key) for key in selector.match_labels]
    labels = selector.match_labels
    values: list[tuple[Located, str]] = [(selector.at("matchLabels", key), labels[key]) for key in labels]
    for each in selector.match_expressions:
        keys.append((each.at("key"), each.key))
        values += [(each.at("values", i), text) for i, text in enumerate(each.values)]
    yield from ((at, f'"{key[:60]}" is not the key of a label', "") for at, key in keys if not is_label_key(key))
    yield from (
        (at, f'"{text[:60]}" is not the value of a label', "") for at, text in values if not is_label_value(text)
    )


def selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Whether *labels* satisfy a selector; an empty selector selects everything."""
    if any(labels.get(key) != value for key, value in selector.match_labels.items()):
        return False
    for expression in selector.match_expressions:
        value = labels.get(expression.key)
        match expression.operator:
            case "In" if value not in expression.values:
                return False
            case "NotIn" if value in expression.values:
                return False
            case "Exists" if value is None:
                return False
            case "DoesNotExist" if value is not None:
                return False
    return True


def allows(resources: Resources, listener: ListenerNode, namespace: str) -> bool:
    """Whether routes of *namespace* may attach to the listener; by default only those of the Gateway's own."""
    namespaces = listener.spec.allowed_routes.namespaces
    source = namespaces.from_
    if source == "Same":
        return namespace == listener.owner.resource.namespace
    if source == "All":
        return True
    # Not whether the listener is served: a route belongs to one without its certificate all the same.
    if listener.closed or namespaces.selector is None:
        return False
    return selects_namespace(resources, namespaces.selector, namespace, unknown=False)


def selects_namespace(resources: Resources, selector: LabelSelector, namespace: str, *, unknown: bool) -> bool:
    """Whether a selector takes a namespace; *unknown* if that was given but could not be read, or differs from itself.

    Selectors such as DoesNotExist would take one without labels.
    """
    if resources.get("", "Namespace", "", namespace) is None and resources.is_broken("", "Namespace", "", namespace):
        return unknown
    return selects(selector, labels_of(resources, namespace))


def labels_of(resources: Resources, namespace: str) -> dict[str, str]:
    """Labels of a namespace. Kubernetes itself gives every namespace one with its name, which no other takes."""
    found = resources.get("", "Namespace", "", namespace)
    labels = found.metadata.labels if found is not None else {}
    return {**labels, "kubernetes.io/metadata.name": namespace}
