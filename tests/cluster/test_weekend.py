"""Small weekends in the lab: real pods, real listeners, and traffic that moves by one write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cluster.carrying_out import Weekend, carry_out
from cluster.estate_on_cluster import Estate, an_estate
from cluster.hammer import Hammer
from cluster.judging import judge, judge_links, told
from cluster.logbook import Logbook
from cluster.old_side import OldSide
from cluster.reach import Cluster

pytestmark = pytest.mark.cluster


def show(weekend: Weekend) -> None:
    """The journal, for a failing test."""
    for line in weekend.lines:
        print(line.at, line.seq, line.event)  # noqa: T201


def agrees(weekend: Weekend, estate: Estate, hammer: Hammer, book: Logbook) -> None:
    """What callers heard is what the journal says."""
    done = told(weekend.lines)
    assert judge(hammer.heard, done).wrong == []
    assert judge_links(book.rows, estate.links, done).wrong == []


def test_a_wave_moves_onto_the_cluster_and_every_caller_follows(
    cluster: Cluster, old: OldSide, clean: list[str], tmp_path: Path
) -> None:
    names = ["alpha", "beta"]
    clean += names
    estate = an_estate(tmp_path, names, cluster.image, links=[("alpha", "beta")])
    old.runs(estate)
    with Logbook() as book, Hammer(cluster, estate) as hammer:
        weekend = carry_out(estate, tmp_path, cluster)
    show(weekend)
    assert weekend.run.outcome == "completed", weekend.causes
    assert old.states() == {"alpha": "fenced", "beta": "fenced"}
    assert [hammer.heard[name].turns for name in names] == [["old", "new"]] * 2
    agrees(weekend, estate, hammer, book)


def test_a_handlers_no_takes_the_wave_back_with_its_traffic(
    cluster: Cluster, old: OldSide, clean: list[str], tmp_path: Path
) -> None:
    names = ["gamma", "delta"]
    clean += names
    estate = an_estate(tmp_path, names, cluster.image, links=[("gamma", "delta")])
    old.runs(estate)
    with Logbook() as book, Hammer(cluster, estate) as hammer:
        weekend = carry_out(estate, tmp_path, cluster, {"gamma": lambda: True})
    show(weekend)
    assert weekend.run.outcome == "returned", weekend.causes
    assert old.states() == {"gamma": "open", "delta": "open"}
    agrees(weekend, estate, hammer, book)
    left = json.loads(cluster.kubectl("get", "pods,deployments", "-A", "-o", "json"))["items"]
    assert not [each for each in left if each["metadata"]["namespace"] in names]
