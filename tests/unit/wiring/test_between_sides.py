"""From its first fence to its last, and all the way back, a subsystem may refuse whoever calls."""

from __future__ import annotations

import pytest

from migrator.engine.run import ActRecord, MoveRecord
from migrator.engine.states import ActState
from migrator.wiring.between_sides import between_sides

STATEFUL = ("copy", "quiesce", "fence", "final-copy", "start", "switch", "probe-links")
STATELESS = ("prepare", "start", "switch", "drain", "fence", "probe-links")


def a_move(steps: tuple[str, ...], *, done: str = "", started: str = "") -> MoveRecord:
    """A move that has come so far: everything up to `done` is done, `started` is under way."""
    move = MoveRecord("ledger", "w01", 1)
    reached = steps.index(done) if done else -1
    for number, name in enumerate(steps):
        state = ActState.DONE if number <= reached else ActState.WAITING
        move.steps[name] = ActRecord(name, state=state, nth=int(number <= reached))
    if started:
        move.steps[started] = ActRecord(started, state=ActState.STARTED, nth=1)
    return move


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        (a_move(STATEFUL), False),
        (a_move(STATEFUL, done="copy"), False),
        (a_move(STATEFUL, done="copy", started="quiesce"), True),
        (a_move(STATEFUL, done="fence"), True),
        (a_move(STATEFUL, done="start", started="switch"), True),
        (a_move(STATEFUL, done="switch"), False),
        (a_move(STATELESS, done="start"), False),
        (a_move(STATELESS, done="start", started="switch"), True),
        (a_move(STATELESS, done="drain"), True),
        (a_move(STATELESS, done="fence"), False),
    ],
)
def test_a_move_is_between_the_sides_from_its_first_crossing_step_to_its_last(
    move: MoveRecord, expected: bool
) -> None:
    assert between_sides(move) is expected


UNDOS = ("fence-target", "bring-back", "grant-source", "switch-back", "prove-back", "remove")


@pytest.mark.parametrize(
    ("done", "expected"), [("", True), ("grant-source", True), ("switch-back", False)]
)
def test_a_move_that_is_taken_back_is_between_the_sides_until_the_old_one_serves(
    done: str, expected: bool
) -> None:
    """What only clears up afterwards keeps nobody from proving the links."""
    move = a_move(STATEFUL, done="probe-links")
    move.unwinding = True
    reached = UNDOS.index(done) if done else -1
    move.undoing = tuple(
        ActRecord(name, state=ActState.DONE if number <= reached else ActState.WAITING)
        for number, name in enumerate(UNDOS)
    )
    assert between_sides(move) is expected


def test_a_move_that_never_crossed_is_not_between_the_sides_while_it_is_cleared_up() -> None:
    move = a_move(STATEFUL, done="copy")
    move.unwinding = True
    move.undoing = (ActRecord("remove", state=ActState.STARTED, nth=1),)
    assert not between_sides(move)
