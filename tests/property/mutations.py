"""Sites that somebody got wrong: the fixtures, with some of their nodes replaced, renamed, repeated or lost."""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

from egc.diagnostics import Sink
from egc.source import read
from tests.case import FIXTURES
from tests.property.building import PROFILE, text_of

Step = tuple[Any, str | int]
"""A mapping or list, and the key or index of one of its nodes."""

_WORDS = """
* *. *.* . .. / // /.. % %2f # ? - _ : @ a/b ${X} { ( [a (?=a) a{1001} é 日本 null ~
0 0s 1h1h1h1h 99999h -1s 1.5s 1e9 0x10 1Ki 100% 2024-01-01T00:00:00Z
127.0.0.1 ::1 [::1] 256.1.1.1 10.0.0.0/8 ::/0 localhost unix:/x
Exact RegularExpression HTTP HTTPS TLS All Same Selector Local Global Service eg
"""
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 65536, 10**30, -(10**30), 0.5, 1e308, float("inf"), float("nan")),
    *([], {}, [[]], [None], [0], [{}] * 3, ["a"] * 200, {"": ""}, {"a": {"b": ["c"]}}, {"name": "x"}),
    *("", " ", "a b", "\x00", "\x7f", "\r\n", "\u2028", "\U0001f600"),
    *("a" * 64, "a" * 300, "a" * 5000, "/" * 1100, "a." * 200),
    *_WORDS.split(),
)
"""Values that are seldom right."""


@cache
def corpus() -> tuple[dict[str, tuple[Any, ...]], ...]:
    """The documents of every site of the fixtures, by file."""
    folders = sorted({path.parent for path in FIXTURES.rglob("*.yaml") if "bundle" not in path.parts})
    return tuple(site for folder in folders for site in _sites(folder))


def _sites(folder: Any) -> Iterator[dict[str, tuple[Any, ...]]]:
    profile = folder / PROFILE
    extra = {PROFILE: _documents(profile)} if profile.exists() else {}
    ours = {PROFILE, "envoy.yaml", "options.yaml", "requests.yaml", "cases.yaml"}
    for path in sorted(folder.glob("*.yaml")):
        if path.name not in ours and not path.name.endswith(f".{PROFILE}"):
            yield {path.name: _documents(path)} | extra


def _documents(path: Any) -> tuple[Any, ...]:
    return tuple(document.data for document in read(path.name, path.read_text(encoding="utf-8"), Sink()))


@cache
def _by_key() -> dict[str, list[Any]]:
    """Every value of the corpus by the key that it stands under: what is right in one place may go to another."""
    found: dict[str, list[Any]] = {}
    for site in corpus():
        for parent, step in _steps([list(documents) for documents in site.values()]):
            if isinstance(step, str):
                found.setdefault(step, []).append(parent[step])
    return found


def known_keys() -> list[str]:
    """Every key of the corpus."""
    return sorted(_by_key())


def _steps(node: Any) -> list[Step]:
    """All nodes below *node*."""
    found: list[Step] = []
    todo = [node]
    while todo:
        parent = todo.pop()
        for step in parent if isinstance(parent, dict) else range(len(parent)) if isinstance(parent, list) else ():
            found.append((parent, step))
            todo.append(parent[step])
    return found


def mutated(random: Random) -> dict[str, str]:
    """The files of a site, with a few mistakes."""
    site = {name: deepcopy(list(documents)) for name, documents in random.choice(corpus()).items()}
    for _ in range(random.randint(0, 4)):
        steps = _steps(list(site.values()))[len(site) :]
        if steps:
            _mutate(*random.choice(steps), random)
    return {name: text_of(documents) for name, documents in site.items()}


def _mutate(parent: Any, step: Any, random: Random) -> None:
    value = parent[step]
    match random.randrange(8):
        case 0:
            del parent[step]
        case 1 | 2:
            parent[step] = deepcopy(random.choice(ODD))
        case 3 | 4:
            others = _by_key().get(step) or ODD
            parent[step] = deepcopy(random.choice(others))
        case 5 if isinstance(parent, dict):
            parent[random.choice([*known_keys(), f"{step}s", step.upper(), "", "x"])] = parent.pop(step)
        case 6 if isinstance(parent, list):
            parent.insert(random.randrange(len(parent) + 1), deepcopy(value))
        case 7 if isinstance(value, dict):
            key = random.choice(known_keys())
            value[key] = deepcopy(random.choice(_by_key()[key]))
        case _:
            parent[step] = [value] if random.randrange(2) else {str(step): value}
