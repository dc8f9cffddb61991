"""The facts of an act: file names that no name of a run can spoil, and what a command is told."""

from __future__ import annotations

from dataclasses import replace

from migrator.platform.legacy.facts import ActFacts


def test_the_key_is_the_same_for_every_try_and_another_for_every_act(act: ActFacts) -> None:
    again = replace(act, attempt=2, nth=3, token="other", epoch=9)
    assert act.key("/g") == again.key("/g")
    others = (
        replace(act, run="r2"),
        replace(act, identity="of another store"),
        replace(act, move="db"),
        replace(act, act="start"),
    )
    keys = {act.key("/g"), act.key("/elsewhere"), *(other.key("/g") for other in others)}
    assert len(keys) == 6
    assert act.run_key("/g") == replace(act, move="db").run_key("/g") != others[1].run_key("/g")


def test_the_key_is_a_file_name_whatever_the_run_is_called(act: ActFacts) -> None:
    odd = replace(act, run="../a b\n")
    assert odd.key("/g").isalnum()
    assert odd.run_key("/g").isalnum()


def test_a_command_is_told_about_its_act(act: ActFacts) -> None:
    assert act.environment() == {
        "MIGRATOR_TOKEN": "tok-1",
        "MIGRATOR_SUBSYSTEM": "web",
        "MIGRATOR_STEP": "copy",
        "MIGRATOR_ATTEMPT": "1",
        "MIGRATOR_EPOCH": "7",
        "MIGRATOR_RUN": "r1",
    }
