"""A weekend on a real cluster for a person to watch: `make demo-cluster`.

It starts a lab of its own (and builds it where it never was), writes a small estate, and then does
nothing but call the program: `plan`, `approve`, `run --platform kubernetes`, and the verbs that
people give. The people are a stand-in that says go, ticks checks and commits; one of them says that
something does not work, so that one wave is seen to go back. The lab is ended whatever happens;
plan, journal and report stay in the folder that is named at the end.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from cluster.estate_on_cluster import (
    OLD_FILE,
    Estate,
    Member,
    a_front,
    a_server,
    on_the_lab,
    write_estate,
)
from cluster.hammer import Hammer
from cluster.lab import life, programs
from cluster.lab.building import build_all, is_built
from cluster.lab.images import PYTHON
from cluster.lab.machine import missing_to_build, missing_to_start
from cluster.lab.parts import Lab
from cluster.links_declared import probes_of
from cluster.old_side import OldSide
from cluster.reach import Cluster
from migrator.plan.text import plan_to_text, read_plan

MIGRATOR: Final = Path(sys.executable).absolute().parent / "migrator"
RUN: Final = "demo"
PLAN: Final = "plan.yaml"
INVENTORY: Final = "estate"
NAMES: Final = (
    "archive", "benefits", "calendar", "decisions", "enquiries",
    "forms", "grants", "health", "income", "journals",
)  # fmt: skip
LINKS: Final = tuple(
    (NAMES[n], NAMES[m])
    for n, m in ((0, 1), (1, 2), (2, 5), (3, 4), (4, 5), (5, 6), (6, 0), (7, 8), (8, 9), (9, 3))
)
LOOKING: Final = ("archive", "forms")
"""Whose links a pod beside their own workload proves, once they have moved."""
RUN_MINUTES_MAX: Final = 10
ANSWERS: Final = {
    "go or no-go": "go",
    "a verdict": "tick",
    "a signature": "commit",
    "its cause, and an end": "close",
}
"""What a person is asked for, as `status` says it, and the verb that answers."""


class DemoFailed(Exception):
    """Something that a person must know, without a traceback."""


def main() -> int:
    """Carry it out; the exit code is 0 when the weekend ended as it was meant to."""
    reason = missing_to_start() or (None if is_built() else missing_to_build())
    if reason is not None:
        _say(f"the demonstration cannot run here: {reason}")
        return 2
    build_all(_say)
    life.sweep()
    folder = Path(tempfile.mkdtemp(prefix="migrator-demo-cluster-"))
    name = f"demo-{os.getpid()}"
    try:
        _say("starting a Kubernetes of one node, and an old platform beside it")
        lab = life.up(name, _say, stays=False)
        with lab.inside():
            return _weekend(lab, folder)
    except DemoFailed as error:
        _say(f"the demonstration ended early: {error}")
        return 1
    finally:
        life.down(name)
        _say("the lab is gone; nothing of it is left on this machine")


def _weekend(lab: Lab, folder: Path) -> int:
    cluster = Cluster(programs.program("kubectl"), lab.kubeconfig, "lab", PYTHON.reference)
    members = [_member(name) for name in NAMES]
    inventory = write_estate(folder, members, LINKS, probes_of(members, LINKS, pods=LOOKING))
    plan_file = folder / PLAN
    tries = ["--seed", "1", "--evaluations", "200", "--moves-per-wave-max", "5"]
    assert inventory.name == INVENTORY
    _migrator(folder, "plan", INVENTORY, "-o", PLAN, *tries)
    plan = on_the_lab(read_plan(plan_file), retries=2)
    plan_file.write_text(plan_to_text(plan), "utf-8")
    _say("edited the plan as an engineer would: old hosts are called by http, nothing soaks")
    _migrator(folder, "approve", PLAN, "--as", "anna")
    estate = Estate(plan_file, inventory, folder / OLD_FILE, tuple(members), LINKS, plan)
    refused = str(plan.waves[1].moves[0].subsystem)
    _say(
        f"{len(plan.waves)} waves; people are a stand-in from here on, and about {refused} one of "
        "them will say that it does not work"
    )
    old = OldSide(lab)
    old.runs(estate)
    try:
        _migrator(folder, "baseline", INVENTORY)
        with Hammer(cluster, estate) as hammer:
            code = _run(lab, folder, refused)
        _summary(hammer, old, folder)
    finally:
        old.end()
    # One wave was refused on purpose, so the program says 1: not everything was accepted.
    return 0 if code == 1 else 1


def _member(name: str) -> Member:
    image = PYTHON.reference
    worker = a_server(f"{name}-worker", name, image)
    return Member(name, (a_server(name, name, image), worker, a_front(name)), name)


def _run(lab: Lab, folder: Path, refused: str) -> int:
    """The run in a process of its own, and the stand-in beside it."""
    argv: list[str | Path] = [
        MIGRATOR, "run", PLAN, "--platform", "kubernetes", "--context", "lab",
        "--kubeconfig", lab.kubeconfig, "--probe-image", PYTHON.reference,
        "--without-admission-fence", "--name", RUN, "--as", "anna", "--yes",
    ]  # fmt: skip
    _shown(argv)
    run = subprocess.Popen(argv, cwd=folder, stdin=subprocess.DEVNULL)
    until = time.monotonic() + RUN_MINUTES_MAX * 60
    try:
        while run.poll() is None:
            if time.monotonic() > until:
                raise DemoFailed(f"the run took longer than {RUN_MINUTES_MAX} minutes")
            for verb, words in _asked(folder, refused):
                _answer(folder, verb, words)
            time.sleep(0.5)
        return run.returncode
    finally:
        if run.poll() is None:
            run.kill()
        run.wait()


def _asked(folder: Path, refused: str) -> Iterator[tuple[str, Sequence[str]]]:
    """What people are asked for at this moment, by what `status` says."""
    argv: list[str | Path] = [MIGRATOR, "status", RUN, "--format", "json"]
    said = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    if said.returncode != 0:
        return  # it has not begun yet
    for wait in json.loads(said.stdout)["waits"]:
        verb = ANSWERS.get(wait["waits_for"])
        subject = wait["subject"]
        if verb == "tick":
            verdict = "does_not_work" if subject.startswith(f"team.{refused}@") else "works"
            yield verb, (subject, verdict, "--as", "cia")
        elif verb == "close":
            why = ("--cause", "it did not work there", "--reason", "it is seen to on the old side")
            yield verb, (subject, "--as", "anna", *why)
        elif verb is not None:
            yield verb, (subject, "--as", "anna")


def _answer(folder: Path, verb: str, words: Sequence[str]) -> None:
    """Give a verb; one that came too late is answered by the program, and nothing is lost."""
    shown = shlex.join(words)
    print(f"    stand-in: migrator {verb} {RUN} {shown}", flush=True)  # noqa: T201
    argv: list[str | Path] = [MIGRATOR, verb, RUN, *words, "--yes"]
    said = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    if said.returncode != 0:
        print(f"    {said.stderr.strip()}", flush=True)  # noqa: T201


def _summary(hammer: Hammer, old: OldSide, folder: Path) -> None:
    """What happened, and where to look."""
    _migrator(folder, "report", RUN, "-o", "report.html")
    _migrator(folder, "links", INVENTORY, "--sweeps", f".migrator/sweeps/{RUN}")
    calls = sum(len(each.calls) for each in hammer.heard.values())
    errors = Counter[str]()
    for each in hammer.heard.values():
        errors += each.errors
    states = old.states()
    turns = Counter(" then ".join(each.turns) for each in hammer.heard.values())
    _say(f"a client called every front the whole time: {calls} calls")
    _say(f"  failed: {dict(errors)}" if errors else "  none of them failed")
    for way, count in sorted(turns.items()):
        _say(f"  {count} fronts answered from the {way} side")
    back = sorted(name for name, state in states.items() if state == "open")
    _say(f"on the old side again: {', '.join(back) or 'nobody'}")
    _say(f"look at it in {folder}: report.html, {PLAN}, estate/manifests")
    _say(f"and there, with {MIGRATOR}: status {RUN}, journal show {RUN}, evidence {RUN}")


def _migrator(folder: Path, *words: str | Path) -> None:
    """Call the program where the plan lies, and where its store therefore is."""
    argv: list[str | Path] = [MIGRATOR, *words]
    _shown(argv)
    done = subprocess.run(argv, cwd=folder, check=False)
    if done.returncode != 0:
        raise DemoFailed(f"migrator {words[0]} ended with {done.returncode}")


def _shown(argv: Sequence[str | Path]) -> None:
    print(f"\n$ migrator {' '.join(str(word) for word in argv[1:])}", flush=True)  # noqa: T201


def _say(text: str) -> None:
    print(f"demo: {text}", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
