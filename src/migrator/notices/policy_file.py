"""The notices file: read, checked as a whole, and made into a Policy. Every fault is told at once.

Called by `migrator run --notices` and `migrator call`. What a run was begun with is kept beside its
journal as text, so that whoever leads it later calls the same people; secrets are never in it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Final

from migrator.errors import Fault, InputError
from migrator.inventory.door import did_you_mean, faults_of
from migrator.inventory.text_file import read_text_file
from migrator.inventory.yaml_text import Document, read_yaml
from migrator.notices.policy import (
    MAIL,
    Limits,
    MailServer,
    Mode,
    Policy,
    Quiet,
    Reached,
    Secret,
    Security,
    Webhook,
)
from migrator.notices.schema import LOOPBACK, NoticesFile

REFERENCE: Final = "notices-file"
_HINT: Final = "docs/being-called.md shows a whole file"


@dataclass(frozen=True, slots=True)
class Source:
    """A notices file as it was read: its text, and where it lay, from which its paths count."""

    text: str
    folder: Path
    name: str


def read_source(path: Path) -> Source:
    """The text of a file. Raises InputError where there is none."""
    missing = InputError(REFERENCE, f"there is no notices file {path}", hint=_HINT)
    return Source(read_text_file(path, missing), path.resolve().parent, str(path))


def policy_of(source: Source, people: Collection[str] = ()) -> Policy:
    """The policy that a file states. `people` are those of the run; empty: anybody may be named.

    Raises InputError with all faults.
    """
    document = read_yaml(source.text, source.name)
    faults = faults_of(document, NoticesFile)
    if not faults:
        row = NoticesFile.model_validate(document.data)
        faults = list(_misfits(row, document, people))
    if faults:
        raise InputError(
            REFERENCE,
            f"{source.name} does not say how people are called",
            hint=_HINT,
            faults=tuple(faults),
        )
    return _made(row, source.folder)


def secret_of(secret: Secret, environment: Mapping[str, str]) -> str:
    """The secret itself. Raises InputError where it is not there; it is never shown."""
    if secret.variable:
        if found := environment.get(secret.variable):
            return found
        what = f"the environment variable {secret.variable} is not set"
    else:
        assert secret.file is not None, "a secret is in a variable or in a file"
        try:
            if found := secret.file.read_text(encoding="utf-8").strip():
                return found
            what = f"{secret.file} is empty"
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            what = f"{secret.file} cannot be read: {why}"
    raise InputError(
        "notices-secret",
        f"a secret that the notices file names is not there: {what}",
        hint="put it there for the user that leads the run; the file itself never holds it",
    )


def _misfits(row: NoticesFile, document: Document, people: Collection[str]) -> Iterator[Fault]:
    """What is wrong between the parts of a file whose values are right."""

    def fault(message: str, *path: str | int) -> Fault:
        place = ".".join(str(part) for part in path)
        return Fault(document.file, document.line(path), place, message)

    channels = {*row.webhooks, *((MAIL,) if row.mail else ())}
    if MAIL in row.webhooks:
        yield fault("no webhook can be called 'mail'", "webhooks", MAIL)
    if row.mode != "off" and not channels:
        yield fault(f"the mode is {row.mode}, and there is neither mail nor a webhook", "mode")
    if row.mail is not None:
        yield from (fault(text, "mail", key) for key, text in _mail_misfits(row))
    for name, hook in row.webhooks.items():
        if (hook.secret_env is None) == (hook.secret_file is None):
            yield fault("wants one of secret_env and secret_file", "webhooks", name)
    if row.mode == "test":
        yield from (fault(text, "test") for text in _test_misfits(row))
    for path, message in _people_misfits(row, channels, people):
        yield fault(message, *path)
    if row.limits.deputy > row.limits.decision_maker:
        yield fault(
            "the deputy would be called after the decision maker", "limits", "decision_maker"
        )


def _people_misfits(
    row: NoticesFile, channels: Collection[str], people: Collection[str]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for role, names in row.roles.items():
        for index, name in enumerate(names):
            if name not in channels:
                yield ("roles", role, index), _no_channel(name, channels)
    for person, reached in row.people.items():
        if people and person not in people:
            close = did_you_mean(person, people)
            yield ("people", person), f"nobody in people.yaml has the id '{person}'{close}"
        for index, name in enumerate(reached.channels or ()):
            place = ("people", person, "channels", index)
            if name not in channels:
                yield place, _no_channel(name, channels)
            elif name == MAIL and reached.mail is None:
                yield place, f"there is no e-mail address of {person}"


def _mail_misfits(row: NoticesFile) -> Iterator[tuple[str, str]]:
    mail = row.mail
    assert mail is not None, "asked only where there is one"
    secrets = [each for each in (mail.password_env, mail.password_file) if each is not None]
    if mail.user is None and secrets:
        yield "user", "a password without a user"
    elif mail.user is not None and len(secrets) != 1:
        yield "user", "a user wants one of password_env and password_file"
    if mail.security == "none" and mail.host not in LOOPBACK:
        yield "security", "without TLS only a server on this machine may be used"


def _test_misfits(row: NoticesFile) -> Iterator[str]:
    if row.test is None or (row.test.mail is None) == (row.test.webhook is None):
        yield "the mode test wants test: {mail: ADDRESS} or test: {webhook: NAME}"
    elif row.test.mail is not None and row.mail is None:
        yield "there is no mail server to send it by"
    elif row.test.webhook is not None and row.test.webhook not in row.webhooks:
        yield _no_channel(row.test.webhook, row.webhooks)


def _no_channel(name: str, channels: Collection[str]) -> str:
    known = ", ".join(sorted(channels)) or "none"
    return f"there is no channel '{name}'{did_you_mean(name, channels)}; there are: {known}"


def _made(row: NoticesFile, folder: Path) -> Policy:
    mail, limits = row.mail, row.limits
    return Policy(
        mode=Mode(row.mode),
        pages=row.pages.rstrip("/"),
        language=row.language,
        mail=None
        if mail is None
        else MailServer(
            mail.host,
            mail.port,
            Security(mail.security),
            mail.sender,
            mail.user or "",
            _secret(mail.password_env, mail.password_file, folder) if mail.user else None,
            _path(mail.ca_file, folder),
        ),
        webhooks={
            name: Webhook(
                hook.url,
                _secret(hook.secret_env, hook.secret_file, folder),
                _path(hook.ca_file, folder),
            )
            for name, hook in row.webhooks.items()
        },
        test_mail=(row.test.mail if row.test else None) or "",
        test_webhook=(row.test.webhook if row.test else None) or "",
        roles={role: tuple(names) for role, names in row.roles.items()},
        people={
            person: Reached(
                reached.mail or "",
                reached.language or "",
                _quiet(reached.quiet),
                None if reached.channels is None else tuple(reached.channels),
            )
            for person, reached in row.people.items()
        },
        limits=Limits(
            deputy=timedelta(minutes=limits.deputy),
            decision_maker=timedelta(minutes=limits.decision_maker),
            remind=timedelta(minutes=limits.remind),
            reminders_max=limits.reminders_max,
            check_before=timedelta(minutes=limits.check_before),
            settle=timedelta(minutes=limits.settle),
        ),
    )


def _secret(variable: str | None, file: str | None, folder: Path) -> Secret:
    return Secret(variable or "", _path(file, folder))


def _path(name: str | None, folder: Path) -> Path | None:
    return None if name is None else folder / os.path.expanduser(name)  # noqa: PTH111 - ~ or not


def _quiet(hours: str | None) -> Quiet | None:
    if hours is None:
        return None
    begins, _, ends = hours.partition("-")
    return Quiet(time.fromisoformat(begins), time.fromisoformat(ends))
