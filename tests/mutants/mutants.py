"""Take one guarantee out of the program at a time and name the test that turns red (make mutants).

A test that nobody has seen fail proves nothing. The TOML files beside this one list the guarantees
that matter most, each with the few lines that make it true, what they are replaced by, and the
tests that should notice:

    [[mutant]]
    name = "fence"                          # unique; `make mutants NAME=fence` makes it alone
    guarantee = "fence"                     # which promise it belongs to; see PROMISES
    removes = "An append asks for the epoch in its own transaction."
    needs = "postgresql"                    # if it does: where there is none, it is skipped
    tests = ["tests/unit/store/test_lease.py::test_..."]
    [[mutant.change]]                       # one or more; `old` must be there exactly once
    file = "src/migrator/store/group.py"    # or a folder, in whose files it is looked for
    old = "..."
    new = "..."

Every mutant is made in a copy of the tree in a temporary folder, never in the work tree, and only
its own tests are run. The same tests are run there without any mutant first: red ones would prove
nothing. The command fails where a mutant survives; where a change does not apply exactly once any
more (somebody has rewritten those lines: say anew what makes the guarantee true); where no test can
be named, as when the mutant cannot be loaded; and where a promise has no mutant at all. Whoever
adds a guarantee adds its mutant.

Two processes share the work, each with a copy of its own. They have loaded the large libraries and
nothing of the program, and make a child for each mutant: so a mutant costs its tests and little
more, and each child loads the program from the copy, which it proves before it begins.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Final, Literal
from xml.etree import ElementTree as ET

import pytest
from pydantic import BaseModel, ConfigDict

from postgresql_server import programs

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent.parent
COPIED: Final = ("src", "tests", "pyproject.toml")
"""What the named tests need of the tree."""

WORKERS: Final = 2
"""The machines that run this have two cores."""

SECONDS_MAX: Final = 120
"""For the tests of one mutant: they take a second or two, so this one hangs."""

WARM: Final = ("asyncio", "hypothesis", "networkx", "sqlalchemy", "yaml")
"""Large libraries that most tests load; loaded once. Nothing of the program may be among them."""

PROMISES: Final = frozenset({"fence", "intent", "observe", "guard", "proof-of-stop", "quorum"})
"""Promises without which nothing else holds: each must have a mutant."""

LOADED_ELSEWHERE: Final = 70
"""How a child ends that would test another program than the copy's: no code of pytest's."""

FORK: Final = multiprocessing.get_context("fork")
_STRICT: Final = ConfigDict(frozen=True, extra="forbid", strict=True)


class Change(BaseModel):
    """Text that makes a guarantee true, and what stands there without it."""

    model_config = _STRICT
    file: str
    old: str
    new: str


class Mutant(BaseModel):
    """The program without one of its guarantees."""

    model_config = _STRICT
    name: str
    guarantee: str
    removes: str
    tests: list[str]
    change: list[Change]
    needs: Literal["", "postgresql"] = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant, in a word, and the test that turned red or the reason."""

    mutant: str
    word: Literal["noticed", "SURVIVED", "skipped", "NOT APPLIED", "BROKEN"]
    why: str

    @property
    def good(self) -> bool:
        """Tell whether it was noticed, or could not be tried here."""
        return self.word in {"noticed", "skipped"}


@dataclass(frozen=True, slots=True)
class Answer:
    """How pytest ended, the first red test, and its last words."""

    code: int
    red: str
    words: str


Tester = Callable[[Path, Sequence[str]], Answer]
"""Runs tests in a copy of the tree."""


class NotAppliedError(Exception):
    """The text of a change is not in its file exactly once."""


def main(arguments: Sequence[str]) -> int:
    """Make the named mutants, or all of them; 0 when every one was noticed."""
    known = read_mutants(HERE)
    faults = faults_of(known)
    wanted = [m for m in known if not arguments or {m.name, m.guarantee} & set(arguments)]
    if not wanted:
        faults.append(f"no mutant and no guarantee is called {' '.join(arguments)!r}")
    if faults:
        say(*(f"mutants: {fault}" for fault in faults))
        return 2
    began = time.monotonic()
    found = []
    for verdict in judge(wanted, lacking()):
        say(f"{verdict.word:11} {verdict.mutant:34} {verdict.why}")
        found.append(verdict)
    count = {word: sum(v.word == word for v in found) for word in ("noticed", "skipped")}
    bad = sorted(verdict.mutant for verdict in found if not verdict.good)
    say(
        f"mutants: {count['noticed']} of {len(wanted)} noticed, {count['skipped']} skipped, "
        f"{len(bad)} not noticed{': ' + ', '.join(bad) if bad else ''} "
        f"({time.monotonic() - began:.0f} s)"
    )
    return 1 if bad else 0


def read_mutants(folder: Path) -> list[Mutant]:
    """Every mutant of every list in a folder."""
    return [
        Mutant.model_validate(row)
        for path in sorted(folder.glob("*.toml"))
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]
    ]


def faults_of(known: Sequence[Mutant]) -> list[str]:
    """What is wrong with the lists themselves."""
    names = [mutant.name for mutant in known]
    return [
        *(f"two mutants are called {name}" for name in sorted(set(names)) if names.count(name) > 1),
        *(
            f"no mutant takes away: {promise}"
            for promise in sorted(PROMISES - {mutant.guarantee for mutant in known})
        ),
    ]


def lacking() -> dict[str, str]:
    """What a mutant may need and this machine has not, with the reason that is told."""
    return {} if programs() else {"postgresql": "no PostgreSQL server is installed here"}


# --- one mutant -----------------------------------------------------------------------------------


def try_all(share: Sequence[Mutant], tree: Path, tester: Tester) -> Iterator[Verdict]:
    """Try mutants in a tree, one after the other, once their tests are green without them."""
    tests = sorted({test for mutant in share for test in mutant.tests})
    green = tester(tree, tests).code == pytest.ExitCode.OK
    for mutant in share:
        # Red in the heap: each mutant's own tests are asked by themselves, so that one red test
        # spoils the verdicts on its own mutants and on no others.
        untouched = Answer(0, "", "") if green else tester(tree, mutant.tests)
        if untouched.code == pytest.ExitCode.OK:
            yield try_one(mutant, tree, tester)
        else:
            red = untouched.red or f"pytest ended with {untouched.code}: {untouched.words}"
            yield Verdict(mutant.name, "BROKEN", f"without any mutant there is red: {red}")


def try_one(mutant: Mutant, tree: Path, tester: Tester) -> Verdict:
    """Make one mutant in a tree, ask its tests, and put the tree back as it was."""
    try:
        with mutated(mutant, tree):
            tested = tester(tree, mutant.tests)
    except NotAppliedError as error:
        return Verdict(mutant.name, "NOT APPLIED", str(error))
    if tested.code == pytest.ExitCode.OK:
        return Verdict(mutant.name, "SURVIVED", f"no test notices the end of: {mutant.removes}")
    if tested.code == pytest.ExitCode.TESTS_FAILED and tested.red:
        return Verdict(mutant.name, "noticed", tested.red)
    why = f"pytest ended with {tested.code} and named no test: {tested.words}"
    return Verdict(mutant.name, "BROKEN", why)


@contextmanager
def mutated(mutant: Mutant, tree: Path) -> Iterator[None]:
    """The tree without one guarantee, for as long as it lasts. Raises NotAppliedError."""
    without = changed(mutant, tree)
    texts = {path: path.read_text(encoding="utf-8") for path in without}
    try:
        _write(without)
        yield
    finally:
        _write(texts)


def changed(mutant: Mutant, tree: Path) -> dict[Path, str]:
    """The files that a mutant changes, as they read with its changes. Raises NotAppliedError."""
    without: dict[Path, str] = {}
    for change in mutant.change:
        where = tree / change.file
        paths = sorted(where.rglob("*.py")) if where.is_dir() else [where]
        texts = {path: without.get(path) or _text(path) for path in paths}
        places = [path for path, text in texts.items() for _ in range(text.count(change.old))]
        if len(places) != 1 or change.old == change.new:
            first = change.old.strip().splitlines()[0]
            raise NotAppliedError(
                f"this must be in {change.file} once, and is there {len(places)} times: {first}"
            )
        without[places[0]] = texts[places[0]].replace(change.old, change.new)
    return without


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _write(texts: Mapping[Path, str]) -> None:
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
        # Bytecode is told from stale one by the second and the size, and both may be equal here.
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()


# --- processes and copies -------------------------------------------------------------------------


def judge(wanted: Sequence[Mutant], missing: Mapping[str, str]) -> Iterator[Verdict]:
    """Try every mutant, and tell each verdict as soon as there is one."""
    possible = [mutant for mutant in wanted if mutant.needs not in missing]
    for mutant in wanted:
        if mutant.needs in missing:
            yield Verdict(mutant.name, "skipped", missing[mutant.needs])
    for library in WARM:
        importlib.import_module(library)
    assert "migrator" not in sys.modules, "each child must load its own"
    shares = [share for number in range(WORKERS) if (share := possible[number::WORKERS])]
    open_ones = {mutant.name for mutant in possible}
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        hearing: list[Connection] = []
        for number, share in enumerate(shares):
            ear, mouth = FORK.Pipe(duplex=False)
            tree = Path(folder).resolve() / str(number)
            FORK.Process(target=_work, args=(share, tree, mouth), daemon=False).start()
            mouth.close()  # so that a worker that has died is heard of
            hearing.append(ear)
        while hearing:
            speaking = wait(hearing)
            for ear in [each for each in hearing if each in speaking]:
                try:
                    verdict: Verdict = ear.recv()
                except EOFError:
                    hearing.remove(ear)
                else:
                    open_ones.remove(verdict.mutant)
                    yield verdict
        for worker in multiprocessing.active_children():
            worker.join()
    for name in sorted(open_ones):
        yield Verdict(name, "BROKEN", "its worker has died")


def _work(share: Sequence[Mutant], tree: Path, mouth: Connection) -> None:
    """What a worker does: its share, in a copy of its own."""
    copied(tree)
    for verdict in try_all(share, tree, run_tests):
        mouth.send(verdict)


def copied(tree: Path) -> None:
    """Copy what the tests need of the tree."""
    tree.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name)
        else:
            shutil.copy2(source, tree / name)


def run_tests(tree: Path, tests: Sequence[str]) -> Answer:
    """Run tests in a copy of the tree until the first is red."""
    report, log = tree / "report.xml", tree / "report.txt"
    report.unlink(missing_ok=True)
    child = FORK.Process(target=_child, args=(tree, tests, report, log))
    child.start()
    try:
        child.join(SECONDS_MAX)
        late = child.exitcode is None
    finally:
        if child.exitcode is None:  # also when somebody presses Ctrl-C
            assert child.pid is not None, "it was started"
            os.killpg(child.pid, signal.SIGKILL)
            child.join()
    if late:
        return Answer(-1, "", f"no end within {SECONDS_MAX} s")
    assert child.exitcode is not None, "it has ended"
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    last = next((line for line in reversed(lines) if line.strip()), "nothing was said")
    return Answer(child.exitcode, first_red(report), last.strip())


def _child(tree: Path, tests: Sequence[str], report: Path, log: Path) -> None:
    """Run pytest in a copy of the tree; ends with its code."""
    os.setsid()  # the processes of a test that hangs are ended with it
    with log.open("w", encoding="utf-8") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.chdir(tree)
    for name in [name for name in os.environ if name.startswith(("PYTEST_", "COVERAGE_"))]:
        del os.environ[name]
    sys.dont_write_bytecode = False  # the copy is for this alone, and is loaded many times
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # What is installed is found after the copy, here and in the processes that a test starts.
    os.environ["PYTHONPATH"] = str(tree / "src")
    sys.path.insert(0, str(tree / "src"))
    program = importlib.import_module("migrator").__file__
    if program is None or not Path(program).is_relative_to(tree):
        sys.stdout.write(f"{program} was loaded, and not the copy in {tree}\n")
        sys.stdout.flush()
        sys.exit(LOADED_ELSEWHERE)
    # Only the plug-in that the tests need: nothing shuffles them or shares them out.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    options = ["-x", "-q", "--tb=no", "-p", "pytest_asyncio.plugin", "-p", "no:cacheprovider"]
    options += [f"--junitxml={report}", "-o", "junit_family=xunit1"]
    sys.exit(pytest.main([*options, *tests]))


def first_red(report: Path) -> str:
    """The first test that failed, as pytest names it; empty where none did."""
    if not report.is_file():
        return ""
    cases = ET.parse(report).iter("testcase")  # noqa: S314 - pytest wrote it just now
    for case in cases:
        if case.find("failure") is not None or case.find("error") is not None:
            return f"{case.get('file', case.get('classname', ''))}::{case.get('name', '')}"
    return ""


def say(*lines: str) -> None:
    """Write lines for a person who watches."""
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
