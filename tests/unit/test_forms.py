"""What is said of host names and durations that are none."""

import pytest

from egc.kube.forms import duration, hostname, precise_hostname


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("*", "for any host, leave it out"),
        ("www.*.example", 'a wildcard stands only at the beginning: "*.example"'),
        ("*shop.example", 'a wildcard stands only at the beginning: "*.shop.example"'),
        ("shop.*", "a wildcard stands at the beginning"),
        ("*.*.example", "only one wildcard, at the beginning"),
        ("Shop.example", 'write "shop.example"'),
        ("*.Shop.example", 'write "*.shop.example"'),
        ("https://Shop.example/cart", 'a host name without scheme, port and path: "shop.example"'),
        ("shop.example:443", 'a host name without scheme, port and path: "shop.example"'),
        ("a_b.example", ""),
        ("a..example", ""),
        ("a.example.", ""),
        ("a_b.example:80", ""),
        ("", ""),
        (80, ""),
    ],
)
def test_hostnames(value: object, said: str) -> None:
    """A wildcard elsewhere, capitals and parts of a URL are the usual slips."""
    assert hostname(value) == said


def test_precise_hostnames() -> None:
    """Where one host is meant, a wildcard is no slip of writing."""
    assert precise_hostname("*.shop.example") == "a wildcard has no meaning here"
    assert precise_hostname("Shop.example") == 'write "shop.example"'


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1.5s", "write 1s500ms"),
        ("1d", "write 24h"),
        ("2w", "write 336h"),
        (".5h", "write 30m"),
        ("100000s", "write 27h46m40s"),
        ("1h1h1h1h1h", "write 5h"),
        (10, "add a unit: 10s"),
        ("-1s", "a duration cannot be negative"),
        ("0.5ms", ""),
        ("0.0s", ""),
        ("99999999d", ""),
        ("9" * 40 + "s", ""),
        ("10", ""),
        ("soon", ""),
        (-1, ""),
        (True, ""),
        (None, ""),
    ],
)
def test_durations(value: object, said: str) -> None:
    """Fractions, days, and numbers without a unit can be written as the Gateway API wants them."""
    assert duration(value) == said
