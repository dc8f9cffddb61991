"""The judge of a weekend: what it forgives, and what it must never forgive. Needs no cluster."""

from __future__ import annotations

from cluster.hammer import Call, Heard
from cluster.judging import Done, Window, is_too_early, judge, judge_links
from cluster.logbook import Connected

SWITCH = Window(10.0, 11.0, "switch")
FENCE = Window(13.0, 13.1, "fence")
BACK = Window(20.0, 21.0, "switch-back")


def heard(*words: tuple[float, str], kept: tuple[tuple[float, str], ...] = ()) -> dict[str, Heard]:
    calls = [Call(at, at + 0.01, word) for at, word in words]
    return {"web": Heard("web", calls, [Call(at, at + 0.01, word) for at, word in kept])}


def wrong(found: dict[str, Heard], *acts: Window) -> list[str]:
    return judge(found, {"web": Done([*acts])}).wrong


def test_one_turn_for_each_journalled_switch_is_right() -> None:
    found = heard((9, "old"), (10.5, "new"), (15, "new"), (20.5, "old"))
    assert wrong(found, SWITCH, BACK) == []


def test_answers_that_alternate_are_wrong() -> None:
    found = heard((9, "old"), (10.2, "new"), (10.3, "old"), (10.5, "new"))
    assert wrong(found, SWITCH) == [
        "web: answers came from ['old', 'new', 'old', 'new'], the journal says ['old', 'new']"
    ]


def test_a_turn_that_nobody_journalled_is_wrong() -> None:
    assert wrong(heard((9, "old"), (15, "new")))
    assert wrong(heard((9, "old"), (15, "old")), SWITCH)


def test_a_turn_before_its_switch_is_wrong() -> None:
    assert wrong(heard((8, "old"), (9, "new"), (15, "new")), SWITCH) == [
        "web: the new side answered 0.99 s before its switch"
    ]


def test_an_old_answer_after_the_switch_was_done_is_wrong() -> None:
    assert wrong(heard((9, "old"), (12, "old"), (15, "new")), SWITCH) == [
        "web: 1 answers of the other side after the switch to new was done"
    ]


def test_a_failure_is_explained_by_a_fence_and_by_nothing_else() -> None:
    fenced = heard((9, "old"), (10.5, "new"), (13.05, "refused"), (14, "new"))
    judged = judge(fenced, {"web": Done([SWITCH, FENCE])})
    assert (judged.wrong, judged.explained) == ([], {"refused during fence": 1})
    assert wrong(heard((9, "old"), (10.5, "new"), (15, "reset"), (16, "new")), SWITCH, FENCE) == [
        "web: reset at 15.000 with no fence to explain it"
    ]


def test_a_stateful_service_may_refuse_until_it_is_switched_and_no_longer() -> None:
    quiesce = Window(5.0, 5.1, "quiesce")
    assert wrong(heard((4, "old"), (8, "refused"), (11, "new")), quiesce, SWITCH) == []
    assert wrong(heard((4, "old"), (11, "new"), (12, "refused")), quiesce, SWITCH)


def test_a_kept_connection_is_cut_by_a_fence_and_by_nothing_else() -> None:
    calls = ((9, "old"), (10.5, "new"))
    assert wrong(heard(*calls, kept=((9, "old"), (14, "cut"), (15, "new"))), SWITCH, FENCE) == []
    assert wrong(heard(*calls, kept=((9, "old"), (18, "cut"))), SWITCH, FENCE)


def test_a_link_that_was_never_connected_is_wrong() -> None:
    links = [("web", "ledger"), ("web", "mail")]
    rows = [
        Connected("web", "old", "ledger", "old", 1, 2),
        Connected("web", "new", "mail", "new", 1, 2),
    ]
    assert judge_links(rows, links, {}).wrong == ["web to mail: never connected from the old side"]


def test_who_was_switched_must_have_connected_from_the_new_side_too() -> None:
    rows = [Connected("web", "old", "ledger", "old", 1, 2)]
    links = [("web", "ledger")]
    assert judge_links(rows, links, {"web": Done([SWITCH])}).wrong == [
        "web to ledger: never connected from the new side"
    ]
    rows.append(Connected("web", "new", "ledger", "old", 11, 12))
    assert judge_links(rows, links, {"web": Done([SWITCH])}).wrong == []


def test_a_failed_call_of_an_application_needs_a_fence_of_either_end() -> None:
    links = [("web", "ledger")]
    rows = [
        Connected("web", "old", "ledger", "old", 1, 2),
        Connected("web", "old", "ledger", "refused", 13.05, 13.06),
    ]
    assert judge_links(rows, links, {"ledger": Done([FENCE])}).wrong == []
    assert judge_links(rows, links, {"web": Done([FENCE])}).wrong == []
    assert judge_links(rows, links, {"mail": Done([FENCE])}).wrong


def test_a_front_may_refuse_before_its_first_answer_and_its_baseline_and_no_longer() -> None:
    baseline = Window(7.0, 8.0, "baseline")
    fresh = heard((6.5, "refused"), (7.5, "old"), (9, "old"), kept=((6.6, "refused"), (7.6, "old")))
    judged = judge(fresh, {"web": Done([baseline])})
    assert judged.wrong == []
    assert judged.explained == {
        "refused before its baseline": 1,
        "kept connection refused before its baseline": 1,
    }
    assert wrong(heard((6.5, "refused"), (7.5, "old"))), "nobody has looked at it"
    assert wrong(heard((6, "old"), (6.5, "refused"), (7.5, "old")), baseline), "it had answered"
    assert wrong(heard((7, "old"), (9, "refused"), (10, "old")), baseline)


def test_a_front_that_a_fault_holds_up_may_refuse_until_its_baseline_and_no_longer() -> None:
    fault, done = [Window(5.0, 6.0, "restart")], Done([Window(7.0, 8.0, "baseline")])
    (found,) = heard((6.5, "refused"), (7.5, "old"), (7.7, "refused"), (9, "refused")).values()
    early, answered, late, later = found.calls
    assert is_too_early(fault, found, done, early)
    assert not is_too_early(fault, found, done, late), "it had answered already"
    assert not is_too_early(fault, found, done, later)
    assert not is_too_early([], found, done, early), "nothing had struck it"
    assert not is_too_early(fault, found, Done(), early), "nobody has looked at it"
    assert answered.word == "old"
