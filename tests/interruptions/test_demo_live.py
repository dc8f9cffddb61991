"""The demo behind pages: it invites, and what it started ends with it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.store.find import find_run

pytestmark = pytest.mark.slow

PROGRAM = "from migrator.cli import main; raise SystemExit(main())"
SMALL = ["demo", "try", "--subsystems", "8", "--links", "200", "--live", "--port", "0"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_an_invitation_for_each_role_and_ends_whom_it_started(
    tmp_path: Path, how: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *SMALL],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as demo:  # fmt: skip
        assert demo.stdout is not None
        said = []
        for line in demo.stdout:
            said.append(line)
            if line.startswith("sign in as"):
                break
        store, name = find_run("latest", tmp_path / ".migrator")
        with store:
            journal = store.journal(name, lead=False)
            assert journal.leader() is not None
            demo.send_signal(how)
            demo.stdout.read()
            demo.wait(60)
            assert journal.leader() is None, "nobody leads the weekend any more"
    text = "".join(said)
    for role in ("handler", "decision_maker"):
        assert role in text
    assert text.count("/in/") >= 2
