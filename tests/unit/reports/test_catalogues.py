"""The catalogues hold what the program says: no sentence missing, none left over, none empty."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

SOURCE = Path(__file__).parents[3] / "src" / "migrator"


@pytest.fixture(scope="module")
def said() -> set[str]:
    """Every message id in the sources; of a plural its singular."""
    with (SOURCE / "locale" / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call] # babel has no types there
    # Only folders that speak to people are read: reading all of them costs a second.
    found: set[str] = set()
    for folder in speaking():
        for _, _, message, _, _ in extract_from_dir(
            str(folder), methods, {f"{k}": v for k, v in options.items()}
        ):
            found.add(message[0] if isinstance(message, tuple) else message)
    return found


def speaking() -> list[Path]:
    """The packages whose sources use the catalogue."""
    return sorted(
        {
            SOURCE / path.relative_to(SOURCE).parts[0]
            for path in SOURCE.rglob("*.py")
            if len(path.relative_to(SOURCE).parts) > 1
            and "migrator.reports.texts import" in path.read_text(encoding="utf-8")
        }
    )


def catalogue(language: str) -> Catalog:
    with (SOURCE / "locale" / language / "LC_MESSAGES" / "migrator.po").open("rb") as file:
        return read_po(file, locale=language)


def ids(found: Catalog) -> set[str]:
    return {
        str(message.id[0] if isinstance(message.id, list | tuple) else message.id)
        for message in found
        if message.id
    }


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_catalogue_has_exactly_the_sentences_of_the_program(
    said: set[str], language: str
) -> None:
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
