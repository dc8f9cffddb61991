"""Results on disk while a sweep runs: appended as they come, read back after any end.

The runner of a sweep gives each result line of an agent to the `Keeper` of its vantage point, and
asks `left_to_look` which lines are still to be sent. A line that was synced is never lost and never
looked at again; a line that was cut off by a dying process is taken away and said. What is said
here must never be more than what the disk holds: a result counts once its line is whole.

No watch is read here: whoever calls says what time it is.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from migrator.errors import EnvironmentFailed
from migrator.probes.agent import wire
from migrator.probes.model import RESULTS_FOLDER, lines_file, results_file

WORDS: Final = frozenset(
    {
        *(wire.OK, wire.REFUSED, wire.RESET, wire.CLOSED, wire.TIMEOUT, wire.DNS),
        *(wire.UNREACHABLE, wire.TLS, wire.STATUS, wire.MISMATCH, wire.PROTOCOL, wire.FAILED),
        *wire.PROVES_NOTHING,
    }
)
"""Every word that a result may have."""

SYNC_SECONDS_MAX: Final = 1.0
"""A crash of the machine costs the looks of one second; a sync takes some milliseconds."""

SYNC_LINES_MAX: Final = 20_000
"""At full speed half a second, some 5 MB: so much may wait in memory while the disk is full."""

BAD_SHOWN_MAX: Final = 5

CLOCK_SECONDS_MAX: Final = 2.0
"""Clocks may differ by so much before anybody is told: less hides no wrong order of events."""

_SUSPECTS_FILE: Final = "suspects.jsonl"
_BLOCK_BYTES: Final = 1 << 20
_NUMBERS: Final = (int, float)
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def result_of(line: bytes) -> wire.Result | None:
    """Read one line of results; None where it is none.

    Only what later decides is checked. A number that is missing is refused as well: half a result
    would be counted as a whole one.
    """
    try:
        found = json.loads(line.decode())
        # Written out, as half a million of these are read in a minute.
        whole = (
            type(found["id"]) is str
            and found["id"] != ""
            and found["word"] in WORDS
            and type(found["side"]) is str
            and type(found["detail"]) is str
            and type(found["oks"]) is int
            and type(found["tries"]) is int
            and type(found["connect_ms"]) in _NUMBERS
            and type(found["total_ms"]) in _NUMBERS
        )
    except (ValueError, KeyError, TypeError):  # not UTF-8, not JSON, no object, half an object
        return None
    return cast("wire.Result", found) if whole else None


# --- Reading back ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bad:
    """A whole line in the middle of a file that is no result."""

    file: str
    line: int
    text: str  # its beginning

    def __str__(self) -> str:
        """Where it is and what stands there."""
        return f"{self.file}:{self.line}: no result of a look: {self.text!r}"


@dataclass(slots=True)
class Kept:
    """What one vantage point's file of results holds.

    `proved` are the looks that have a result which says something of their links. `torn` is how
    many bytes at the end are no whole result: they were being written when the writer died.
    """

    proved: set[str] = field(default_factory=set)
    results: int = 0
    whole: int = 0  # bytes before what was torn
    torn: int = 0
    bad: tuple[Bad, ...] = ()  # the first ones
    bad_count: int = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know about the file, one sentence each."""
        said = [str(each) for each in self.bad]
        if self.bad_count > len(self.bad):
            said.append(f"and {self.bad_count - len(self.bad)} more lines that are no results")
        if self.torn:
            said.append(f"{self.torn} bytes at the end were cut off: a result only half written")
        return tuple(said)


def read_back(folder: Path, vantage: str) -> Kept:
    """Read what a vantage point's file holds; no file is no result. Nothing is changed."""
    path = results_file(folder, vantage)
    kept = Kept()
    bad: list[Bad] = []
    last: Bad | None = None  # no result: in the middle if another line follows, else torn
    place = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if last is not None:
                    kept.bad_count += 1
                    bad += [last] if len(bad) < BAD_SHOWN_MAX else []
                kept.whole = place
                place += len(line)
                result = result_of(line) if line.endswith(b"\n") else None
                last = None if result else Bad(path.name, number, _beginning(line))
                if result is not None:
                    kept.results += 1
                    if result["word"] not in wire.PROVES_NOTHING:
                        kept.proved.add(result["id"])
    except FileNotFoundError:
        return kept
    if last is None:
        kept.whole = place
    kept.torn = place - kept.whole
    kept.bad = tuple(bad)
    return kept


def _beginning(line: bytes) -> str:
    return line[:60].decode("utf-8", "replace").rstrip("\n")


def lines_in(folder: Path, vantage: str) -> int:
    """How many lines a vantage point's file has; one without an end counts too."""
    count, last = 0, b"\n"
    with results_file(folder, vantage).open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            count += block.count(b"\n")
            last = block[-1:]
    return count + (last != b"\n")


def left_to_look(folder: Path, vantage: str, proved: set[str]) -> Iterator[bytes]:
    """Give the lines that an agent is still to be sent, in their order, as they stand."""
    with lines_file(folder, vantage).open("rb") as file:
        for line in file:
            if proved and str(json.loads(line)["id"]) in proved:
                continue
            yield line


def keep_suspects(folder: Path, looks: Sequence[str]) -> None:
    """Keep which looks were slow and too few to be sure; none clears it."""
    path = folder / _SUSPECTS_FILE
    if not looks:
        path.unlink(missing_ok=True)
        return
    draft = path.with_name(f".{path.name}.part")
    draft.write_text("".join(f"{json.dumps(look)}\n" for look in looks), encoding="utf-8")
    draft.replace(path)


def suspects_again(folder: Path, vantage: str) -> Iterator[bytes]:
    """Give the agent's lines of a vantage point's suspects, to be looked at again.

    Sent three times and appended to the results, they are enough for `slower.py` to be sure.
    """
    path = folder / _SUSPECTS_FILE
    if not path.exists():
        return
    suspects = {str(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()}
    with lines_file(folder, vantage).open("rb") as file:
        yield from (line for line in file if str(json.loads(line)["id"]) in suspects)


def vantages_kept(folder: Path) -> tuple[str, ...]:
    """The vantage points that have a file of results, sorted."""
    return tuple(sorted(path.stem for path in (folder / RESULTS_FOLDER).glob("*.jsonl")))


# --- Writing ---------------------------------------------------------------------------------


class Keeper:
    """Appends one vantage point's results. Opening it cuts off what was only half written.

    `take` never touches the disk unless a sync is due, and whatever is not on the disk is kept in
    memory until it is: a full disk raises EnvironmentFailed, and `sync` may be called again as soon
    as there is room. `full` says that no more should be read from the agent until then.
    """

    def __init__(self, folder: Path, vantage: str) -> None:
        """Read back what is there, so that appending goes on behind the last whole result."""
        self.vantage = vantage
        self.path = results_file(folder, vantage)
        self.kept = read_back(folder, vantage)
        self._lines: list[bytes] = []  # taken, and not certainly on the disk
        self._synced_at: float | None = None
        self._end = self.kept.whole  # bytes that are certainly there
        with _room(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            if self.kept.torn:
                os.ftruncate(self._file, self._end)
                os.fsync(self._file)
            _sync_folder(self.path.parent)

    @property
    def waiting(self) -> int:
        """How many lines are not certainly on the disk."""
        return len(self._lines)

    @property
    def full(self) -> bool:
        """Whether so much waits for the disk that no more should be taken."""
        return len(self._lines) >= SYNC_LINES_MAX

    def take(self, lines: Iterable[bytes], now: float) -> None:
        """Take result lines as the agent wrote them; `now` is seconds of any steady clock."""
        for line in lines:
            self._lines.append(line if line.endswith(b"\n") else line + b"\n")
        if self._synced_at is None:
            self._synced_at = now
        if self.full or now - self._synced_at >= SYNC_SECONDS_MAX:
            self.sync(now)

    def sync(self, now: float) -> None:
        """Bring everything to the disk, or raise and keep everything for the next time."""
        if not self._lines:
            self._synced_at = now
            return
        with _room(self.path):
            try:
                self._write(b"".join(self._lines))
                os.fsync(self._file)
            except OSError:
                # What a failed sync left behind may be half a line, or may vanish: it is written
                # again from here. Cutting needs no room.
                os.ftruncate(self._file, self._end)
                raise
        self._end = os.lseek(self._file, 0, os.SEEK_CUR)
        self._synced_at = now
        self._lines.clear()

    def close(self, now: float) -> None:
        """Sync and close, even where the sync fails: those looks are then made again."""
        try:
            self.sync(now)
        finally:
            os.close(self._file)

    def _write(self, data: bytes) -> None:
        """Write behind the last byte that is certainly there; the system may take it in parts."""
        os.lseek(self._file, self._end, os.SEEK_SET)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]


class _room:  # noqa: N801 - read as a word: with room for this file
    """Turns the system's "no room" into an error that says what to do and what is safe."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise the operator's form of the error; let every other one through."""
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise EnvironmentFailed(
                "sweep-paused",
                f"the sweep is paused: there is no room for results in {self.path.parent}",
                hint="make room and run the same command again; what was proved is kept, "
                "and only the rest is looked at",
            ) from error


def _sync_folder(folder: Path) -> None:
    """Make a new file's name as certain as its content."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# --- Clocks ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Skew:
    """How far a vantage point's clock is ahead of ours: between `low` and `high` seconds."""

    vantage: str
    low: float
    high: float

    @property
    def is_worth_saying(self) -> bool:
        """Whether it is certain that the clocks differ by more than anybody should overlook."""
        return self.low > CLOCK_SECONDS_MAX or self.high < -CLOCK_SECONDS_MAX

    @property
    def sentence(self) -> str:
        """For a person; only for one that is worth saying."""
        least = min(abs(self.low), abs(self.high))
        way = "ahead of" if self.low > 0 else "behind"
        return (
            f"the clock of {self.vantage} is at least {least:.1f} s {way} this machine's; "
            "times seen there are not to be compared with times seen here"
        )


def clock_skew(vantage: str, sent: float, end: wire.End, received: float) -> Skew:
    """Bound the difference of two clocks from one batch.

    The agent read its clock as it wrote its last line: not before `end["seconds"]` had passed
    since the header was sent (`sent`), and not after that line was received. So the difference
    lies between its clock less `received` and its clock less the earliest moment.
    """
    low = end["clock"] - received
    high = end["clock"] - (sent + end["seconds"])
    return Skew(vantage, min(low, high), max(low, high))


def keep_skew(folder: Path, skew: Skew) -> None:
    """Keep what is known of a vantage point's clock beside its results; the newest counts."""
    path = _clock_file(folder, skew.vantage)
    with _room(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.part")
        draft.write_text(json.dumps({"low": skew.low, "high": skew.high}), encoding="utf-8")
        draft.replace(path)


def kept_skews(folder: Path) -> tuple[Skew, ...]:
    """What is known of the clocks of a sweep's vantage points; a broken file is as good as none."""
    found = []
    for path in sorted((folder / RESULTS_FOLDER).glob("*.clock")):
        try:
            facts: Mapping[str, float] = json.loads(path.read_text(encoding="utf-8"))
            found.append(Skew(path.stem, float(facts["low"]), float(facts["high"])))
        except (ValueError, KeyError, TypeError):
            continue
    return tuple(found)


def skew_warnings(skews: Sequence[Skew]) -> tuple[str, ...]:
    """A sentence for each clock that is worth it."""
    return tuple(each.sentence for each in skews if each.is_worth_saying)


def _clock_file(folder: Path, vantage: str) -> Path:
    return folder / RESULTS_FOLDER / f"{vantage}.clock"


# --- Vantage points that were lost -----------------------------------------------------------

_LOST_FILE: Final = "lost.json"


def keep_losses(folder: Path, losses: Mapping[str, str]) -> None:
    """Keep which vantage points were given up in the last round, and why; none clears it."""
    path = folder / RESULTS_FOLDER / _LOST_FILE
    with _room(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.part")
        draft.write_text(json.dumps(dict(losses), ensure_ascii=False), encoding="utf-8")
        draft.replace(path)


def kept_losses(folder: Path) -> dict[str, str]:
    """The vantage points that were lost, and why; a broken file is as good as none."""
    try:
        found = json.loads((folder / RESULTS_FOLDER / _LOST_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): str(why) for name, why in found.items()} if isinstance(found, dict) else {}
