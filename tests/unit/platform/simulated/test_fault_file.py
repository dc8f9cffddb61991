"""Fault files, read at the door: everything that is wrong at once, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from itineraries import after, an_itinerary
from migrator.errors import InputError
from migrator.platform.simulated.fault_file import read_faults
from migrator.platform.simulated.faults import FAULT_KINDS, PlannedFault

ESTATE = an_itinerary(waves=("ab",))


def read(tmp_path: Path, text: str) -> tuple[PlannedFault, ...]:
    path = tmp_path / "faults.yaml"
    path.write_text(text, encoding="utf-8")
    return read_faults(path, ESTATE)


def refused(tmp_path: Path, text: str) -> InputError:
    with pytest.raises(InputError) as error:
        read(tmp_path, text)
    assert error.value.reference == "fault-file"
    return error.value


def test_a_fault_file_is_read_with_all_its_words(tmp_path: Path) -> None:
    text = """
faults:
  - {kind: step_half_fails, subsystem: a, step: final-copy, attempt: 2, times: 3, note: disk}
  - {kind: undo_fails, step: stop-target}
  - {kind: handler_says_no, function: f1}
  - {kind: links_regress, subsystem: b, share: 0.5}
  - kind: platform_slow
    factor: 3.0
    start: "2023-10-13T18:00+02:00"
    end: 2023-10-13T19:00
"""
    found = read(tmp_path, text)

    assert found[0] == PlannedFault("step_half_fails", "a", "final-copy", "", 2, 3, note="disk")
    assert found[1] == PlannedFault("undo_fails", step="stop-target")
    assert found[2] == PlannedFault("handler_says_no", function="f1")
    assert found[3].share == 0.5
    assert (found[4].start, found[4].end, found[4].factor) == (after(0), after(60), 3.0)


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_every_kind_may_stand_in_a_file(tmp_path: Path, kind: str) -> None:
    assert read(tmp_path, f"faults: [{{kind: {kind}}}]") == (PlannedFault(kind),)


def test_all_misfits_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    error = refused(
        tmp_path,
        "faults:\n- {kind: step_fails, subsystem: z, step: dance}\n"
        "- {kind: undo_fails, step: copy}\n"
        "- {kind: handler_says_no, function: f9}\n",
    )
    assert [(fault.line, fault.path) for fault in error.faults] == [
        (2, "faults[0]"), (2, "faults[0]"), (3, "faults[1]"), (4, "faults[2]"),
    ]  # fmt: skip
    assert "subsystem 'z' does not move in this plan" in error.faults[0].message
    assert "there is no step 'dance'" in error.faults[1].message


@pytest.mark.parametrize(
    "row",
    [
        "{kind: explode}",
        "{kind: step_fails, times: 0}",
        "{kind: step_fails, attempt: 0}",
        "{kind: links_regress, share: 0.0}",
        "{kind: links_regress, share: 1.1}",
        "{kind: platform_slow, factor: 0.5}",
        "{kind: platform_slow, start: tomorrow}",
        "{kind: step_fails, colour: red}",
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, row: str) -> None:
    assert refused(tmp_path, f"faults:\n- {row}\n").faults[0].line == 2


def test_a_file_that_is_not_there_or_holds_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no fault file"):
        read_faults(tmp_path / "none.yaml", ESTATE)
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError):
        read_faults(tmp_path / "bytes.yaml", ESTATE)
