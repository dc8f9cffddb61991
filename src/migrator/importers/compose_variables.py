"""Compose's variables: `.env` files and the `${NAME:-default}` forms. Pure.

The environment of this machine is never looked at: the same files give the same inventory
everywhere. A variable without a value is reported and stays in the text as `${NAME}`, so that
whoever looks for addresses sees that something is missing there, and makes nothing up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

NESTING_MAX: Final = 8
"""`${A:-${B:-c}}` nests twice in real files."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE: Final = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:[=:]\s*(.*))?")


def interpolate(text: str, values: Mapping[str, str], missing: Callable[[str], None]) -> str:
    """The text with its variables replaced; `missing` is told of each one without a value."""
    return _Reader(text, values, missing).read(0)


def read_env(text: str) -> dict[str, str]:
    """The values of a `.env` file: comments, quotes, `export`, and references to earlier values."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None or match[2] is None:
            continue
        values[match[1]] = _value(match[2].strip(), values)
    return values


def _value(written: str, earlier: Mapping[str, str]) -> str:
    """A value without its quotes; within single quotes nothing is replaced."""
    if written[:1] in {"'", '"'} and written.rfind(written[0]) > 0:
        quote = written[0]
        inner = written[1 : written.rfind(quote)]
        return inner if quote == "'" else interpolate(inner, earlier, lambda _name: None)
    bare = re.split(r"\s#", written, maxsplit=1)[0].strip()
    return interpolate(bare, earlier, lambda _name: None)


class _Reader:
    """Reads a text from left to right, once."""

    def __init__(
        self, text: str, values: Mapping[str, str], missing: Callable[[str], None]
    ) -> None:
        self._text = text
        self._values = values
        self._missing = missing
        self._at = 0

    def read(self, depth: int) -> str:
        """Read to the end, or within `${...}` to its closing brace."""
        shown = ""
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == "}" and depth:
                return shown
            if character == "$":
                shown += self._variable(depth)
            else:
                shown += character
                self._at += 1
        return shown

    def _variable(self, depth: int) -> str:
        """Read what a dollar begins."""
        after = self._text[self._at + 1 : self._at + 2]
        if after == "$":
            self._at += 2
            return "$"
        braced = after == "{"
        match = _NAME.match(self._text, self._at + (2 if braced else 1))
        if match is None or depth >= NESTING_MAX:
            self._at += 1
            return "$"
        start, self._at = self._at, match.end()
        if not braced:
            return self._known(match[0])
        form = re.compile(r":?[-?+]").match(self._text, self._at)
        self._at = form.end() if form else self._at
        # Whether the default is used is known before it is read: an unused one misses nothing.
        value = self._values.get(match[0])
        given = value is not None and (value != "" or form is None or not form[0].startswith(":"))
        sign = form[0][-1] if form else ""
        wanted = (sign == "-" and not given) or (sign == "+" and given)
        told, self._missing = self._missing, self._missing if wanted else _nobody
        inner = self.read(depth + 1)
        self._missing = told
        if self._text[self._at : self._at + 1] != "}":
            return self._text[start : self._at]  # never closed: no variable, just text
        self._at += 1
        if sign == "-":
            return value if given and value is not None else inner
        if sign == "+":
            return inner if given else ""
        return self._known(match[0])

    def _known(self, name: str) -> str:
        """The value of a variable, or the variable itself where it has none."""
        value = self._values.get(name)
        if value is None:
            self._missing(name)
            return f"${{{name}}}"
        return value


def _nobody(_name: str) -> None:
    """Tell nobody: the text is not used."""
