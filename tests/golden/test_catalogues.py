"""The catalogues hold what the program says: no sentence missing, none left over, none empty.

`make golden` adds new sentences with an empty translation and drops those that are said no more;
the Swedish is then written by hand, and until it is there a test here is red.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Final, TypeAlias

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

SOURCE = Path(__file__).parents[2] / "src" / "migrator"
LANGUAGES: Final = ("sv", "en")
HEADER: Final = ('"Language:', '"Plural-Forms:', '"MIME-Version:', '"Content-')
"""What of babel's header stays: its dates and addresses would make every run a difference."""

Message: TypeAlias = str | tuple[str, ...]


def speaking() -> list[Path]:
    """The packages whose sources use the catalogue: reading all of them costs a second."""
    return sorted(
        {
            SOURCE / path.relative_to(SOURCE).parts[0]
            for path in SOURCE.rglob("*.py")
            if len(path.relative_to(SOURCE).parts) > 1
            and "migrator.reports.texts import" in path.read_text(encoding="utf-8")
        }
    )


@pytest.fixture(scope="module")
def said() -> set[Message]:
    """Every message in the sources; a plural as singular and plural."""
    with (SOURCE / "locale" / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call] # babel's own
    found: set[Message] = set()
    for folder in speaking():
        for _, _, message, _, _ in extract_from_dir(str(folder), methods, dict(options)):
            found.add(tuple(message) if isinstance(message, tuple | list) else message)
    return found


def place(language: str) -> Path:
    return SOURCE / "locale" / language / "LC_MESSAGES" / "migrator.po"


def catalogue(language: str) -> Catalog:
    with place(language).open("rb") as file:
        return read_po(file, locale=language)


def ids(found: Catalog) -> set[Message]:
    return {
        tuple(message.id) if isinstance(message.id, tuple | list) else message.id
        for message in found
        if message.id
    }


def rewrite(language: str, said: set[Message]) -> None:
    """Write a catalogue anew: the sentences of today, with the translations there are."""
    old = catalogue(language)
    new = Catalog(locale=language, fuzzy=False)
    for message in said:
        known = old.get(message[0] if isinstance(message, tuple) else message)
        empty: Message = ("", "") if isinstance(message, tuple) else ""
        new.add(message, known.string if known is not None else empty)
    written = io.BytesIO()
    write_po(written, new, sort_output=True, no_location=True, width=0)
    comment = [line for line in place(language).read_text("utf-8").split("\n") if line[:2] == "# "]
    body, _, rest = written.getvalue().decode().partition("\n\n")
    kept = [x for x in body.split("\n") if x.startswith(("msg", *HEADER))]
    place(language).write_text("\n".join([*comment, *kept]) + "\n\n" + rest, "utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_exactly_the_sentences_of_the_program(
    said: set[Message], language: str
) -> None:
    if os.environ.get("MIGRATOR_GOLDEN") == "rewrite":
        rewrite(language, said)
    assert ids(catalogue(language)) == said


def test_every_sentence_has_a_swedish_translation_with_the_same_places() -> None:
    found = catalogue("sv")
    for message in found:
        if not message.id:
            continue
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(strings), f"no Swedish for {message.id!r}"
        assert not message.fuzzy, f"unsure Swedish for {message.id!r}"
        assert not list(message.check(found)), f"other places in the Swedish of {message.id!r}"


def test_english_is_the_id_itself() -> None:
    strings = {
        text
        for message in catalogue("en")
        if message.id
        for text in (message.string if isinstance(message.string, tuple) else (message.string,))
    }
    assert strings == {""}
