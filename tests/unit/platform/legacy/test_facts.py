"""The facts of an act: file names that no name of a run can spoil, and what a command is told."""

from __future__ import annotations

from dataclasses import replace

from migrator.platform.legacy.facts import ActFacts


def test_the_key_is_the_same_for_every_try_and_another_for_every_act(act: ActFacts) -> None:
    assert act.key == replace(act, attempt=2, nth=3, token="other", epoch=9).key
    others = {
        replace(act, run="r2").key,
        replace(act, move="db").key,
        replace(act, act="start").key,
    }
    assert len({act.key, *others}) == 4


def test_the_key_is_a_file_name_whatever_the_run_is_called(act: ActFacts) -> None:
    odd = replace(act, run="../a b\n")
    assert odd.key.isalnum()
    assert odd.run_key.isalnum()


def test_a_command_is_told_about_its_act(act: ActFacts) -> None:
    assert act.environment() == {
        "MIGRATOR_TOKEN": "tok-1",
        "MIGRATOR_SUBSYSTEM": "web",
        "MIGRATOR_STEP": "copy",
        "MIGRATOR_ATTEMPT": "1",
        "MIGRATOR_EPOCH": "7",
        "MIGRATOR_RUN": "r1",
    }
