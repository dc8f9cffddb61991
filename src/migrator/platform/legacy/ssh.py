"""The way to other hosts: the system's own `ssh`, so that the operator's configuration holds.

Made by `command.py` for commands with a host. Keys, jump hosts and known hosts are ssh's affair.
No option of ours weakens them, no secret is on a command line, and nothing waits for a password.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from migrator.errors import InputError, MigratorError, PermanentError, TransientError
from migrator.platform.legacy.facts import LostEnd

CONNECT_SECONDS_MAX: Final = 10
ALIVE_SECONDS: Final = 5
ALIVE_COUNT_MAX: Final = 3
"""A silent connection is given up after 15 seconds: `ssh` then ends with 255."""

SILENCE_SECONDS_MAX: Final = 60.0
"""The guard over there ends its command when it heard nothing for so long."""

LOST: Final = 255
"""What `ssh` ends with for every trouble of its own."""

_FOR_GOOD: Final = (
    "Permission denied",
    "Host key verification failed",
    "REMOTE HOST IDENTIFICATION HAS CHANGED",
    "Too many authentication failures",
    "Bad configuration option",
    "Bad owner or permissions",
)
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "USER", "LOGNAME", "SSH_AUTH_SOCK", "KRB5CCNAME")


@dataclass(frozen=True, slots=True)
class Over:
    """Over ssh to `host`, as written in a plan or in the operator's own ssh configuration."""

    host: str
    silence_seconds: float = SILENCE_SECONDS_MAX

    def __post_init__(self) -> None:
        """Refuse what ssh would read as an option, or its shell as more than one word."""
        odd = any(letter.isspace() or not letter.isprintable() for letter in self.host)
        if not self.host or self.host.startswith("-") or odd:
            raise InputError(
                "ssh-host",
                f"{self.host!r} is no destination for ssh",
                hint="write a host, user@host, or a name from the ssh configuration",
            )

    def argv(self, bootstrap: Sequence[str]) -> Sequence[str]:
        """The client with its arguments; it joins words with blanks, so they are quoted here."""
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": CONNECT_SECONDS_MAX,
            "ServerAliveInterval": ALIVE_SECONDS,
            "ServerAliveCountMax": ALIVE_COUNT_MAX,
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return ["ssh", "-T", *words, "--", self.host, shlex.join(bootstrap)]

    def environment(self) -> Mapping[str, str]:
        """What ssh needs to find its configuration and the user's agent."""
        return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}

    def python(self) -> str:
        """Whatever is called so on the other host."""
        return "python3"


def trouble(host: str, code: int, complaint: str, *, went: bool) -> MigratorError:
    """The error for a connection that gave no result, by whether anything was begun."""
    said = f": {complaint}" if complaint else ""
    if went:
        return LostEnd(
            f"the connection to {host} broke after the command had begun (ssh ended with "
            f"{code}{said}); the guard there ends it, but whether it took effect is not known"
        )
    if code != LOST:
        return PermanentError(
            "ssh-no-python",
            f"the guard cannot run on {host} (ended with {code}{said})",
            hint=f"`ssh {host} python3 -V` must answer Python 3.6 or later; then retry the act",
        )
    if any(words in complaint for words in _FOR_GOOD):
        return PermanentError(
            "ssh-refused",
            f"{host} cannot be entered{said}; nothing was begun",
            hint=f"make `ssh -o BatchMode=yes {host} true` work for this user, then retry the act",
        )
    return TransientError(
        "ssh-unreachable",
        f"{host} cannot be reached{said}; nothing was begun",
        hint="it is tried again; look at the network and at the host",
    )
