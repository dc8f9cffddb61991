"""Who we are for a server, what we may, and which servers we work with at all."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api_server import ApiServer, running
from kubernetes_rig import QUICK, Rig, chosen, client_for, rigged, wall
from migrator.errors import EnvironmentFailed, InputError, PermanentError
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.connecting import client_of
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.server import version, whoami


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with rigged("fake") as found:
        yield found


@pytest.fixture
def server(rig: Rig) -> ApiServer:
    assert rig.fake is not None
    return rig.fake


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


@pytest.mark.slow
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


async def test_without_the_library_the_extra_is_named(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kubernetes.aio", None)
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    with pytest.raises(InputError) as told:
        await whoami(client_for(server).asker)
    assert told.value.reference == "kubernetes-extra"
    assert "migrator[kubernetes]" in told.value.hint
