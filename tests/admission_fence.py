"""The one rule of the admission policies that a fence waits for, for the tests' API server.

It refuses what is of an older epoch than its run's parameter says, and canaries for a version that
has been seen, as `migrator-epoch` does on a real server; `lag` canaries pass first, because a real
server sees a parameter a moment later. tests/cluster/test_admission.py has the real policies.
"""

from __future__ import annotations

from dataclasses import dataclass

from api_server import ApiServer
from api_writes import RefusedError, Write
from migrator.platform.kubernetes.admission_policies import CANARY, EPOCHS, PARAMETER
from migrator.platform.kubernetes.objects import KubeObject, text_at
from migrator.platform.kubernetes.slices import EPOCH


@dataclass
class Fence:
    """The policy as it stands in a server's way."""

    server: ApiServer
    lag: int = 0
    open: bool = False
    canaries: int = 0

    def __post_init__(self) -> None:
        self.server.writes.admit.append(self)

    def __call__(self, write: Write, made: KubeObject) -> None:
        if not write.name.startswith(CANARY):
            return
        assert write.dry_run, "a canary is never written"
        self.canaries += 1
        run = write.name.removeprefix(CANARY)
        parameter = self.server.storage.objects.get((*write.key[:-1], f"{PARAMETER}{run}"))
        if self.open or self.canaries <= self.lag or parameter is None:
            return
        older = int(text_at(made, "metadata", "annotations", EPOCH)) < int(
            text_at(parameter, "data", "epoch")
        )
        seen = text_at(made, "data", "version") == text_at(parameter, "metadata", "resourceVersion")
        if older or seen:
            policy = f"ValidatingAdmissionPolicy '{EPOCHS}' with binding '{EPOCHS}'"
            raise RefusedError(422, "Invalid", f"{policy} denied request: no")
