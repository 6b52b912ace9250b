"""What a diagnostic code means, and the catalogue of all codes."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from importlib import import_module
from inspect import cleandoc
from pkgutil import iter_modules

from egc.diagnostics.rule import RULES, Rule
from egc.diagnostics.text import Paint

_WIDTH = 80
_PACKAGE = "egc"
_SKIPPED = ("cli", "__main__")  # commands report by the rules of others; to import __main__ is to run it
_LIST_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")
_AS_IT_IS = re.compile(r"#|\||\s{4}")  # headings, tables, indented code


def explain(rule: Rule, *, color: bool) -> str:
    """All there is to know about *rule*, wrapped for the terminal."""
    paint = Paint(color)
    parts = [paint.headline(rule.severity, rule.code, rule.title)]
    if rule.explanation.strip():
        parts.append("\n".join(_wrapped(cleandoc(rule.explanation).split("\n"))))
    facts = {
        "help": rule.help,
        "condition": rule.condition,
        "lenient": "a warning under --allow-unsupported" if rule.lenient else "",
    }
    told = [f"{paint(name, bold=True)}: {fact}" for name, fact in facts.items() if fact]
    return "\n\n".join([*parts, *(["\n".join(told)] if told else [])])


def listing() -> str:
    """All rules, one per line: code, severity, title."""
    return "\n".join(f"{rule.code}  {rule.severity.value:7}  {rule.title}" for rule in _catalogue())


def table() -> str:
    """All rules as a Markdown table."""
    rows = [("Code", "Severity", "Title", "Condition"), ("---",) * 4]
    for rule in _catalogue():
        condition = f"`{rule.condition}`" if rule.condition else ""
        rows.append((rule.code, rule.severity.value, rule.title.replace("|", r"\|"), condition))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def find(code: str) -> Rule | None:
    """The rule that *code* names; case does not matter, nor do EGC and leading zeros."""
    load_all_rules()
    return RULES.get(_normal(code))


def nearest(code: str) -> list[str]:
    """The code that *code* names, or else up to three that look like it."""
    load_all_rules()
    wanted = _normal(code)
    return [wanted] if wanted in RULES else sorted(get_close_matches(wanted, sorted(RULES), n=3, cutoff=0.8))


def load_all_rules() -> None:
    """Import every module of egc: a rule is declared where it is checked, and much is imported only on demand."""
    _import_below(_PACKAGE)


def _import_below(package: str) -> None:
    for module in iter_modules(import_module(package).__path__, f"{package}."):
        if module.name.partition(".")[2] in _SKIPPED:
            continue
        if module.ispkg:
            _import_below(module.name)
        else:
            import_module(module.name)


def _catalogue() -> Iterable[Rule]:
    load_all_rules()
    return (RULES[code] for code in sorted(RULES))


def _normal(code: str) -> str:
    code = code.strip().upper()
    digits = code.removeprefix("EGC").lstrip("-_ ")
    return f"EGC{digits:0>4}" if digits.isdecimal() and digits.isascii() else code


def _wrapped(lines: Iterable[str]) -> Iterator[str]:
    """Markdown with its paragraphs and list items filled; code, tables and headings as they are."""
    paragraph: list[str] = []
    fenced = False
    for line in lines:
        fence = line.lstrip().startswith(("```", "~~~"))
        item = _LIST_ITEM.match(line)
        literal = fence or fenced or not line or (not paragraph and _AS_IT_IS.match(line))
        if literal or item:
            yield from _filled(paragraph)
            paragraph = []
        if literal:
            yield line
        else:
            paragraph.append(line)
        fenced ^= fence
    yield from _filled(paragraph)


def _filled(paragraph: list[str]) -> list[str]:
    """A paragraph or list item broken at the width; an item's further lines stand below its text."""
    if not paragraph:
        return []
    item = _LIST_ITEM.match(paragraph[0])
    hanging = " " * len(item[0]) if item else ""
    first = item[0] if item else ""
    text = " ".join(line.strip() for line in [paragraph[0].removeprefix(first), *paragraph[1:]])
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
