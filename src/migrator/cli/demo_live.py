"""`migrator demo --live`: a weekend on scaled time behind real pages, with an invitation per role.

Called by `demo.py`. The weekend is carried out by a process of its own, as always; this one serves
the pages and ends that one when it is ended. Whoever signs in and has a page open plays for
herself; everybody else is simulated.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Final

from migrator.cli import output
from migrator.cli.runs import DEFAULT_STORE, see_run
from migrator.errors import EnvironmentFailed, MigratorError
from migrator.verification.assign import on_shift

if TYPE_CHECKING:
    from migrator.plan.model import Itinerary

SPEED: Final = 600.0
"""Sixty hours in six minutes; a check that somebody simulated verifies takes a second."""

CHECK_AFTER: Final = timedelta(hours=1.5)
"""About so long after its gate a wave's first checks open."""

BEGIN_SECONDS_MAX: Final = 60.0
LEAVE_SECONDS_MAX: Final = 15.0
LOOK_SECONDS: Final = 0.2
INVITED_HOURS: Final = 12
ROLES: Final = ("handler", "decision_maker", "wave_lead", "engineer", "auditor")


def play_live(plan: Path, itinerary: Itinerary, port: int) -> None:
    """Carry the plan out and serve it until somebody ends it (Ctrl-C)."""
    from migrator.conductor.clock import wall_now
    from migrator.web.serving import Place, serve

    name = f"live-{wall_now():%Y%m%d-%H%M%S}"
    # As Ctrl-C: what was started here is ended in order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with _carried_out(plan, name) as led:
        _wait_until_it_began(name, led)
        seen = see_run(name)
        with seen.store:
            until = wall_now() + timedelta(hours=INVITED_HOURS)
            people = _by_role(itinerary)
            made = seen.store.sign_in(name).invite(list(people.values()), wall_now(), until)
            invited = {each.person: each for each in made}

            def ready(address: str) -> None:
                output.show(f"{seen.mode} {name}: {address}")
                for role, person in people.items():
                    member = itinerary.members[person]
                    card = invited[person]
                    output.show(f"  {role:<15} {member.name}")
                    output.show(f"    {address}/in/{card.token}")
                    output.show(f"    or type {card.code} at {address}/sign-in")
                output.show(
                    "sign in as the handler in one browser and as a decision maker in another; "
                    "while a page of hers is open she is asked herself, and the clock waits for her"
                )
                output.say("Ctrl-C ends the pages and the weekend")

            serve(seen, Place(port=port), ready)


def _by_role(itinerary: Itinerary) -> dict[str, str]:
    """Somebody of each role; the handler is one who is asked early and often."""
    gates = {wave.id: wave.gate_at for wave in itinerary.waves}
    asked: Counter[str] = Counter()
    for check in itinerary.checks:
        # She shall be there when it opens, or the visitor waits for Sunday.
        at = gates[check.wave] + CHECK_AFTER
        soon = (itinerary.window.end - at).total_seconds()
        for person in check.eligible:
            if on_shift(itinerary.members[person], at):
                asked[person] = max(asked[person], round(soon))
    found: dict[str, str] = {}
    for role in ROLES:
        named = [id_ for id_, member in itinerary.members.items() if role in member.roles]
        if role == "decision_maker":
            named = [d for wave in itinerary.waves[1:2] for d in wave.deciders] or named
        fresh = [person for person in named if person not in found.values()]
        if fresh:
            found[role] = max(fresh, key=lambda person: asked[person])
    return found


@dataclass(frozen=True, slots=True)
class Led:
    """The process that leads the run, and what it says."""

    process: subprocess.Popen[bytes]
    talk: IO[bytes]


@contextmanager
def _carried_out(plan: Path, name: str) -> Iterator[Led]:
    """The process that leads the run, for as long as the block lasts."""
    with TemporaryFile() as talk, _process(plan, name, talk) as led:
        yield led


@contextmanager
def _process(plan: Path, name: str, talk: IO[bytes]) -> Iterator[Led]:
    led = subprocess.Popen(  # noqa: S603 - this very program, with a plan that it has written
        [
            sys.executable, "-c", "from migrator.cli import main; raise SystemExit(main())",
            "run", str(plan), "--platform", "simulated", "--speed", str(SPEED), "--name", name,
            "--forecast",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=talk,  # a file: nobody reads along, and a full pipe would stop the weekend
        start_new_session=True,  # Ctrl-C is for this process, which ends that one in order
    )  # fmt: skip
    try:
        yield Led(led, talk)
    finally:
        led.terminate()
        try:
            led.wait(timeout=LEAVE_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            led.kill()
            led.wait()


def _wait_until_it_began(name: str, led: Led) -> None:
    waited = 0.0
    while waited < BEGIN_SECONDS_MAX:
        try:
            see_run(name, DEFAULT_STORE).store.close()
        except MigratorError:
            if led.process.poll() is not None:
                led.talk.seek(0)
                said = led.talk.read().decode(errors="replace").strip()
                raise EnvironmentFailed(
                    "demo-not-begun",
                    f"the weekend could not be begun: {said}",
                    hint="try `migrator run` with the plan that the demo has written",
                ) from None
            time.sleep(LOOK_SECONDS)
            waited += LOOK_SECONDS
            continue
        return
    raise EnvironmentFailed(
        "demo-not-begun",
        f"the weekend was not begun within {BEGIN_SECONDS_MAX:.0f} s",
        hint="the machine may be busy: try again",
    )
