"""Finds the addresses that a text names: `host:port`, URLs, connection strings. Pure.

The importers hand it the values of environment variables, arguments and configuration files. It
knows nothing about who exists: it says what is named, the importer asks its directory who that
is. Never shown to anybody: the text itself, which may hold passwords; `masked` is what may be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

VALUE_CHARACTERS_MAX: Final = 1_000_000
"""A ConfigMap holds at most 1 MiB; what is longer is cut, so that no text can stall the import."""

DEFAULT_PORTS: Final[Mapping[str, int]] = {
    "http": 80,
    "https": 443,
    "ws": 80,
    "wss": 443,
    "postgresql": 5432,
    "mysql": 3306,
    "mongodb": 27017,
    "redis": 6379,
    "amqp": 5672,
    "amqps": 5671,
    "nats": 4222,
    "ldap": 389,
    "ldaps": 636,
    "sftp": 22,
    "ftp": 21,
    "smtp": 25,
    "mqtt": 1883,
}
"""What a client of that scheme uses when the address has no port, by IANA's register or the store's
own manual."""

_SAME_SCHEME: Final[Mapping[str, str]] = {
    "postgres": "postgresql",
    "mariadb": "mysql",
    "rediss": "redis",
    "valkey": "redis",
    "mongodb+srv": "mongodb",
    "h2c": "http",
    "http+unix": "unix",
    "grpcs": "grpc",
    "dns": "grpc",  # how gRPC clients spell a name to resolve: dns:///orders:50051
}

_NO_HOST: Final = frozenset(("file", "unix", "classpath", "data", "jar"))
_LOCAL: Final = re.compile(
    r"localhost|localhost\.localdomain|127(?:\.\d{1,3}){3}|0\.0\.0\.0|::1?|host\.docker\.internal"
)
_HOST: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9_])?"
_NAME: Final = rf"{_HOST}(?:\.{_HOST})*\.?"
_URL: Final = re.compile(
    r"(?<![A-Za-z0-9])(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30}(?::[A-Za-z0-9+.-]{1,30}){0,3}?)"
    r":@?///?(?P<authority>(?:\$\{[^}\s]*\}|\$\(\w+\)|[^\s/?#;\"'`<>\\|)\]}$])+)"
)
_ORACLE: Final = re.compile(r"(?P<scheme>jdbc:oracle:thin):@(?P<authority>[\w.-]+:\d{1,5})")
_PAIR: Final = re.compile(
    rf"(?<![\w.:$%{{-])(?<!\w/)(?P<host>{_NAME}):"
    r"(?P<port>\d{1,5}(?![\w.:@-])|\$\{[^}\s]*\}(?![\w.:@-])|\$\(\w+\)(?![\w.:@-]))"
)
_KEYED: Final = re.compile(
    rf"(?i)\b(?:server|host|data source|address|addr|hostname)\s*=\s*(?:tcp:)?"
    rf"(?P<host>{_NAME})(?:[,:](?P<port>\d{{1,5}}))?"
)
_KEYED_PORT: Final = re.compile(r"(?i)\bport\s*=\s*(?P<port>\d{1,5})\b")
_WORD: Final = re.compile(_NAME)
_WORDS_OF_KEY: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

_ADDRESS_WORDS: Final = frozenset((
    "addr", "address", "addresses", "api", "backend", "backends", "bootstrap", "broker",
    "brokers", "connection", "datasource", "dsn", "endpoint", "endpoints", "gateway", "host",
    "hostname", "hosts", "jdbc", "node", "nodes", "origin", "peer", "peers", "proxy", "server",
    "servers", "service", "services", "target", "upstream", "uri", "uris", "url", "urls",
))  # fmt: skip
_OTHER_WORDS: Final = frozenset((
    "account", "class", "database", "db", "enabled", "id", "image", "key", "kind", "level",
    "mode", "name", "namespace", "password", "profile", "profiles", "role", "schema", "tag",
    "topic", "type", "user", "username", "version",
))  # fmt: skip
_SECRET_KEY: Final = re.compile(
    r"(?i)(?:^|[_.-])(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|private[_.-]?key|"
    r"api[_.-]?key|access[_.-]?key|secret[_.-]?key(?:[_.-]base)?|signing[_.-]?key)(?:$|[_.-])"
)
_SECRET_PLACE: Final = re.compile(r"(?i)[_.-](?:file|path|name|dir|ttl|expiry|url|uri)$")
"""`DB_PASSWORD_FILE` says where the secret is, not what it is."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host that a text names.

    `sure` is False for a bare word under a key that speaks of addresses: it counts only where
    the directory knows the word. `start` and `end` say where in the text it stands.
    """

    host: str
    port: int | None  # None: the text names no port
    scheme: str | None  # None: the text names no protocol
    start: int
    end: int
    sure: bool = True

    @property
    def shown(self) -> str:
        """The address without anything that stood around it."""
        return self.host if self.port is None else f"{self.host}:{self.port}"


def addresses(text: str) -> tuple[Address, ...]:
    """Every URL, `host:port` and connection string in the text, in order, each place once."""
    text = text[:VALUE_CHARACTERS_MAX]
    found: list[Address] = []
    taken: list[tuple[int, int]] = []
    for pattern in (_URL, _ORACLE):
        for match in pattern.finditer(text):
            taken.append(match.span())
            scheme = _scheme(match["scheme"])
            if scheme not in _NO_HOST:
                found += _of_authority(scheme, match["authority"], match.start("authority"))
    for pattern in (_PAIR, _KEYED):
        for match in pattern.finditer(text):
            span = match.span()
            if any(start < span[1] and span[0] < end for start, end in taken):
                continue
            one = _of_pair(match, text)
            if one is not None:
                found.append(one)
                taken.append(span)
    return tuple(sorted(found, key=lambda each: each.start))


def bare_hosts(key: str, value: str) -> tuple[Address, ...]:
    """The words of a value that are hosts if its key speaks of addresses (`FLAGD_HOST=flagd`)."""
    if not speaks_of_addresses(key) or len(value) > 1000:
        return ()
    found = []
    start = 0
    for part in value.split(","):
        word = part.strip()
        if _WORD.fullmatch(word) and not word.isdigit() and not is_local(word):
            at = start + part.index(word)
            found.append(Address(word, None, None, at, at + len(word), sure=False))
        start += len(part) + 1
    return tuple(found)


def port_beside(key: str, siblings: Mapping[str, str]) -> tuple[str, int] | None:
    """The port under the matching key: `FLAGD_PORT` for `FLAGD_HOST`. None where there is none."""
    for ending in ("HOSTNAME", "HOST", "ADDRESS", "ADDR", "SERVER", "SERVICE"):
        for spelt, port_key in ((ending, "PORT"), (ending.lower(), "port")):
            if key.endswith(spelt):
                beside = key.removesuffix(spelt) + port_key
                port = _port(siblings.get(beside, ""))
                return None if port is None else (beside, port)
    return None


def speaks_of_addresses(key: str) -> bool:
    """Tell whether a key's words promise an address: `DB_HOST` does, `SERVICE_NAME` does not."""
    words = [word.lower() for word in _WORDS_OF_KEY.findall(key)]
    return bool(words) and words[-1] not in _OTHER_WORDS and bool(_ADDRESS_WORDS & set(words))


def speaks_of_secrets(key: str) -> bool:
    """Tell whether a value under this key is a secret by its name."""
    # camelCase is split first, so that `dbPassword` is seen like `DB_PASSWORD`.
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key)
    return _SECRET_KEY.search(words) is not None and not _SECRET_PLACE.search(words)


def holds_credentials(text: str) -> bool:
    """Tell whether a URL in the text carries a password (`scheme://user:password@host`)."""
    passwords = (
        match["authority"].rpartition("@")[0].partition(":")[2]
        for match in _URL.finditer(text[:VALUE_CHARACTERS_MAX])
    )
    return any(word and not word.startswith("$") for word in passwords)  # a variable is none yet


def is_local(host: str) -> bool:
    """Tell whether the host is the machine itself: no link leads there."""
    return _LOCAL.fullmatch(host) is not None


def masked(text: str, named: Iterable[Address]) -> str:
    """The text with everything but the named addresses replaced by `***`."""
    shown = ""
    position = 0
    for one in sorted(named, key=lambda each: each.start):
        if one.start < position:
            continue
        shown += ("***" if one.start > position else "") + one.shown
        position = one.end
    return shown + ("***" if position < len(text) else "")


def _scheme(written: str) -> str:
    """The protocol that a scheme stands for: `jdbc:postgresql` is postgresql."""
    parts = [part for part in written.lower().split(":") if part]
    last = parts[1] if len(parts) > 1 and parts[0] in {"jdbc", "r2dbc"} else parts[-1]
    return _SAME_SCHEME.get(last, last)


def _of_authority(scheme: str, authority: str, start: int) -> list[Address]:
    """The hosts of a URL's authority; a database's may name several, after one user."""
    hosts = authority.rpartition("@")[2].removeprefix("tcp(")  # Go spells user@tcp(host:port)
    at = start + len(authority) - len(hosts)
    found = []
    for part in hosts.split(","):
        host, _, written = part.partition(":")
        port = _port(written.partition(":")[0])  # jdbc:oracle:thin:@host:1521:SID
        unknown = written.startswith("$")  # a variable that nobody gave a value
        usable = port is not None or unknown or not written
        if _WORD.fullmatch(host) and not is_local(host) and usable:
            port = port if port is not None or unknown else DEFAULT_PORTS.get(scheme)
            found.append(Address(host.rstrip("."), port, scheme, at, at + len(part)))
        at += len(part) + 1
    return found


def _of_pair(match: re.Match[str], text: str) -> Address | None:
    """The address of a `host:port` or of `Server=host,port`; None where it is none."""
    host = match["host"].rstrip(".")
    if host.isdigit() or is_local(host):
        return None
    written = match["port"]
    if written is None:
        beside = _KEYED_PORT.search(text)
        written = beside["port"] if beside else ""
    port = _port(written)
    if port is None and written and not written.startswith("$"):
        return None
    end = match.end("port") if match["port"] else match.end("host")
    return Address(host, port, None, match.start("host"), end)


def _port(written: str) -> int | None:
    """A port number; None for anything else."""
    if not written.isascii() or not written.isdigit() or len(written) > 5:
        return None
    return int(written) if 1 <= int(written) <= 65535 else None
