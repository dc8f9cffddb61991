"""A small estate and its plan as files, around this very hour: what a live run begins on.

Two subsystems, one stateful and one stateless, each in a wave of its own; every act is a call of
the script of `by_command`, which stands beside the plan. Nothing waits: no soak, and a second
attempt is not waited for. The names of people are made up.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from builders import write_inventory
from by_command import SCRIPT_NAME, SCRIPT_TEXT, declared
from migrator.inventory.reader import read_inventory
from migrator.links.load import read_links
from migrator.links.pairs import subsystem_pairs
from migrator.plan.model import Act, Reaction, Recipe, Trouble
from migrator.plan.text import plan_to_text
from migrator.planner.build import make_plan
from migrator.wiring.proving import LOOKS
from small_files import FILES

_SUBSYSTEM: Final = """\
  - id: {id}
    name: {name}
    team: blue
    kind: {kind}
    criticality: 2
    components: [{{id: {id}.app}}]
    durations:
      move: {{p50: 20m, p80: 30m}}
      verify: {{p50: 5m, p80: 10m}}
      unwind: {{p50: 10m, p80: 15m}}
"""
_PEOPLE: Final = """\
people:
  - {id: anna, name: Anna A, roles: [decision_maker, wave_lead], shifts: [now]}
  - {id: bo, name: Bo B, roles: [decision_maker], shifts: [now]}
  - {id: cia, name: Cia C, team: blue, roles: [engineer, handler], shifts: [now]}
teams:
  - {id: blue, name: Blue, seats: 4}
shifts:
"""


LINKS: Final = """\
id,source,target,protocol,port,data_class,calls_per_day,latency_class,criticality,evidence
web-register,web.app,register.app,http,80,internal,100,interactive,4,test
register-web,register.app,web.app,http,80,internal,100,interactive,2,test
"""


def a_live_plan(folder: Path, now: datetime | None = None, probes: str = "") -> Path:
    """Write `estate/`, `act.sh`, `world/` and `plan.yaml` into a folder; the plan's path.

    With `probes`, the text of probes.yaml, the two call each other, and no means are declared for
    looks at their links.
    """
    begin = (now or datetime.now(UTC)).replace(second=0, microsecond=0) - timedelta(minutes=5)
    end = begin + timedelta(hours=12)
    span = f"start: {begin.isoformat()}, end: {end.isoformat()}"
    places = FILES["places"]
    subsystems = "subsystems:\n" + "".join(
        _SUBSYSTEM.format(id=key, name=name, kind=kind)
        for key, name, kind in (("register", "Register", "stateful"), ("web", "Web", "stateless"))
    )
    estate = write_inventory(
        folder / "estate",
        subsystems=subsystems,
        relations="relations: []\n",
        functions=None,
        people=_PEOPLE + f"  - {{id: now, {span}}}\n",
        calendar=f"time_zone: Europe/Stockholm\nwindow: {{{span}}}\n",
        places=places,
        links=LINKS if probes else None,
    )
    if probes:
        (estate / "probes.yaml").write_text(probes, "utf-8")
    for stale in estate.glob("functions.yaml"):
        stale.unlink()
    inventory = read_inventory(estate)
    links = read_links(inventory, None)
    pairs = subsystem_pairs(links, inventory)
    plan = make_plan(
        inventory, pairs, seed=1, evaluations=20, name="small", path="estate", links=links
    )
    world = folder / "world"
    for each in ("register", "web"):
        (world / each).mkdir(parents=True)
        (world / each / "old").touch()
    on = {
        **plan.policy.on,
        Trouble.STEP_FAILED: Reaction(Act.UNWIND),
        Trouble.LINKS_REGRESSED: Reaction(Act.UNWIND),
        Trouble.UNDO_FAILED: Reaction(Act.HOLD),
    }
    policy = replace(plan.policy, on=on, waves_per_attempt_max=1)
    if probes:
        policy = replace(policy, soak_minutes=0)
    recipes = {name: declared(recipe, world) for name, recipe in plan.recipes.items()}
    if probes:
        recipes = {name: _looked_at_by_sweeps(recipe) for name, recipe in recipes.items()}
    script = folder / SCRIPT_NAME
    script.write_text(SCRIPT_TEXT, "utf-8")
    script.chmod(0o755)
    path = folder / "plan.yaml"
    path.write_text(plan_to_text(replace(plan, policy=policy, recipes=recipes)), "utf-8")
    assert re.search(r"command: ", path.read_text("utf-8")), "the plan says who performs its acts"
    return path


def _looked_at_by_sweeps(recipe: Recipe) -> Recipe:
    """The recipe without means for what looks at links."""
    return replace(
        recipe,
        steps=tuple(replace(s, means=None) if s.key in LOOKS else s for s in recipe.steps),
        unwind=tuple(replace(u, means=None) if u.key in LOOKS else u for u in recipe.unwind),
    )
