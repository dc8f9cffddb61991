"""The command line's frame: help, wrong words, and how errors leave the program."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from migrator import __version__
from migrator.cli import app, commands
from migrator.errors import Fault, InputError, UnwindFailed

HEAVY = "asyncio rich pydantic yaml duckdb networkx numpy pyarrow sqlalchemy structlog jinja2"


def raising(error: BaseException) -> object:
    """A stand-in for typer's part that ends in an error."""

    def run_command(_arguments: object) -> int:
        raise error

    return run_command


def test_the_program_alone_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run([]) == 0
    alone = capsys.readouterr().out
    assert app.run(["--help"]) == 0
    assert alone.strip() == capsys.readouterr().out.strip()


def test_help_lists_commands_in_the_days_order(capsys: pytest.CaptureFixture[str]) -> None:
    app.run(["--help"])
    text = capsys.readouterr().out
    listed = [c for c in commands.available() if f"\n  {c.name} " in text]
    assert listed == list(commands.available())
    places = [text.index(f"\n  {c.name} ") for c in listed]
    assert places == sorted(places)


def test_help_ends_with_three_worked_examples(capsys: pytest.CaptureFixture[str]) -> None:
    app.run(["--help"])
    examples = capsys.readouterr().out.partition("Examples:")[2]
    # Each example is a sentence that ends with a colon, and the lines to type.
    assert sum(line.endswith(":") for line in examples.splitlines()) == 3
    assert "migrator rehearse plans/ours.yaml --seed 1\n" in examples


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from migrator.cli.app import run; run(['--help']);"
        f"print([m for m in '{HEAVY}'.split() if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"


def test_unknown_command_names_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["vresion"]) == 2
    said = capsys.readouterr()
    assert "Did you mean 'version'?" in said.err
    assert said.out == ""


def test_unknown_command_far_from_all_others_suggests_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert app.run(["xyzzy"]) == 2
    assert "Did you mean" not in capsys.readouterr().err


def test_unknown_option_is_input_to_mend(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["version", "--frmat", "json"]) == 2
    assert "see: runbooks/usage.md" in capsys.readouterr().err


@pytest.mark.parametrize("form", [["--format", "json"], ["--format=json"]])
def test_wrong_words_are_a_json_object_where_json_is_wanted(
    form: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["version", "--nonsense", *form]) == 2
    said = capsys.readouterr()
    assert json.loads(said.out)["error"]["reference"] == "usage"
    assert said.err == ""


def test_version_is_printed_by_option_and_by_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["--version"]) == 0
    assert capsys.readouterr().out == f"migrator {__version__}\n"
    assert app.run(["version", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["migrator"] == __version__


def test_every_error_leaves_with_the_exit_code_of_its_kind(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = Fault("links.csv", 7, "target", "component 'x' does not exist")
    for error, code in (
        (InputError("a", "m", hint="h", faults=(fault,)), 2),
        (UnwindFailed("b", "m", hint="h"), 3),
    ):
        monkeypatch.setattr(app, "_run_command", raising(error))
        assert app.run([]) == code
        assert app.run(["--format", "json"]) == code
    said = capsys.readouterr()
    assert "links.csv:7: target: component 'x' does not exist" in said.err


def test_interruption_leaves_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app, "_run_command", raising(KeyboardInterrupt()))
    assert app.run([]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_defect_is_told_in_one_line_and_its_traceback_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app, "_run_command", raising(ZeroDivisionError("seven by nought")))
    assert app.run([]) == 1
    assert app.run([]) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "see: runbooks/internal-error.md" in said
    notes = sorted(Path(".migrator").iterdir())
    assert [note.name for note in notes] == ["crash-1.txt", "crash-2.txt"]
    assert all(note.name in said for note in notes)
    assert "ZeroDivisionError: seven by nought" in notes[0].read_text(encoding="utf-8")


def test_defect_is_told_even_where_nothing_can_be_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(".migrator").write_text("a file where the folder should be", encoding="utf-8")
    monkeypatch.setattr(app, "_run_command", raising(ZeroDivisionError()))
    assert app.run([]) == 1
    assert "could not be kept" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "page"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EDQUOT, "disk-full"),
        (errno.EACCES, "file-not-accessible"),
        (errno.ENOENT, "file-not-accessible"),
        (errno.ENOTDIR, "file-not-accessible"),
        (errno.EISDIR, "file-not-accessible"),
    ],
)
def test_failing_machine_is_told_apart_from_wrong_input(
    number: int, page: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app, "_run_command", raising(OSError(number, "no", "report.html")))
    assert app.run([]) == 1
    said = capsys.readouterr().err
    assert "report.html" in said
    assert f"see: runbooks/{page}.md" in said


def test_reader_that_leaves_early_is_no_error() -> None:
    program = (
        "import sys; from migrator.cli import app;"
        "app._run_command = lambda _: [app.output.show('x' * 999) for _ in range(999)] and 0;"
        "sys.exit(app.run([]))"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    assert writer.stderr is not None
    writer.stdout.read(10)
    writer.stdout.close()
    said = writer.stderr.read()
    writer.stderr.close()
    assert (writer.wait(), said) == (1, "")


def test_failure_of_the_machine_that_nobody_foresaw_is_kept_as_a_defect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app, "_run_command", raising(OSError(errno.EIO, "bad disk")))
    assert app.run([]) == 1
    assert "see: runbooks/internal-error.md" in capsys.readouterr().err


def test_program_is_installed_under_its_name() -> None:
    program = Path(sys.executable).parent / "migrator"
    done = subprocess.run([str(program), "xyzzy"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
