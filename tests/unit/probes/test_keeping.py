"""What a sweep proved is on the disk, is read back after any end, and is never more than true."""

from __future__ import annotations

import json
import os
import resource
import signal
from pathlib import Path

import pytest

from migrator.errors import EnvironmentFailed
from migrator.probes import keeping
from migrator.probes.agent import wire
from migrator.probes.keeping import Keeper, Skew
from migrator.probes.model import lines_file, results_file


def line(look: str, word: str = wire.OK, **other: object) -> bytes:
    result = {
        "id": look, "word": word, "side": "", "oks": int(word == wire.OK), "tries": 1,
        "connect_ms": 1.0, "total_ms": 2, "detail": "", "source": "10.0.0.1", "address": "10.0.0.2",
        **other,
    }  # fmt: skip
    return json.dumps(result).encode() + b"\n"


def written(folder: Path, content: bytes, vantage: str = "here") -> Path:
    path = results_file(folder, vantage)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def asked(folder: Path, *looks: str) -> None:
    path = lines_file(folder, "here")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(b'{"id": "%s", "kind": "tcp"}\n' % look.encode() for look in looks))


def test_results_come_back_as_they_were_given(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, "here")
    keeper.take([line("a"), line("b", wire.REFUSED).rstrip(b"\n")], now=5.0)
    keeper.close(now=5.1)
    assert results_file(tmp_path, "here").read_bytes() == line("a") + line("b", wire.REFUSED)
    assert keeping.read_back(tmp_path, "here").proved == {"a", "b"}


def test_no_file_is_no_result(tmp_path: Path) -> None:
    kept = keeping.read_back(tmp_path, "here")
    assert (kept.proved, kept.results, kept.warnings) == (set(), 0, ())


def test_a_second_passes_at_most_until_lines_are_on_the_disk(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, "here")
    keeper.take([line("a")], now=100.0)
    keeper.take([line("b")], now=100.9)
    assert keeper.waiting == 2
    keeper.take([line("c")], now=101.0)
    assert keeper.waiting == 0
    assert keeping.read_back(tmp_path, "here").proved == {"a", "b", "c"}
    keeper.close(101.0)


def test_many_lines_do_not_wait_for_the_second_to_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "SYNC_LINES_MAX", 3)
    keeper = Keeper(tmp_path, "here")
    keeper.take([line("a"), line("b")], now=1.0)
    assert keeper.waiting == 2
    keeper.take([line("c")], now=1.0)
    assert keeper.waiting == 0
    keeper.close(1.0)


@pytest.mark.parametrize("cut", [1, 7, len(line("c")) - 1])
def test_a_line_that_was_being_written_at_the_end_is_cut_off_and_said(
    tmp_path: Path, cut: int
) -> None:
    written(tmp_path, line("a") + line("b") + line("c")[:cut])
    keeper = Keeper(tmp_path, "here")
    assert keeper.kept.proved == {"a", "b"}
    assert keeper.kept.torn == cut
    assert keeper.kept.warnings == (
        f"{cut} bytes at the end were cut off: a result only half written",
    )
    keeper.take([line("d")], now=0.0)
    keeper.close(0.0)
    assert results_file(tmp_path, "here").read_bytes() == line("a") + line("b") + line("d")


def test_a_last_line_that_is_whole_and_garbled_is_cut_off_as_well(tmp_path: Path) -> None:
    written(tmp_path, line("a") + b"\x00\x00\x00{}\n")
    keeper = Keeper(tmp_path, "here")
    keeper.close(0.0)
    assert (keeper.kept.torn, keeper.kept.bad_count) == (6, 0)
    assert results_file(tmp_path, "here").read_bytes() == line("a")


def test_reading_alone_changes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, line("a") + b'{"id":')
    assert keeping.read_back(tmp_path, "here").torn == 6
    assert path.read_bytes() == line("a") + b'{"id":'


def test_a_line_in_the_middle_that_is_no_result_is_named_and_proves_nothing(tmp_path: Path) -> None:
    written(tmp_path, line("a") + b"Killed\n" + line("b"))
    kept = keeping.read_back(tmp_path, "here")
    assert kept.proved == {"a", "b"}
    assert kept.warnings == ("here.jsonl:2: no result of a look: 'Killed'",)


def test_only_the_first_bad_lines_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    written(tmp_path, b"x\n" * 9 + line("b"))
    kept = keeping.read_back(tmp_path, "here")
    assert len(kept.warnings) == keeping.BAD_SHOWN_MAX + 1
    assert kept.warnings[-1] == "and 4 more lines that are no results"


@pytest.mark.parametrize(
    "broken",
    [
        b"[]\n", b"7\n", b"\xff\xfe\n", b"{}\n", line("", wire.OK), line("a", "fine"),
        line("a", oks="1"), line("a", tries=True), line("a", total_ms=None), line("a", side=None),
    ],
)  # fmt: skip
def test_half_a_result_is_no_result(broken: bytes) -> None:
    assert keeping.result_of(broken) is None
    assert keeping.result_of(line("a")) is not None


def test_what_proves_nothing_is_looked_at_again(tmp_path: Path) -> None:
    asked(tmp_path, "a", "b", "c", "d")
    written(tmp_path, line("a") + line("b", wire.NO_TIME) + line("c", wire.TIMEOUT))
    kept = keeping.read_back(tmp_path, "here")
    left = list(keeping.left_to_look(tmp_path, "here", kept.proved))
    assert left == [b'{"id": "b", "kind": "tcp"}\n', b'{"id": "d", "kind": "tcp"}\n']


def test_everything_is_left_where_nothing_was_looked_at(tmp_path: Path) -> None:
    asked(tmp_path, "a", "b")
    assert len(list(keeping.left_to_look(tmp_path, "here", set()))) == 2


def test_a_full_disk_pauses_and_loses_nothing(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, "here")
    keeper.take([line("a")], now=0.0)
    keeper.sync(0.0)
    whole = results_file(tmp_path, "here").read_bytes()
    keeper.take([line("b"), line("c")], now=0.0)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The system takes line b and a part of line c, as a disk does that runs full.
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) * 2 + 20, limit[1]))
    try:
        with pytest.raises(EnvironmentFailed) as caught:
            keeper.sync(1.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert caught.value.reference == "sweep-paused"
    assert results_file(tmp_path, "here").read_bytes() == whole
    assert keeper.waiting == 2
    keeper.sync(2.0)
    keeper.close(2.0)
    assert results_file(tmp_path, "here").read_bytes() == line("a") + line("b") + line("c")


def test_a_keeper_with_no_room_for_long_asks_for_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "SYNC_LINES_MAX", 2)
    keeper = Keeper(tmp_path, "here")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limit[1]))
    try:
        with pytest.raises(EnvironmentFailed):
            keeper.take([line("a"), line("b")], now=0.0)
        assert keeper.full
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    keeper.close(0.0)
    assert keeping.read_back(tmp_path, "here").proved == {"a", "b"}


def test_another_fault_of_the_disk_is_not_called_a_full_one(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, "here")
    keeper.take([line("a")], now=0.0)
    os.close(keeper._file)
    with pytest.raises(OSError, match="Bad file descriptor"):
        keeper.sync(0.0)


def test_after_a_kill_every_synced_result_is_there_and_every_whole_line_counts(
    tmp_path: Path,
) -> None:
    child = os.fork()
    if child == 0:  # pragma: no cover - dies before it could tell
        keeper = Keeper(tmp_path, "here")
        keeper.take([line(f"s-{number}") for number in range(500)], now=0.0)
        keeper.sync(0.0)
        os.write(keeper._file, line("whole") + line("torn")[:30])
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    keeper = Keeper(tmp_path, "here")
    assert keeper.kept.proved == {*(f"s-{number}" for number in range(500)), "whole"}
    assert keeper.kept.torn == 30
    keeper.close(0.0)


def test_files_of_vantage_points_are_found_by_name(tmp_path: Path) -> None:
    written(tmp_path, line("a"), "web.old")
    written(tmp_path, line("a"), "here")
    keeping.keep_skew(tmp_path, Skew("here", 0, 0))
    assert keeping.vantages_kept(tmp_path) == ("here", "web.old")


def an_end(clock: float, seconds: float) -> wire.End:
    return {
        "end": True, "n": 0, "digest": "", "clock": clock, "seconds": seconds, "python": "3.9",
        "slowed": [],
    }  # fmt: skip


def test_a_clock_is_said_to_differ_only_where_it_certainly_does() -> None:
    # The batch took 10 of the 14 seconds between sending and receiving: 4 seconds are the way's.
    skew = keeping.clock_skew("web", sent=1000.0, end=an_end(1013.0, 10.0), received=1014.0)
    assert (skew.low, skew.high) == (-1.0, 3.0)
    assert keeping.skew_warnings([skew]) == ()
    ahead = keeping.clock_skew("web", 1000.0, an_end(1113.0, 10.0), 1014.0)
    behind = keeping.clock_skew("db", 1000.0, an_end(913.0, 10.0), 1014.0)
    assert [each.partition(" s ")[0] for each in keeping.skew_warnings([ahead, behind])] == [
        "the clock of web is at least 99.0",
        "the clock of db is at least 97.0",
    ]
    assert "ahead of" in ahead.sentence
    assert "behind" in behind.sentence


def test_what_is_known_of_clocks_is_kept_and_a_broken_file_of_it_is_none(tmp_path: Path) -> None:
    keeping.keep_skew(tmp_path, Skew("web.old", 1.0, 2.5))
    keeping.keep_skew(tmp_path, Skew("web.old", 3.0, 4.0))
    keeping.keep_skew(tmp_path, Skew("here", 0.0, 0.0))
    (tmp_path / "results" / "here.clock").write_text("{", "utf-8")
    assert keeping.kept_skews(tmp_path) == (Skew("web.old", 3.0, 4.0),)


def test_which_vantage_points_were_lost_is_kept_until_they_are_not(tmp_path: Path) -> None:
    assert keeping.kept_losses(tmp_path) == {}
    keeping.keep_losses(tmp_path, {"web": "no Python"})
    assert keeping.kept_losses(tmp_path) == {"web": "no Python"}
    keeping.keep_losses(tmp_path, {})
    assert keeping.kept_losses(tmp_path) == {}
    (tmp_path / "results" / "lost.json").write_text("[", "utf-8")
    assert keeping.kept_losses(tmp_path) == {}


def test_suspects_are_given_as_the_lines_that_were_sent_until_there_are_none(
    tmp_path: Path,
) -> None:
    asked(tmp_path, "a", "b", "c")
    assert list(keeping.suspects_again(tmp_path, "here")) == []
    keeping.keep_suspects(tmp_path, ["c", "a", "elsewhere"])
    assert list(keeping.suspects_again(tmp_path, "here")) == [
        b'{"id": "a", "kind": "tcp"}\n',
        b'{"id": "c", "kind": "tcp"}\n',
    ]
    keeping.keep_suspects(tmp_path, [])
    assert list(keeping.suspects_again(tmp_path, "here")) == []


def test_lines_are_counted_with_one_that_has_no_end(tmp_path: Path) -> None:
    written(tmp_path, line("a") + line("b"))
    assert keeping.lines_in(tmp_path, "here") == 2
    written(tmp_path, line("a") + b"{")
    assert keeping.lines_in(tmp_path, "here") == 2
    written(tmp_path, b"")
    assert keeping.lines_in(tmp_path, "here") == 0
