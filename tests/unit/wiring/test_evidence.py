"""Evidence is gathered and kept before an unwind, and never in its way."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

import practising
from api_pods import PodServer
from api_server import running
from kubernetes_rig import client_for
from migrator.errors import EnvironmentFailed
from migrator.platform.kubernetes.doing import Doing
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import Mark
from migrator.platform.kubernetes.subject import Subject
from migrator.store.kept_evidence import files_of, of_run
from migrator.store.sql import Store, open_store
from migrator.wiring.evidence import evidence_keeper

DOING = Doing(Subject("ledger", "shop"), "fence-target", 2, Mark("token", 1), 60.0)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with running(PodServer()) as server:
        found = client_for(server)
        yield found
        await found.close()


@pytest.fixture
def store() -> Store:
    practising.begun()
    return open_store(practising.FOLDER, practice=True)


async def test_what_was_gathered_is_kept_under_move_attempt_and_act(
    client: Client, store: Store
) -> None:
    with store:
        journal = store.journal("small-p1", lead=False)
        said = await evidence_keeper(store, journal, client, lambda _: ["ledger -> db: refused"])(
            DOING
        )
        (kept,) = of_run(journal)
        files = files_of(store, kept)
    assert kept.folder == "ledger/2-fence-target-1"
    assert files is not None
    assert files["failed-looks.txt"] == b"ledger -> db: refused\n"
    assert said.endswith(f"kept as {kept.digest[:12]}")


async def test_a_store_in_trouble_costs_the_evidence_and_not_the_undo(
    client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_kind: str, _content: bytes) -> str:
        raise EnvironmentFailed("disk-full", "no space left", hint="make room")

    monkeypatch.setattr(store, "pin", full)
    with store:
        journal = store.journal("small-p1", lead=False)
        said = await evidence_keeper(store, journal, client)(DOING)
        assert of_run(journal) == ()
    assert said.endswith("could not be kept: no space left")
