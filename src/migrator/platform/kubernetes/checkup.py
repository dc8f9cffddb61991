"""Before the weekend: can a cluster take what a plan moves onto it? All findings at once.

Called by `migrator check --cluster`. It only reads, and asks the server what we may do; which looks
there are stands in the table below, each in the module that its name says. Nothing here decides
whether a run may begin: people read the findings on Friday, while they can still be mended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from migrator.platform.kubernetes.checked import Looked, joined, seen
from migrator.platform.kubernetes.checkup_names import kinds, pull_secrets, storage_classes
from migrator.platform.kubernetes.checkup_rights import rights
from migrator.platform.kubernetes.checkup_room import limit_ranges, nodes, quotas
from migrator.platform.kubernetes.checkup_server import (
    clock,
    fence,
    network,
    priority,
    proxy_mode,
    version_and_account,
    webhooks,
)
from migrator.platform.kubernetes.checkup_spaces import fronts, namespaces
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.subject import Subject


@dataclass(frozen=True, slots=True)
class Asking:
    """What every look is given."""

    client: Client
    subjects: tuple[Subject, ...]
    now: Callable[[], datetime]
    agents_in: tuple[str, ...] = ()  # namespaces in which pods are to look at links


Look = Callable[[Asking], Awaitable[list[Looked]]]

LOOKS: Final[tuple[tuple[str, Look], ...]] = (
    ("server", lambda a: version_and_account(a.client)),
    ("clock", lambda a: clock(a.client, a.now)),
    ("rights", lambda a: rights(a.client, a.subjects, a.agents_in)),
    ("fence", lambda a: fence(a.client)),
    ("webhooks", lambda a: webhooks(a.client, a.subjects)),
    ("request priority", lambda a: priority(a.client)),
    ("kinds", lambda a: kinds(a.client, a.subjects)),
    ("namespaces", lambda a: namespaces(a.client, a.subjects)),
    ("fronts", lambda a: fronts(a.client, a.subjects)),
    ("storage classes", lambda a: storage_classes(a.client, a.subjects)),
    ("image pull secrets", lambda a: pull_secrets(a.client, a.subjects)),
    ("quotas", lambda a: quotas(a.client, a.subjects)),
    ("limit ranges", lambda a: limit_ranges(a.client, a.subjects)),
    ("nodes", lambda a: nodes(a.client, a.subjects)),
    ("network policies", lambda a: network(a.client, a.subjects)),
    ("proxy mode", lambda a: proxy_mode(a.client)),
)


async def check_up(
    client: Client,
    subjects: Iterable[Subject],
    *,
    now: Callable[[], datetime],
    agents_in: Iterable[str] = (),
) -> tuple[Looked, ...]:
    """Everything that there is to find, in a fixed order. `now` is this machine's clock."""
    asking = Asking(client, tuple(subjects), now, tuple(agents_in))
    found: list[Looked] = []
    for what, look in LOOKS:
        found += joined(await seen(what, look(asking)))
    return tuple(found)
