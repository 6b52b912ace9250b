"""Whatever is written, a value is read or refused; it never breaks the parser."""

import math
from contextlib import suppress
from datetime import timedelta
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from egc.kube import scalars

DURATION = TypeAdapter[timedelta](scalars.GatewayDuration)
GO_DURATION = TypeAdapter[timedelta](scalars.GoDuration)
QUANTITY = TypeAdapter[int](scalars.Quantity)
SECONDS = {"h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000)}
BYTES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}

parts = st.lists(st.tuples(st.integers(0, 99999), st.sampled_from(sorted(SECONDS))), min_size=1, max_size=4)
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)
numbers = st.from_regex(r"[+-]?[0-9.]{0,80}(h|m|s|ms|us|µs|ns|Ki|E|e[0-9]{1,4})?(/[0-9.]{1,8})?", fullmatch=True)


@given(parts)
def test_durations_add_up(written: list[tuple[int, str]]) -> None:
    """Both kinds of duration read what they have in common to the same length."""
    text = "".join(f"{number}{unit}" for number, unit in written)
    length = timedelta(seconds=float(sum(number * SECONDS[unit] for number, unit in written)))
    assert DURATION.validate_python(text) == length == GO_DURATION.validate_python(text)


@given(st.integers(0, 10**6), st.integers(0, 999), st.sampled_from(sorted(BYTES)))
def test_quantities_are_exact_and_rounded_up(whole: int, thousandths: int, suffix: str) -> None:
    """A quantity is never less than what was written, and less than one byte more."""
    exact = (whole + Fraction(thousandths, 1000)) * BYTES[suffix]
    assert QUANTITY.validate_python(f"{whole}.{thousandths:03}{suffix}") == math.ceil(exact)


@given(plain | numbers)
@example("9" * 64 + "h")
@example("1e99")
@example("9" * 63 + "E")
def test_nothing_breaks_a_scalar(value: object) -> None:
    """Every value is read or refused with pydantic's error."""
    for name in (
        "GatewayDuration",
        "GoDuration",
        "Quantity",
        "TargetPort",
        "CIDR",
        "Base64",
        "HeaderValue",
        "Hostname",
    ):
        with suppress(ValidationError):
            TypeAdapter(getattr(scalars, name)).validate_python(value)
