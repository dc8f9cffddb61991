"""Words in braces are filled in: `{subsystem}`, `{token}` and the others of `plan/means.py`.

Called by the performers at the moment of an act. Braces that hold no single word are left alone;
`{{word}}` writes `{word}`. A word that nobody knows is never passed on as it stands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from migrator.errors import InputError
from migrator.plan.means import PLACEHOLDERS, WORD, unknown_placeholders


def filled(text: str, values: Mapping[str, str]) -> str:
    """Fill in the words in braces. Raises InputError for a word that nobody knows."""
    unknown = unknown_placeholders(text)
    if unknown:
        raise InputError(
            "unknown-placeholder",
            f"nothing can be filled in for {{{'}, {'.join(unknown)}}} in {text!r}",
            hint=f"known words: {', '.join(PLACEHOLDERS)}; write {{{{word}}}} for braces as such",
        )
    return WORD.sub(lambda match: f"{{{match[1]}}}" if match[1] else values[match[2]], text)


def filled_address(text: str, values: Mapping[str, str]) -> str:
    """Fill in an address: a value never becomes a path, a query or a host of its own."""
    return filled(text, {word: quote(value, safe="") for word, value in values.items()})


def filled_body(text: str, values: Mapping[str, str]) -> str:
    """Fill in a body: in JSON a value never ends the string in which it stands."""
    if text.lstrip()[:1] in {"{", "["}:
        values = {word: json.dumps(value)[1:-1] for word, value in values.items()}
    return filled(text, values)
