"""The lab on the command line: `python -m cluster.lab build|up|down|status|kubectl|shell|pin`.

`make lab`, `make lab-up` and `make lab-down` end here. What a lab lacks is said in one sentence,
with the exit code 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final

from cluster.lab import life, programs
from cluster.lab import pin as control
from cluster.lab.building import build_all
from cluster.lab.machine import LabFailed
from cluster.lab.parts import Lab

NAME: Final = os.environ.get("MIGRATOR_LAB", "main")
"""Labs of different names do not see each other."""


def say(text: str) -> None:
    """Tell whoever waits what goes on."""
    sys.stderr.write(f"lab: {text}\n")
    sys.stderr.flush()


def build(_words: list[str]) -> None:
    build_all(say)
    say(f"everything is in {programs.CONTROL.folder.parent.parent}")


def up(_words: list[str]) -> None:
    build_all(say)
    lab = life.up(NAME, say)
    say(f"enter it: nsenter --net={lab.network('lab')}; KUBECONFIG={lab.kubeconfig}")


def down(_words: list[str]) -> None:
    say("it is gone" if life.down(NAME) else "there was none")
    for name in life.sweep():
        say(f"what the lab {name} had left behind is gone, too")


def status(_words: list[str]) -> None:
    lab = the_lab()
    for name in lab.ledger.processes:
        say(f"{name}: {'runs' if lab.lives(name) else 'has ended'}; {lab.log(name)}")


def kubectl(words: list[str]) -> None:
    enter([str(programs.program("kubectl")), *words])


def shell(words: list[str]) -> None:
    enter(words or [os.environ.get("SHELL", "/bin/sh")])


def enter(argv: list[str]) -> None:
    """Become another program, inside the lab's network."""
    lab = the_lab()
    os.environ["KUBECONFIG"] = str(lab.kubeconfig)
    os.execvp("nsenter", ["nsenter", f"--net={lab.network('lab')}", *argv])  # noqa: S606, S607


def the_lab() -> Lab:
    lab = life.running(NAME)
    if lab is None:
        raise LabFailed("no lab runs; `make lab-up` starts one")
    return lab


def pin(words: list[str]) -> None:
    control.pin(words[0] if words else "")
    say("tests/cluster/lab/control asks for it now; make lab builds it")


COMMANDS: Final[dict[str, Callable[[list[str]], None]]] = {
    "build": build,
    "up": up,
    "down": down,
    "status": status,
    "kubectl": kubectl,
    "shell": shell,
    "pin": pin,
}


def main(words: list[str]) -> int:
    """Do what the first word says."""
    if not words or words[0] not in COMMANDS:
        say(f"say one of: {', '.join(COMMANDS)}")
        return 2
    try:
        COMMANDS[words[0]](words[1:])
    except LabFailed as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
