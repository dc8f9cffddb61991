"""What the client does when an API server refuses, is slow, forgets, loses an answer or dies.

No real server does these on demand, so they are held on the fake one only. Waiting is recorded, not
waited for.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api_faults import Fault
from api_schemas import custom_kind
from api_server import ApiServer, running
from kubernetes_rig import QUICK, Rig, chosen, client_for, rigged, wall
from migrator.errors import EnvironmentFailed, InputError, PermanentError, TransientError
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.asking import Asker, Patience
from migrator.platform.kubernetes.bucket import Bucket
from migrator.platform.kubernetes.connecting import client_of, user_agent
from migrator.platform.kubernetes.discovery import (
    CONFIG_MAPS,
    ENDPOINT_SLICES,
    Discovery,
)
from migrator.platform.kubernetes.objects import ChangeWord, KubeObject, map_at, texts_at
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.server import version, whoami
from migrator.platform.kubernetes.watch import Happened, Scope, Seen, Watch


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with rigged("fake") as found:
        yield found


@pytest.fixture
def server(rig: Rig) -> ApiServer:
    assert rig.fake is not None
    return rig.fake


class Pauses(list[float]):
    """Every pause that somebody asked for, none of them waited for."""

    async def sleep(self, seconds: float) -> None:
        self.append(seconds)
        await asyncio.sleep(0)


def impatient(rig: Rig, pauses: Pauses, **patience: float) -> Client:
    """The same way to the server, with pauses that are written down instead."""
    old = rig.client.asker
    return Client(
        Asker(
            old.transport,
            bucket=old.bucket,
            patience=Patience(**{"seconds_max": 3600, **patience}),  # type: ignore[arg-type]  # tries_max is whole
            sleep=pauses.sleep,
        )
    )


# Too many requests


async def test_a_server_that_has_too_many_requests_is_waited_for_as_long_as_it_asks(
    rig: Rig, server: ApiServer
) -> None:
    busy = {"Retry-After": "7", "X-Kubernetes-PF-PriorityLevel-UID": "level-1"}
    server.faults.append(Fault("PATCH", 429, times=2, headers=busy))
    pauses = Pauses()
    done = await impatient(rig, pauses).apply(rig.config_map(a="1"))
    assert done.change.word is ChangeWord.CREATED
    assert pauses == [7.0, 7.0]


async def test_even_a_create_is_repeated_after_too_many_requests_since_it_was_not_read(
    rig: Rig, server: ApiServer
) -> None:
    server.faults.append(Fault("POST", 429, headers={"Retry-After": "1"}))
    pauses = Pauses()
    done = await impatient(rig, pauses).create(rig.config_map(a="1"))
    assert done.change.word is ChangeWord.CREATED
    assert pauses == [1.0]


async def test_patience_ends_and_the_full_queue_is_named(rig: Rig, server: ApiServer) -> None:
    busy = {"Retry-After": "1", "X-Kubernetes-PF-PriorityLevel-UID": "level-1"}
    server.faults.append(Fault("GET", 429, times=99, headers=busy))
    with pytest.raises(TransientError, match="priority level level-1") as told:
        await impatient(rig, Pauses(), tries_max=4).get(CONFIG_MAPS, rig.namespace, "settings")
    assert told.value.reference == "cluster-busy"
    assert server.faults[0].times == 95


async def test_the_speed_is_halved_by_every_refusal(rig: Rig, server: ApiServer) -> None:
    rig.client.asker.bucket = Bucket(40)
    server.faults.append(Fault("GET", 429, times=2, headers={"Retry-After": "0"}))
    await rig.client.get(CONFIG_MAPS, rig.namespace, "settings")
    assert 10 <= rig.client.asker.bucket.rate_per_second < 12


# Faults of the server


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_passing_fault_is_tried_again(rig: Rig, server: ApiServer, status: int) -> None:
    server.faults.append(Fault("PATCH", status, times=2))
    assert (await rig.client.apply(rig.config_map())).change.word is ChangeWord.CREATED


async def test_a_fault_of_etcd_is_tried_again_and_another_one_is_not(
    rig: Rig, server: ApiServer
) -> None:
    server.faults.append(Fault("GET", 500, message="etcdserver: leader changed"))
    assert await rig.client.get(CONFIG_MAPS, rig.namespace, "settings") is None
    server.faults[:] = [Fault("GET", 500, times=9, message="nil pointer")]
    with pytest.raises(TransientError, match="nil pointer") as told:
        await rig.client.get(CONFIG_MAPS, rig.namespace, "settings")
    assert told.value.reference == "cluster-failing"
    assert server.faults[0].times == 8


async def test_a_lost_answer_of_an_apply_is_asked_for_again(rig: Rig, server: ApiServer) -> None:
    server.faults.append(Fault("PATCH", after=True))
    await rig.client.apply(rig.config_map(a="1"))
    assert texts_at(await rig.get(CONFIG_MAPS, "settings"), "data") == {"a": "1"}
    assert [line.method for line in server.writes_seen] == ["PATCH", "PATCH"]


async def test_a_lost_answer_of_a_replacement_is_left_to_its_caller(
    rig: Rig, server: ApiServer
) -> None:
    await rig.client.create(rig.endpoints("10.0.0.1"))
    seen = await rig.get(ENDPOINT_SLICES, "web-migrator")
    server.faults.append(Fault("PUT", after=True))
    with pytest.raises(TransientError) as told:
        await rig.client.replace({**seen, "endpoints": []})
    assert told.value.reference == "cluster-answer-lost"
    assert [line.method for line in server.writes_seen] == ["POST", "PUT"]


async def test_a_slow_server_is_not_waited_for_without_end(rig: Rig, server: ApiServer) -> None:
    server.faults.append(Fault("GET", times=9, latency_seconds=5))
    client = impatient(rig, Pauses(), try_seconds_max=0.02, tries_max=3)
    with pytest.raises(TransientError) as told:
        await client.get(CONFIG_MAPS, rig.namespace, "settings")
    assert told.value.reference == "cluster-answer-lost"
    assert server.faults[0].times == 6


async def test_a_server_that_is_away_is_named_and_found_again(rig: Rig, server: ApiServer) -> None:
    await rig.client.apply(rig.config_map(a="1"))
    await server.crash()
    with pytest.raises(TransientError, match="nothing was begun") as told:
        await impatient(rig, Pauses(), tries_max=3).apply(rig.config_map(a="2"), before={})
    assert told.value.reference == "cluster-unreachable"
    await server.start()
    assert (await rig.client.apply(rig.config_map(a="2"))).change.word is ChangeWord.CONFIGURED


async def test_warnings_are_findings_of_the_write_each_once(rig: Rig, server: ApiServer) -> None:
    server.warnings += ['"policy/v0" is deprecated', "too loose", "too loose"]
    done = await rig.client.apply(rig.config_map())
    assert done.warnings == ('"policy/v0" is deprecated', "too loose")


async def test_each_waves_writes_are_told_apart_in_the_audit_log(
    rig: Rig, server: ApiServer
) -> None:
    await rig.client.signed(user_agent("helgen", "våg 2")).apply(rig.config_map())
    assert server.writes_seen[0].agent.endswith(" run/helgen wave/v-g-2")


# Rights and sign-in


async def test_a_missing_right_is_named_with_verb_resource_and_namespace(
    rig: Rig, server: ApiServer
) -> None:
    server.forbidden.add(("patch", "deployments.apps"))
    with pytest.raises(PermanentError) as told:
        await rig.client.apply(rig.deployment())
    assert told.value.reference == "cluster-forbidden"
    assert f"patch deployments.apps web in namespace {rig.namespace}" in told.value.hint


async def test_a_token_that_rotates_is_read_again_when_it_is_refused(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old\n", encoding="utf-8")
    async with running(ApiServer(tokens={"old": "mover"})) as server:
        client = client_for(server, {"tokenFile": str(token)})
        assert await whoami(client.asker) == "mover"
        server.tokens = {"new": "mover"}
        token.write_text("new\n", encoding="utf-8")
        assert await whoami(client.asker) == "mover"
        await client.close()


async def test_a_sign_in_that_has_ended_says_so_after_one_more_try() -> None:
    async with running(ApiServer(tokens={"new": "mover"})) as server:
        client = client_for(server, {"token": "old"})
        with pytest.raises(EnvironmentFailed, match="does not know us") as told:
            await whoami(client.asker)
        assert told.value.reference == "cluster-credentials"
        await client.close()


async def test_whoever_signs_in_as_nobody_goes_no_further() -> None:
    async with running(ApiServer(tokens={"new": "mover"})) as server:
        client = client_for(server)
        with pytest.raises(EnvironmentFailed, match="takes us for nobody"):
            await whoami(client.asker)
        await client.close()


def plug_in(folder: Path, answers: list[KubeObject]) -> KubeObject:
    """A sign-in plug-in that gives one answer after the other, and talks much beside."""
    script = folder / "plug_in.py"
    script.write_text(
        "import json, pathlib, sys\n"
        f"here = pathlib.Path({str(folder)!r})\n"
        "count = here / 'count'\n"
        "nth = int(count.read_text()) if count.exists() else 0\n"
        "count.write_text(str(nth + 1))\n"
        "sys.stderr.write('chatter\\n' * 20000)\n"
        f"answers = json.loads({json.dumps(json.dumps(answers))})\n"
        "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1',\n"
        "                  'kind': 'ExecCredential', 'status': answers[nth]}))\n",
        encoding="utf-8",
    )
    args: list[Plain] = ["-I", "-S", str(script)]
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": args,
        }
    }


async def test_a_plug_ins_token_is_renewed_before_it_ends(tmp_path: Path) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
    user = plug_in(tmp_path, [{"token": "one", "expirationTimestamp": soon}, {"token": "two"}])
    async with running(ApiServer(tokens={"one": "mover-1", "two": "mover-2"})) as server:
        client = client_for(server, user)
        # Thirty seconds are less than the two minutes in which no request may be caught.
        assert [await whoami(client.asker) for _ in range(3)] == ["mover-1", "mover-2", "mover-2"]
        await client.close()


async def test_a_plug_in_that_fails_is_told_with_its_own_words() -> None:
    user: KubeObject = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": ["-I", "-S", "-c", "import sys; sys.exit('your ticket has ended')"],
        }
    }
    async with running(ApiServer(tokens={})) as server:
        client = client_for(server, user)
        with pytest.raises(EnvironmentFailed, match="your ticket has ended") as told:
            await whoami(client.asker)
        assert told.value.reference == "cluster-sign-in"
        await client.close()


@pytest.mark.parametrize(("said", "means"), [("1.30", (1, 30)), ("1.37+", (1, 37))])
async def test_supported_versions_are_worked_with(said: str, means: tuple[int, int]) -> None:
    async with running(ApiServer(version=said)) as server:
        client = client_for(server)
        assert await version(client.asker) == means
        await client.close()


@pytest.mark.parametrize("said", ["1.29", "1.38", "2.0", "new"])
async def test_other_versions_are_refused_with_those_that_are_supported(said: str) -> None:
    async with running(ApiServer(version=said)) as server:
        client = client_for(server)
        with pytest.raises(InputError, match=r"1\.30 to 1\.37") as told:
            await version(client.asker)
        assert told.value.reference == "cluster-version"
        await client.close()


# Discovery


async def test_the_old_way_of_discovery_tells_the_same(rig: Rig, server: ApiServer) -> None:
    new = await rig.client.discovery.all()
    server.old_discovery = True
    old = await Discovery(rig.client.asker.send).all()
    assert old == new


async def test_a_kind_that_was_defined_a_moment_ago_is_found(rig: Rig, server: ApiServer) -> None:
    found = Discovery(rig.client.asker.send, again_seconds_min=0)
    await found.all()
    server.kinds.append(custom_kind("example.org", "v1", "Widget", "widgets"))
    assert (await found.kind("example.org/v1", "Widget")).plural == "widgets"


async def test_many_who_ask_at_once_make_one_reading(rig: Rig, server: ApiServer) -> None:
    kinds = [("apps/v1", "Deployment"), ("v1", "Secret"), ("v1", "Service")] * 5
    await asyncio.gather(*(rig.client.discovery.kind(*kind) for kind in kinds))
    assert sorted(line.path for line in server.log) == ["/api", "/apis"]


# Lists and watches


@asynccontextmanager
async def watching(rig: Rig, told: list[Seen] | None = None) -> AsyncIterator[Watch]:
    """A watch of the namespace's config maps, running."""
    heard = told if told is not None else []
    pauses = Pauses()
    watch = Watch(
        rig.client, CONFIG_MAPS, Scope(rig.namespace), told=heard.append, sleep=pauses.sleep
    )
    running_ = asyncio.create_task(watch.run())
    try:
        assert await watch.until(lambda w: bool(w.version), 5)
        yield watch
    finally:
        running_.cancel()
        await asyncio.gather(running_, return_exceptions=True)


async def test_a_long_list_comes_in_pages_and_whole(rig: Rig, server: ApiServer) -> None:
    for number in range(1201):
        server.make(rig.config_map(f"c{number:04}"))
    found = await rig.client.list_all(CONFIG_MAPS, rig.namespace)
    assert len({str(item["metadata"]) for item in found.items}) == 1201
    assert sum(line.query.get("limit") == "500" for line in server.log) == 3


async def test_a_list_that_grew_too_old_between_pages_is_begun_anew(
    rig: Rig, server: ApiServer
) -> None:
    for number in range(600):
        server.make(rig.config_map(f"c{number:04}"))
    server.faults.append(Fault("continue=", 410, reason="Expired"))
    found = await rig.client.list_all(CONFIG_MAPS, rig.namespace)
    assert len(found.items) == 600


async def test_what_changed_while_the_server_forgot_is_told_after_a_new_list(
    rig: Rig, server: ApiServer
) -> None:
    server.make(rig.config_map("stays"))
    server.make(rig.config_map("goes"))
    told: list[Seen] = []
    async with watching(rig, told) as watch:
        server.faults.append(Fault("watch=true", 503, times=3))
        port = server.port
        await server.crash()
        server.remove("ConfigMap", rig.namespace, "goes")
        server.make(rig.config_map("comes"))
        server.storage.compact()
        await server.start()
        assert server.port == port
        assert await watch.until(lambda w: w.get("comes") is not None, 5)
        assert watch.get("goes") is None
        assert watch.lists == 2
    words = [(seen.happened, seen.name.name) for seen in told[2:]]
    assert words == [(Happened.GONE, "goes"), (Happened.THERE, "comes")]


async def test_a_watch_outlives_a_crash_without_reading_the_list_again(
    rig: Rig, server: ApiServer
) -> None:
    async with watching(rig) as watch:
        await server.crash()
        server.make(rig.config_map("meanwhile"))
        await server.start()
        assert await watch.until(lambda w: w.get("meanwhile") is not None, 5)
        assert watch.lists == 1
        assert watch.trouble is None


async def test_bookmarks_keep_a_quiet_watch_young(rig: Rig, server: ApiServer) -> None:
    server.bookmark_seconds = 0.01
    async with watching(rig) as watch:
        # What happens to other kinds makes versions that this watch never sees an event of.
        for number in range(3):
            server.make({**rig.service(f"s{number}")})
        assert await watch.until(lambda w: w.version == str(server.storage.version), 5)
        assert (watch.lists, len(watch.objects)) == (1, 0)


async def test_without_bookmarks_a_forgotten_version_costs_one_list(
    rig: Rig, server: ApiServer
) -> None:
    async with watching(rig) as watch:
        server.storage.compact()
        await server.crash()
        await server.start()
        server.make(rig.config_map("late"))
        assert await watch.until(lambda w: w.get("late") is not None, 5)
        assert watch.lists == 2


async def test_a_watch_that_may_not_look_says_so_instead_of_waiting(
    rig: Rig, server: ApiServer
) -> None:
    server.forbidden.add(("get", "configmaps"))
    watch = Watch(rig.client, CONFIG_MAPS, Scope(rig.namespace))
    with pytest.raises(PermanentError) as told:
        await watch.run()
    assert told.value.reference == "cluster-forbidden"


async def test_a_watch_keeps_only_what_is_needed(rig: Rig) -> None:
    await rig.client.apply(rig.config_map(a="1"))
    async with watching(rig) as watch:
        kept = watch.get("settings")
        assert kept is not None
        assert "managedFields" not in map_at(kept, "metadata")
        assert texts_at(kept, "data") == {"a": "1"}


async def test_waiting_for_what_never_comes_ends(rig: Rig) -> None:
    async with watching(rig) as watch:
        assert not await watch.until(lambda w: w.get("never") is not None, 0.01)


# The way there


async def test_no_netrc_and_no_proxy_of_the_environment_is_used(
    server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password open\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    client = client_of(chosen(server), wall=wall, patience=QUICK)
    assert await whoami(client.asker) == "kubernetes-admin"
    await client.close()
