"""Joins a run with the caller of its people: the notices file, the channels, the book, the words.

Called by `migrator run --notices FILE` and whenever such a run is gone on with. The file is kept
beside the journal, so that a standby on another machine calls the same people; its secrets are
looked up on the machine that leads. A practice run with the mode `on` writes messages into a folder
and calls nobody: its people are simulated.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from migrator.conductor.clock import seconds, wall_now
from migrator.engine.run import Run
from migrator.notices.book import Message
from migrator.notices.caller import Caller
from migrator.notices.folder import FolderChannel
from migrator.notices.letter import Channel, Letter
from migrator.notices.mail import MailChannel
from migrator.notices.policy import MAIL, Mode, Policy
from migrator.notices.policy_file import Source, policy_of, secret_of
from migrator.notices.webhook import WebhookChannel
from migrator.plan.model import Itinerary
from migrator.reports.calls import Setting, facts_of, words_of
from migrator.reports.texts import texts
from migrator.store.sql import Store
from migrator.store.sql_journal import SqlJournal

KEPT: Final = "notices"
"""The fact beside the journal under which the notices file is."""


@contextmanager
def caller_of(
    store: Store, journal: SqlJournal, run: Run, given: Source | None
) -> Iterator[Caller | None]:
    """Whoever calls the people of a run that this process leads; None where nobody is to be called.

    `given` replaces what the run was called by before. Raises InputError before anything begins.
    """
    source = given or kept_source(journal)
    policy = None if source is None else policy_of(source, run.itinerary.members)
    if policy is None or source is None or policy.mode is Mode.OFF:
        _keep(journal, given)
        yield None
        return
    caller = made(store, journal.run_name, journal, run, policy)
    _keep(journal, given)
    try:
        yield caller
    finally:
        caller.close()


def made(store: Store, name: str, journal: SqlJournal, run: Run, policy: Policy) -> Caller:
    """The caller of one run, with its channels open."""
    practice = store.practice
    folder = store.folder / "calls" / name if practice and policy.mode is Mode.ON else None

    def compose(message: Message) -> Letter:
        return letter_of(message, policy, name, run.itinerary, practice=practice)

    return Caller(
        name, journal, policy, channels_of(policy, os.environ, folder), compose, wall_now, seconds
    )


def letter_of(
    message: Message, policy: Policy, run: str, itinerary: Itinerary, *, practice: bool
) -> Letter:
    """A message in its reader's words, with the address that it goes to."""
    test = policy.mode is Mode.TEST
    language = policy.language_of(message.person)
    setting = Setting(run, practice, policy.pages, itinerary, test)
    words = words_of(message, setting, texts(language, itinerary.window.time_zone))
    to = policy.test_mail if test else policy.reached(message.person).mail
    facts = facts_of(message, setting)
    return Letter(message.id, message.person, to, words.subject, words.text, language, facts)


def channels_of(
    policy: Policy, environment: Mapping[str, str], folder: Path | None = None
) -> dict[str, Channel]:
    """The channels by name, as the mode wants them. Raises InputError where a secret is missing.

    With a folder every channel is the fake one; in the mode test every channel is that of the test.
    """
    names = [*([MAIL] if policy.mail is not None else []), *policy.webhooks]
    if folder is not None:
        return {name: FolderChannel(folder, name) for name in names}
    if policy.mode is Mode.TEST:
        only = opened(policy, policy.test_webhook or MAIL, environment)
        return dict.fromkeys(names, only)
    return {name: opened(policy, name, environment) for name in names}


def opened(policy: Policy, name: str, environment: Mapping[str, str]) -> Channel:
    """One real channel, with its secret."""
    if name == MAIL:
        server = policy.mail
        assert server is not None, "the door has checked that there is one"
        password = "" if server.password is None else secret_of(server.password, environment)
        return MailChannel(server, password)
    hook = policy.webhooks[name]
    return WebhookChannel(hook, secret_of(hook.secret, environment), _wall_seconds)


def kept_source(journal: SqlJournal) -> Source | None:
    """The notices file that a run was begun with or given since."""
    kept = journal.facts(KEPT)
    if not isinstance(kept, dict):
        return None
    return Source(str(kept["text"]), Path(str(kept["folder"])), str(kept["name"]))


def _keep(journal: SqlJournal, given: Source | None) -> None:
    if given is not None:
        facts = {"text": given.text, "folder": str(given.folder), "name": given.name}
        journal.put_facts(KEPT, facts)


def _wall_seconds() -> float:
    return wall_now().timestamp()
