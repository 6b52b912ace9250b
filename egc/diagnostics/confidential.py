"""What no excerpt may show: the values of a Secret, whose document may be too broken to be known as one."""

import re

# However they are misspelled: what is no field of a Secret may still hold its values.
_DATA = re.compile(r"""["']?\b(?:data|string[_-]?dat[a-z]{1,2})["']?\s*:""", re.IGNORECASE)
_VISIBLE = re.compile(r"\S")


def masked(lines: list[str]) -> list[str]:
    """*lines* with asterisks for what stands in a ``data`` or ``stringData`` mapping; keys on their own lines stay."""
    shown: list[str] = []
    around: int | None = None  # the indentation of the mapping's own key
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if around is not None and line.strip() and indent <= around:
            around = None
        if around is not None:
            shown.append(_after(line, line.find(":") + 1))
        elif (found := _DATA.search(line)) is not None:
            around = indent
            shown.append(_after(line, found.end()))
        else:
            shown.append(line)
    return shown


def _after(line: str, start: int) -> str:
    return line[:start] + _VISIBLE.sub("*", line[start:])
