"""What goes to an agent and what comes back: lines of JSON, one thing a line.

Used by the agent and by whoever sends it a batch, so both always speak of the same. The first line
in is the header, each following one a look; an empty line ends the batch. Out come results in the
order in which they are known, a beat each second, and one last line that tells a whole answer from
one that was cut. Standard library of Python 3.9 only.
"""

from __future__ import annotations

from typing import TypedDict, Union

VERSION = 1

OK = "ok"
REFUSED, RESET, CLOSED, TIMEOUT = "refused", "reset", "closed", "timeout"
DNS, UNREACHABLE, TLS = "dns", "unreachable", "tls"
STATUS = "status"  # an answer that says no: an HTTP status, a gRPC service that does not serve
MISMATCH = "mismatch"  # an answer without what it was asked to hold
PROTOCOL = "protocol"  # an answer in no known words of that protocol
FAILED = "failed"
NOT_ALLOWED = "not_allowed"  # outside the allowed ranges: nothing was sent
NO_TIME = "no_time"  # the batch's time ended first: nothing is known
CROWDED = "crowded"  # this machine had no socket, port or memory: nothing is known
UNKNOWN_KIND = "unknown_kind"
BAD_LOOK = "bad_look"  # no look at all, or arguments without sense; the id is empty if it had none

PROVES_NOTHING = (NOT_ALLOWED, NO_TIME, CROWDED, UNKNOWN_KIND, BAD_LOOK)
"""Words that say something of the vantage point or the batch and nothing of the link."""

OLD, NEW, BOTH, NEITHER = "old", "new", "both", "neither"
"""Which side's mark an answer held; empty where no mark was asked for."""

Plain = Union[None, bool, int, float, str, list["Plain"], dict[str, "Plain"]]  # noqa: UP007 - 3.9


SECONDS, NEED, OF, PAUSE = 3.0, 1, 3, 0.25
"""What a look that does not say gets: one ok of three tries of three seconds each."""

SECONDS_MAX, OF_MAX, PAUSE_MAX = 300.0, 20, 30.0
LINE_BYTES_MAX = 256 * 1024
"""A look may carry an authority's certificates; a longer line is refused as no look."""

DETAIL_LENGTH_MAX = 300


class Caps(TypedDict, total=False):
    """Limits of one batch. Left out means the agent's own default; nothing is ever unlimited."""

    in_flight: int  # 256
    per_second: float  # new connections from this vantage point: 500
    target_at_once: int  # connections open to one address and port: 1
    target_per_second: float  # 20
    network_per_second: float  # to one /24 or /64: 200
    processes: int  # at most; one for each core, fewer where the caps need no more


class Header(TypedDict):
    """The first line in. `clock` is the sender's, in seconds since 1970, to see clocks differ."""

    version: int
    digest: str  # of the agent that the sender means to talk to
    clock: float
    seconds: float  # the whole batch's time
    allow: list[str]  # networks; whatever resolves outside of them is not touched
    caps: Caps


class Look(TypedDict, total=False):
    """One look. `id`, `kind`, `host` and `port` are always there.

    A look that fails is made again up to `of` times in all, with a jittered pause; it counts as ok
    once `need` tries were ok. `old` and `new` are the texts that only that side's answer holds.
    """

    id: str
    kind: str
    host: str  # an address or a name; names are resolved where the agent runs
    port: int
    seconds: float  # of one try
    tls: bool  # speak through TLS
    server_name: str  # for TLS; left out: the host
    old: str
    new: str
    need: int
    of: int
    pause: float  # seconds before the second try, doubled for each further one, and jittered
    args: dict[str, Plain]  # what the kind of check asks for: path, status, query, ...


class Result(TypedDict):
    """What came of one look, after all its tries. Times in milliseconds."""

    id: str
    word: str  # of the last try that was not ok, or ok
    side: str
    oks: int
    tries: int
    connect_ms: float  # of the quickest ok try: until connected
    total_ms: float  # of the same try: until the answer was complete
    detail: str  # at most 300 characters: what was seen, or why not
    source: str  # the address it was made from
    address: str  # the address that was looked at


class Beat(TypedDict):
    """Once a second: the agent is alive."""

    beat: int
    done: int
    in_flight: int
    waiting: int
    slowed: int  # targets that suffer, and are looked at more slowly for it


class End(TypedDict):
    """The last line out. `n` results came before it."""

    end: bool
    n: int
    digest: str
    clock: float
    seconds: float
    python: str
    slowed: list[str]  # the targets that suffered, as "address port"; the first hundred
