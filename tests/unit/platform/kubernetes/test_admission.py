"""A run's parameter and the waits for it, on the fake server; the policies are the lab's matter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from admission_fence import Fence
from api_schemas import custom_kind
from api_server import ApiServer, running
from api_writes import RefusedError, Write
from kubernetes_rig import client_for
from migrator.errors import EnvironmentFailed, PermanentError
from migrator.platform.kubernetes.admission import (
    REFUSALS_MIN,
    EpochFence,
    Parameter,
    parameter_of,
)
from migrator.platform.kubernetes.admission_policies import POLICIES, policies
from migrator.platform.kubernetes.discovery import CONFIG_MAPS
from migrator.platform.kubernetes.objects import ChangeWord, KubeObject, text_at
from migrator.platform.kubernetes.policy_shape import (
    API,
    BINDING_RESOURCE,
    POLICY_RESOURCE,
    SYSTEM_NAMESPACE,
)
from migrator.platform.kubernetes.rest import Client

WAITED: list[float] = []


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    WAITED.clear()
    async with running() as found:
        for resource in (POLICY_RESOURCE, BINDING_RESOURCE):
            kind = custom_kind(API, "v1", resource.kind, resource.plural)
            found.kinds.append(replace(kind, resource=replace(kind.resource, namespaced=False)))
        meta: KubeObject = {"name": SYSTEM_NAMESPACE}
        found.make({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
        yield found


@pytest.fixture
async def client(server: ApiServer) -> AsyncIterator[Client]:
    found = client_for(server)
    yield found
    await found.close()


async def wait(seconds: float) -> None:
    WAITED.append(seconds)


def fence(client: Client, run: str = "r1", *namespaces: str) -> EpochFence:
    return EpochFence(client, run, namespaces or ("a", "b"), sleep=wait)


async def test_the_parameter_holds_run_epoch_and_namespaces(
    server: ApiServer, client: Client
) -> None:
    Fence(server)
    assert (await fence(client).raise_to(2)).word is ChangeWord.CREATED
    found = await client.get(CONFIG_MAPS, SYSTEM_NAMESPACE, "migrator-epoch-r1")
    assert found is not None
    assert found["data"] == {
        "run": "r1",
        "epoch": "2",
        "namespaces": "a b",
        "frozen": "",
        "operators": "",
        "over": "false",
        "canary": "migrator-canary-r1",
    }
    assert text_at(found, "metadata", "labels", "migrator/parameter") == "epoch"
    assert text_at(found, "metadata", "annotations", "migrator/epoch") == "2"


async def test_raising_ends_only_when_several_canaries_in_a_row_were_refused(
    server: ApiServer, client: Client
) -> None:
    seen = Fence(server, lag=4)
    await fence(client).raise_to(1)
    assert seen.canaries == 4 + REFUSALS_MIN
    assert len(WAITED) == 4


async def test_the_same_epoch_again_writes_nothing_and_still_proves_the_fence(
    server: ApiServer, client: Client
) -> None:
    seen = Fence(server)
    await fence(client).raise_to(1)
    seen.canaries = 0
    assert (await fence(client).raise_to(1)).word is ChangeWord.UNCHANGED
    assert seen.canaries == REFUSALS_MIN


async def test_where_nothing_is_refused_the_wait_ends_and_says_so(
    server: ApiServer, client: Client
) -> None:
    Fence(server, open=True)
    with pytest.raises(EnvironmentFailed, match="epoch 0 is still let in after 15 s") as failed:
        await fence(client).raise_to(1)
    assert failed.value.reference == "fence-open"
    assert sum(WAITED) == pytest.approx(15, abs=0.1)


async def test_a_later_epoch_is_never_lowered(server: ApiServer, client: Client) -> None:
    Fence(server)
    await fence(client).raise_to(5)
    for act in (fence(client).raise_to(4), fence(client).thaw(4), fence(client).release(4)):
        with pytest.raises(PermanentError, match="in epoch 5") as failed:
            await act
        assert failed.value.reference == "epoch-passed"
    assert (await fence(client).read() or Parameter("", 0, (), (), (), over=True)).epoch == 5


async def test_who_is_overtaken_between_reading_and_writing_learns_it(
    server: ApiServer, client: Client
) -> None:
    """The other process writes after we have read: our write carries the version of before."""
    Fence(server)
    await fence(client).raise_to(1)

    def overtake(write: Write, made: KubeObject) -> None:
        if text_at(made, "data", "epoch") == "2":
            change: KubeObject = {"data": {"epoch": "3"}}
            server.edit("ConfigMap", write.namespace, write.name, change, "migrator")
            raise RefusedError(409, "Conflict", "the object has been modified")

    server.writes.admit.append(overtake)
    with pytest.raises(PermanentError, match="in epoch 3"):
        await fence(client).raise_to(2)


async def test_another_runs_namespace_is_not_taken_until_it_is_released(
    server: ApiServer, client: Client
) -> None:
    Fence(server)
    await fence(client, "r1", "a", "b").raise_to(9)
    with pytest.raises(PermanentError, match="run r1 holds b, which run r2 moves into") as failed:
        await fence(client, "r2", "b", "c").raise_to(1)
    assert failed.value.reference == "fence-held"
    await fence(client, "r3", "c").raise_to(1)
    await fence(client, "r1", "a", "b").release(9)
    await fence(client, "r2", "b").raise_to(1)


async def test_a_run_of_the_same_name_in_another_store_has_a_parameter_of_its_own(
    server: ApiServer, client: Client
) -> None:
    Fence(server)
    first = EpochFence(client, "night_1", ["a"], word="0a1b", sleep=wait)
    await first.raise_to(9)
    assert first.parameter_name == "migrator-epoch-night-1-0a1b"
    second = EpochFence(client, "night_1", ["a"], word="2c3d", sleep=wait)
    with pytest.raises(PermanentError, match="run night_1 holds a"):
        await second.raise_to(1)
    await first.release(9)
    assert (await second.raise_to(1)).word is ChangeWord.CREATED


async def test_freezing_and_thawing_wait_until_the_server_judges_by_it(
    server: ApiServer, client: Client
) -> None:
    seen = Fence(server)
    one = fence(client)
    await one.raise_to(1)
    seen.canaries, seen.lag = 0, 2
    await one.freeze(1, ["b", "a"], operators=["weekend-lead"])
    now = await one.read()
    assert now is not None
    assert (now.frozen, now.operators, now.epoch) == (("a", "b"), ("weekend-lead",), 1)
    assert seen.canaries == 2 + REFUSALS_MIN
    await one.raise_to(2)
    after = await one.read()
    assert after is not None
    assert after.frozen == ("a", "b"), "a takeover does not thaw"
    await one.thaw(2)
    thawed = await one.read()
    assert thawed is not None
    assert (thawed.frozen, thawed.operators) == ((), ())


async def test_a_missing_right_is_no_refusal_by_the_fence(
    server: ApiServer, client: Client
) -> None:
    server.forbidden.add(("create", "configmaps"))
    with pytest.raises(PermanentError, match="not allowed to create configmaps"):
        await fence(client).raise_to(1)


async def test_it_says_which_policies_and_bindings_are_missing(
    server: ApiServer, client: Client
) -> None:
    found = await fence(client).installed()
    assert found.account == "kubernetes-admin"
    assert not found.holds
    assert found.faults == tuple(f"the policy {name} is not there" for name in POLICIES)

    for each in policies(["kubernetes-admin"], "rehearser", ["a"]):
        server.make(each)
    assert (await fence(client).installed()).holds

    server.remove("ValidatingAdmissionPolicyBinding", "", "migrator-freeze")
    loose: KubeObject = {"spec": {"failurePolicy": "Ignore"}}
    server.edit("ValidatingAdmissionPolicy", "", "migrator-marks", loose, "somebody")
    assert (await fence(client).installed()).faults == (
        "the policy migrator-marks lets everything pass where it cannot be judged",
        "the policy migrator-freeze is not in force: its binding is not there",
    )


async def test_it_says_when_the_policies_do_not_know_this_account(
    server: ApiServer, client: Client
) -> None:
    for each in policies(["somebody-else"], "rehearser", ["a"]):
        server.make(each)
    assert (await fence(client).installed()).faults == (
        "the policy migrator-epoch does not fence kubernetes-admin: it knows somebody-else",
    )


async def test_who_may_not_read_the_policies_is_told_so(server: ApiServer, client: Client) -> None:
    server.forbidden.add(("get", POLICY_RESOURCE.right))
    (first, *_) = (await fence(client).installed()).faults
    assert first.startswith("migrator-marks: nobody knows, not allowed to get validating")


def test_what_was_bent_by_hand_counts_as_nothing() -> None:
    bent: KubeObject = {"data": {"epoch": "seven", "frozen": " a  b ", "over": "yes"}}
    assert parameter_of(bent) == Parameter("", 0, (), ("a", "b"), (), over=False)
