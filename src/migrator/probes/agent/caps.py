"""The caps: who may be looked at now, who waits for whom, and who suffers.

Used by one loop, with its share of the batch's limits. Looks queue at their target, targets at
their network, and everything at the vantage point; a look is started only when all three let it,
and starting it is what is counted, so that delays in between never bunch looks up. Time is an
argument. Nothing here touches a socket.
"""

from __future__ import annotations

import heapq
from collections import deque
from itertools import islice

from migrator.probes.agent import wire
from migrator.probes.agent.incoming import Limits
from migrator.probes.agent.job import Job, Network, Target
from migrator.probes.agent.ranges import network_of, packed_of

MARGIN = 1.08
"""Looks are spaced by this much more than their cap asks: they arrive a little early or late, and
no second at the far end may hold more than the cap."""

SLACK_SECONDS = 0.02
"""How much a fast pace may catch up. Below 100 a second there is none: every look keeps its gap."""

MISSES = 3
"""So many failures in a row, of a kind that a busy target shows, and it is looked at less often."""

SUFFERING_SECONDS_MIN, SUFFERING_SECONDS_MAX = 0.1, 5.0
SLOWED_NAMED_MAX = 100
BOOKS_MAX = 8_000
"""Targets and networks kept in memory, beyond those in use."""


def spacing_of(per_second: float) -> tuple[float, float]:
    """The gap that a pace asks for, and how much of it may be caught up."""
    return MARGIN / per_second, SLACK_SECONDS if per_second >= 100 else 0.0


class Caps:
    """The books of one loop."""

    def __init__(self, limits: Limits) -> None:
        self.in_flight_max = limits.in_flight
        self.at_once = limits.target_at_once
        self.spacing, self.slack = spacing_of(limits.per_second)
        self.target_spacing, self.target_slack = spacing_of(limits.target_per_second)
        self.network_spacing, self.network_slack = spacing_of(limits.network_per_second)
        self.next = 0.0
        self.flying = 0
        self.waiting = 0
        self.heap: list[tuple[float, int, Target | Network | Job]] = []
        self.slowed: dict[str, None] = {}
        self._serial = 0
        self._targets: dict[tuple[str, int], Target] = {}
        self._networks: dict[bytes, Network] = {}

    def open(self, t: float) -> bool:
        """Tell whether the vantage point itself may start another look."""
        return self.flying < self.in_flight_max and self.next - self.slack <= t

    def target_of(self, address: str, port: int, t: float) -> Target:
        """The books of a target."""
        target = self._targets.get((address, port))
        if target is None:
            key = address.rpartition(".")[0].encode() or network_of(packed_of(address))
            network = self._networks.get(key)
            if network is None:
                network = self._networks[key] = Network()
            target = Target(address, port, network, self.target_spacing)
            self._targets[target.at] = target
            if len(self._targets) > BOOKS_MAX:
                self._forget(t)
        return target

    def admit(self, job: Job, t: float) -> Job | None:
        """A look comes in: it comes back where it may start now, else it waits at its target."""
        target = job.target
        if target.queue or target.parked or target.open >= self.at_once:
            self._wait(job)
            return None
        return self._ask(job, target, t)

    def due(self, t: float) -> Job | None:
        """A look whose time has come, if there is one. Call it only while `open`."""
        heap = self.heap
        while heap and heap[0][0] <= t:
            item = heapq.heappop(heap)[2]
            if type(item) is Target:
                job = self._wake(item, t)
            elif type(item) is Network:
                job = self._wake_network(item, t)
            else:
                job = self._again(item, t)  # type: ignore[arg-type]  # what is neither is a job
            if job is not None:
                return job
        return None

    def started(self, target: Target, t: float) -> None:
        """A connection to this target begins now."""
        target.open += 1
        self.flying += 1
        network = target.network
        self.next = max(self.next, t - self.slack) + self.spacing
        target.next = max(target.next, t - self.target_slack) + target.spacing
        network.next = max(network.next, t - self.network_slack) + self.network_spacing
        if target.queue and not target.parked and target.open < self.at_once:
            self._park(target)

    def ended(self, target: Target) -> None:
        """That connection is over."""
        target.open -= 1
        self.flying -= 1
        if target.queue and not target.parked:
            self._park(target)

    def passed(self, target: Target) -> None:
        """A look that could have started did not: whoever waits behind it is next."""
        if target.queue and not target.parked and target.open < self.at_once:
            self._park(target)

    def later(self, job: Job, at: float) -> None:
        """Another try of this look, not before then."""
        self.waiting += 1
        self._push(at, job)

    def fared(self, target: Target, word: str) -> None:
        """How a try went, to see who suffers: answers speed up again, silences slow down."""
        if word == wire.OK:
            target.ok = True
            target.misses = 0
            if target.spacing > self.target_spacing:
                target.spacing = max(self.target_spacing, target.spacing / 2)
        elif word == wire.TIMEOUT or (target.ok and word in (wire.REFUSED, wire.RESET)):
            target.misses += 1
            if target.misses >= MISSES:
                slower = max(target.spacing * 2, SUFFERING_SECONDS_MIN)
                target.spacing = max(min(slower, SUFFERING_SECONDS_MAX), self.target_spacing)
                if len(self.slowed) < SLOWED_NAMED_MAX:
                    self.slowed[f"{target.address} {target.at[1]}"] = None

    def drain(self) -> list[Job]:
        """Everything that waits, taken out: the batch's time is over."""
        jobs: list[Job] = []
        for _, _, item in self.heap:
            if not isinstance(item, (Target, Network)):
                jobs.append(item)
        for target in self._targets.values():
            jobs.extend(target.queue or ())
            target.queue = None
        self.heap.clear()
        self.waiting = 0
        return jobs

    def _wait(self, job: Job) -> None:
        target = job.target
        if target.queue is None:
            target.queue = deque()
        target.queue.append(job)
        self.waiting += 1

    def _ask(self, job: Job, target: Target, t: float) -> Job | None:
        """Start this look now, or put it back to the front of its target's queue."""
        network = target.network
        if target.next - self.target_slack <= t and network.next - self.network_slack <= t:
            return job
        if target.queue is None:
            target.queue = deque()
        target.queue.appendleft(job)
        self.waiting += 1
        if target.next - self.target_slack > t:
            self._park(target)
            return None
        target.parked = True
        network.queue.append(target)
        if not network.timed:
            network.timed = True
            self._push(network.next - self.network_slack, network)
        return None

    def _park(self, target: Target) -> None:
        target.parked = True
        self._push(target.next - self.target_slack, target)

    def _wake(self, target: Target, t: float) -> Job | None:
        target.parked = False
        if not target.queue or target.open >= self.at_once:
            return None
        self.waiting -= 1
        return self._ask(target.queue.popleft(), target, t)

    def _wake_network(self, network: Network, t: float) -> Job | None:
        """The first of the targets that wait for this network, if it may be looked at by now."""
        job = None
        while job is None and network.queue and network.next - self.network_slack <= t:
            job = self._wake(network.queue.popleft(), t)
        network.timed = bool(network.queue)
        if network.timed:
            # Its next moment is known only when the look that goes now is counted: asking again at
            # once finds it out.
            self._push(network.next - self.network_slack, network)
        return job

    def _again(self, job: Job, t: float) -> Job | None:
        self.waiting -= 1
        return self.admit(job, t)

    def _push(self, at: float, item: Target | Network | Job) -> None:
        self._serial += 1
        heapq.heappush(self.heap, (at, self._serial, item))

    def _forget(self, t: float) -> None:
        """Drop the books of the oldest targets that nothing waits for and nobody remembers."""
        for key, target in list(islice(self._targets.items(), BOOKS_MAX // 2)):
            idle = not (target.open or target.queue or target.parked or target.misses)
            if idle and target.next <= t:
                del self._targets[key]
        if len(self._networks) > BOOKS_MAX:
            used = {id(target.network) for target in self._targets.values()}
            for name, network in list(self._networks.items()):
                if id(network) not in used and network.next <= t:
                    del self._networks[name]
