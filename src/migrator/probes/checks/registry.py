"""Every kind of check by its name, imported only when a look asks for it.

A kind is one line here and one file beside this one. Imported one by one, because an old host that
only opens ports should neither wait nor pay memory for TLS, and because one broken kind must not
take the others with it. The planner reads the names, the agent's loop makes the talks.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from migrator.probes.agent.wire import Look
from migrator.probes.checks.talk import Talk

KINDS: Final[dict[str, str]] = {
    "casual": "casual:CasualTalk",
    "command": "command:CommandTalk",
    "dns": "dns:DnsTalk",
    "grpc_health": "grpc_health:GrpcHealthTalk",
    "http": "http:HttpTalk",
    "postgresql": "postgresql:PostgresqlTalk",
    "redis": "redis:RedisTalk",
    "smtp": "smtp:SmtpTalk",
    "ssh_banner": "ssh_banner:SshBannerTalk",
    "tcp": "tcp:TcpTalk",
    "tls": "tls:TlsTalk",
    "udp": "udp:UdpTalk",
}
"""Kind of check: module in this package and class. A new kind adds its line in the alphabet."""

TRUST: Final = frozenset(("ca", "verify", "min_version"))
"""Arguments about whom to trust: the connection's business, so no kind needs to know them."""


class UnknownKind(LookupError):
    """No check has that name; the text says which there are."""


def kind_named(kind: str) -> type[Talk]:
    """The class of a kind, or `UnknownKind`."""
    place = KINDS.get(kind)
    if place is None:
        raise UnknownKind(f"no check is called {kind!r}; there are: {', '.join(sorted(KINDS))}")
    module, _, name = place.partition(":")
    found: type[Talk] = getattr(import_module(f"migrator.probes.checks.{module}"), name)
    assert issubclass(found, Talk), place
    return found


def talk_for(look: Look) -> Talk:
    """A talk for one try of this look.

    Raises `UnknownKind`, or ValueError with words for a person for arguments that no talk can use.
    """
    kind = kind_named(look["kind"])
    args = look.get("args")
    if args and look["kind"] != "tls" and not TRUST.isdisjoint(args):
        kept = {name: value for name, value in args.items() if name not in TRUST}
        look = Look(**{**look, "args": kept})
    return kind(look)
