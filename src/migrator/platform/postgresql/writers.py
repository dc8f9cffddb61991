"""The writers of a database: kept out, proved to be out, and let in again.

Called by the fences and by whoever must know that nobody writes. A fence takes the log-in of each
role first and ends its sessions then, so that nobody comes in between; it holds when several looks
in a row saw nobody, because a sign-in that had passed the check needs a moment until it is seen.
Our own user is never among the writers (`readiness.py`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, cast

from migrator.errors import PermanentError, TransientError
from migrator.platform.postgresql.naming import quoted
from migrator.platform.postgresql.session import Session

FENCE_SECONDS_MAX: Final = 30.0
LOOK_SECONDS: Final = 0.1
ALTER_TRIES_MAX: Final = 20
QUIET_LOOKS: Final = 5
"""Half a second without any session. From the check of the log-in to being seen, a server process
waits for nobody: it is a matter of milliseconds."""

SESSIONS: Final = """
SELECT pid, usename, coalesce(application_name, ''), coalesce(client_addr::text, 'a socket')
FROM pg_stat_activity WHERE usename = ANY (%s) AND pid <> pg_backend_pid() ORDER BY pid
"""

PREPARED: Final = """
SELECT gid, owner FROM pg_prepared_xacts
WHERE database = current_database() AND owner = ANY (%s) ORDER BY gid
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look saw of the writers."""

    may_log_in: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    prepared: tuple[str, ...] = ()

    @property
    def out(self) -> bool:
        """Nobody is in, and nobody can come in."""
        return not (self.may_log_in or self.sessions or self.prepared)

    def __str__(self) -> str:
        """Name what keeps the fence from holding."""
        said = (
            ("may log in", self.may_log_in),
            ("sessions", self.sessions),
            ("prepared transactions", self.prepared),
            ("roles that are not there", self.missing),
        )
        words = (f"{what}: {', '.join(found)}" for what, found in said if found)
        return "; ".join(words) or "nobody is in and nobody may log in"


async def look(session: Session, writers: tuple[str, ...]) -> Seen:
    """One look at the roles, their sessions and what they left prepared."""
    names = list(writers)
    text = "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = ANY (%s)"
    roles = {str(name): may is True for name, may in await session.rows(text, names)}
    sessions = await session.rows(SESSIONS, names)
    prepared = await session.rows(PREPARED, names)
    return Seen(
        tuple(name for name in writers if roles.get(name)),
        tuple(name for name in writers if name not in roles),
        tuple(f"{user} from {place} (process {pid})" for pid, user, _, place in sessions),
        tuple(f"{gid} of {owner}" for gid, owner in prepared),
    )


async def fence(session: Session, writers: tuple[str, ...]) -> str:
    """Keep the writers out, end their sessions, and prove it. Raises where it does not hold."""
    for name in await _there(session, writers):
        await _alter(session, name, "NOLOGIN")
    ended: set[int] = set()
    quiet = 0
    deadline = asyncio.get_running_loop().time() + FENCE_SECONDS_MAX
    while True:
        found = await session.rows(SESSIONS, list(writers))
        for pid, *_ in found:
            await session.rows("SELECT pg_terminate_backend(%s)", pid)
            ended.add(cast("int", pid))
        quiet = 0 if found else quiet + 1
        if quiet >= QUIET_LOOKS:
            break
        if asyncio.get_running_loop().time() > deadline:
            raise TransientError(
                "database-fence",
                f"sessions of the writers on the {session.side} do not end: "
                f"{await look(session, writers)}",
                hint="end these processes on the database's host, then retry the act",
            )
        await asyncio.sleep(LOOK_SECONDS)
    await require_out(session, writers)
    return (
        f"{', '.join(writers)} may not log in on the {session.side}; {len(ended)} sessions were "
        f"ended, {QUIET_LOOKS} looks in a row saw nobody"
    )


async def let_in(session: Session, writers: tuple[str, ...]) -> str:
    """Give the writers their log-in again."""
    await require_there(session, writers)
    for name in writers:
        await _alter(session, name, "LOGIN")
    return f"{', '.join(writers)} may log in on the {session.side}"


async def require_there(session: Session, writers: tuple[str, ...]) -> None:
    """Raise PermanentError where a writer is no role of the server at all."""
    missing = (await look(session, writers)).missing
    if missing:
        raise PermanentError(
            "database-not-ready",
            f"the {session.side} has no role {', '.join(missing)} to be let in",
            hint="create the role with the rights that the subsystem needs, then retry the act",
        )


async def require_out(session: Session, writers: tuple[str, ...]) -> None:
    """Raise PermanentError where a writer is in, may come in, or left something prepared."""
    seen = await look(session, writers)
    if not seen.out:
        raise PermanentError(
            "database-not-fenced",
            f"writers could write on the {session.side} database {session.end.database}: {seen}",
            hint="fence that side first; end prepared transactions by hand",
        )


async def _alter(session: Session, name: str, word: str) -> None:
    """Change a role; another database of the same move may be changing it at this very moment."""
    for _ in range(ALTER_TRIES_MAX):
        try:
            await session.rows(f"ALTER ROLE {quoted(name)} {word}")
            return
        except TransientError as error:
            if error.reference != "database-busy":
                raise
            last = error
        await asyncio.sleep(LOOK_SECONDS)
    raise last


async def _there(session: Session, writers: tuple[str, ...]) -> tuple[str, ...]:
    names = await session.rows(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY (%s)", list(writers)
    )
    found = {str(name) for (name,) in names}
    return tuple(name for name in writers if name in found)
