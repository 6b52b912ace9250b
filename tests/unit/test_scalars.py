"""Single values: what is read, what is refused, and in which words."""

from datetime import timedelta
from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from egc.kube import scalars
from egc.kube.scalars import Form


def read(type_: Any, value: object) -> Any:
    """Parse a value as a model would."""
    return TypeAdapter(type_).validate_python(value, strict=True)


def complaint(type_: Any, value: object) -> str:
    """The message of the one error that a value causes."""
    with pytest.raises(ValidationError) as caught:
        read(type_, value)
    (error,) = caught.value.errors()
    assert error["loc"] == ()
    return error["msg"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0),
        ("10s", 10),
        ("500ms", 0.5),
        ("1h30m", 5400),
        ("1m1ms", 60.001),
        ("99999h", 359996400),
        ("1s1s1s1s", 4),
    ],
)
def test_durations_of_the_gateway_api(text: str, seconds: float) -> None:
    """Up to four whole numbers with units add up."""
    assert read(scalars.GatewayDuration, text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value", ["", "0", "10", "1.5h", "-1s", "1d", "1s1s1s1s1s", "100000s", "10s ", "10s\n", "٣s", 10, None, True]
)
def test_what_is_no_duration_of_the_gateway_api(value: object) -> None:
    """Fractions, signs and bare numbers are refused, with examples of what is meant."""
    assert complaint(scalars.GatewayDuration, value) == 'is not a duration such as "10s" or "1h30m"'


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [("0", 0), ("+0", 0), ("1.5h", 5_400e6), ("300ms", 300_000), (".5s", 500_000), ("1.s", 1e6), ("1h1us", 3_600e6 + 1),
     ("2µs", 2), ("2μs", 2), ("1500ns", 1), ("1.1s", 1_100_000), ("2540400h", 9_145_440_000e6)],
)  # fmt: skip
def test_durations_of_kubernetes(text: str, microseconds: float) -> None:
    """Go's durations have fractions; parts of a microsecond are dropped."""
    assert read(scalars.GoDuration, text) == timedelta(microseconds=microseconds)


@pytest.mark.parametrize(
    "value", ["", "1", "-1s", "1d", ".s", "1s ", "s", "9" * 30 + "h", "2562048h", "9" * 100_000 + "h", 5, None]
)
def test_what_is_no_duration_of_kubernetes(value: object) -> None:
    """Negative durations are refused, and those that are too long for Go."""
    assert complaint(scalars.GoDuration, value) == 'is not a duration such as "300ms" or "1.5h"'


@pytest.mark.parametrize(
    ("value", "count"),
    [(0, 0), (1024, 1024), ("1024", 1024), ("32Ki", 32 * 1024), ("1.5Mi", 1536 * 1024), ("1k", 1000), ("2M", 2_000_000),
     ("1e3", 1000), ("1E", 10**18), ("1E3", 1000), ("12E-1", 2), ("1Ei", 2**60), ("100m", 1), ("1n", 1), (".5Ki", 512),
     ("+1Ki", 1024), ("1e99", 2**63 - 1), ("8Ei", 2**63 - 1), (2**63 - 1, 2**63 - 1)],
)  # fmt: skip
def test_quantities(value: object, count: int) -> None:
    """Suffixes multiply; what is left of a unit is rounded up; 2⁶³-1 is the most there is."""
    assert read(scalars.Quantity, value) == count


@pytest.mark.parametrize("value", ["", "Ki", "1KB", "1 Ki", "-1", -1, "1e999", "9" * 100_000, 2**63, 1.5, True, None])
def test_what_is_no_quantity(value: object) -> None:
    """Unknown suffixes, negative numbers and floats are refused."""
    assert complaint(scalars.Quantity, value) == 'is not a quantity such as "512Ki" or "1.5Mi"'


def test_ports_of_pods() -> None:
    """A port may be a number or a name, and stays what it was; 0 and an empty name say nothing."""
    assert [read(scalars.TargetPort, value) for value in (80, "http", "a-80")] == [80, "http", "a-80"]
    assert [read(scalars.TargetPort, value) for value in (0, "")] == [None, None]
    odd: list[object] = [1.5, True, None, [], "80", "a--b", "HTTP", "a" * 16, "-a", -1, 65536]
    for value in odd:
        assert complaint(scalars.TargetPort, value) == "is neither a port nor the name of one"


@pytest.mark.parametrize("value", ["10.0.0.0/8", "10.1.2.3/8", "0.0.0.0/0", "2001:db8::/32", "::ffff:10.0.0.1/128"])
def test_networks(value: str) -> None:
    """A network is an address and a length; bits of a host do no harm."""
    assert read(scalars.CIDR, value) == value


@pytest.mark.parametrize(
    "value", ["", "10.0.0.1", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "300.0.0.0/8", "fe80::%1/64", "a/8"]
)
def test_what_is_no_network(value: str) -> None:
    """Masks, zones and lengths out of range are refused, as in Go."""
    assert complaint(scalars.CIDR, value) == 'is not a network such as "10.0.0.0/8"'


def test_base64() -> None:
    """Base64 stays as written; line breaks do not count."""
    assert read(scalars.Base64, "aGVs\nbG8=\n") == "aGVs\nbG8=\n"
    for value in ("hello!", "aGVsbG8", "é"):
        assert complaint(scalars.Base64, value) == "is not base64"


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        (scalars.Label, ["a", "a-b", "0"], ["-a", "A", "a.b", "a\n"]),
        (scalars.Subdomain, ["a", "a.b-c.d"], ["a..b", ".a", "a_b", "A"]),
        (scalars.Group, ["", "apps", "gateway.envoyproxy.io"], ["a/b", "A"]),
        (scalars.Kind, ["Service", "a"], ["1a", "a-", "a.b"]),
        (scalars.Hostname, ["a", "*.example.com", "www.example.com"], ["*", "*example.com", "a.*.b", "A.b", "a_b"]),
        (scalars.PreciseHostname, ["a", "www.example.com"], ["*.example.com", "a.", "a:80"]),
        (scalars.HeaderName, ["X-A", "a!#$%&'*+.^_`|~"], ["a b", "a:", "é", "(a)"]),
        (scalars.HeaderValue, ["a", "a b", "a\tb", 'a, b;c="d"'], [" a", "a ", "a  b", "a\nb", "é"]),
    ],
)
def test_forms(type_: Any, good: list[str], bad: list[str]) -> None:
    """Names and values have the form that the API gives them; the message says so in words."""
    assert [read(type_, value) for value in good] == good
    for value in bad:
        assert complaint(type_, value).startswith("is not a")


@pytest.mark.parametrize("type_", [scalars.Label, scalars.Hostname, scalars.HeaderValue])
def test_a_form_is_told_from_a_type_and_a_length(type_: Any) -> None:
    """A number is not a string, and a text that is too long is too long: the form is not to blame."""
    assert complaint(type_, 443) == "Input should be a valid string"
    assert complaint(type_, "") == "String should have at least 1 character"
    assert complaint(type_, "a" * 5000).startswith("String should have at most")


def test_forms_are_in_the_json_schema() -> None:
    """A published schema shows the pattern and the bounds."""
    schema = TypeAdapter(Annotated[str, Field(max_length=3), Form("^a+$", "is not a")]).json_schema()
    assert schema == {"type": "string", "maxLength": 3, "pattern": "^a+$"}


@pytest.mark.parametrize("value", [0, 65536, "80", 80.0, True])
def test_what_is_no_port(value: object) -> None:
    """Ports are integers from 1 to 65535; nothing is converted."""
    assert read(scalars.PortNumber, 65535) == 65535
    assert complaint(scalars.PortNumber, value)
