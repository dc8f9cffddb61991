r"""The root of the command line: its help, and the one place where errors become exit codes.

`main` in the package's `__init__` calls `run`. This is the only file of the CLI that may catch
`Exception`: whatever escapes a command is told in one line, and its traceback is kept in a file,
because a person at 03:00 needs to know what to do and a developer needs to know where it broke.

Exit codes: 0 done, 1 it went wrong or the environment failed, 2 input to mend, 3 stuck or held for
a human, 130 interrupted. A command gives its own by returning an int or raising `typer.Exit`.
"""

from __future__ import annotations

import errno
import os
import platform
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from migrator import __version__
from migrator.cli import output
from migrator.cli.lazy import LazyGroup
from migrator.errors import EnvironmentFailed, InputError, MigratorError

INTERRUPTED: Final = 130
"""What shells expect of a program that ended by Ctrl-C: 128 and the signal's number, 2."""

STATE_FOLDER: Final = Path(".migrator")
"""The default store's folder; crash notes go beside the journals they are about."""

CRASH_NOTES_MAX: Final = 100
"""A defect met in a loop must not fill the disk of the machine that holds the journal."""

NOT_ACCESSIBLE: Final = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.EISDIR,
        errno.ENOTDIR,
        errno.ENOENT,
        errno.ELOOP,
        errno.ENAMETOOLONG,
    }
)
"""A place that a person named and this machine does not give: nothing of migrator is broken."""

HELP: Final = """Plan, rehearse, carry out and undo the weekend in which a large estate of systems
changes platform.

Data goes one way: an inventory is checked, a plan is made from it, the plan is rehearsed and then
run, and every fact of a run is kept in its journal."""

EPILOG: Final = """\b
Examples:
  Rehearse the sample weekend, with a wave that fails and is unwound:
    migrator demo
  From your own files to a rehearsed plan:
    migrator check inventories/ours
    migrator plan inventories/ours -o plans/ours.yaml --seed 1
    migrator rehearse plans/ours.yaml --seed 1
  Find out why two subsystems must move together:
    migrator graph inventories/ours --why payments archive

Every command explains itself: migrator COMMAND --help"""

app = typer.Typer(
    name="migrator",
    cls=LazyGroup,
    help=HELP,
    epilog=EPILOG,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 100},
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Answer `--version`; show the help where no command is named."""
    if version:
        output.show(f"migrator {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        output.show(context.get_help())


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; nothing but an exit code leaves here."""
    as_json = output.wants_json(arguments)
    try:
        code = _run_command(arguments)
        sys.stdout.flush()
    except MigratorError as error:
        return output.fail(error, as_json=as_json)
    except TyperException as error:
        return _usage(error, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        output.say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except OSError as error:
        failed = _environment(error)
        if failed is None:
            return _crash(error, as_json=as_json)
        return output.fail(failed, as_json=as_json)
    except Exception as error:  # noqa: BLE001 - the CLI's top, see the module's text
        return _crash(error, as_json=as_json)
    return code


def _run_command(arguments: Sequence[str]) -> int:
    """Hand the words to typer, which gives back what the command returned or its exit code."""
    answer: object = get_command(app).main(
        args=list(arguments), prog_name="migrator", standalone_mode=False
    )
    return answer if isinstance(answer, int) else 0


def _usage(error: TyperException, *, as_json: bool) -> int:
    """Tell what is wrong with the command line, with the form it should have."""
    context = getattr(error, "ctx", None)  # only a usage error has one
    path = context.command_path if context is not None else "migrator"
    wrong = InputError(
        "usage",
        # Typer's inner checks by pydantic put their own words first.
        error.format_message().replace("Value error, ", ""),
        hint=f"`{path} --help` shows the options, with examples",
    )
    if context is not None and not as_json:
        output.say(context.get_usage())
    return output.fail(wrong, as_json=as_json)


def _reader_left() -> int:
    """End quietly when the reader of a pipe has gone (`migrator journal show latest | head`)."""
    # Python flushes stdout once more at its end; into nothing it cannot fail again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _environment(error: OSError) -> EnvironmentFailed | None:
    """Name the failures of a machine that any command can meet; None for one we do not know."""
    about = f": {error.filename}" if error.filename else ""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return EnvironmentFailed(
            "disk-full",
            f"the disk is full{about}",
            hint="make room and run the same command again; nothing half-written is used",
        )
    if error.filename and error.errno in NOT_ACCESSIBLE:
        return EnvironmentFailed(
            "file-not-accessible",
            f"cannot use{about.removeprefix(':')} ({error.strerror})",
            hint="give this user access to it, or name another place",
        )
    return None


def _crash(error: Exception, *, as_json: bool) -> int:
    """Keep the traceback of a defect in a file and tell in one line where it is."""
    note = "".join(
        (
            f"migrator {__version__}, Python {platform.python_version()}, {platform.platform()}\n",
            *traceback.format_exception(error),
        )
    )
    place = _keep_note(note)
    kept = f"its traceback is in {place}" if place else "its traceback could not be kept"
    broken = EnvironmentFailed(
        "internal-error",
        f"migrator itself is broken here ({type(error).__name__}); {kept}",
        hint="send that file to the people who look after migrator; the journal is unharmed",
    )
    return output.fail(broken, as_json=as_json)


def _keep_note(note: str) -> Path | None:
    """Write a crash note; None where even that is not possible."""
    try:
        STATE_FOLDER.mkdir(exist_ok=True)
        for number in range(1, CRASH_NOTES_MAX + 1):
            place = STATE_FOLDER / f"crash-{number}.txt"
            try:
                with place.open("x", encoding="utf-8") as file:
                    file.write(note)
            except FileExistsError:
                continue
            return place
    except OSError:
        return None
    return None
