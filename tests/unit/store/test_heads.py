"""Heads outlive the store they are about, and belong to one run of one kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import EnvironmentFailed
from migrator.store.chain import Head
from migrator.store.heads import FILE, Beside, keep_head, known_heads


def test_heads_of_a_run_are_known_in_the_order_in_which_they_were_kept(tmp_path: Path) -> None:
    for seq in (3, 9):
        keep_head(Beside(tmp_path, True), "weekend", Head(seq, f"{seq}" * 64))
    keep_head(Beside(tmp_path, False), "weekend", Head(4, "4" * 64))
    keep_head(Beside(tmp_path, True), "other", Head(5, "5" * 64))

    assert known_heads(Beside(tmp_path, True), "weekend") == (Head(3, "3" * 64), Head(9, "9" * 64))
    assert known_heads(Beside(tmp_path, False), "weekend") == (Head(4, "4" * 64),)


def test_where_none_was_kept_none_is_known(tmp_path: Path) -> None:
    assert known_heads(Beside(tmp_path, True), "weekend") == ()


def test_a_head_that_was_cut_by_a_power_failure_is_not_missed(tmp_path: Path) -> None:
    keep_head(Beside(tmp_path, True), "weekend", Head(3, "3" * 64))
    with (tmp_path / FILE).open("a") as file:
        file.write('{"head":"99')

    assert known_heads(Beside(tmp_path, True), "weekend") == (Head(3, "3" * 64),)


@pytest.mark.parametrize("line", [b"{}\n", b"[]\n", b"x\n", b"\xff\n"])
def test_a_line_that_was_not_written_by_us_is_named(tmp_path: Path, line: bytes) -> None:
    (tmp_path / FILE).write_bytes(line)

    with pytest.raises(EnvironmentFailed, match=r"heads\.jsonl:1") as caught:
        known_heads(Beside(tmp_path, True), "weekend")

    assert caught.value.reference == "heads-unreadable"


def test_heads_of_stores_that_share_a_folder_are_told_apart(tmp_path: Path) -> None:
    ours, server = Beside(tmp_path / "new", True), Beside(tmp_path / "new", True, "db:5432/ours")
    keep_head(ours, "weekend", Head(3, "3" * 64))
    keep_head(server, "weekend", Head(4, "4" * 64))

    assert known_heads(ours, "weekend") == (Head(3, "3" * 64),)
    assert known_heads(server, "weekend") == (Head(4, "4" * 64),)
