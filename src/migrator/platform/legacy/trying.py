"""The dry run of an act: its declared command, run as the act would be, with a limit of its own.

Called by `wiring/trying.py` before a file of an act is amended. The same guard, environment,
secrets and placeholders as the act; what the command says of itself is believed, so a dry run that
could not begin, was lost or outlived its limit has never passed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from migrator.errors import MigratorError
from migrator.plan.means import Command
from migrator.platform.legacy.command import Commands
from migrator.platform.legacy.facts import ActFacts


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a dry run. `said` completes a sentence: `the dry run of a/copy ...`."""

    passed: bool
    said: str
    output: str  # fit to be shown; where it was cut, it says so


async def try_out(commands: Commands, act: ActFacts, command: Command, seconds_max: float) -> Tried:
    """Run a dry run to its end or its limit; at the limit it is ended with all its offspring."""
    assert act.dry_run, "what tries an act out must not be taken for the act"
    kept: list[str] = []
    asking = replace(commands, keep_output=lambda _act, output: kept.append(output))
    try:
        async with asyncio.timeout(seconds_max):
            answer = await asking.ask(act, command)
    except TimeoutError:
        said = f"was not over after {seconds_max:g} seconds and was ended"
        return Tried(passed=False, said=said, output="")
    except MigratorError as error:
        said = f"could not be made, or its end was lost: {error.message} [{error.reference}]"
        return Tried(passed=False, said=said, output="".join(kept))
    ended = answer.told.partition("\n")[0]
    if answer.exit in command.expects:
        return Tried(passed=True, said=f"passed: {ended}", output=answer.output)
    wanted = ", ".join(map(str, command.expects))
    said = f"failed: {ended}, and exit {wanted} is expected"
    return Tried(passed=False, said=said, output=answer.output)
