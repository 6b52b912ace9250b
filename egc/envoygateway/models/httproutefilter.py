"""HTTPRouteFilter: what the filters of a route can do beyond the Gateway API."""

from typing import Annotated, Literal

from pydantic import Field

from egc.gatewayapi.models.shared import LocalObjectReference, SecretObjectReference
from egc.kube.model import Model
from egc.kube.resource import Resource
from egc.kube.scalars import Form, HeaderName, Int64


class RegexSubstitution(Model):
    """What an RE2 expression matches, and what replaces it; a backslash and a number stand for a group of it."""

    pattern: str = Field(min_length=1)
    substitution: str


class HostSubstitution(Model):
    """The same; the result is a Host header."""

    pattern: str = Field(min_length=1)
    substitution: Annotated[
        str, Field(min_length=1), Form(r"^[^\r\n\x00]*$", "is not a part of a header: it has a line break")
    ]


class PathRewrite(Model):
    """What becomes of the path that a backend gets."""

    type: Literal["ReplaceRegexMatch"]
    replace_regex_match: RegexSubstitution | None = None


class HostRewrite(Model):
    """Where the Host header that a backend gets comes from: a header, the backend's own name, or the path."""

    type: Literal["Header", "Backend", "PathRegex"]
    header: str | None = None
    path_regex: HostSubstitution | None = None


class URLRewrite(Model):
    """What backends get as host and path."""

    hostname: HostRewrite | None = None
    path: PathRewrite | None = None
    append_x_forwarded_host: bool | None = None


class ResponseBody(Model):
    """A body, or the ConfigMap that holds it; Envoy's commands such as %START_TIME% are carried out in it."""

    type: Literal["Inline", "ValueRef"] = "Inline"
    inline: str | None = None
    value_ref: LocalObjectReference | None = None


class ResponseHeader(Model):
    """A header and its value."""

    name: HeaderName
    value: str = Field(min_length=1, max_length=4096)


class ResponseHeaders(Model):
    """Headers of an answer: ``set`` overwrites, ``add`` appends; there is nothing to ``remove``."""

    set: list[ResponseHeader] = Field(default_factory=list, max_length=16)
    add: list[ResponseHeader] = Field(default_factory=list, max_length=16)
    remove: list[str] = Field(default_factory=list, max_length=16)


class DirectResponse(Model):
    """An answer without a backend."""

    status_code: Int64 | None = None
    content_type: str | None = None
    body: ResponseBody | None = None
    header: ResponseHeaders | None = None


class Credential(Model):
    """The Secret that holds a credential under the key ``credential``."""

    value_ref: SecretObjectReference


class CredentialInjection(Model):
    """A credential that backends get and clients do not know; in ``Authorization`` unless ``header`` says another."""

    credential: Credential
    header: str | None = None
    overwrite: bool | None = None


class CookieMatch(Model):
    """What a cookie of a request must be."""

    type: Literal["Exact", "RegularExpression"] = "Exact"
    name: str = Field(min_length=1, max_length=256)
    value: str = Field(min_length=1, max_length=4096)


class ExtendedMatch(Model):
    """Conditions on a request, all of which must hold."""

    cookies: list[CookieMatch] = Field(default_factory=list, min_length=1, max_length=16)


class HTTPRouteFilterSpec(Model):
    """What is done to the requests of a rule; one of the ``matches`` must hold beside one of the rule's."""

    url_rewrite: URLRewrite | None = None
    direct_response: DirectResponse | None = None
    credential_injection: CredentialInjection | None = None
    matches: list[ExtendedMatch] = Field(default_factory=list, max_length=8)


class HTTPRouteFilter(Resource):
    """A filter that routes refer to by extensionRef."""

    spec: HTTPRouteFilterSpec
