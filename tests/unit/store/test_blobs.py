"""Bytes by value, and which of them can go."""

from __future__ import annotations

from pathlib import Path

from migrator.store.blobs import EVIDENCE
from migrator.store.sql import open_store


def test_evidence_that_was_erased_is_gone_and_does_not_come_back(tmp_path: Path) -> None:
    with open_store(tmp_path, practice=True) as store:
        digest = store.pin(EVIDENCE, b"a log with a name in it")
        assert store.pinned(digest) == b"a log with a name in it"
        assert store.erase_evidence(digest)
        assert store.pinned(digest) is None
        assert store.pin(EVIDENCE, b"a log with a name in it") == digest
        assert store.pinned(digest) is None
        assert not store.erase_evidence(digest)
    assert b"a name in it" not in b"".join(
        file.read_bytes() for file in tmp_path.iterdir() if file.is_file()
    )


def test_what_a_run_was_begun_from_cannot_be_erased(tmp_path: Path) -> None:
    with open_store(tmp_path, practice=True) as store:
        digest = store.pin("plan", b"waves: []")
        assert not store.erase_evidence(digest)
        assert store.pinned(digest) == b"waves: []"


def test_the_same_bytes_are_kept_once_under_their_digest(tmp_path: Path) -> None:
    with open_store(tmp_path, practice=True) as store:
        assert store.pin("file", b"x") == store.pin(EVIDENCE, b"x")
        assert not store.erase_evidence(store.pin(EVIDENCE, b"x"))
        assert store.pinned("0" * 64) is None
