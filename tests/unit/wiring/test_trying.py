"""A dry run sees the amended bytes, and leaves no trace: not in the store, not for the act."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from itineraries import an_itinerary
from migrator.cli.runs import SeenRun, see_run
from migrator.engine.draft import Draft
from migrator.plan.means import SCRIPT, Command, InDoubt, Means
from migrator.plan.model import StepKind
from migrator.platform.legacy.trying import Tried
from migrator.store.pinned_files import file_to_pin, with_files
from migrator.store.sql import open_store
from migrator.wiring.live import begin_live
from migrator.wiring.trying import try_amendment

COPY = "a/copy"
SCRIPT_TEXT = "#!/bin/sh\necho pinned\n"


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[SeenRun]:
    """A live run that nobody leads; the dry run of its copy is the script that the copy calls."""
    files = []
    for name in ("copy.sh", "lib.sh"):
        (tmp_path / name).write_text(SCRIPT_TEXT, "utf-8")
        (tmp_path / name).chmod(0o755)
        files.append(file_to_pin(SCRIPT + name, tmp_path / name))
    means = Means(
        InDoubt.ASK,
        command=Command(("./copy.sh",), files=("copy.sh", "lib.sh")),
        dry_run=Command(("/bin/sh", "-c", "./copy.sh; ./lib.sh; pwd; env")),
    )
    itinerary = an_itinerary(waves=("a",))
    recipe = itinerary.recipes["stateful"]
    steps = tuple(
        replace(step, means=means) if step.kind is StepKind.COPY else step for step in recipe.steps
    )
    recipes = {**itinerary.recipes, "stateful": replace(recipe, steps=steps)}
    itinerary = with_files(replace(itinerary, recipes=recipes), files)
    with open_store(tmp_path / "state", practice=False) as store:
        begin_live(store, itinerary, "night-1", "anna", files).journal.release()
    found = see_run("night-1", tmp_path / "state")
    with found.store:
        yield found


def tried(seen: SeenRun, name: str, content: bytes) -> Tried:
    """What becomes of the dry run of the copy."""
    said: list[int] = []
    return try_amendment(
        seen.store, seen.journal, seen.run, COPY, (name, content), 30.0,
        lambda share, _text: said.append(share),
    )  # fmt: skip


def test_it_sees_the_amended_bytes_and_the_acts_other_files_as_they_are_used(
    seen: SeenRun, tmp_path: Path
) -> None:
    before = sorted(path.name for path in (tmp_path / "state").iterdir())
    words = tried(seen, "copy.sh", b"#!/bin/sh\necho amended\n").output.splitlines()
    assert words[:2] == ["amended", "pinned"]
    (tmp_path / "lib.sh").write_text("#!/bin/sh\necho working tree\n", "utf-8")
    assert tried(seen, "lib.sh", b"#!/bin/sh\nexit 0\n").output.splitlines()[0] == "pinned"

    other = seen.store.pin("file", b"#!/bin/sh\necho amended before\n")
    seen.run.amended["a", "copy"] = {"lib.sh": other}
    words = tried(seen, "copy.sh", b"#!/bin/sh\necho amended\n").output.splitlines()
    assert words[:2] == ["amended", "amended before"]
    assert not Path(words[2]).exists(), "what was laid out is taken away again"
    assert Path(words[2]).is_relative_to(tmp_path / "state")
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == before


def test_its_token_is_of_its_own_each_time_and_it_knows_the_run(seen: SeenRun) -> None:
    outputs = [tried(seen, "lib.sh", b"#!/bin/sh\n").output.splitlines() for _ in "12"]
    first, second = (dict(line.split("=", 1) for line in lines if "=" in line) for lines in outputs)
    act = Draft(seen.run, seen.now()).token("a", "copy", 1)
    assert len({first["MIGRATOR_TOKEN"], second["MIGRATOR_TOKEN"], act}) == 3
    assert first["MIGRATOR_TOKEN"].startswith("dry-run-"), "an act's token is a digest"
    assert (first["MIGRATOR_DRY_RUN"], first["MIGRATOR_RUN"]) == ("1", "night-1")
    assert (first["MIGRATOR_SUBSYSTEM"], first["MIGRATOR_EPOCH"]) == ("a", "1")


def test_bytes_that_the_store_has_lost_make_it_fail_and_not_the_program(
    seen: SeenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.store.sql.Store.pinned", lambda *_: None)
    found = tried(seen, "lib.sh", b"#!/bin/sh\n")
    assert not found.passed
    assert found.said.endswith("[pinned-bytes-lost]")


def test_without_a_place_beside_the_store_it_is_made_elsewhere(
    seen: SeenRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))
    monkeypatch.setattr("os.access", lambda *_: False)
    words = tried(seen, "copy.sh", b"#!/bin/sh\necho amended\n").output.splitlines()
    assert Path(words[2]).is_relative_to(tmp_path / "elsewhere")
    assert list((tmp_path / "elsewhere").iterdir()) == []
