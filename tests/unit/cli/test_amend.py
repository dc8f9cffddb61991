"""`migrator amend`: the difference is read before anything is asked for, and nothing else is."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

import practising
from by_command import SCRIPT_NAME, SCRIPT_TEXT, Willing, by_command, effects, live_sides
from migrator.cli import amend, app
from migrator.cli.runs import see_run
from migrator.engine import events as ev
from migrator.engine.commands import answer
from migrator.engine.fold import apply
from migrator.engine.ports import OperatorCommand
from migrator.plan.means import Command, InDoubt, Means
from migrator.plan.model import Act, Itinerary, Reaction, Trouble
from migrator.platform.legacy.trying import Tried
from migrator.store.codes import code_digest
from migrator.store.pinned_files import file_to_pin, with_files
from migrator.store.sql import open_store
from migrator.wiring import Setting, begin_practice, rehearsal
from migrator.wiring.live import begin_live, conduct, continue_live

OLD = b"#!/bin/sh\ncopy --all\n"
NEW = b"#!/bin/sh\n\tcopy --some\n"
STEP = "web/prepare"


def digest(content: bytes) -> str:
    """Its name in the store."""
    return hashlib.sha256(content).hexdigest()


def scripted() -> Itinerary:
    """The small plan; what is stateless is prepared by a script."""
    itinerary = practising.small_itinerary()
    means = Means(InDoubt.REPEAT, Command(("sh", "copy.sh"), files=("copy.sh",)))
    recipe = itinerary.recipes["stateless"]
    first, *others = recipe.steps
    mine = replace(recipe, steps=(replace(first, means=means), *others))
    return replace(itinerary, recipes={**itinerary.recipes, "stateless": mine})


@pytest.fixture(autouse=True)
def _begun(tmp_path: Path) -> None:
    """A practice run that nobody leads, and a mended file."""
    script = tmp_path / "copy.sh"
    script.write_bytes(OLD)
    file = file_to_pin("script/copy.sh", script)
    (tmp_path / "mended.sh").write_bytes(NEW)
    with open_store(practising.FOLDER, practice=True) as store:
        led = begin_practice(
            store, with_files(scripted(), [file]), "small-p1", Setting(1, 1.0), [file]
        )
        led.journal.release()


def on_the_desk() -> tuple[OperatorCommand, ...]:
    """What waits for an answer."""
    with open_store(practising.FOLDER, practice=True) as store:
        return store.journal("small-p1", lead=False).take_commands()


def give(path: Path, *words: str, step: str = STEP, name: str = "copy.sh") -> int:
    """Give the verb."""
    told = ["amend", "latest", step, "--file", f"{name}={path}", "--reason", "other table"]
    return app.run([*told, "--as", "anna", *words])


def test_the_difference_is_shown_and_the_bytes_are_in_the_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "copy.sh").write_bytes(b"edited in the working tree")

    assert give(tmp_path / "mended.sh") == 0

    err = capsys.readouterr().err
    assert "-copy --all\n+   copy --some\n" in err
    assert "this step declares no dry run: nothing was tried out" in err
    assert f"gives {STEP} other bytes for its next try" in err
    (command,) = on_the_desk()
    assert [command.detail(key) for key in ("file", "was", "now")] == [
        "copy.sh", digest(OLD), digest(NEW),
    ]  # fmt: skip
    assert command.detail("os_user")
    seen = see_run("latest")
    with seen.store:
        assert seen.store.pinned(digest(NEW)) == NEW
        apply(seen.run, seen.now(), ev.RunPaused("to look"))
        told = answer(seen.run, command, seen.now(), {})
    assert isinstance(told[1], ev.SecondAsked)


def test_a_code_goes_along_as_its_digest(tmp_path: Path) -> None:
    words = ("--second", "bertil", "--code", "7kqm 2xwd rb9t")
    assert give(tmp_path / "mended.sh", *words) == 0
    (command,) = on_the_desk()
    assert command.detail("second") == "bertil"
    assert command.detail("code_digest") == code_digest("7KQM-2XWD-RB9T")


@pytest.mark.parametrize("words", [("--second", "bertil"), ("--code", "x")])
def test_half_of_a_second_person_is_nobody(
    tmp_path: Path, words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert give(tmp_path / "mended.sh", *words) == 2
    assert "--second and --code go together" in capsys.readouterr().err
    assert on_the_desk() == ()


def test_what_is_no_text_is_told_by_size_and_digest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for content in (b"\0\1", b"\xff\xfe"):
        (tmp_path / "program").write_bytes(content)
        assert give(tmp_path / "program") == 0
        err = capsys.readouterr().err
        assert f"copy.sh was: {len(OLD)} bytes, {digest(OLD)}" in err
        assert f"copy.sh now: 2 bytes, {digest(content)}" in err


def test_a_long_difference_is_cut_and_the_cut_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amend, "DIFF_LINES_MAX", 3)
    (tmp_path / "long").write_text("x\n" * 20, "utf-8")
    assert give(tmp_path / "long") == 0
    assert "... and 22 more lines" in capsys.readouterr().err


def test_the_same_bytes_and_other_ends_of_lines_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "same").write_bytes(OLD)
    assert give(tmp_path / "same") == 0
    assert "copy.sh: no line differs\n" in capsys.readouterr().err
    (tmp_path / "same").write_bytes(OLD.replace(b"\n", b"\r\n"))
    assert give(tmp_path / "same") == 0
    assert "copy.sh: no line differs, only how lines end" in capsys.readouterr().err


def test_lost_bytes_are_said_to_be_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.store.sql.Store.pinned", lambda *_: None)
    assert give(tmp_path / "mended.sh") == 0
    err = capsys.readouterr().err
    assert "are not in the store: there is nothing to compare with" in err
    assert "+   copy --some" in err
    (tmp_path / "program").write_bytes(b"\0")
    assert give(tmp_path / "program") == 0
    assert "copy.sh was:" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("step", "name"), [("nothing/prepare", "copy.sh"), (STEP, "cpy.sh"), ("web", "copy.sh")]
)
def test_what_cannot_be_amended_goes_to_the_engine_which_says_why(
    tmp_path: Path, step: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert give(tmp_path / "mended.sh", step=step, name=name) == 0
    assert "copy --some" not in capsys.readouterr().err
    (command,) = on_the_desk()
    seen = see_run("latest")
    with seen.store:
        (told,) = answer(seen.run, command, seen.now(), {})
        assert seen.store.pinned(digest(NEW)) is None
    assert isinstance(told, ev.CommandRefused)


@pytest.mark.parametrize("file", ["copy.sh", "=x", "copy.sh="])
def test_a_file_is_named_with_its_new_bytes(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["amend", "latest", STEP, "--file", file, "--reason", "x", "--as", "anna"]
    assert app.run(words) == 2
    assert "write --file NAME=PATH" in capsys.readouterr().err


def test_a_file_that_cannot_be_taken_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert give(tmp_path / "nowhere.sh") == 2
    told = capsys.readouterr().err
    assert "nowhere.sh cannot be read: No such file" in told
    assert "see: runbooks/file-not-pinned.md" in told
    monkeypatch.setattr("migrator.store.pinned_files.SCRIPT_BYTES_MAX", 3)
    assert give(tmp_path / "mended.sh") == 2
    assert "bytes; at most 3 are pinned" in capsys.readouterr().err


def test_nothing_is_kept_for_a_run_that_is_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    played = replace(scripted(), files={"script/copy.sh": digest(OLD)})
    kept = rehearsal(played, seed=1, accidents=False, name="over")
    with open_store(practising.FOLDER, practice=True) as store:
        store.keep("over", played, kept.lines, {})
    words = ["amend", "over", STEP, "--file", f"copy.sh={tmp_path / 'mended.sh'}"]
    assert app.run([*words, "--reason", "x", "--as", "anna"]) == 2
    assert "see: runbooks/run-over.md" in capsys.readouterr().err
    with open_store(practising.FOLDER, practice=True) as store:
        assert store.pinned(digest(NEW)) is None


BROKEN = SCRIPT_TEXT.replace("set -eu\n", "set -eu\n[ $3 = act ] && [ $2 = copy ] && exit 1\n", 1)
CHECK = (
    'if [ "$3" = check ]; then\n'
    '  echo "checking by $0 $MIGRATOR_DRY_RUN"; echo "$MIGRATOR_TOKEN" >>"$WORLD/dry-runs"\n'
    '  if [ -e "$WORLD/slow-check" ]; then sleep 60; fi\n'
    "  %s\n"
    "fi\n"
)
BAD = SCRIPT_TEXT.replace("set -eu\n", "set -eu\n" + CHECK % "echo no such table; exit 4", 1)
GOOD = SCRIPT_TEXT.replace("set -eu\n", "set -eu\n" + CHECK % "echo 12 rows; exit 0", 1)


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A live run `night` of one subsystem by real programs; its copy has failed and is held."""
    world = tmp_path / "world"
    world.mkdir()
    holds = {trouble: Reaction(Act.HOLD) for trouble in Trouble}
    itinerary, _ = by_command(world, waves=("a",), stateless="", on=holds)
    script = tmp_path / "plan" / SCRIPT_NAME
    script.write_text(BROKEN, "utf-8")
    files = (file_to_pin(f"script/{SCRIPT_NAME}", script),)
    recipe = itinerary.recipes["stateful"]
    steps = []
    for step in recipe.steps:
        means = step.means
        if step.key == "copy" and means is not None and means.command is not None:
            argv = (f"./{SCRIPT_NAME}", "{subsystem}", "copy", "check")
            means = replace(means, dry_run=replace(means.command, argv=argv, files=()))
        steps.append(replace(step, means=means))
    recipes = {**itinerary.recipes, "stateful": replace(recipe, steps=tuple(steps))}
    itinerary = with_files(replace(itinerary, recipes=recipes), files)
    with open_store(practising.FOLDER, practice=False) as store:
        led = begin_live(store, itinerary, "night", "anna", files)
        conduct(led, Willing(led.journal), waits_for_people=False)
    return world


def amend_live(path: Path, content: str, *words: str, run: str = "night") -> int:
    """Give the verb to the live run."""
    path.write_text(content, "utf-8")
    told = ["amend", run, "a/copy", "--file", f"{SCRIPT_NAME}={path}", "--reason", "other table"]
    return app.run([*told, "--as", "anna", "--yes", *words])


def pinned(content: str) -> bytes | None:
    """What the live store has of these bytes."""
    with open_store(practising.FOLDER, practice=False) as store:
        return store.pinned(digest(content.encode()))


def asked_live() -> tuple[OperatorCommand, ...]:
    """What waits on the live run's desk."""
    with open_store(practising.FOLDER, practice=False) as store:
        return store.journal("night", lead=False).take_commands()


@pytest.mark.slow
def test_bytes_that_do_not_pass_their_dry_run_are_neither_kept_nor_asked_for(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert amend_live(tmp_path / "new.sh", BAD) == 2
    err = capsys.readouterr().err
    assert "/act.sh 1\n  | no such table\n" in err
    assert "the dry run of a/copy with the new act.sh failed: exit 4, and exit 0 is expected" in err
    assert "nothing was amended" in err
    assert "see: runbooks/amend-dry-run-failed.md" in err

    assert amend_live(tmp_path / "new.sh", "#!/no/such/interpreter\n") == 2
    assert "[command-not-executable]" in capsys.readouterr().err

    (world / "slow-check").touch()
    assert amend_live(tmp_path / "new.sh", GOOD, "--dry-run-limit", "0.5") == 2
    assert "was not over after 0.5 seconds and was ended" in capsys.readouterr().err

    assert pinned(BAD) is None
    assert pinned(GOOD) is None
    assert asked_live() == ()


@pytest.mark.slow
def test_a_live_step_goes_on_with_the_bytes_that_passed_its_dry_run_twice(
    world: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = tmp_path / "plan" / SCRIPT_NAME
    script.write_text("#!/bin/sh\nexit 1\n", "utf-8")

    def lead(*, to_the_end: bool = False) -> str:
        with open_store(practising.FOLDER, practice=False) as store:
            led = continue_live(store, "night")
            done = conduct(led, Willing(led.journal), waits_for_people=to_the_end)
            return done.run.outcome

    assert amend_live(tmp_path / "new.sh", GOOD) == 0
    err = capsys.readouterr().err
    assert "  | 12 rows\n" in err, "the dry run saw the new bytes: the pinned ones have none"
    assert "the dry run of a/copy passed: exit 0" in err
    assert lead() == ""

    capsys.readouterr()
    assert app.run(["decide", "night"]) == 0
    told = "anna wants to amend a/copy: other table; its dry run passed"
    assert told in capsys.readouterr().out
    monkeypatch.setattr("migrator.cli.second_person.os_user", lambda: "another")
    assert amend_live(tmp_path / "new.sh", GOOD, "--as", "bo") == 0
    assert "anna asked to amend a/copy: other table; its dry run passed" in capsys.readouterr().err
    words = ["retry", "night", "a/copy", "--reason", "mended", "--as", "anna", "--yes"]
    assert app.run(words) == 0
    assert lead(to_the_end=True) == "with_exceptions"

    with open_store(practising.FOLDER, practice=False) as store:
        lines = store.journal("night", lead=False).lines()
    (amended,) = [line.event for line in lines if isinstance(line.event, ev.StepAmended)]
    assert (amended.by, amended.second, amended.dry_run) == ("bo", "anna", "passed")
    assert live_sides(world) == {"a": "new"}
    dry_runs = (world / "dry-runs").read_text("utf-8").split()
    assert len(set(dry_runs)) == 2
    assert not {line.split()[0] for line in effects(world)} & set(dry_runs)
    capsys.readouterr()
    assert app.run(["report", "night", "--lang", "en"]) == 0
    assert "its dry run with it passed" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_no_dry_run_is_made_where_the_verb_would_be_refused(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert amend_live(tmp_path / "new.sh", GOOD, run="latest") == 2
    assert "see: runbooks/live-by-name.md" in capsys.readouterr().err
    assert amend_live(tmp_path / "new.sh", GOOD, "--as", "nobody") == 2
    assert "see: runbooks/unknown-person.md" in capsys.readouterr().err
    assert amend_live(tmp_path / "new.sh", BROKEN) == 0
    assert "the dry run is not made: these are the bytes that a/copy uses" in (
        capsys.readouterr().err
    )
    assert not (world / "dry-runs").exists()


def test_a_practice_makes_no_dry_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "migrator.engine.amending.dry_run_of", lambda *_: Command(("no-such-program",))
    )
    assert give(tmp_path / "mended.sh") == 0
    err = capsys.readouterr().err
    assert "ÖVNING/PRACTICE: the dry run is not made, nothing real is touched" in err
    (command,) = on_the_desk()
    assert command.detail("dry_run") == ""


def test_of_a_long_dry_run_the_end_is_shown_and_the_rest_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amend, "DRY_RUN_LINES_MAX", 2)
    amend._show_dry_run(Tried(passed=True, said="passed: exit 0", output="1\n2\n\tx\x1b[2J\n"))
    err = capsys.readouterr().err
    assert (
        err == "  ... 1 lines of it are not shown\n  | 2\n  |     x\N{REPLACEMENT CHARACTER}[2J\n"
    )
