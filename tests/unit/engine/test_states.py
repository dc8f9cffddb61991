"""Every entry of every table, one by one: kept, dropped, redirected; every illegal event refused.

What is expected stands in tests/golden/state_tables.txt, which a person has read, and not in the
tables: a changed table is red here until somebody has read the new file.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Final, get_type_hints

import pytest

import state_pictures
from itineraries import START, a_check, an_itinerary
from migrator.engine import events as ev
from migrator.engine import states
from migrator.engine.fold import apply
from migrator.engine.run import CheckRecord, Defect, Run, new_run
from migrator.engine.states import ActState, CheckState, IllegalEvent, RunState, WaveState

GOLDEN: Final = Path(__file__).parents[2] / "golden" / "state_tables.txt"
CHECK: Final = "f1@w1"
ITINERARY: Final = an_itinerary(waves=("ab",), checks=(a_check("f1", 1, "ab"),))


def expected() -> dict[tuple[str, str, str], str]:
    """(table, state, event) -> following state, out of the golden file."""
    found = {}
    for line in GOLDEN.read_text(encoding="utf-8").splitlines():
        left, arrow, then = line.partition(" -> ")
        if arrow:
            place, _, kind = left.partition(": ")
            table, _, state = place.partition(" ")
            found[table, state, kind] = then
    return found


LEGAL: Final = expected()
TABLE_OF: Final[dict[str, tuple[type[Enum], frozenset[str]]]] = {
    table: (
        kinds,
        frozenset(event for name, _, event in LEGAL if name == table),
    )
    for table, kinds in (("run", RunState), ("wave", WaveState), ("check", CheckState))
}


def an_event(kind: type[ev.Event]) -> ev.Event:
    """An event of a kind about the one wave, move or check of the run."""
    special = {
        "wave": "w1", "check": CHECK, "move": "a", "step": "copy", "undo": "remove",
        "subsystem": "a", "side": "new", "outcome": "done", "how": "retry", "verdict": "works",
        "subject": "", "person": "hanna", "to": "",
    }  # fmt: skip
    values: dict[str, object] = {}
    for field in dataclasses.fields(kind):
        hint = get_type_hints(kind)[field.name]
        if field.name in special:
            values[field.name] = special[field.name]
        elif hint is datetime:
            values[field.name] = START
        elif hint in {int, float}:
            values[field.name] = 1
        elif hint is bool:
            values[field.name] = False
        elif hint is str:
            values[field.name] = "x"
        else:
            values[field.name] = () if hint == tuple[str, ...] else None
    return kind(**values)


def a_run_in(table: str, state: str) -> Run:
    """A run whose run, wave or check stands in a state."""
    run = new_run(ITINERARY)
    run.waves["w1"].decided_at = START
    run.checks[CHECK] = CheckRecord(CHECK, "w1", 1, CheckState.OPEN, START, "hanna")
    run.defects["x"] = Defect("x", CHECK, "f1", "w1", 1, "hanna", "", START)
    if table == "run":
        run.state = RunState(state)
    elif table == "wave":
        run.waves["w1"].state = WaveState(state)
    else:
        run.checks[CHECK].state = CheckState(state)
    return run


def state_of(run: Run, table: str) -> str:
    if table == "run":
        return run.state.value
    if table == "wave":
        return run.waves["w1"].state.value
    return run.checks[CHECK].state.value


def look_at(table: str, state: str, kind: str) -> None:
    """Hold one combination of state and event against the golden file."""
    run = a_run_in(table, state)
    before = a_run_in(table, state)
    event = an_event(ev.KINDS[kind])
    if (state, kind) == ("passed", "TickGiven"):  # too late for any other verdict
        event = ev.TickGiven(CHECK, 1, "hanna", "does_not_work", "")
    following = LEGAL.get((table, state, kind))
    if following is None:
        with pytest.raises(IllegalEvent, match=f"is {state}: {kind} is illegal there"):
            apply(run, START, event)
        assert run == before, "an illegal event changed something"
    else:
        apply(run, START, event)
        assert state_of(run, table) == following
        assert run.seq == before.seq + 1


def everything() -> Iterator[tuple[str, str, str]]:
    for table, (kinds, events) in TABLE_OF.items():
        for state in kinds:
            for event in sorted(events):
                yield table, state.value, event


def test_every_state_has_its_place_in_its_table() -> None:
    assert set(states.RUN) == set(RunState)
    assert set(states.WAVE) == set(WaveState)
    assert set(states.CHECK) == set(CheckState)
    assert set(states.ACT) == set(ActState)


@pytest.mark.parametrize("table", sorted(TABLE_OF))
def test_every_event_in_every_state_does_what_was_read_or_raises(table: str) -> None:
    looked = [case for case in everything() if case[0] == table]
    for case in looked:
        look_at(*case)
    assert len(looked) > len([case for case in LEGAL if case[0] == table])


@pytest.mark.parametrize("table", sorted(TABLE_OF))
def test_an_entry_that_is_dropped_or_redirected_is_seen(
    table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds, _ = TABLE_OF[table]
    rows = state_pictures.TABLES[table]
    for name, state, kind in LEGAL:
        if name != table:
            continue
        row = dict(rows[kinds(state)])
        true = row[ev.KINDS[kind]]
        look_at(table, state, kind)
        for other in (None, *(each for each in kinds if each is not true)):
            with monkeypatch.context() as patch:
                changed = {**row, ev.KINDS[kind]: other}
                if other is None:
                    del changed[ev.KINDS[kind]]
                patch.setitem(rows, kinds(state), changed)
                assert not passes(table, state, kind), f"{table} {state} {kind} to {other}"
                assert state_pictures.tables_as_text() != GOLDEN.read_text(encoding="utf-8")


def passes(table: str, state: str, kind: str) -> bool:
    try:
        look_at(table, state, kind)
    except AssertionError:  # IllegalEvent is one, too
        return False
    return True


# --- acts: which events, and where to -----------------------------------------------------------

ACT_KINDS: Final = tuple(
    kind for name, kind in ev.KINDS.items() if name.startswith(("Step", "Undo"))
)
ACT_LEGAL: Final = frozenset(
    (state.removeprefix("act "), kind)
    for state, _, kind in (
        line.partition(": ") for line in GOLDEN.read_text(encoding="utf-8").splitlines()
    )
    if state.startswith("act ")
)


def act_in(kind: type[ev.Event], state: ActState) -> Run:
    run = new_run(ITINERARY)
    step = kind.__name__.startswith("Step")
    record = run.moves["a"].steps["copy"] if step else run.moves["a"].undos["remove"]
    record.state = state
    if state in {ActState.STARTED, ActState.DOUBTED}:
        run.in_flight["a", record.name] = record
    return run


@pytest.mark.parametrize("state", ActState, ids=lambda state: state.value)
@pytest.mark.parametrize("kind", ACT_KINDS, ids=lambda kind: kind.__name__)
def test_an_act_takes_the_events_of_its_row_and_no_others(
    kind: type[ev.Event], state: ActState
) -> None:
    run = act_in(kind, state)
    before = copy.deepcopy(run)
    if (state.value, kind.__name__) in ACT_LEGAL:
        apply(run, START, an_event(kind))
        assert run != before
    else:
        with pytest.raises(IllegalEvent, match=f"is {state.value}"):
            apply(run, START, an_event(kind))
        assert run == before


@pytest.mark.parametrize(
    ("kind", "state", "word", "then"),
    [
        ("Ended", ActState.STARTED, {"outcome": "done"}, ActState.DONE),
        ("Ended", ActState.STARTED, {"outcome": "failed"}, ActState.FAILED),
        ("Ended", ActState.STARTED, {"outcome": "timed_out"}, ActState.FAILED),
        ("Settled", ActState.DOUBTED, {"outcome": "done"}, ActState.DONE),
        ("Settled", ActState.DOUBTED, {"outcome": "not_done"}, ActState.WAITING),
        ("Settled", ActState.DOUBTED, {"outcome": "unknown"}, ActState.UNKNOWN),
        ("Resolved", ActState.FAILED, {"how": "retry"}, ActState.WAITING),
        ("Resolved", ActState.FAILED, {"how": "skip"}, ActState.SKIPPED),
        ("Resolved", ActState.FAILED, {"how": "force-done"}, ActState.FORCED),
        ("Resolved", ActState.UNKNOWN, {"how": "abandon"}, ActState.ABANDONED),
        ("Started", ActState.WAITING, {}, ActState.STARTED),
        ("Doubted", ActState.STARTED, {}, ActState.DOUBTED),
    ],
)
@pytest.mark.parametrize("side", ["Step", "Undo"])
def test_an_acts_word_leads_to_its_state(
    side: str, kind: str, state: ActState, word: dict[str, str], then: ActState
) -> None:
    event_kind = ev.KINDS[f"{side}{kind}"]
    run = act_in(event_kind, state)
    apply(run, START, dataclasses.replace(an_event(event_kind), **word))
    record = run.moves["a"].steps["copy"] if side == "Step" else run.moves["a"].undos["remove"]

    assert record.state is then
    assert (("a", record.name) in run.in_flight) == (then in {ActState.STARTED, ActState.DOUBTED})
    assert (("a", record.name) in run.unknown) == (then is ActState.UNKNOWN)


def test_a_tick_that_says_no_refuses_and_one_that_cannot_judge_opens_again() -> None:
    for verdict, then in (("does_not_work", CheckState.REFUSED), ("cannot_judge", CheckState.OPEN)):
        run = a_run_in("check", "assigned")
        apply(run, START, ev.TickGiven(CHECK, 1, "hanna", verdict, ""))
        assert run.checks[CHECK].state is then


def test_an_illegal_event_names_who_is_where() -> None:
    run = new_run(ITINERARY)

    with pytest.raises(IllegalEvent, match="wave w1 is planned: WaveAccepted is illegal there"):
        apply(run, START, ev.WaveAccepted("w1", 1))
    with pytest.raises(IllegalEvent, match="step a/copy is waiting: StepEnded is illegal there"):
        apply(run, START, ev.StepEnded("a", "copy", 1, "done", ""))
    with pytest.raises(IllegalEvent, match=r"check f1@w1 is passed: TickGiven"):
        apply(a_run_in("check", "passed"), START, ev.TickGiven(CHECK, 1, "hanna", "works", ""))
