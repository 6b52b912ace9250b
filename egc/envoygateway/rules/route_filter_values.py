"""What HTTPRouteFilters take from elsewhere: bodies from ConfigMaps, credentials from Secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from egc.diagnostics import Rule, Severity, did_you_mean
from egc.gatewayapi.graph import Fault
from egc.gatewayapi.rules.certificates import value
from egc.gatewayapi.rules.grants import Target, how_to_permit, permitted

if TYPE_CHECKING:
    from egc.envoygateway.models.httproutefilter import HTTPRouteFilter, ResponseBody
    from egc.gatewayapi.models.shared import LocalObjectReference, SecretObjectReference
    from egc.kube.core import ConfigMap, Secret
    from egc.kube.resource import Resource
    from egc.kube.resources import Resources

NO_BODY = Rule(
    code="EGC2186",
    severity=Severity.ERROR,
    title="direct response whose body is not there",
    explanation="""
        A body of type `Inline` is written in `inline`. One of type `ValueRef` is in a ConfigMap of the same namespace:
        under the key `response.body`, or under its only key.

        ```yaml
        body:
          type: ValueRef
          valueRef: {group: "", kind: ConfigMap, name: maintenance-page}
        ```
        """,
    help="add the ConfigMap, or write the body inline",
    condition="Accepted/UnsupportedValue",
)
NO_CREDENTIAL = Rule(
    code="EGC2187",
    severity=Severity.ERROR,
    title="credential that is not there",
    explanation="""
        The credential is in a Secret of the input, under the key `credential`. A Secret of another namespace needs a
        ReferenceGrant for the kind HTTPRouteFilter.

        ```yaml
        apiVersion: v1
        kind: Secret
        metadata: {name: upstream-token, namespace: shop}
        stringData: {credential: Bearer some-token}
        ```
        """,
    help="add the Secret",
    condition="Accepted/UnsupportedValue",
)
BODY = "response.body"
CREDENTIAL = "credential"


def missing(resources: Resources, found: HTTPRouteFilter) -> Fault | None:
    """What the filter refers to in vain; what is there and cannot be read is told of where it stands."""
    response, injection = found.spec.direct_response, found.spec.credential_injection
    if (unread := _unread(resources, found)) is not None:
        return Fault(None, f'HTTPRouteFilter "{found.name}" needs {unread.kind} "{unread.name}", which cannot be read')
    if response is not None and response.body is not None:
        problem, help = _body_problem(resources, found, response.body)
        if problem:
            related = ((response.body.at(), "this body"),)
            return Fault(NO_BODY, f'HTTPRouteFilter "{found.name}" {problem}', help=help, related=related)
    if injection is not None:
        problem, help = _credential_problem(resources, found)
        if problem:
            related = ((injection.credential.at("valueRef"), "this reference"),)
            return Fault(NO_CREDENTIAL, f'HTTPRouteFilter "{found.name}" {problem}', help=help, related=related)
    return None


def sources(resources: Resources, found: HTTPRouteFilter) -> tuple[Resource, ...]:
    """The objects that hold them."""
    response, injection = found.spec.direct_response, found.spec.credential_injection
    given: list[Resource | None] = []
    if response is not None and response.body is not None and response.body.type == "ValueRef":
        given.append(config_map(resources, found, response.body))
    if injection is not None:
        ref = injection.credential.value_ref
        given.append(resources.get("", "Secret", ref.namespace or found.namespace, ref.name))
    return tuple(each for each in given if each is not None)


def _unread(resources: Resources, found: HTTPRouteFilter) -> Target | None:
    """The object that it names, may name, and that was not understood."""
    response, injection = found.spec.direct_response, found.spec.credential_injection
    refs: list[LocalObjectReference | SecretObjectReference | None] = []
    if response is not None and response.body is not None and response.body.type == "ValueRef":
        refs.append(response.body.value_ref)
    if injection is not None:
        refs.append(injection.credential.value_ref)
    for ref in refs:
        if ref is None:
            continue
        target = Target(ref.group, ref.kind, getattr(ref, "namespace", None) or found.namespace, ref.name)
        if resources.get(*target) is None and resources.is_broken(*target) and permitted(resources, found, target):
            return target
    return None


def _body_problem(resources: Resources, found: HTTPRouteFilter, body: ResponseBody) -> tuple[str, str]:
    """In words that follow the filter's name, and what to do."""
    if body.type == "Inline":
        return ("has a body of type Inline without one", 'add "inline"') if body.inline is None else ("", "")
    ref = body.value_ref
    if ref is None:
        return "has a body of type ValueRef without a reference", 'add "valueRef"'
    if (ref.group, ref.kind) != ("", "ConfigMap"):
        return f'has its body in a {ref.kind} of group "{ref.group}"', 'use kind: ConfigMap, group: ""'
    config = config_map(resources, found, body)
    if config is None:
        known = resources.names("", "ConfigMap", found.namespace)
        message = f'has its body in ConfigMap "{ref.name}", which does not exist in namespace "{found.namespace}"'
        return message, did_you_mean(ref.name, known)
    if text_of(config) is None:
        return f'has its body in ConfigMap "{ref.name}", which has no "{BODY}"', f'add the key "{BODY}"'
    return "", ""


def config_map(resources: Resources, found: HTTPRouteFilter, body: ResponseBody) -> ConfigMap | None:
    """The ConfigMap that holds a body."""
    name = body.value_ref.name if body.value_ref is not None else ""
    return cast("ConfigMap | None", resources.get("", "ConfigMap", found.namespace, name))


def text_of(config: ConfigMap) -> str | None:
    """The body in a ConfigMap. Of several other keys none is the first: the input has no order."""
    if BODY in config.data:
        return config.data[BODY]
    return next(iter(config.data.values())) if len(config.data) == 1 else None


def _credential_problem(resources: Resources, found: HTTPRouteFilter) -> tuple[str, str]:
    injection = found.spec.credential_injection
    ref = injection.credential.value_ref if injection is not None else None
    if ref is None:
        return "", ""
    if (ref.group, ref.kind) != ("", "Secret"):
        return f'has its credential in a {ref.kind} of group "{ref.group}"', "refer to a Secret"
    target = Target("", "Secret", ref.namespace or found.namespace, ref.name)
    if not permitted(resources, found, target):
        message = f'has its credential in namespace "{target.namespace}", which does not grant the reference'
        return message, how_to_permit(found, target)
    secret = cast("Secret | None", resources.get(*target))
    if secret is None:
        known = resources.names("", "Secret", target.namespace)
        message = f'has its credential in Secret "{ref.name}", which does not exist in namespace "{target.namespace}"'
        return message, did_you_mean(ref.name, known)
    if not credential(secret):
        message = f'has its credential in Secret "{ref.name}", which has no usable "{CREDENTIAL}"'
        return message, f'add the key "{CREDENTIAL}" with the value of a header'
    return "", ""


def credential(secret: Secret) -> bytes:
    """The credential in a Secret, without the line break that editors leave; empty where no header could hold it."""
    found = (value(secret, CREDENTIAL) or b"").rstrip(b"\r\n")
    return found if all(byte >= 0x20 and byte != 0x7F for byte in found) else b""
