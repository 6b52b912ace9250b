"""Rate limits."""

from typing import Annotated, Literal

from pydantic import Field

from egc.kube.markers import Opaque, Unsupported
from egc.kube.model import Model
from egc.kube.scalars import HTTPMethod

_GLOBAL_ONLY = Unsupported("not supported in a local rate limit")


class HeaderMatch(Model):
    """A condition on a header; Distinct gives every value a limit of its own."""

    type: Literal["Exact", "RegularExpression", "Distinct"] = "Exact"
    name: str = Field(min_length=1, max_length=256)
    value: Annotated[str, Field(max_length=1024)] | None = None
    invert: bool = False


class QueryParamMatch(Model):
    """A condition on a parameter in the query; Distinct gives every value a limit of its own."""

    type: Literal["Exact", "RegularExpression", "Distinct"] = "Exact"
    name: str = Field(min_length=1, max_length=256)
    value: Annotated[str, Field(max_length=1024)] | None = None
    invert: bool = False


class MethodMatch(Model):
    """A condition on the method."""

    value: HTTPMethod
    invert: bool = False


class PathMatch(Model):
    """A condition on the path."""

    type: Literal["Exact", "PathPrefix", "RegularExpression"] = "PathPrefix"
    value: str = Field(default="/", max_length=1024)
    invert: bool = False


class SourceMatch(Model):
    """A condition on the client's address; Distinct gives every address in the network a limit of its own."""

    type: Literal["Exact", "Distinct"] = "Exact"
    value: str = Field(min_length=1, max_length=256)
    invert: bool = False


class RateLimitSelectCondition(Model):
    """Conditions on a request, all of which must hold; of the methods, any."""

    headers: list[HeaderMatch] = Field(default_factory=list, max_length=128)
    methods: list[MethodMatch] = Field(default_factory=list)
    path: PathMatch | None = None
    source_cidr: SourceMatch | None = Field(default=None, alias="sourceCIDR")
    query_params: list[QueryParamMatch] = Field(default_factory=list, max_length=16)


class RateLimitValue(Model):
    """How many requests in how long."""

    requests: int = Field(ge=0, le=2**32 - 1)
    unit: Literal["Second", "Minute", "Hour", "Day", "Week", "Month", "Year"]
    from_metadata: Annotated[Opaque, _GLOBAL_ONLY] = None


class RateLimitRule(Model):
    """A limit for the requests that all the selectors describe; without selectors, for all requests."""

    client_selectors: list[RateLimitSelectCondition] = Field(default_factory=list, max_length=8)
    limit: RateLimitValue
    shadow_mode: bool | None = None
    x_rate_limit_headers: Literal["Off", "DraftVersion03"] | None = None
    cost: Annotated[Opaque, _GLOBAL_ONLY] = None
    shared: Annotated[bool | None, _GLOBAL_ONLY] = None


class LocalRateLimit(Model):
    """Limits that Envoy counts by itself; the strictest of those that apply wins."""

    rules: list[RateLimitRule] = Field(default_factory=list, max_length=16)


class RateLimitSpec(Model):
    """Limits counted by Envoy (local) or by a service (global)."""

    type: Literal["Global", "Local"] | None = None
    local: LocalRateLimit | None = None
    global_: Annotated[Opaque, Unsupported("not supported: it needs a rate limit service")] = Field(
        default=None, alias="global"
    )
