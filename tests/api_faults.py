"""What goes wrong on the tests' API server on demand, and what it remembers of each request."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Fault:
    """Something that goes wrong for the next `times` requests whose text contains `match`.

    The text is `PATCH /path?query`. `status` 0 means no answer: the connection breaks, before
    the request took effect or (`after`) when it had.
    """

    match: str
    status: int = 0
    times: int = 1
    message: str = "made to fail"
    reason: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False
    latency_seconds: float = 0.0
    """Not a fault but slowness, when it is above zero."""


@dataclass(frozen=True)
class Logged:
    """One request, as the audit log has it."""

    method: str
    path: str
    query: dict[str, str]
    agent: str
    user: str
    audit_id: str

    @property
    def is_write(self) -> bool:
        changing = self.method in {"POST", "PUT", "PATCH", "DELETE"}
        return changing and self.query.get("dryRun") != "All" and "reviews" not in self.path
