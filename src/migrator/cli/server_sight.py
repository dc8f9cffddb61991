"""A run as it is seen through a server: folded here, from the lines that the API hands out.

`runs.see_run` calls it where a server was chosen. Whoever may read the journal gets the whole run,
proven line by line, so that every command says what it says on the store's own machine. A handler
may not, and needs not: her verbs get the waves and checks alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, cast

from migrator.cli.server_options import FAR_SECONDS, Chosen
from migrator.cli.server_talk import Server
from migrator.errors import EnvironmentFailed, InputError
from migrator.web.seen import SeenRun

if TYPE_CHECKING:
    from migrator.engine.events import Event, Value
    from migrator.engine.ports import Line, OperatorCommand
    from migrator.plan.model import Itinerary
    from migrator.store.chain import Head, Verified, Written
    from migrator.store.sql import Store
    from migrator.store.sql_journal import SqlJournal

LINES: Final = 1000
LATEST: Final = "latest"
Facts = Mapping[str, object]


def far_run(through: Chosen, run: str) -> SeenRun:
    """The run that a server shows. Raises InputError where it is another one than was meant."""
    server = Server(through.url, through.token)
    about, me = _facts(server.get("/run")), _facts(server.get("/me"))
    name = str(about["name"])
    if run != LATEST and not name.startswith(run):
        raise InputError(
            "server-other-run",
            f"{through.url} shows the run {name}, not {run!r}",
            hint=f"name it: {name}, or give the address of the other run's pages",
        )
    pages = me.get("pages")
    if isinstance(pages, list) and "journal" in pages:
        return _whole(server, name, about, str(me["person"]))
    return _thin(server, name, about, str(me["person"]))


def far_store(through: Chosen, run: str) -> tuple[Store, str]:
    """The store of that run, as far as a journal is printed or proven."""
    server = Server(through.url, through.token)
    about = _facts(server.get("/run"))
    name = str(about["name"])
    if run != LATEST and not name.startswith(run):
        far_run(through, run)
    store = FarStore(bool(about["practice"]), "", FarJournal(server, name))
    return cast("Store", store), name


def whose(seen: SeenRun) -> str | None:
    """Whose token it is, where a run is seen through a server; None where it is not."""
    store: object = seen.store
    return store.person if isinstance(store, FarStore) else None


@dataclass(slots=True)
class FarJournal:
    """What commands ask a `SqlJournal` that only reads, asked of a server."""

    server: Server
    run_name: str
    head: str = "0" * 64
    note: str = ""  # of the command that is given next
    _beside: Facts = field(default_factory=dict)
    _given: dict[str, OperatorCommand] = field(default_factory=dict)

    def written(self, after: int = 0) -> Sequence[Written]:
        """Lines as they were hashed."""
        from migrator.store.chain import Written as Row
        from migrator.store.chain import encode_json

        found: list[Written] = []
        while True:
            page = _facts(self.server.get("/journal", after=after, count=LINES))
            for each in _rows(page["lines"]):
                plain = {**each, "data": encode_json(each["data"])}
                found.append(Row._make(cast("str", plain[name]) for name in Row._fields))
            if found:
                after, self.head = found[-1].seq, found[-1].hash
            if not page["further"]:
                return found

    def lines(self, after: int = 0) -> Sequence[Line]:
        """Lines as the engine reads them."""
        from migrator.store.chain import to_line

        return tuple(map(to_line, self.written(after)))

    def verify(self, known: Iterable[Head] = ()) -> Verified:
        """Prove every line here: a server is not believed either."""
        from migrator.store.chain import verify

        return verify(self.run_name, self.written(), known)

    def itinerary(self) -> Itinerary:
        """What the run carries out."""
        from migrator.plan.model import Itinerary as Kind
        from migrator.plan.read_back import read_back

        return read_back(Kind, json.dumps(self.server.get("/itinerary")))

    def leader(self) -> str | None:
        """Who leads the run."""
        found = _facts(self.server.get("/beside"))
        self._beside = _facts(found["facts"])
        return None if found["led_by"] is None else str(found["led_by"])

    def facts(self, key: str) -> object:
        """What stands beside the journal, as it was when the leader was asked for."""
        return self._beside.get(key)

    def submit(self, command: OperatorCommand, submitted: str = "") -> None:
        """Give a command; the server says whose it is."""
        details = {key: text for key, text in command.details if key != "note_digest"}
        self._given[command.id] = command
        self.server.post(
            "/commands",
            {
                "id": command.id,
                "verb": command.verb,
                "target": command.target,
                "reason": command.reason,
                "seen": command.saw,
                "details": details,
                "note": self.note,
            },
        )

    def answer_of(self, command_id: str) -> tuple[Event, ...] | None:
        """What became of it; None while it waits."""
        from migrator.engine.events import CommandRefused, CommandTaken, event_from_data

        found = _facts(self.server.get(f"/commands/{command_id}", wait=FAR_SECONDS))
        given = self._given[command_id]
        if found["answer"] == "waiting":
            return None
        if found["answer"] == "refused":
            why = str(found["why"])
            return (CommandRefused(given.id, given.verb, given.target, given.actor, why),)
        taken = CommandTaken(
            given.id, given.verb, given.target, given.actor, False, given.reason, given.saw
        )  # fmt: skip
        followed = [
            event_from_data(str(each["kind"]), cast("dict[str, Value]", each["data"]))
            for each in _rows(found["followed"])
        ]
        return (taken, *followed)


@dataclass(slots=True)
class ThinJournal(FarJournal):
    """The same for somebody who may not read it."""

    led_by: str | None = None

    def leader(self) -> str | None:
        """Who led the run when this began."""
        return self.led_by


@dataclass(slots=True)
class FarStore:
    """What commands ask a store about a run that they look at, where there is none here."""

    practice: bool
    person: str  # whose token it is
    far_journal: FarJournal

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is open."""

    def close(self) -> None:
        """Nothing is open."""

    def journal(self, run: str, *, lead: bool) -> FarJournal:
        """The one journal that the server shows."""
        assert not lead, "nobody leads a run from afar"
        return self.far_journal

    def keep_note(self, text: str) -> str:
        """Send a note along with the next command; the server keeps it apart."""
        self.far_journal.note = text
        return ""


def _whole(server: Server, name: str, about: Facts, person: str) -> SeenRun:
    from migrator.engine.fold import apply
    from migrator.engine.run import new_run
    from migrator.store.chain import to_line, verify

    journal = FarJournal(server, name)
    itinerary = journal.itinerary()
    written = journal.written()
    verify(name, written)
    run = new_run(itinerary)
    for line in map(to_line, written):
        apply(run, line.at, line.event)
    # A store and a journal are asked for more than this, but not by whoever looks from afar.
    seen = SeenRun(
        name,
        cast("Store", FarStore(bool(about["practice"]), person, journal)),
        cast("SqlJournal", journal),
        itinerary,
        run,
        recent=[to_line(each) for each in written[-LINES:]],
    )
    seen.refresh()
    return seen


class Thin:
    """Something of which only a part is known here."""

    __slots__ = ()

    def __getattr__(self, name: str) -> object:
        """Say plainly what a handler cannot be told, instead of guessing at it."""
        raise EnvironmentFailed(
            "server-journal",
            "this needs the whole run, and the token's person may not read its journal",
            hint="the pages show what is for them; staff and auditors see all of it",
        )


@dataclass(frozen=True, slots=True)
class ThinWave:
    """A wave's name and moves."""

    id: str
    moves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThinCheck:
    """A check's name and wave."""

    id: str
    wave: str


@dataclass(slots=True)
class ThinRun(Thin):
    """What verbs of a handler are worded with; nothing of it is decided by."""

    waves: Mapping[str, ThinWave]
    seq: int
    outcome: str
    moves: Mapping[str, object] = field(default_factory=dict)
    signed: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class ThinPlan(Thin):
    """The same of the plan."""

    waves: tuple[ThinWave, ...]
    checks: tuple[ThinCheck, ...]
    members: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class ThinSight(Thin):
    """A run, for somebody who may not read its journal."""

    name: str
    mode: str
    practice: bool
    played_out: bool
    ended: bool
    store: FarStore
    journal: FarJournal
    itinerary: ThinPlan
    run: ThinRun


def _thin(server: Server, name: str, about: Facts, person: str) -> SeenRun:
    waves = tuple(
        ThinWave(str(each["id"]), tuple(map(str, cast("list[str]", each["moves"]))))
        for each in _rows(server.get("/waves"))
    )
    checks = tuple(
        ThinCheck(str(each["id"]), str(each["wave"])) for each in _rows(server.get("/checks"))
    )
    led_by = None if about["led_by"] is None else str(about["led_by"])
    journal = ThinJournal(server, name, led_by=led_by)
    outcome = str(about["outcome"] or "")
    return cast(
        "SeenRun",
        ThinSight(
            name,
            str(about["mode"]),
            bool(about["practice"]),
            bool(about["over"]),
            bool(outcome),
            FarStore(bool(about["practice"]), person, journal),
            journal,
            ThinPlan(waves, checks),
            ThinRun({wave.id: wave for wave in waves}, int(str(about["seq"])), outcome),
        ),
    )


def _facts(found: object) -> Facts:
    if not isinstance(found, dict):
        raise EnvironmentFailed(
            "server-strange",
            "the server does not answer like the pages of a run",
            hint="give the address at which the pages are served, without a path",
        )
    return found


def _rows(found: object) -> list[Facts]:
    return [_facts(each) for each in found] if isinstance(found, list) else [_facts(None)]
