"""A dry run has passed only when it came to its own end, in its time, with an exit it expects."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from migrator.plan.means import Command
from migrator.platform.legacy.command import Commands
from migrator.platform.legacy.facts import ActFacts
from migrator.platform.legacy.trying import Tried, try_out

PASSWORD = "correct/horse battery"


@pytest.fixture
def dry(act: ActFacts) -> ActFacts:
    """The dry run of the act that the tests of commands share."""
    return replace(act, token="dry-run-1", dry_run=True)


def sh(script: str, **words: object) -> Command:
    """A command that a shell reads because the test says so."""
    return replace(Command(("/bin/sh", "-c", script)), **words)  # type: ignore[arg-type]  # a test's own data


async def test_its_exit_code_is_its_word(commands: Commands, dry: ActFacts) -> None:
    good = await try_out(commands, dry, sh("echo would copy 12 rows; exit 3", expects=(3,)), 30)
    assert good == Tried(passed=True, said="passed: exit 3", output="would copy 12 rows\n")
    bad = await try_out(commands, dry, sh("echo no table; exit 75"), 30)
    said = "failed: exit 75, and exit 0 is expected"
    assert bad == Tried(passed=False, said=said, output="no table\n")


async def test_it_knows_that_it_is_one_and_whose(commands: Commands, dry: ActFacts) -> None:
    script = "echo $MIGRATOR_DRY_RUN $MIGRATOR_TOKEN $MIGRATOR_STEP $0 $MIGRATOR_EPOCH"
    words = Command(("/bin/sh", "-c", script, "{subsystem}"), environment={"MIGRATOR_DRY_RUN": ""})
    assert (await try_out(commands, dry, words, 30)).output == "1 dry-run-1 copy web 7\n"


async def test_an_act_is_never_told_that_it_is_a_dry_run(commands: Commands, act: ActFacts) -> None:
    assert (await commands.ask(act, sh("echo [$MIGRATOR_DRY_RUN]"))).output == "[]\n"
    with pytest.raises(AssertionError, match="must not be taken for the act"):
        await try_out(commands, act, sh("true"), 30)


async def test_what_cannot_begin_has_not_passed(commands: Commands, dry: ActFacts) -> None:
    missing = await try_out(commands, dry, Command(("no-such-program",)), 30)
    secret = await try_out(commands, dry, sh("true", secrets={"P": "env:NOBODY_SET_THIS"}), 30)
    assert not missing.passed
    assert missing.said.endswith("[command-not-found]")
    assert not secret.passed
    assert secret.said.endswith("[secret-missing]")


async def test_what_outlives_its_limit_is_ended_with_all_its_offspring(
    commands: Commands, dry: ActFacts, tmp_path: Path
) -> None:
    late = tmp_path / "late"
    script = f"(trap '' TERM; sleep 1; touch {late}) & wait"
    tried = await try_out(commands, dry, sh(script), 0.2)
    assert tried == Tried(
        passed=False, said="was not over after 0.2 seconds and was ended", output=""
    )
    assert not late.exists()
    assert (await try_out(commands, dry, sh("true"), 30)).passed, "nothing of it is left"


async def test_its_output_is_cut_and_has_no_secrets(
    commands: Commands, dry: ActFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORD", PASSWORD)
    script = 'echo "$P"; head -c 100000 /dev/zero | tr "\\0" x; echo; echo end'
    talks = sh(script, secrets={"P": "env:WORD"}, output_kib_max=1)
    tried = await try_out(commands, dry, talks, 30)
    assert tried.output.startswith("[secret]\nxxx")
    assert tried.output.endswith("x\nend\n")
    assert "left out ..." in tried.output
    assert len(tried.output) < 1200


async def test_an_act_that_still_runs_is_no_earlier_try_of_its_dry_run(
    commands: Commands, act: ActFacts, dry: ActFacts
) -> None:
    assert {act.key(""), act.run_key("")}.isdisjoint({dry.key(""), dry.run_key("")})
    ahead = replace(act, epoch=9)
    assert (await commands.ask(ahead, sh("true"))).exit == 0
    assert (await try_out(commands, dry, sh("true"), 30)).passed, "its fence is its own"
