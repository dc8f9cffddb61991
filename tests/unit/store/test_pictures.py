"""A picture is its owner's until a verdict names it; what is erased leaves who, when and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from migrator.store.pictures import NOTE, PICTURE, Pictures
from migrator.store.sql import Store, open_store

NOW = datetime(2030, 3, 1, 12, tzinfo=UTC)
RARE = b"rare-bytes-of-a-picture" * 400
CHECK = "f1@w01"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, practice=True) as opened:
        yield opened


@pytest.fixture
def album(store: Store) -> Pictures:
    return Pictures(store.database, "autumn")


def kept(album: Pictures, person: str = "anna", content: bytes = RARE) -> str:
    return album.keep(CHECK, person, "image/png", content, NOW)


def test_a_picture_waits_for_its_owners_verdict_on_its_check(album: Pictures) -> None:
    digest = kept(album)
    assert album.waiting(CHECK, "anna") == (digest, NOW)
    assert album.waiting(CHECK, "bo") is None
    assert album.waiting("f2@w01", "anna") is None
    assert album.name(digest, CHECK, "anna")
    assert album.waiting(CHECK, "anna") is None
    found = album.read(digest)
    assert found is not None
    assert (found.content, found.media, found.person) == (RARE, "image/png", "anna")


def test_nobody_names_what_another_person_took(album: Pictures) -> None:
    digest = kept(album)
    assert not album.name(digest, CHECK, "bo")
    assert not album.name(digest, "f2@w01", "anna")
    assert not album.name("0" * 64, CHECK, "anna")


def test_another_run_does_not_see_it(store: Store, album: Pictures) -> None:
    other = Pictures(store.database, "spring")
    digest = kept(album)
    assert other.read(digest) is None
    assert other.erase(digest, "dora", "wrong run", NOW) == ""
    assert not other.name(digest, CHECK, "anna")


def test_a_second_picture_takes_the_place_of_the_one_that_waited(album: Pictures) -> None:
    first = kept(album)
    second = kept(album)
    assert first != second, "salted: a picture cannot be recognised by its digest"
    assert album.waiting(CHECK, "anna") == (second, NOW)
    assert album.read(first) is None


def test_what_is_named_is_not_taken_away(album: Pictures) -> None:
    digest = kept(album)
    album.name(digest, CHECK, "anna")
    assert not album.drop(CHECK, "anna")
    assert album.read(digest) is not None


def test_an_erased_picture_leaves_who_when_and_why_and_no_trace(
    store: Store, album: Pictures, tmp_path: Path
) -> None:
    digest = kept(album)
    album.name(digest, CHECK, "anna")
    assert album.erase(digest, "dora", "it shows a name", NOW) == PICTURE
    assert album.erase(digest, "eva", "again", NOW + timedelta(hours=1)) == ""
    found = album.read(digest)
    assert found is not None
    assert found.content is None
    stone = album.tombstones([digest])[digest]
    assert (stone.kind, stone.person, stone.erased, stone.why) == (
        PICTURE,
        "dora",
        NOW,
        "it shows a name",
    )
    store.close()
    assert all(RARE[:40] not in each.read_bytes() for each in tmp_path.glob("*.db*"))


def test_a_note_is_erased_in_the_same_way(store: Store, album: Pictures) -> None:
    digest = store.keep_note("her name is on it")
    assert album.erase(digest, "dora", "a name", NOW) == NOTE
    assert store.note(digest) is None
    assert album.tombstones([digest, "0" * 64])[digest].kind == NOTE


def test_what_was_never_here_cannot_be_erased(album: Pictures) -> None:
    assert album.erase("0" * 64, "dora", "why", NOW) == ""
    assert album.tombstones(["0" * 64]) == {}


def test_what_was_added_and_never_sent_is_forgotten_after_a_day(album: Pictures) -> None:
    never, sent = kept(album, "anna"), kept(album, "bo")
    album.name(sent, CHECK, "bo")
    later = NOW + timedelta(hours=23)
    album.keep("f2@w01", "cecilia", "image/png", RARE, later)
    assert album.read(never) is not None
    album.keep("f2@w01", "dora", "image/png", RARE, NOW + timedelta(hours=25))
    assert album.read(never) is None
    assert album.read(sent) is not None, "a verdict names it"
    assert album.waiting("f2@w01", "cecilia") is not None
