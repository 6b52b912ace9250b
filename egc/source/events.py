"""The YAML parser: events of one text, by libyaml wherever PyYAML was built with it."""

import re
from typing import Any

import yaml

MERGE_KEY = "<<"
DEPTH = 100  # levels of nesting; nothing that people write comes near
# https://yaml.org/spec/1.1/#id868524, but for the byte order mark: libyaml takes it at the start of a file only.
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)  # fmt: skip


class ForbiddenCharacterError(Exception):
    """The text holds a character that no YAML may; ``index`` is where."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


class _Stream:
    """The text piece by piece, so that reading one document of a large file does not cost the whole file."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._index = 0

    def read(self, size: int) -> str:
        """The next piece, of at most *size* characters. What precedes a forbidden character is still handed out."""
        start = self._index
        piece = self._text[start : start + size]
        if forbidden := _FORBIDDEN.search(piece):
            if not forbidden.start():
                raise ForbiddenCharacterError(start)
            piece = piece[: forbidden.start()]
        self._index += len(piece)
        return piece


class PythonLoader(yaml.SafeLoader):
    """PyYAML's own parser, which lets through what libyaml refuses in escapes and in directives."""

    def get_event(self) -> Any:
        """The next event."""
        try:
            get_event: Any = super().get_event
            event = get_event()
            if isinstance(event, yaml.ScalarEvent):
                event.value.encode()  # half of a surrogate pair is no character
        except (ValueError, OverflowError) as error:
            raise yaml.scanner.ScannerError(None, None, "found an impossible number", self.get_mark()) from error
        return event


_Loader: Any = getattr(yaml, "CSafeLoader", PythonLoader)


def parser(text: str) -> Any:
    """What ``get_event()`` of is the next event of *text*, or raises ``YAMLError`` or `ForbiddenCharacterError`.

    The marks of the events count characters.
    """
    return _Loader(_Stream(text))


def is_merge(key: Any) -> bool:
    """Whether the event of a key is that of a merge key."""
    return isinstance(key, yaml.ScalarEvent) and key.value == MERGE_KEY and not key.style and key.tag is None
