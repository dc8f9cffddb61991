"""Verification, as chance plays it: nothing passes without enough people who saw what stands now.

Handlers and the wave's lead say whatever they like, at any time, from pages of any age; the second
move of the wave changes sides whenever it does. After each word the promises are asked for.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from itineraries import HANDLERS, a_check, an_itinerary
from migrator.engine import events as ev
from migrator.engine.editions import edition
from migrator.engine.states import CheckState, WaveState
from migrator.ids import SubsystemId
from migrator.plan.verifying import Verifying
from migrator.verification.suspects import Between, Exercise, Look, suspects
from playing import Play

F1 = "f1@w1"
WITHDRAW_MINUTES = 5

said = st.tuples(
    st.sampled_from(["tick", "tick", "tick", "withdraw", "claim", "hand-over", "raise", "wait"]),
    st.sampled_from([*HANDLERS, "anna", "lena", "mallory"]),
    st.sampled_from(["works", "works", "works_but", "does_not_work", "cannot_judge"]),
    st.sampled_from(["", "now", "old"]),  # which page it comes from
    st.sampled_from([0, 1, 4, 6, 30]),
)


def a_play(quorum: int, reopen: str) -> Play:
    """The first of two moves is probed; the function passes the second, which still copies."""
    checks = (
        a_check("f1", 1, "a", passing=(SubsystemId("b"),), quorum=quorum),
        a_check("f2", 1, "b"),
    )
    play = Play(
        an_itinerary(
            waves=("ab",),
            checks=checks,
            policy={"verifying": Verifying(reopen=reopen, withdraw_minutes=WITHDRAW_MINUTES)},
        )
    )
    play.go_on(lambda run: F1 in run.checks, but=["b/baseline"], ticks=False)
    play.settle()
    return play


@settings(max_examples=40, deadline=None)
@given(
    st.lists(said, max_size=14),
    st.integers(1, 3),
    st.sampled_from(["core", "passing"]),
    st.integers(0, 14),
)
def test_a_check_passes_only_by_enough_people_on_what_stands_now(
    words: list[tuple[str, str, str, str, int]], quorum: int, reopen: str, switches_at: int
) -> None:
    play = a_play(quorum, reopen)
    first = edition(play.run.checks[F1])
    for number, (verb, who, verdict, page, minutes) in enumerate(words):
        if number == switches_at:
            _second_move_goes_on(play)
        if verb == "wait":
            play.wait(minutes)
        else:
            now = edition(play.run.checks[F1])
            seen = {"": "", "now": now, "old": first}[page]
            play.say(verb, F1, who, verdict=verdict, edition=seen, to="")
        _promises(play, quorum)
    assert play.folded().checks == play.run.checks
    assert play.folded().defects == play.run.defects


def _second_move_goes_on(play: Play) -> None:
    """Until it is switched, or the wave moves no more."""
    while play.wave() is WaveState.MOVING and not play.run.moves["b"].switched:
        acts = sorted(act for act in play.under_way if act.startswith("b/"))
        if not acts:
            return
        play.wait(1)
        play.end(*(act for act in acts if act in play.under_way))


def _promises(play: Play, quorum: int) -> None:
    check = play.run.checks[F1]
    good = {who for who, verdict in check.ticks.items() if verdict in {"works", "works_but"}}
    assert good <= set(HANDLERS) | {"anna", "lena"}
    if check.state is CheckState.PASSED:
        assert len(good & set(HANDLERS)) >= quorum
        assert "does_not_work" not in check.ticks.values()
    if check.state is CheckState.ASSIGNED and check.person not in check.ticks:
        assert check.person in HANDLERS
    since = max(at for at, event in play.history if _opens(event))
    given_at = {
        event.person: at
        for at, event in play.history
        if isinstance(event, ev.TickGiven) and event.check == F1
    }
    for who in good & given_at.keys():  # what was said of another estate is no tick of this one
        assert given_at[who] >= since
    for at, event in play.history:
        if isinstance(event, ev.TickWithdrawn) and event.check == F1:
            before = [
                when for when, each in play.history if _says(each, event.person) and when <= at
            ]
            assert (at - max(before)).total_seconds() / 60 <= WITHDRAW_MINUTES


def _opens(event: ev.Event) -> bool:
    return isinstance(event, ev.CheckOpened) and event.check == F1


def _says(event: ev.Event, who: str) -> bool:
    if isinstance(event, ev.TickGiven):
        return event.person == who and event.check == F1
    return isinstance(event, ev.DefectRaised) and event.by == who


parts = st.frozensets(st.sampled_from("abcdef"), min_size=1, max_size=4)
exercises = st.lists(
    st.builds(Exercise, st.integers(0, 99).map(str), parts, parts, st.booleans()),
    max_size=8,
    unique_by=lambda each: each.id,
)
pairs = st.lists(
    st.builds(Between, st.sampled_from("abcdef"), st.sampled_from("abcdef"), st.integers(1, 9)),
    max_size=6,
)
looks = st.lists(
    st.builds(Look, st.sampled_from("abcdef"), st.integers(0, 9)),
    max_size=4,
    unique_by=lambda each: each.part,
)


@given(exercises, pairs, looks)
def test_suspects_are_ranked_and_have_something_to_do_with_what_fails(
    of: list[Exercise], between: list[Between], seen: list[Look]
) -> None:
    found = suspects(of, between, seen)
    scores = [each.score for each in found]

    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    failing = {each.id for each in of if not each.works}
    assert bool(found) == bool(failing)
    for each in found:
        assert each.fails
        assert set(each.fails) <= failing
        assert not set(each.passes) & failing


@given(exercises, pairs, parts)
def test_a_function_that_works_and_uses_a_part_never_makes_it_more_suspect(
    of: list[Exercise], between: list[Between], core: frozenset[str]
) -> None:
    before = {each.part: each.score for each in suspects(of, between, []) if not each.other}
    works = Exercise("new", core, frozenset(), works=True)
    after = {
        each.part: each.score for each in suspects([*of, works], between, []) if not each.other
    }

    for part in core & before.keys() & after.keys():
        assert after[part] <= before[part] + 1e-12
