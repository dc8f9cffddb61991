"""A run joined with the caller of its people: what is kept with it, and what practice sends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from calls import FILE
from itineraries import an_itinerary
from migrator.engine.run import Run, new_run
from migrator.errors import InputError
from migrator.notices.answering import read_book
from migrator.notices.caller import Caller, Picture
from migrator.notices.escalation import contacts_of
from migrator.notices.folder import FolderChannel
from migrator.notices.mail import MailChannel
from migrator.notices.policy_file import Source
from migrator.notices.things import things
from migrator.notices.webhook import WebhookChannel
from migrator.store.sql import Store, open_store
from migrator.store.sql_journal import SqlJournal
from migrator.wiring import Setting, begin_practice, practise
from migrator.wiring.calling import caller_of, kept_source
from playing import Play

ONE = an_itinerary(waves=("a",))
SECONDS_MAX = 20


def source(text: str = FILE) -> Source:
    return Source(text.replace("on\n", "on\nlimits: {settle: 0}\n", 1), Path("/nowhere"), "n.yaml")


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_SECRET", "s3cret")


@contextmanager
def a_run(folder: Path, *, practice: bool) -> Iterator[tuple[Store, SqlJournal]]:
    with open_store(folder, practice=practice) as store:
        journal = store.create_run(
            "night-1", ONE, seed=1, mode="wall", target="cluster", plan_digest=""
        )
        yield store, journal
        journal.release()


def step(caller: Caller, run: Run, play: Play) -> None:
    """One round of the caller's thread, in this one."""
    picture = Picture(things(run, play.now), contacts_of(run, caller.policy), play.now)
    for _ in range(2):
        caller.step(picture)
        for thread in caller.threads():
            thread.join(SECONDS_MAX)


def test_a_practice_run_writes_into_a_folder_and_calls_nobody(tmp_path: Path) -> None:
    play = Play(ONE)
    with a_run(tmp_path, practice=True) as (store, journal):
        with caller_of(store, journal, play.run, source()) as caller:
            assert caller is not None
            assert all(isinstance(each, FolderChannel) for each in caller.channels.values())
            step(caller, play.run, play)
        written = sorted((tmp_path / "calls" / "night-1").glob("*.txt"))
        book = read_book(journal)
    assert {message.person for message in book.messages} == {"anna", "bo"}
    assert [path.stem for path in written] == sorted(message.id for message in book.messages)
    texts = [path.read_text() for path in written]
    assert all(text.startswith("NOT SENT") for text in texts)
    assert any("Våg w1" in text for text in texts), "anna reads Swedish"
    assert any("Wave w1" in text for text in texts), "bo reads English"


def test_a_live_run_opens_the_real_channels(tmp_path: Path) -> None:
    with (
        a_run(tmp_path, practice=False) as (store, journal),
        caller_of(store, journal, new_run(ONE), source()) as caller,
    ):
        assert caller is not None
        kinds = {name: type(channel) for name, channel in caller.channels.items()}
        assert kinds == {"mail": MailChannel, "ops": WebhookChannel}


def test_in_the_mode_test_everything_takes_the_way_of_the_test(tmp_path: Path) -> None:
    text = FILE.replace("mode: on", "mode: test\ntest: {mail: me@example.org}")
    with (
        a_run(tmp_path, practice=True) as (store, journal),
        caller_of(store, journal, new_run(ONE), Source(text, tmp_path, "n.yaml")) as caller,
    ):
        assert caller is not None
        assert all(isinstance(each, MailChannel) for each in caller.channels.values())
        play = Play(ONE)
        caller.channels = {"mail": FolderChannel(tmp_path / "seen", "mail"), "ops": Silent()}
        picture = Picture(
            things(play.run, play.now), contacts_of(play.run, caller.policy), play.now
        )
        caller.step(picture)
        later = play.now + timedelta(minutes=1)
        caller.step(Picture(picture.things, picture.contacts, later))
        for thread in caller.threads():
            thread.join(SECONDS_MAX)
    seen = [path.read_text() for path in (tmp_path / "seen").glob("*.txt")]
    assert seen
    assert all("To: me@example.org" in text and "[TEST]" in text for text in seen)


class Silent:
    """A channel that takes everything."""

    def send(self, _letter: object) -> str:
        return "taken"


def test_who_goes_on_with_a_run_calls_the_same_people(tmp_path: Path) -> None:
    with a_run(tmp_path, practice=True) as (store, journal):
        with caller_of(store, journal, new_run(ONE), source()):
            pass
        with caller_of(store, journal, new_run(ONE), None) as again:
            assert again is not None
            assert again.policy.reached("anna").mail == "anna@example.org"
        off = Source("schema_version: 1\nmode: off\npages: https://x.example\n", tmp_path, "off")
        with caller_of(store, journal, new_run(ONE), off) as nobody:
            assert nobody is None
        with caller_of(store, journal, new_run(ONE), None) as still:
            assert still is None


def test_no_secret_is_kept_with_the_run(tmp_path: Path) -> None:
    with a_run(tmp_path, practice=False) as (store, journal):
        with caller_of(store, journal, new_run(ONE), source()):
            pass
        assert "s3cret" not in repr(journal.all_facts())


def test_a_run_without_a_file_calls_nobody(tmp_path: Path) -> None:
    with (
        a_run(tmp_path, practice=True) as (store, journal),
        caller_of(store, journal, new_run(ONE), None) as caller,
    ):
        assert caller is None
        assert kept_source(journal) is None


def test_a_file_that_is_wrong_replaces_nothing(tmp_path: Path) -> None:
    with a_run(tmp_path, practice=True) as (store, journal):
        with (
            pytest.raises(InputError),
            caller_of(store, journal, new_run(ONE), Source("mode: on\n", tmp_path, "n.yaml")),
        ):
            pass
        assert kept_source(journal) is None


@dataclass
class Patient:
    """Lets the first send begin before the run goes on, so that there is one that hangs."""

    caller: Caller
    trouble: str = ""
    begun: bool = False

    def look(self, run: Run, now: datetime) -> None:
        self.caller.look(run, now)
        waited = threading.Event()
        for _ in range(0 if self.begun else SECONDS_MAX * 100):
            if self.caller.threads():
                self.begun = True
                return
            waited.wait(0.01)

    def close(self) -> None:
        """The caller is closed by whoever opened it."""


def test_a_mail_server_that_says_nothing_stops_no_run(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as hung,
        open_store(tmp_path, practice=True) as store,
    ):
        text = FILE.replace("port: 2525", f"port: {hung.getsockname()[1]}").replace(
            "mode: on", "mode: test\ntest: {mail: me@example.org}\nlimits: {settle: 0}"
        )
        led = begin_practice(store, ONE, "night-1", Setting(seed=1, speed=60_000))
        given = Source(text, tmp_path, "n.yaml")
        with caller_of(store, led.journal, led.run, given) as caller:
            assert caller is not None
            patient = Patient(caller)
            done = practise(led, notifier=patient)
            assert patient.begun
            assert done.run.outcome in {"completed", "with_exceptions", "returned"}
            assert caller.threads(), "the send still hangs"
        assert [message.state for message in read_book(led.journal).messages[:1]] == ["queued"]
