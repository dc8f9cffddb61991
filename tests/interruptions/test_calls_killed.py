"""The process that leads a run is killed between a send and the line about it in the book.

That is the one instant in which a message is sent twice, and it is written down (being-called.md):
the second one has the first one's name, everything else is sent once, and nothing is forgotten.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from calls import NOW, a_thing, contacts
from itineraries import an_itinerary
from migrator.notices.answering import read_book
from migrator.notices.book import Message, State
from migrator.notices.caller import Caller, Picture
from migrator.notices.letter import Letter
from migrator.notices.model import Kind
from migrator.notices.policy import Limits, Mode, Policy
from migrator.store.sql import open_store
from migrator.store.sql_journal import SqlJournal

SECONDS_MAX = 30
THINGS = (a_thing(), a_thing(Kind.STUCK, "dora"))


@dataclass
class Mailbox:
    """Writes what it is sent into a file; the process is killed right after, if it is to be."""

    file: Path
    dies: bool

    def send(self, letter: Letter) -> str:
        with self.file.open("a") as box:
            box.write(f"{letter.person} {letter.id}\n")
            box.flush()
        if self.dies:
            os.kill(os.getpid(), signal.SIGKILL)
            threading.Event().wait(SECONDS_MAX)
        return "taken"


def letter(message: Message) -> Letter:
    return Letter(message.id, message.person, "to", "subject", "text", "en", {})


def call(journal: SqlJournal, box: Path, *, dies: bool) -> None:
    """Call for everything that waits, as the process that leads the run does."""
    policy = Policy(Mode.ON, "https://x.example", "en", None, limits=Limits(settle=NOW - NOW))
    caller = Caller(
        "night-1", journal, policy, {"mail": Mailbox(box, dies)}, letter, lambda: NOW, lambda: 0.0
    )
    picture = Picture(THINGS, contacts(), NOW)
    for _ in range(2):
        caller.step(picture)
        for thread in caller.threads():
            thread.join(SECONDS_MAX)


def main(folder: Path) -> None:
    """The process that is killed."""
    with open_store(folder, practice=True) as store:
        journal = store.create_run(
            "night-1", an_itinerary(), seed=1, mode="wall", target="x", plan_digest=""
        )
        call(journal, folder / "box", dies=True)


def test_a_message_is_doubled_under_its_own_name_and_none_is_forgotten(tmp_path: Path) -> None:
    code = f"import sys; sys.path[:0] = {sys.path!r}\n"
    code += f"from pathlib import Path\nfrom interruptions.{Path(__file__).stem} import main\n"
    code += f"main(Path({str(tmp_path)!r}))\n"
    done = subprocess.run([sys.executable, "-c", code], timeout=SECONDS_MAX, check=False)
    assert done.returncode == -signal.SIGKILL
    before = (tmp_path / "box").read_text().split("\n")[:-1]
    assert before, "it was killed after a send"
    with open_store(tmp_path, practice=True) as store:
        journal = store.journal("night-1", lead=False)
        assert {m.state for m in read_book(journal).messages} == {State.QUEUED}
        call(journal, tmp_path / "box", dies=False)
        assert {m.state for m in read_book(journal).messages} == {State.SENT}
        known = {message.id for message in read_book(journal).messages}
    after = (tmp_path / "box").read_text().split("\n")[:-1]
    assert {line.split()[0] for line in after} == {"lena", "dora"}
    assert {line.split()[1] for line in after} == known
    assert len(after) == len(known) + len(before)
