"""Which answers count as an act's writes in the server's audit log."""

from __future__ import annotations

import asyncio

import pytest

from migrator.platform.kubernetes.audits import audited, hear
from migrator.platform.kubernetes.wire import Answer, Asked, Target

ANSWER = Answer(200, {"audit-id": "one"}, b"{}")
WRITE = Asked("PATCH", "/api/v1/configmaps/x", Target("patch", "configmaps", "space", "x"))


def test_a_write_is_taken_down_with_what_it_was() -> None:
    with audited() as heard:
        hear(WRITE, ANSWER)
    assert heard == ["one patch configmaps x in namespace space"]


@pytest.mark.parametrize(
    "asked",
    [
        Asked("GET", "/api/v1/configmaps", Target("list", "configmaps")),
        Asked("PATCH", "/x", Target("patch", "configmaps"), (("dryRun", "All"),)),
        Asked("DELETE", "/x", Target("delete", "configmaps"), body={"dryRun": ["All"]}),
        Asked("POST", "/x", Target("create", "selfsubjectreviews.authentication.k8s.io")),
        Asked("POST", "/api/v1/namespaces/a/pods/b:1/proxy/look", Target("create", "pods/proxy")),
    ],
)
def test_what_changes_nothing_is_left_out(asked: Asked) -> None:
    with audited() as heard:
        hear(asked, ANSWER)
    assert heard == []


async def test_an_acts_own_tasks_are_heard_and_what_runs_beside_it_is_not() -> None:
    async def write() -> None:
        await asyncio.sleep(0)
        hear(WRITE, ANSWER)

    beside = asyncio.create_task(write())
    with audited() as heard:
        await asyncio.gather(write(), write())
        await beside
    assert len(heard) == 2


def test_nobody_who_does_not_collect_hears_anything() -> None:
    hear(WRITE, ANSWER)
    with audited() as heard:
        pass
    hear(WRITE, ANSWER)
    assert heard == []
