"""Where an act's writes stand in the server's audit log: collected while the act runs.

Used by `platform.py`, which journals them, and fed by `asking.py`. What reads, tries or only asks
is left out; an act's own tasks are heard with it, whatever runs beside it is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from migrator.platform.kubernetes.wire import Answer, Asked

_HEARD: Final[ContextVar[list[str] | None]] = ContextVar("audits", default=None)
_DRY: Final = ("dryRun", "All")


@contextmanager
def audited() -> Iterator[list[str]]:
    """Collect `AUDIT-ID verb resource name` of every write that is answered inside the block."""
    heard: list[str] = []
    token = _HEARD.set(heard)
    try:
        yield heard
    finally:
        _HEARD.reset(token)


def hear(asked: Asked, answer: Answer) -> None:
    """Take a good answer down where it is a write's, and somebody collects."""
    heard = _HEARD.get()
    if heard is None or asked.method == "GET" or not answer.audit_id:
        return
    tried = _DRY in asked.query or (asked.body or {}).get("dryRun") == ["All"]
    question = "reviews" in asked.target.resource or "/proxy" in asked.path
    if not (tried or question):
        heard.append(f"{answer.audit_id} {asked.target}")
