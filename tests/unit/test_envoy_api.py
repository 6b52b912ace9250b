"""Typed messages: what is imported when, and what they are as plain data."""

import ast
import copy
import dataclasses
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import betterproto2
import pydantic
import pydantic.dataclasses
import pytest
from envoy_data_plane.message_pool import default_message_pool
from pydantic import ValidationError

from egc.envoy import api as pb
from egc.envoy import binary, descriptors
from egc.envoy.loader import load
from egc.envoy.packages import PACKAGES
from egc.envoy.printer import to_yaml
from tests.unit import envoy_sample

ROOT = Path(__file__).parents[2]


def run(*arguments: str, **environment: str) -> str:
    """What a fresh Python prints."""
    variables = {key: value for key, value in os.environ.items() if key != "EGC_STRICT"} | environment
    command = [sys.executable, "-W", "ignore", *arguments]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=True).stdout


def test_mypy_and_the_importer_know_the_same_packages() -> None:
    """The imports that mypy reads and the table that imports follow are one list."""
    tree = ast.parse(Path(pb.__file__).read_text(encoding="utf-8"))
    [typed] = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in typed.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {name: f"envoy_data_plane.{path}" for name, path in PACKAGES.items()}


def test_a_package_is_imported_when_it_is_used() -> None:
    """To import the module imports no package of Envoy's API."""
    program = (
        "import sys; from egc.envoy import api as pb\n"
        "print('envoy_data_plane.envoy.config.route.v3' in sys.modules, pb.route.Route.__name__)"
    )
    assert run("-c", program) == "False Route\n"


def test_pydantic_is_left_as_it_was() -> None:
    """The names that are lent to the generated modules are given back, whatever happens."""
    before = pydantic.dataclasses.dataclass, pydantic.model_validator
    load("envoy_data_plane.envoy.config.route.v3")
    with pytest.raises(ModuleNotFoundError):
        load("envoy_data_plane.gone")
    assert before == (pydantic.dataclasses.dataclass, pydantic.model_validator)


def test_an_unknown_package_is_an_attribute_error() -> None:
    """A misspelt package is reported as Python does."""
    with pytest.raises(AttributeError, match="no attribute 'rout'"):
        _ = getattr(pb, "rout")  # noqa: B009  # mypy would not let pb.rout pass


def test_fields_have_envoys_names(envoy: Path) -> None:
    """Each field of each message of each package is known to Envoy by the name under which it will be written."""
    executable = binary.find(str(envoy))
    assert executable is not None
    known = descriptors.load(executable)
    unknown = []
    for name in PACKAGES:
        for cls in vars(getattr(pb, name)).values():
            url = default_message_pool.type_to_url.get(cls) if isinstance(cls, type) else None
            if url is not None:
                message = known.message(url.rpartition("/")[2])
                assert message is not None, url
                fields = {field.name for field in message.fields}
                unknown += [
                    f"{cls.__name__}.{field.name}" for field in dataclasses.fields(cls) if field.name not in fields
                ]
    assert unknown == ["DeclFunctionDecl.doc"]  # of CEL's type checker, which no configuration holds


def test_a_message_is_plain_data_in_the_order_of_the_proto() -> None:
    """Fields come in the order of the .proto file, whatever order they were given in."""
    route = pb.route.Route(
        request_headers_to_remove=["x"],
        name="a",
        match=pb.route.RouteMatch(headers=[pb.route.HeaderMatcher(present_match=True, name="h")], prefix="/"),
    )
    plain = pb.to_plain(route)
    assert list(plain) == ["name", "match", "request_headers_to_remove"]
    assert plain["match"] == {"prefix": "/", "headers": [{"name": "h", "present_match": True}]}


@pytest.mark.parametrize(
    ("message", "plain"),
    [
        (pb.route.RouteAction(cluster="", timeout=timedelta(0)), {"cluster": "", "timeout": "0s"}),
        (pb.route.RouteMatch(prefix="", case_sensitive=False), {"prefix": "", "case_sensitive": False}),
        (pb.route.RetryPolicy(num_retries=0, retry_on=""), {"num_retries": 0}),
        (pb.route.Route(redirect=pb.route.RedirectAction()), {"redirect": {}}),
        (pb.route.VirtualHost(name="", domains=[]), {}),
        (pb.cluster.OutlierDetection(enforcing_consecutive_5xx=0), {"enforcing_consecutive_5xx": 0}),
    ],
)
def test_what_is_set_is_told_from_what_is_not(message: betterproto2.Message, plain: dict[str, Any]) -> None:
    """A zero that was given is kept where proto3 has presence, and dropped where it has none."""
    assert pb.to_plain(message) == plain


@pytest.mark.parametrize(
    ("delta", "text"),
    [
        (timedelta(milliseconds=250), "0.25s"),
        (timedelta(days=400), "34560000s"),
        (timedelta(microseconds=1), "0.000001s"),
        (timedelta(seconds=-1, microseconds=-500000), "-1.5s"),
    ],
)
def test_durations(delta: timedelta, text: str) -> None:
    """Durations are seconds, exact."""
    assert pb.to_plain(pb.route.RouteAction(timeout=delta)) == {"timeout": text}


def test_enums_go_by_the_names_of_the_proto() -> None:
    """Python names lack the prefix that the .proto file gives them."""
    option = pb.core.SocketOption(ip_version=pb.core.SocketOptionSocketIpVersion.IPV4)
    assert pb.to_plain(option) == {"ip_version": "SOCKET_IP_VERSION_IPV4"}
    assert pb.to_plain(pb.cluster.Cluster(type=pb.cluster.ClusterDiscoveryType.STATIC)) == {"type": "STATIC"}


@pytest.mark.parametrize(
    ("value", "plain"), [(50, 50), (50.0, 50), (0.5, 0.5), (float("inf"), "Infinity"), (float("nan"), "NaN")]
)
def test_floats(value: float, plain: object) -> None:
    """Whole numbers print without a fraction; what JSON has no number for is a string."""
    assert repr(pb.to_plain(pb.types.Percent(value=value))) == repr({"value": plain})


def test_large_integers_are_strings() -> None:
    """Envoy reads YAML numbers as doubles, so what a double cannot hold is a string."""
    heap = pb.fixed_heap.FixedHeapConfig
    assert pb.to_plain(heap(max_heap_size_bytes=2**53)) == {"max_heap_size_bytes": 2**53}
    assert pb.to_plain(heap(max_heap_size_bytes=2**53 + 1)) == {"max_heap_size_bytes": str(2**53 + 1)}


def test_bytes_are_base64() -> None:
    """Bytes, wrapped or not, are base64."""
    assert pb.to_plain(pb.core.DataSource(inline_bytes=b"\xff\xfe")) == {"inline_bytes": "//4="}
    assert pb.to_plain(pb.pack(pb.protobuf.BytesValue(value=b"a")))["value"] == "YQ=="


def test_maps_have_string_keys() -> None:
    """JSON's keys are strings, so the keys of maps are, numbers too."""
    match = pb.xds_matcher.MatcherMatcherTreeMatchMap(map={"a": pb.xds_matcher.MatcherOnMatch()})
    assert pb.to_plain(match) == {"map": {"a": {}}}
    info = pb.cel_syntax.SourceInfo(positions={3: 4})
    assert pb.to_plain(info) == {"positions": {"3": 4}}


def test_structs() -> None:
    """A Struct is the object it stands for."""
    data = {"a": [1, 1.5, "x", None, True, {"b": {}}]}
    assert repr(pb.to_plain(pb.protobuf.Struct.from_dict(data))) == repr(data)


def test_pack_keeps_the_message() -> None:
    """What is packed is written inline with its type, as it is when it is written."""
    router = pb.router.Router()
    packed = pb.pack(router)
    router.suppress_envoy_headers = True
    url = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
    assert pb.to_plain(packed) == {"@type": url, "suppress_envoy_headers": True}
    assert packed == pb.pack(pb.router.Router(suppress_envoy_headers=True))
    assert packed != pb.pack(pb.router.Router())
    assert copy.deepcopy(packed) == packed
    assert copy.deepcopy(packed) is not packed


@pytest.mark.parametrize(
    ("message", "value"),
    [
        (pb.protobuf.StringValue(value=""), ""),
        (pb.protobuf.UInt64Value(value=2**60), str(2**60)),
        (pb.protobuf.Duration(seconds=1, nanos=500000000), "1.5s"),
        (pb.protobuf.Timestamp.from_datetime(datetime(2026, 1, 31, tzinfo=UTC)), "2026-01-31T00:00:00Z"),
        (pb.protobuf.Struct.from_dict({"a": 1}), {"a": 1}),
        (pb.protobuf.ListValue.from_dict([1]), [1]),
    ],
)
def test_well_known_types_in_an_any_have_a_value(message: betterproto2.Message, value: object) -> None:
    """Types whose JSON is not an object of their fields are the "value" of their Any."""
    assert pb.to_plain(pb.pack(message))["value"] == value


def test_raw_is_for_types_that_are_not_typed() -> None:
    """An Any of a type that envoy_data_plane lacks is given by its name and fields."""
    matcher = pb.raw("xds.type.matcher.v3.CelMatcher", {"expr_match": {}})
    assert pb.to_plain(matcher) == {"@type": "type.googleapis.com/xds.type.matcher.v3.CelMatcher", "expr_match": {}}


def test_an_empty_any_is_empty() -> None:
    """The Any that only enables a filter prints as {}."""
    assert pb.to_plain(pb.route.FilterConfig(config=pb.protobuf.Any())) == {"config": {}}


def test_an_any_of_bytes_is_a_mistake() -> None:
    """An Any that pack() did not make cannot be printed."""
    with pytest.raises(TypeError, match="pack"):
        pb.to_plain(pb.protobuf.Any(type_url="type.googleapis.com/x.Y", value=b""))


def test_unset_fields_read_as_their_defaults() -> None:
    """A list that was not given is there to be appended to."""
    host = pb.route.VirtualHost(name="a")
    host.domains.append("*")
    host.routes.append(pb.route.Route(name="r"))
    assert (host.require_tls, host.retry_policy) == (pb.route.VirtualHostTlsRequirementType.NONE, None)
    assert pb.to_plain(host) == {"name": "a", "domains": ["*"], "routes": [{"name": "r"}]}


def test_messages_are_compared_and_copied_by_their_fields() -> None:
    """Equal fields are equal messages, whether a default was given, read or left alone."""
    one, other = pb.route.RouteMatch(prefix="/"), pb.route.RouteMatch(prefix="/", headers=[])
    assert one == other == copy.deepcopy(one)
    assert one != pb.route.RouteMatch(path="/")
    assert repr(one) == "RouteMatch(prefix='/')"


def test_an_unknown_field_is_refused() -> None:
    """A misspelt field cannot be set, not even where mypy does not look."""
    arguments: dict[str, Any] = {"nam": "a"}
    with pytest.raises((TypeError, ValidationError), match="nam"):
        pb.route.Route(**arguments)


def test_both_kinds_of_classes_print_alike(envoy: Path) -> None:
    """With the stock classes the same configuration comes out, and Envoy accepts it."""
    light = run("-m", "tests.unit.envoy_sample")
    assert light == run("-m", "tests.unit.envoy_sample", EGC_STRICT="1")
    assert light == to_yaml(pb.to_plain(envoy_sample.bootstrap()))
    assert binary.validate(envoy, light) is None
