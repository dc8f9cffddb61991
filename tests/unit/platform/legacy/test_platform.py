"""The legacy platform performs by the declared means and settles lost ends by their policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from migrator.engine.events import StepStarted, UndoStarted
from migrator.engine.ports import ActResult
from migrator.errors import PermanentError, TransientError
from migrator.plan.means import Call, Command, InDoubt, Means
from migrator.platform.legacy.calls import Calls
from migrator.platform.legacy.command import Commands
from migrator.platform.legacy.facts import LostEnd
from migrator.platform.legacy.patience import Patience
from migrator.platform.legacy.platform import Intent, LegacyPlatform

LIMIT = datetime(2026, 11, 14, 12, tzinfo=UTC)
START = StepStarted("web", "start", 1, 1, "tok-1", LIMIT)
BACK = UndoStarted("web", "bring-back", 1, 1, "tok-2", LIMIT)

BREAKS = Command(("sh", "-c", "kill -KILL $PPID; sleep 5"))
"""Kills its own guard: nobody hears its end."""


def sh(script: str) -> Command:
    return Command(("/bin/sh", "-c", script))


class Otherwise:
    """Another platform, that only says it was asked."""

    async def perform(self, intent: Intent) -> ActResult:
        return ActResult("done", "otherwise")

    async def observe(self, intent: Intent) -> ActResult:
        return ActResult("not_done", "otherwise")


@pytest.fixture
def platform(commands: Commands) -> Callable[[Means | None], LegacyPlatform]:
    """A platform on which every act has the same means."""

    def made(means: Means | None) -> LegacyPlatform:
        return LegacyPlatform(
            run="r1",
            means_of=lambda _move, _act: means,
            wave_of=lambda _move: "w1",
            epoch=lambda: 3,
            authority=lambda _move, act: {"start": "new"}.get(act),
            commands=commands,
            calls=Calls(),
            patience=Patience(first_seconds=0.05, jitter_seconds=0.0),
        )

    return made


async def test_a_done_act_moves_the_authority_that_it_moves(
    platform: Callable[[Means | None], LegacyPlatform],
) -> None:
    told = "echo $MIGRATOR_STEP {wave} {side} $MIGRATOR_EPOCH"
    means = Means(InDoubt.REPEAT, command=sh(told), observe=sh("exit 3"))
    done = await platform(means).perform(START)
    assert (done.detail, done.authority) == ("exit 0\nstart w1 new 3", "new")
    back = await platform(means).perform(BACK)
    assert (back.detail, back.authority) == ("exit 0\nbring-back w1 old 3", None)
    assert await platform(means).observe(START) == ActResult("not_done", "exit 3")
    observed = await platform(replace(means, observe=sh("exit 0"))).observe(START)
    assert (observed.outcome, observed.authority) == ("done", "new")


async def test_an_act_without_means_goes_to_the_other_platform_or_nowhere(
    platform: Callable[[Means | None], LegacyPlatform],
) -> None:
    with pytest.raises(PermanentError) as caught:
        await platform(None).perform(START)
    assert caught.value.reference == "platform-has-no-means"
    other = replace(platform(None), otherwise=Otherwise())
    assert (await other.perform(START)).detail == "otherwise"
    assert (await other.observe(START)).detail == "otherwise"


@pytest.mark.parametrize(
    ("in_doubt", "look", "outcome"),
    [
        (InDoubt.REPEAT, "exit 1", TransientError),
        (InDoubt.ASK, "exit 0", LostEnd),
        (InDoubt.OBSERVE, "exit 0", "done"),
        (InDoubt.OBSERVE, "exit 3", TransientError),
        (InDoubt.OBSERVE, "exit 1", LostEnd),
    ],
)
async def test_a_lost_end_is_settled_by_the_acts_own_policy(
    platform: Callable[[Means | None], LegacyPlatform],
    in_doubt: InDoubt,
    look: str,
    outcome: str | type[Exception],
) -> None:
    legacy = platform(Means(in_doubt, command=BREAKS, observe=sh(look)))
    if isinstance(outcome, str):
        found = await legacy.perform(START)
        assert (found.outcome, found.authority) == (outcome, "new")
    else:
        with pytest.raises(outcome):
            await legacy.perform(START)


async def test_what_is_not_proved_is_not_brought_back(
    platform: Callable[[Means | None], LegacyPlatform],
) -> None:
    lost = '{"complete": false, "on_target": 2, "returned": 1, "lost": ["case 9"]}'
    means = Means(
        InDoubt.OBSERVE, command=sh("true"), observe=sh("true"), proof=Command(("echo", lost))
    )
    failed = await platform(means).perform(BACK)
    assert (failed.outcome, failed.lost) == ("failed", ("case 9",))
    observed = await platform(means).observe(BACK)
    assert (observed.outcome, observed.lost) == ("unknown", ("case 9",))


async def test_a_call_that_cannot_be_looked_at_is_unknown(
    platform: Callable[[Means | None], LegacyPlatform],
) -> None:
    means = Means(InDoubt.ASK, call=Call("POST", "http://127.0.0.1:1/"))
    assert (await platform(means).observe(START)).outcome == "unknown"
    with pytest.raises(TransientError):
        await platform(means).perform(START)
