"""Who may import whom: the contracts of pyproject.toml hold, and they are the ones we mean."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent


def test_every_import_contract_is_kept() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [str(linter), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_locked_library_that_we_name_has_one_reason_in_the_project_file() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("dependencies = [") + 1
    named = lines[start : lines.index("]", start)]
    assert [line for line in named if "#" not in line] == []


def test_the_two_locks_agree_on_every_library() -> None:
    run, dev = (pins(ROOT / "requirements" / f"{name}.txt") for name in ("runtime", "dev"))
    assert {name: (pin, dev.get(name)) for name, pin in run.items() if dev.get(name) != pin} == {}


def test_the_locks_carry_the_versions_that_the_project_file_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    locked = pins(ROOT / "requirements" / "dev.txt")
    # A lock names what an extra brings, and not the extra.
    pairs = (line.partition(";")[0].strip().split("==") for line in asked)
    wanted = {name.partition("[")[0]: pin for name, pin in pairs}
    assert {name: pin for name, pin in wanted.items() if locked.get(name) != pin} == {}


def pins(lock: Path) -> dict[str, str]:
    """The name and version of every package in a lock file."""
    lines = (line for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line)
    pairs = (line.partition(" ")[0].split("==") for line in lines)
    return {pair[0]: pair[1] for pair in pairs}


IMPORTED_AS: Final = {"prometheus-client": "prometheus_client", "pyyaml": "yaml"}
DATA_ONLY: Final = {"tzdata": "the standard library's zoneinfo reads it"}


def test_no_library_is_asked_for_that_nothing_imports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = {line.partition("==")[0] for line in project["project"]["dependencies"]}
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src" / "migrator").rglob("*.py")
    )
    unused = [
        name
        for name in sorted(asked - DATA_ONLY.keys())
        # A name in quotes counts, too: a driver may be imported by its name.
        if not re.search(rf"(import |from |\"){IMPORTED_AS.get(name, name)}\b", source)
    ]
    assert unused == []
