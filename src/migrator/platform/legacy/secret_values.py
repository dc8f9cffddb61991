"""Secrets: read at the moment of the act by their reference, and struck out of everything shown.

Called by the performers. A value lives in memory for the time of one act. It must never be in an
error, a detail, an output, a command line, a file or a `repr`.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus

from migrator.errors import PermanentError

STRUCK_OUT: Final = "[secret]"

SECRET_BYTES_MAX: Final = 65_536
"""A key ring fits; a database does not, and was meant by nobody."""

ENCODED_FROM: Final = 4
"""Shorter secrets are struck out as they stand only: their encoded forms would hit any text."""

LINE_FROM: Final = 8
"""Lines of a secret of several lines that are struck out also when they stand alone."""


class Secrets:
    """The secrets of one act: `values` goes to the performer, `hidden` cleans what is shown."""

    __slots__ = ("_forms", "_pattern", "values")

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        self._forms = sorted(
            {form for value in values.values() for form in _forms(value)}, key=len, reverse=True
        )
        self._pattern = re.compile("|".join(_loose(form) for form in self._forms))

    def __repr__(self) -> str:
        """Say how many there are, and nothing else."""
        return f"<{len(self.values)} secrets>"

    def hidden(self, text: str) -> str:
        """The text with every secret struck out, plain or in a usual encoding."""
        return self._pattern.sub(STRUCK_OUT, text) if self._forms else text

    def trimmed(self, head: bytes, tail: bytes) -> tuple[bytes, bytes]:
        """Both sides of a cut without the part of a secret that the cut went through."""
        for form in self._forms:
            word = form.encode()
            for size in range(len(word) - 1, 0, -1):
                if head.endswith(word[:size]):
                    head = head[:-size]
                    break
            for size in range(len(word) - 1, 0, -1):
                if tail.startswith(word[-size:]):
                    tail = tail[size:]
                    break
        return head, tail


def read_secrets(references: Mapping[str, str]) -> Secrets:
    """Read each secret where its reference says. Raises PermanentError naming what is missing."""
    return Secrets({name: _read(name, reference) for name, reference in references.items()})


def _read(name: str, reference: str) -> str:
    kind, _, place = reference.partition(":")
    if kind == "env" and place:
        value = os.environ.get(place, "")
        problem = "the conductor's environment does not have it"
    elif kind == "file" and place:
        value, problem = _from_file(Path(place).expanduser())
    else:
        # What stands here may be the secret itself, written into the plan by mistake.
        raise _missing(name, "(not shown)", "a reference is env:NAME or file:PATH")
    if not value:
        raise _missing(name, reference, problem)
    if "\0" in value:
        raise _missing(name, reference, "it has a zero byte in it")
    return value


def _from_file(path: Path) -> tuple[str, str]:
    """What the file says without its last line break, or why it says nothing."""
    try:
        if path.exists() and not path.is_file():
            return "", "it is no file"  # a pipe would keep the conductor waiting
        with path.open("rb") as file:
            text = file.read(SECRET_BYTES_MAX + 1)
    except OSError as error:
        return "", f"the file cannot be read ({error.strerror})"
    if len(text) > SECRET_BYTES_MAX:
        return "", f"the file is larger than {SECRET_BYTES_MAX // 1024} KiB"
    try:
        return text.decode("utf-8").removesuffix("\n").removesuffix("\r"), "the file is empty"
    except UnicodeDecodeError:
        return "", "the file is not text in UTF-8"


def _missing(name: str, reference: str, problem: str) -> PermanentError:
    return PermanentError(
        "secret-missing",
        f"the secret for {name} at {reference} is missing: {problem}",
        hint="make it readable for the user that leads the run, then retry the act",
    )


def _forms(value: str) -> Iterable[str]:
    """The shapes in which a secret may turn up in an output."""
    yield value
    if len(value) < ENCODED_FROM:
        return
    lines = [line for line in value.splitlines() if len(line) >= LINE_FROM]
    yield from lines
    for text in {value, *lines}:
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        yield repr(text)[1:-1]
        percent = {quote(text, safe=""), quote(text), quote_plus(text)}
        yield from percent
        yield from (re.sub("%..", lambda m: m[0].lower(), form) for form in percent)
        # Within a longer text the secret begins at one of three places of a base64 group; what
        # its own bytes alone decide is the same every time.
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + text.encode())
            size = len(text.encode()) + shift
            inner = encoded[-(-shift * 8 // 6) : size * 8 // 6].decode()
            yield inner
            yield inner.translate(str.maketrans("+/", "-_"))
            if not shift:
                yield encoded.decode()


def _loose(form: str) -> str:
    """The form as a pattern; long ones also match where a program broke the line."""
    if len(form) < 57:  # `base64` breaks after 76 characters: 57 bytes
        return re.escape(form)
    return r"[\r\n]*".join(re.escape(letter) for letter in form)
