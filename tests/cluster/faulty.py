"""A small weekend in which something breaks: when the journal says so, and what must hold after it.

Used by the tests of faults. Each carries a plan of one or two subsystems out on the lab, in this
process, with the real wiring; at a moment that a line of the journal marks, something of the lab is
broken, and mended again where the test says so. What comes afterwards is held against the journal,
the old platform, the hammer, and everything on the cluster that carries a mark of ours.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from cluster.estate_on_cluster import Estate, an_estate
from cluster.hammer import Call, Hammer, Heard
from cluster.judging import Done, Window, is_too_early, judge, told
from cluster.lab.parts import Lab
from cluster.leftovers import STANDING, known, unknown
from cluster.old_side import OldSide
from cluster.people import People
from cluster.poison import no_poison
from cluster.reach import Cluster
from migrator.cli.run_reading import Read, read_plan_here
from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.engine.run import Run
from migrator.plan.model import Act, Reaction, StepKind, Trouble, UndoKind
from migrator.plan.text import plan_to_text
from migrator.store.sql import open_store
from migrator.store.sql_journal import SqlJournal
from migrator.wiring.live import TROUBLE, begin_live, conduct
from migrator.wiring.on_cluster import ClusterPlace, identify

NAME = "night"
WEEKEND_SECONDS_MAX = 240.0
UNFENCED = "the lab of a test, whose administrator conducts"


def begins(act: str, move: str = "") -> Callable[[ev.Event], bool]:
    """The line that says that an act begins."""

    def is_it(event: ev.Event) -> bool:
        named = (
            (event.step, event.move)
            if isinstance(event, ev.StepStarted)
            else (event.undo, event.move)
            if isinstance(event, ev.UndoStarted)
            else ("", "")
        )
        return named[0] == act and move in {"", named[1]}

    return is_it


def ends(act: str, move: str = "") -> Callable[[ev.Event], bool]:
    """The line that says that an act is done."""

    def is_it(event: ev.Event) -> bool:
        if not isinstance(event, ev.StepEnded | ev.UndoEnded) or event.outcome != "done":
            return False
        name = event.step if isinstance(event, ev.StepEnded) else event.undo
        return name == act and move in {"", event.move}

    return is_it


@dataclass
class Fault:
    """Something that breaks at the first line of its kind; `do` runs beside the weekend.

    From its beginning to `over` (or the end) failed calls of the hammer are explained by it.
    """

    name: str
    when: Callable[[ev.Event], bool]
    do: Callable[[], None]
    began: float = 0.0
    over: float = 0.0
    lasts: bool = False  # what it did goes on after it
    error: BaseException | None = None
    thread: threading.Thread | None = None

    def hear(self, event: ev.Event) -> None:
        """Begin, once."""
        if self.thread is None and self.when(event):
            self.began = time.time()
            self.thread = threading.Thread(target=self._run, name=self.name, daemon=True)
            self.thread.start()

    def _run(self) -> None:
        try:
            self.do()
        except BaseException as error:  # noqa: BLE001 - told by whoever waits for the thread
            self.error = error
        self.over = time.time()

    def joined(self) -> None:
        """Wait until it is over; raises what went wrong with it."""
        if self.thread is None:
            return
        self.thread.join(120)
        if self.error is not None:
            raise self.error


class Beholder(People):
    """The weekend's people, in front of whom things break."""

    def __init__(
        self,
        journal: SqlJournal,
        faults: Sequence[Fault],
        refused: Mapping[str, Callable[[], bool]],
    ) -> None:
        super().__init__(journal, refused)
        self._faults = faults
        self._until = time.monotonic() + WEEKEND_SECONDS_MAX

    def on_commit(self, run: Run, lines: Sequence[Line]) -> None:
        """Answer, and break what is due."""
        super().on_commit(run, lines)
        for line in lines:
            for fault in self._faults:
                fault.hear(line.event)
            assert not isinstance(line.event, ev.Stalled | ev.WaveStuck), line.event

    def on_beat(self, run: Run, now: object) -> None:
        """Give up on a weekend that does not end."""
        super().on_beat(run, now)
        if time.monotonic() > self._until:
            raise AssertionError(f"still going on: {self.lines[-1].event}")


@dataclass
class Ended:
    """How a weekend ended, and what everybody saw of it."""

    run: Run
    lines: list[Line]
    heard: dict[str, Heard]
    faults: Sequence[Fault]
    trouble: str
    cluster: Cluster = field(repr=False)
    old: OldSide = field(repr=False)

    @property
    def states(self) -> list[str]:
        """The waves, as they are."""
        return [wave.state.value for wave in self.run.waves.values()]

    @property
    def cause(self) -> str:
        """Why the first wave is where it is."""
        missing = [each.name for each in self.faults if each.thread is None]
        assert not missing, (
            f"never came about: {missing}; {next(iter(self.run.waves.values())).cause}"
        )
        return next(iter(self.run.waves.values())).cause

    def took(self, act: str, move: str = "") -> float:
        """Seconds from the first beginning of an act to the last end of it."""
        began = next(line.at for line in self.lines if begins(act, move)(line.event))
        over = [
            line.at
            for line in self.lines
            if isinstance(line.event, ev.StepEnded | ev.UndoEnded)
            and act
            == (line.event.step if isinstance(line.event, ev.StepEnded) else line.event.undo)
            and move in {"", line.event.move}
        ]
        return (over[-1] - began).total_seconds()

    def tries(self, act: str) -> int:
        """How often an act was begun."""
        return sum(begins(act)(line.event) for line in self.lines)

    def unexplained(self) -> list[str]:
        """Whatever a caller met that neither the journal nor a fault explains."""
        now = time.time()
        windows = [
            Window(each.began, now if each.lasts else each.over or now, each.name)
            for each in self.faults
            if each.began
        ]
        done = told(self.lines)

        def left(name: str, heard: Heard, calls: Sequence[Call], found_late: float) -> list[Call]:
            acts = done.get(name, Done())
            return [
                call
                for call in calls
                if not _is_of(windows, call.word, call.began, call.ended + found_late)
                and not is_too_early(windows, heard, acts, call)
            ]

        heard = {
            name: replace(
                each,
                calls=left(name, each, each.calls, 0.0),
                kept=left(name, each, each.kept, 0.7),
            )
            for name, each in self.heard.items()
        }
        return judge(heard, done).wrong

    def is_back(self, *, theirs: Sequence[str] = ()) -> None:
        """Assert that the wave is back on the old side by itself, and nobody was lost.

        `theirs` was there before us, as `namespace/name`.
        """
        assert self.run.outcome == "returned", (self.states, self.cause, self.trouble)
        assert set(self.old.states().values()) == {"open"}
        assert set(self._last_answers()) <= {"old"}
        self._is_told()
        left = [
            each
            for kind in ("pods", "deployments.apps")
            for each in self._names(kind)
            if each.partition("/")[0] in self.run.moves and each not in theirs
        ]
        assert not left, f"still on the cluster: {left}"

    def is_there(self) -> None:
        """Assert that the wave was accepted, and nobody was lost."""
        assert self.run.outcome == "completed", (self.states, self.cause, self.trouble)
        assert set(self.old.states().values()) == {"fenced"}
        assert set(self._last_answers()) <= {"new"}
        self._is_told()

    def _is_told(self) -> None:
        unexplained = self.unexplained()
        assert not unexplained, unexplained
        left, _ = unknown(self.cluster, self.lines)
        journalled = known(self.lines)
        # A Service's Endpoints are its controller's, which copies our label onto them.
        copies = {each.replace("Service/", "Endpoints/", 1) for each in journalled}
        nobodys = [each for each in left if _space(each) in self.run.moves and each not in copies]
        assert not nobodys, f"ours, and not in the journal: {nobodys}"

    def _last_answers(self) -> Iterator[str]:
        for each in self.heard.values():
            yield from each.turns[-1:]

    def _names(self, kind: str) -> list[str]:
        words = ("get", kind, "-A", "--no-headers", "--ignore-not-found")
        form = "custom-columns=S:.metadata.namespace,N:.metadata.name"
        text = self.cluster.kubectl(*words, "-o", form)
        return ["/".join(line.split()) for line in text.splitlines()]


def _is_of(windows: Sequence[Window], word: str, began: float, ended: float) -> bool:
    return word not in {"old", "new"} and any(each.touches(began, ended) for each in windows)


def _space(name: str) -> str:
    """The namespace in an object's name, `Kind/namespace/name`."""
    return name.split("/")[1] if name.count("/") > 1 else ""


@dataclass
class Night:
    """What a test of faults works with."""

    lab: Lab
    cluster: Cluster
    old: OldSide
    folder: Path
    faults: list[Fault] = field(default_factory=list)
    spaces: list[str] = field(default_factory=list)
    call_pause_seconds: float = 0.15

    def estate(
        self,
        *names: str,
        links: Sequence[tuple[str, str]] = (),
        changes: Mapping[str, Mapping[str, object]] | None = None,
        waves: Sequence[Sequence[str]] | None = None,
        replicas: int = 1,
        soak: float = 0.0,
        **minutes: float,
    ) -> Estate:
        """A plain estate whose namespaces go with the test; `minutes` are limits of acts."""
        self.spaces += names
        made = an_estate(
            self.folder,
            names,
            self.cluster.image,
            links=links,
            changes=changes,
            waves=waves,
            replicas=replicas,
        )
        return tightened(made, soak, minutes)

    def when(self, moment: Callable[[ev.Event], bool], name: str, do: Callable[[], None]) -> Fault:
        """Have something happen at a line of the journal."""
        fault = Fault(name, moment, do)
        self.faults.append(fault)
        return fault

    def carry_out(
        self,
        estate: Estate,
        *,
        no_to: Sequence[str] = (),
        kubeconfig: Path | None = None,
        hammered: bool = True,
    ) -> Ended:
        """Carry the plan out on the lab; those in `no_to` get a handler's no."""
        read = read_plan_here(estate.plan_file, None)
        assert isinstance(read, Read), read
        self.old.runs(estate)
        config = str(kubeconfig or self.cluster.kubeconfig or "")
        place = identify(ClusterPlace("lab", config, self.cluster.image, UNFENCED))
        hammer = Hammer(self.cluster, estate, pause_seconds=self.call_pause_seconds)
        with open_store(self.folder / "state", practice=False) as store:
            led = begin_live(store, read.itinerary, NAME, "anna", read.files, place)
            people = Beholder(led.journal, self.faults, dict.fromkeys(no_to, lambda: True))
            with ExitStack() as stack:
                if hammered:
                    stack.enter_context(hammer)
                done = conduct(led, people)
                if hammered:
                    hammer.until_answered()
            for fault in self.faults:
                fault.joined()
            trouble = str(led.journal.facts(TROUBLE) or "")
        for line in people.lines:
            print(line.at.time(), line.event)  # noqa: T201 - for whoever reads a failed test
        print({name: (each.turns, each.errors) for name, each in hammer.heard.items()}, trouble)  # noqa: T201
        run, lines = done.run, people.lines
        return Ended(run, lines, hammer.heard, self.faults, trouble, self.cluster, self.old)


def tightened(estate: Estate, soak: float, minutes: Mapping[str, float]) -> Estate:
    """The estate with limits for some acts (`stop_target=0.5`), and without its bridges.

    Nobody waits two hours in a test, and nobody of the old side calls a system that has moved.
    """
    assert estate.plan is not None
    limits = {name.replace("_", "-"): value for name, value in minutes.items()}
    recipes = {
        name: replace(
            recipe,
            steps=tuple(
                replace(each, limit_minutes=limits.get(each.key, each.limit_minutes))
                for each in recipe.steps
                if each.kind is not StepKind.TASK
            ),
            unwind=tuple(
                replace(each, limit_minutes=limits.get(each.key, each.limit_minutes))
                for each in recipe.unwind
                if each.kind is not UndoKind.UNDO_TASK
            ),
        )
        for name, recipe in estate.plan.recipes.items()
    }
    on = {**estate.plan.policy.on, Trouble.SOAK: Reaction(Act.UNWIND)}
    policy = replace(estate.plan.policy, on=on, soak_minutes=soak)
    plan = replace(estate.plan, recipes=recipes, policy=policy)
    estate.plan_file.write_text(plan_to_text(plan), "utf-8")
    return replace(estate, plan=plan)


@pytest.fixture
def night(lab: Lab, cluster: Cluster, tmp_path: Path) -> Iterator[Night]:
    """A weekend to be broken. Its namespaces are gone before the next test begins."""
    no_poison(lab)
    _sweep(cluster)
    made = Night(lab, cluster, OldSide(lab), tmp_path)
    try:
        yield made
    finally:
        made.old.end()
        no_poison(lab)
        words = ("delete", "namespace", "--ignore-not-found")
        cluster.kubectl(*words, "nobody", *made.spaces, seconds_max=90)


def _sweep(cluster: Cluster) -> None:
    """Delete what a killed test has left: its namespaces hold on to ports of the nodes."""
    found = json.loads(cluster.kubectl("get", "namespaces", "-o", "json"))["items"]
    left = [
        each["metadata"]["name"]
        for each in found
        if "migrator/token" in each["metadata"].get("annotations", {})
        and each["metadata"]["name"] != STANDING
    ]
    if left:
        cluster.kubectl("delete", "namespace", "--ignore-not-found", *left, seconds_max=90)
