"""Every code of the engine has a word."""

from __future__ import annotations

import pytest

from migrator.engine.states import CheckState, RunState, Side, WaveState
from migrator.plan.model import StepKind, Trouble, UndoKind
from migrator.reports import byhand, words
from migrator.reports.endings import EXCEPTIONAL, VERIFYING
from migrator.reports.texts import texts


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (words.STEPS, {kind.value for kind in StepKind}),
        (words.UNDOS, {kind.value for kind in UndoKind}),
        (words.WAVE_OUTCOMES, {state.value for state in WaveState}),
        (words.SIDES, {side.value for side in Side}),
    ],
)
def test_a_table_has_exactly_the_engines_codes(table: dict[str, str], codes: set[str]) -> None:
    assert set(table) == codes


def test_every_trouble_and_state_has_a_word() -> None:
    assert {trouble.value for trouble in Trouble} < set(words.TROUBLES)
    running = {state.value for state in RunState} - {"ended"}
    assert running < set(words.OUTCOMES)
    assert {state.value for state in CheckState} - {"assigned"} == set(words.CHECKS)
    assert set(words.DECISIONS) >= EXCEPTIONAL
    assert set(words.VERDICTS) >= VERIFYING


def test_every_step_and_undo_can_be_done_and_proved_by_hand() -> None:
    acts = set(words.STEPS) | set(words.UNDOS)
    assert set(byhand.BY_HAND) == acts
    assert set(byhand.PROOF) == acts


def test_the_mode_is_said_in_words_in_both_languages() -> None:
    for language, practice, live in (
        ("sv", "ÖVNING", "SKARPT: k8"),
        ("en", "PRACTICE", "LIVE: k8"),
    ):
        t = texts(language)
        assert words.practice_words(t, practice=True, target="k8").startswith(practice)
        assert words.practice_words(t, practice=False, target="k8") == live
