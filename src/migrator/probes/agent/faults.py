"""What the system's error numbers say of a look: of the link, or only of this machine.

Used by the loop and its sessions. A shortage here (no socket, no port, no memory) is never
blamed on the target.
"""

from __future__ import annotations

import errno
import os

from migrator.probes.agent import wire

WORDS = {
    errno.ECONNREFUSED: wire.REFUSED,
    errno.ECONNRESET: wire.RESET,
    errno.EPIPE: wire.RESET,
    errno.ECONNABORTED: wire.RESET,
    errno.ETIMEDOUT: wire.TIMEOUT,
    errno.EHOSTUNREACH: wire.UNREACHABLE,
    errno.ENETUNREACH: wire.UNREACHABLE,
    errno.EHOSTDOWN: wire.UNREACHABLE,
    errno.ENETDOWN: wire.UNREACHABLE,
    errno.EAFNOSUPPORT: wire.UNREACHABLE,
    # A firewall or policy of this machine forbids it: from here there is no way, like no route.
    errno.EACCES: wire.UNREACHABLE,
    errno.EPERM: wire.UNREACHABLE,
}

SHORTAGES = frozenset(
    (
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
        errno.EADDRNOTAVAIL,
        errno.EADDRINUSE,
        errno.EAGAIN,
    )
)
"""This machine has no socket, port or memory just now; for connecting, EAGAIN means the same."""


def word_of(number: int) -> str:
    """The word for an error of a connection."""
    return WORDS.get(number, wire.FAILED)


def detail_of(number: int) -> str:
    """The system's own words, where the result's word does not say it all."""
    return "" if number == errno.ECONNREFUSED else os.strerror(number).lower()
