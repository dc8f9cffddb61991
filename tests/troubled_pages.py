"""Trouble for the run of the pages' tests: disturbances, worse links, a defect, a refusal."""

from __future__ import annotations

from datetime import timedelta

from migrator.engine import events as ev
from run_with_pages import ASKED, CHECK, DECIDER, OTHER, Pages

MOVE = "sickness-intake"
LEAD = "lead-01"


def trouble(pages: Pages) -> None:
    """Write it down; the pages show it once they have caught up."""
    now, leader = pages.leader.now, pages.leader
    leader.note(
        ev.DisturbanceOpened("D1", "a", MOVE, "person", "the printers stand still", ASKED, DECIDER,
                             now + timedelta(hours=4), "policy"),
        ev.DisturbanceStaffed("D1", MOVE, DECIDER, (LEAD,), "4", "https://meet.example/4", DECIDER),
        ev.DisturbanceNoted("D1", MOVE, "a fuse, it seems", "person", LEAD),
        ev.DisturbanceReddened("D1", MOVE, "not mended", holds=False),
        ev.DisturbanceOpened("D2", "b", "w02", "alarms", "answers take four seconds",
                             "source.alarms", DECIDER, now + timedelta(minutes=20), "turn-back"),
        ev.DisturbanceOpened("D3", "c", "", "person", "no telephones", OTHER, OTHER,
                             now + timedelta(hours=4), "policy"),
        ev.DisturbanceClosed("D3", "", "a switch", "changed, and they ring", DECIDER),
        ev.LinksCovered("friday", now.isoformat(), 4711, 4600, 30, 50, 20, 11),
        ev.LinksJudged(MOVE, 1, "probe-links", 20, 0, 2, 4, 0, ("l-7", "l-9"), sweep="w01",
                       slower=1, causes=("all of them go to port 5432",)),
        ev.TickGiven(CHECK, 1, OTHER, "works_but", ""),
        ev.DefectFiled("F1", CHECK, 1, "function-1-1", "w01", OTHER, ""),
        ev.TickGiven(CHECK, 1, ASKED, "does_not_work", "ab" * 32),
    )  # fmt: skip
