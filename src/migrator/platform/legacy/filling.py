"""Words in braces are filled in: `{subsystem}`, `{token}` and the others of `plan/means.py`.

Called by the performers at the moment of an act, and by lint for the words that nobody knows.
Braces that hold no single word are left alone, so JSON bodies need no care; `{{word}}` writes
`{word}`. A word that nobody knows is never passed on as it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from migrator.errors import InputError
from migrator.plan.means import PLACEHOLDERS

_WORD: Final = re.compile(r"\{\{([A-Za-z_][A-Za-z0-9_-]*)\}\}|\{([A-Za-z_][A-Za-z0-9_-]*)\}")


def unknown_placeholders(text: str) -> tuple[str, ...]:
    """The words in braces that cannot be filled in, each once, in the order of the text."""
    words = (match[2] for match in _WORD.finditer(text) if match[2])
    return tuple(dict.fromkeys(word for word in words if word not in PLACEHOLDERS))


def filled(text: str, values: Mapping[str, str]) -> str:
    """Fill in the words in braces. Raises InputError for a word that nobody knows."""
    unknown = unknown_placeholders(text)
    if unknown:
        raise InputError(
            "unknown-placeholder",
            f"nothing can be filled in for {{{'}, {'.join(unknown)}}} in {text!r}",
            hint=f"known words: {', '.join(PLACEHOLDERS)}; write {{{{word}}}} for braces as such",
        )
    return _WORD.sub(lambda match: f"{{{match[1]}}}" if match[1] else values[match[2]], text)


def filled_address(text: str, values: Mapping[str, str]) -> str:
    """Fill in an address: a value never becomes a path, a query or a host of its own."""
    return filled(text, {word: quote(value, safe="") for word, value in values.items()})


def filled_body(text: str, values: Mapping[str, str]) -> str:
    """Fill in a body: in JSON a value never ends the string in which it stands."""
    if text.lstrip()[:1] in {"{", "["}:
        values = {word: json.dumps(value)[1:-1] for word, value in values.items()}
    return filled(text, values)
