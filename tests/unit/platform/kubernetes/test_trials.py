"""How far a dry run got, in numbers and in words."""

from __future__ import annotations

from migrator.platform.kubernetes.trials import Changed, Reach, ServerDryRun, Trial


def a_trial(
    act: str = "prepare", reach: Reach = Reach.SERVER, *, why: str = "", fault: str = ""
) -> Trial:
    return Trial("web", act, "Service/shop/web", reach, why=why, fault=fault)


def a_run(*trials: Trial, changed: tuple[Changed, ...] = ()) -> ServerDryRun:
    return ServerDryRun(trials, 3, changed)


def test_every_reach_is_counted_also_where_there_is_none() -> None:
    run = a_run(a_trial(), a_trial(), a_trial("copy", Reach.SIMULATED, why="data"))
    assert run.counts == {Reach.SERVER: 2, Reach.SIMULATED: 1, Reach.NOT: 0}
    assert list(run.by_act) == ["prepare", "copy"]
    assert run.by_act["copy"] == {Reach.SERVER: 0, Reach.SIMULATED: 1, Reach.NOT: 0}


def test_coverage_is_never_rounded_up_to_what_was_asked_for() -> None:
    trials = [a_trial() for _ in range(1999)]
    assert a_run(*trials, a_trial(reach=Reach.NOT)).coverage == 99.9
    assert a_run(a_trial()).coverage == 100.0
    assert a_run(a_trial(), a_trial(reach=Reach.NOT), a_trial(reach=Reach.NOT)).coverage == 33.3


def test_nothing_to_try_is_no_coverage() -> None:
    assert a_run().coverage == 0.0


def test_a_fault_and_a_change_of_ours_fail_it_and_a_change_of_others_does_not() -> None:
    assert a_run(a_trial()).passed
    assert not a_run(a_trial(fault="no")).passed
    assert not a_run(changed=(Changed("x", ("migrator",), by_us=True),)).passed
    assert a_run(changed=(Changed("x", ("kubelet",), by_us=False),)).passed


def test_what_was_not_tried_is_gathered_by_its_reason() -> None:
    run = a_run(a_trial(), *(a_trial(act, Reach.NOT, why="gone") for act in "ab"))
    assert {key: len(found) for key, found in run.untried().items()} == {(Reach.NOT, "gone"): 2}


def test_a_place_names_act_and_object() -> None:
    assert a_trial().place == "web prepare Service/shop/web"
    assert Trial("web", "copy", "", Reach.SIMULATED).place == "web copy"
