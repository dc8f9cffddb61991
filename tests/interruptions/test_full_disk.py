"""The store's disk fills up in the middle of a run: a clear error, and everything goes on later.

A small disk in memory is mounted for one process (`full_disk.py`). While it is full, every try to
go on ends with the same words and changes nothing; with room made, the run ends as it should.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.soak


@pytest.fixture
def alone(tmp_path: Path) -> list[str]:
    """A command that runs another one where it may mount what nobody else sees."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root may mount a small disk, with unshare")
    command = ["unshare", "-m", "--"]
    tried = [*command, "mount", "-t", "tmpfs", "none", str(tmp_path)]
    if subprocess.run(tried, stderr=subprocess.DEVNULL, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount, root neither")
    return command


def test_a_full_disk_stops_a_run_with_clear_words_and_costs_nothing(
    alone: list[str], root: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [*alone, sys.executable, str(Path(__file__).parent / "full_disk.py"), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": f"{root / 'src'}:{root / 'tests'}"},
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    seen = json.loads(done.stdout)

    assert set(seen["codes"]) == {1}
    assert set(seen["words"]) == {"error disk-full"}
    assert (root / "runbooks" / "disk-full.md").exists()
    assert 0 < seen["effects_before"] < seen["effects"]
    assert seen["broken"] == []
    assert seen["outcome"] == {"w1": ["returned", 1], "w2": ["committed", 1]}
