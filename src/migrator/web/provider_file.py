"""The file that says which provider signs people in, checked at the door.

Called by `migrator serve --provider FILE`. Every fault is told at once, with its line. The client's
secret stands in the environment or in a file of its own, never in this one, because this one is
copied about. What must never happen: a provider that is asked in the clear.
"""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from migrator.errors import Fault, InputError
from migrator.inventory.door import fault_at, faults_of
from migrator.inventory.text_file import read_text_file
from migrator.inventory.yaml_text import Document, read_yaml
from migrator.web.id_token import ASYMMETRIC
from migrator.web.provider import Settings, is_safe
from migrator.web.visitors import ROLES

REFERENCE: Final = "provider-file"
SKEW_SECONDS_MAX: Final = 300
SESSION_HOURS_MAX: Final = 72
"""As long as an invitation's session: a weekend and its eve."""

_Text = Annotated[str, Field(min_length=1, max_length=500)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Secret(_Part):
    env: _Text | None = None
    file: _Text | None = None


class _Person(_Part):
    claim: _Text
    before_at: bool = False
    people: dict[str, str] = Field(default_factory=dict)


class _Roles(_Part):
    claim: _Text
    give: dict[str, str]


class _File(_Part):
    schema_version: Literal[1]
    name: Annotated[str, Field(min_length=1, max_length=60)]
    issuer: _Text
    client: _Text
    secret: _Secret | None = None
    pages: _Text
    scopes: list[_Text] = Field(default_factory=lambda: ["openid", "email"])
    person: _Person
    roles: _Roles | None = None
    algorithms: list[_Text] = Field(default_factory=lambda: ["RS256", "ES256"])
    clock_skew_seconds: Annotated[int, Field(ge=0, le=SKEW_SECONDS_MAX)] = 60
    session_hours: Annotated[float, Field(gt=0, le=SESSION_HOURS_MAX)] = 12.0
    certificates: _Text | None = None


def read_provider(path: Path) -> Settings:
    """Read a provider's file. Raises InputError with all that is wrong with it."""
    missing = InputError(
        REFERENCE,
        f"there is no provider file {path}",
        hint="docs/sign-in.md shows one; leave --provider out to sign in by invitation only",
    )
    document = read_yaml(read_text_file(path, missing), str(path))
    found = faults_of(document, _File)
    if found:
        raise _broken(path, found)
    told = _File.model_validate(document.data)
    found = [*_misfits(document, told), *_unread(document, told, path.parent)]
    if found:
        raise _broken(path, found)
    roles = told.roles
    return Settings(
        name=told.name,
        issuer=told.issuer,
        client=told.client,
        secret=_secret(told.secret, path.parent),
        pages=told.pages.rstrip("/"),
        scopes=tuple(told.scopes),
        person=told.person.claim,
        before_at=told.person.before_at,
        people={value.strip().lower(): person for value, person in told.person.people.items()},
        roles_claim="" if roles is None else roles.claim,
        roles={} if roles is None else roles.give,
        algorithms=tuple(told.algorithms),
        skew=timedelta(seconds=told.clock_skew_seconds),
        hours=told.session_hours,
        authorities=None if told.certificates is None else path.parent / told.certificates,
    )


def _misfits(document: Document, told: _File) -> list[Fault]:
    found = []
    if not is_safe(told.issuer) or urlsplit(told.issuer).query or "#" in told.issuer:
        found.append(fault_at(document, ("issuer",), "must be an https address"))
    pages = urlsplit(told.pages) if is_safe(told.pages) else None
    if pages is None or pages.path.strip("/") or pages.query or pages.fragment:
        message = "must be the https address of the pages as browsers know it, without a path"
        found.append(fault_at(document, ("pages",), message))
    if "openid" not in told.scopes:
        found.append(fault_at(document, ("scopes",), "must have `openid` among them"))
    for n, each in enumerate(told.algorithms):
        if each not in ASYMMETRIC:
            message = f"is none that can be trusted; there are {', '.join(ASYMMETRIC)}"
            found.append(fault_at(document, ("algorithms", n), message))
    if told.roles is not None:
        for value, role in told.roles.give.items():
            if role not in ROLES:
                message = f"there is no role {role!r}; there are {', '.join(sorted(ROLES))}"
                found.append(fault_at(document, ("roles", "give", value), message))
    return found


def _unread(document: Document, told: _File, folder: Path) -> list[Fault]:
    """What the file points at, and what is wrong there."""
    found = []
    if told.certificates is not None and not (folder / told.certificates).is_file():
        message = f"there is no file {folder / told.certificates}"
        found.append(fault_at(document, ("certificates",), message))
    secret = told.secret
    if secret is None:
        return found
    if (secret.env is None) == (secret.file is None):
        message = "give either `env`, a variable's name, or `file`, a file's"
        found.append(fault_at(document, ("secret",), message))
    elif secret.env is not None:
        if not os.environ.get(secret.env):
            message = f"the environment variable {secret.env} is not set"
            found.append(fault_at(document, ("secret", "env"), message))
    elif secret.file is not None:
        message = _file_trouble(folder / secret.file)
        if message:
            found.append(fault_at(document, ("secret", "file"), message))
    return found


def _file_trouble(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        content = path.read_text(encoding="utf-8").strip() if stat.S_ISREG(mode) else ""
    except (OSError, UnicodeDecodeError):
        return f"{path} cannot be read"
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return f"{path} can be read by others: chmod 600 {path}"
    return "" if content else f"{path} is empty"


def _secret(said: _Secret | None, folder: Path) -> str | None:
    if said is None:
        return None
    if said.env is not None:
        return os.environ[said.env]
    assert said.file is not None, "one of the two was asked for above"
    return (folder / said.file).read_text(encoding="utf-8").strip()


def _broken(path: Path, found: list[Fault]) -> InputError:
    return InputError(
        REFERENCE,
        f"{path} does not say how people sign in",
        hint="docs/sign-in.md tells of every field",
        faults=tuple(found),
    )
