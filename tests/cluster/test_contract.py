"""Every contract that is held on the fake API server, held on a real one.

The tests are those of tests/contracts, by the same names; only what they run on is another. So the
fake is judged by the lab on every `make cluster`, and whatever a test asks of it is true.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cluster.reach import Cluster
from contracts import (
    test_kubernetes_applying,
    test_kubernetes_client,
    test_kubernetes_drift,
    test_kubernetes_dry_run,
    test_kubernetes_stages,
)
from kubernetes_rig import Rig, rigged_on

pytestmark = pytest.mark.cluster

CONTRACTS = (
    test_kubernetes_client,
    test_kubernetes_applying,
    test_kubernetes_drift,
    test_kubernetes_dry_run,
    test_kubernetes_stages,
)


@pytest.fixture
async def rig(cluster: Cluster) -> AsyncIterator[Rig]:
    """The rig of each of these tests, on this session's cluster."""
    async with rigged_on(cluster.kubeconfig, cluster.context) as found:
        yield found


HELD = {module.__name__.rpartition(".")[2] for module in CONTRACTS}
FOUND = {
    file.stem
    for file in (Path(__file__).parents[1] / "contracts").glob("test_kubernetes_*.py")
    if "params=SERVERS" in file.read_text(encoding="utf-8")
}
assert HELD == FOUND, "a contract that both servers have to hold is left out here"

for contract in CONTRACTS:
    tests = {name: test for name, test in vars(contract).items() if name.startswith("test_")}
    assert not tests.keys() & globals().keys(), "two contracts with one name: one would not run"
    globals().update(tests)
