"""All looks together: nothing that one may not see hides what the others found."""

from __future__ import annotations

from checked_cluster import a_subject, a_workload, checked_cluster
from kubernetes_rig import wall
from migrator.errors import PermanentError
from migrator.platform.kubernetes.checked import Level, Looked, joined, seen, warning
from migrator.platform.kubernetes.checkup import LOOKS, check_up


async def test_everything_is_looked_at_and_nothing_is_written() -> None:
    async with checked_cluster() as cluster:
        found = await check_up(cluster.client, [a_subject(a_workload())], now=wall)
        assert {each.what.split(" of ")[0] for each in found} >= {what for what, _ in LOOKS}
        assert cluster.server.writes_seen == []


async def test_what_may_not_be_seen_is_unknown_and_ends_no_other_look() -> None:
    async with checked_cluster() as cluster:
        cluster.server.forbidden |= {("get", "nodes"), ("get", "storageclasses.storage.k8s.io")}
        found = await check_up(cluster.client, [a_subject(a_workload())], now=wall)
        (nodes,) = (each for each in found if each.what == "nodes")
        assert nodes.level is Level.UNKNOWN
        assert "not allowed to list nodes" in nodes.found
        assert nodes.page == "cluster-forbidden"
        assert found[-1].what == "proxy mode"


async def test_a_look_that_fails_for_good_says_why() -> None:
    async def look() -> list[Looked]:
        raise PermanentError("cluster-refused", "no", hint="ask")

    assert await seen("this", look()) == [
        Looked(Level.UNKNOWN, "this", "nobody knows: no", "ask", "cluster-refused")
    ]


def test_the_same_trouble_of_many_places_is_one_line() -> None:
    found = joined([warning("w", "a", "mend", "p"), warning("w", "b", "mend", "p")])
    assert [each.found for each in found] == ["a; b"]
