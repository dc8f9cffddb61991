"""Handlers, checks and defects as short sentences."""

from __future__ import annotations

from datetime import UTC, datetime

import practising
from migrator.cli.sentences import told_of
from migrator.engine import events as ev

AT = datetime(2023, 10, 14, 1, 40, tzinfo=UTC)
ASK = "“ask” (ask@w1)"


def told(event: ev.Event) -> str:
    return told_of(event, practising.small_itinerary())


def test_who_has_a_check_is_told_by_how_they_came_to_it() -> None:
    assert told(ev.CheckAssigned("ask@w1", 1, "cecilia", AT)) == f"check {ASK} is with Cecilia"
    taken = ev.CheckAssigned("ask@w1", 1, "cecilia", AT, claimed=True)
    assert told(taken) == f"Cecilia takes check {ASK}"
    assert told(ev.CheckEscalated("ask@w1", 1, "cecilia", "anna", AT)) == (
        f"check {ASK} goes from Cecilia to the deputy, Anna"
    )
    handed = ev.CheckHandedOver("ask@w1", 1, "cecilia", "anna", AT, "cecilia", "called away")
    assert told(handed) == f"check {ASK} is handed over by Cecilia to Anna: called away"


def test_a_reminder_says_when_it_is_too_late() -> None:
    assert told(ev.CheckReminded("ask@w1", 1, "cecilia", AT)) == (
        f"check {ASK} waits for Cecilia; it is overdue at Sat 03:40"
    )


def test_a_defect_holds_nothing_until_it_is_raised() -> None:
    filed = ev.DefectFiled("F1", "ask@w1", 1, "ask", "w1", "cecilia", "")
    assert told(filed) == f"defect F1 of {ASK}, as Cecilia says; it holds nothing"
    raised = ev.DefectRaised("F1", "ask@w1", 1, "anna", "all letters")
    assert told(raised) == f"Anna takes defect F1 of {ASK} for a REFUSAL: all letters"


def test_who_is_not_there_is_named() -> None:
    assert told(ev.PersonAbsent("cecilia", AT, AT)) == (
        "nobody has heard of Cecilia, on shift since Sat 03:40; no check is given to them"
    )
