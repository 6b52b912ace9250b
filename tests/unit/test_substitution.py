"""Variables in values and keys."""

from typing import Any

import pytest

from egc.diagnostics import Place, Sink
from egc.source import BrokenDocument, Substitution, read

GIVEN = Substitution({"NAME": "shop", "PORT": "80", "EMPTY": "", "ANY": "*.a", "DOLLAR": "${NAME}$$"}, None)


def expand(text: str, substitution: Substitution = GIVEN) -> str:
    """The text with its variables replaced, without a complaint."""
    sink = Sink()
    expanded = substitution.expand(text, Place("in.yaml"), sink)
    assert not sink.found
    return expanded


def load(text: str, substitution: Substitution | None = GIVEN) -> Any:
    """The data of the one document of a sound text."""
    sink = Sink()
    (document,) = read("in.yaml", text, sink, substitution)
    assert not sink.found
    return document.data


def problems(text: str, substitution: Substitution = GIVEN) -> list[tuple[str, str, str]]:
    """Code and column, message and help of what is wrong with a text of one line."""
    sink = Sink()
    for document in read("in.yaml", text, sink, substitution):
        assert isinstance(document, BrokenDocument)
    columns = [d.place.span.column if d.place and d.place.span else 0 for d in sink.sorted()]
    return [(f"{d.rule.code} {column}", d.message, d.help) for d, column in zip(sink.sorted(), columns, strict=True)]


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("", ""),
        ("plain", "plain"),
        ("$NAME $1 a$ ^x$", "$NAME $1 a$ ^x$"),
        ("${NAME}", "shop"),
        ("a${NAME}b${PORT}", "ashopb80"),
        ("$$", "$"),
        ("$${NAME}", "${NAME}"),
        ("$$${NAME}", "$shop"),
        ("$$$$", "$$"),
        ("${NAME:-x}", "shop"),
        ("${NONE:-x y:-z}", "x y:-z"),
        ("${NONE:-}", ""),
        ("${NONE:-$1 $$ a\nb}", "$1 $ a\nb"),
        ("${EMPTY}", ""),
        ("${EMPTY:-x}", "x"),
        ("${DOLLAR}", "${NAME}$$"),
        ("}${NAME}}", "}shop}"),
    ],
)
def test_expand(text: str, expanded: str) -> None:
    """A variable is replaced once, by its value or, where that is unset or empty, by its default."""
    assert expand(text) == expanded


def test_environment() -> None:
    """The environment stands behind what was given, and only where it is to be used."""
    both = Substitution({"A": "given", "B": ""}, {"A": "outer", "B": "outer", "C": "outer"})
    assert expand("${A} ${B} ${C}", both) == "given  outer"
    assert problems("a: ${HOME}", Substitution({}))[0][:2] == ("EGC1020 4", '"HOME" is not set')


def test_documents() -> None:
    """Values and keys of every style are replaced; a type is seen after that, and only without quotes."""
    text = """
plain: ${PORT}
single: '${PORT}'
double: "a${NAME}\\n"
block: |
  ${NAME}:
    ${PORT}
tag: !!str ${PORT}
number: !!int "${PORT}"
null: [${NONE:-}, ${NONE:-~}]
${NAME}: ${NONE:-true}
"${PORT}": $PORT
any: ${ANY}
anchor: [&a "${NAME}"]
alias: [*a]
""".replace("null: [${NONE:-}, ${NONE:-~}]", 'list: ["${NONE:-}"]\nnothing: ${NONE:-~}').replace("[*a]", "{x: *a}")
    assert load(text) == {
        "plain": 80,
        "single": "80",
        "double": "ashop\n",
        "block": "shop:\n  80\n",
        "tag": "80",
        "number": 80,
        "list": [""],
        "nothing": None,
        "shop": True,
        "80": "$PORT",
        "any": "*.a",
        "anchor": ["shop"],
        "alias": {"x": "shop"},
    }


def test_values_are_text() -> None:
    """What a variable holds never becomes structure."""
    holds = Substitution({"A": "{b: c}", "B": "[d]", "C": "x\n- y: z", "D": "<<", "E": "&a !b"})
    text = "a: ${A}\nb: ${B}\nc: ${C}\n${D}: {k: v}\ne: ${E}\n"
    assert load(text, holds) == {"a": "{b: c}", "b": "[d]", "c": "x\n- y: z", "<<": {"k": "v"}, "e": "&a !b"}


def test_off() -> None:
    """Without a substitution, dollars are dollars."""
    assert load("a: ${NAME}\nb: $$\n", None) == {"a": "${NAME}", "b": "$$"}


def test_undefined() -> None:
    """A variable that nobody set is an error at the scalar, with the nearest name and the ways to set it."""
    assert problems("a: [x, 'b ${NAMES} ${ZZZ}']") == [
        (
            "EGC1020 8",
            '"NAMES" is not set',
            'did you mean "NAME"? If not, set it with --set NAMES=…, or give it a default: ${NAMES:-…}',
        ),
        ("EGC1020 8", '"ZZZ" is not set', "set it with --set ZZZ=…, or give it a default: ${ZZZ:-…}"),
    ]
    assert problems("${NMAE}: x")[0][2].startswith('did you mean "NAME"?')
    assert problems("a: ${HOEM}", Substitution({}, {"HOME": "/"}))[0][2].startswith('did you mean "HOME"?')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("'${'", '"${" is not closed by "}"'),
        ("'x ${NAME'", '"${" is not closed by "}"'),
        ("${}", '"${}" is not a variable'),
        ("${1A}", '"${1A}" is not a variable'),
        ("${A-B}", '"${A-B}" is not a variable'),
        ("${A=B}", '"${A=B}" is not a variable'),
        ("${ NAME }", '"${ NAME }" is not a variable'),
        ("${NÄME}", '"${NÄME}" is not a variable'),
        ("${A:-${NAME}}", 'the default of "A" holds another variable'),
    ],
)
def test_malformed(text: str, message: str) -> None:
    """What begins like a variable and is none is an error."""
    assert problems(f"a: {text}") == [
        ("EGC1021 4", message, "write ${NAME} or ${NAME:-default}; for the text ${ itself, write $${")
    ]


def test_long_text_is_not_repeated() -> None:
    """A brace closed pages later does not fill the message."""
    ((_, message, _),) = problems("a: |\n  ${\n" + "  line\n" * 1000 + "  }\n")
    assert len(message) < 100


def test_keys() -> None:
    """After replacement, keys are still strings, and each stands once."""
    assert [(code, message) for code, message, _ in problems("{'a': 1, \"${PORT}\": 2, '80': 3}")] == [
        ("EGC1003 24", '"80" stands twice here')
    ]
    assert problems("${PORT}: 1")[0] == ("EGC1004 1", "a number cannot be a key", 'quote it: "${PORT}"')


def test_many_undefined() -> None:
    """One name that is missing everywhere is looked up once and told a hundred times."""
    sink = Sink()
    many = Substitution({f"NAME_{i}": "x" for i in range(300)})
    read("in.yaml", "- ${NAME_X}\n" * 20_000, sink, many)
    assert sorted({d.rule.code for d in sink.found}) == ["EGC1012", "EGC1020"]
    assert len(sink.found) == 101


def test_secrets_do_not_show() -> None:
    """Values stay out of what is printed of a substitution, of its documents and of problems."""
    secret = Substitution({"PASSWORD": "hunter2"}, {"TOKEN": "hunter2"})
    assert "hunter2" not in repr(secret)
    sink = Sink()
    documents = read("in.yaml", "a: !!int ${PASSWORD}\nb: ${PASSWORD}\n${TOKEN}: 1\n'${TOKEN}': 2\n", sink, secret)
    assert sink.found and documents
    assert "hunter2" not in repr([(d.message, d.help, d.place, d.related) for d in sink.found]) + repr(documents)
