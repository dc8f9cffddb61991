"""The old platform of one test in the lab: started, asked, ended."""

from __future__ import annotations

import json
import socket
import sys
import urllib.request
from pathlib import Path
from typing import Final

from cluster.estate_on_cluster import Estate
from cluster.lab.parts import OLD_ADDRESS, Lab, wait_until
from cluster.old_platform import CONTROL_PORT
from cluster.recipes_on_old_hosts import CONTROL

NAME: Final = "old-platform"
TESTS: Final = Path(__file__).parent.parent


class OldSide:
    """The old platform; one at a time in a lab."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def runs(self, estate: Estate) -> None:
        """Start a listener for each subsystem."""
        self.end()  # one that a killed test has left
        self._lab.run(
            NAME,
            [sys.executable, "-m", "cluster.old_platform", estate.old_file],
            network="old",
            env={"PYTHONPATH": str(TESTS)},
        )
        wait_until(_control_answers, 20, f"no old platform: {self._lab.last_words(NAME)}")

    def facts(self) -> dict[str, dict[str, object]]:
        """What the old platform says of its listeners."""
        with urllib.request.urlopen(f"{CONTROL}/", timeout=5) as answer:  # noqa: S310 - the lab's
            found: dict[str, dict[str, object]] = json.load(answer)["listeners"]
        return found

    def states(self) -> dict[str, str]:
        """By subsystem: open or fenced."""
        return {name: str(facts["state"]) for name, facts in self.facts().items()}

    def end(self) -> None:
        """Stop all listeners."""
        if self._lab.lives(NAME):
            self._lab.kill(NAME)


def _control_answers() -> bool:
    with socket.socket() as tried:
        tried.settimeout(1)
        return tried.connect_ex((OLD_ADDRESS, CONTROL_PORT)) == 0
