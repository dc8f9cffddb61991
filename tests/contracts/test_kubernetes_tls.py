"""Certificates on both sides, with certificates made for the test: openssl is needed for that."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from api_server import ApiServer, running
from kubernetes_rig import QUICK, client_for, wall
from migrator.errors import EnvironmentFailed
from migrator.platform.kubernetes.bucket import Bucket
from migrator.platform.kubernetes.connecting import connected
from migrator.platform.kubernetes.discovery import CONFIG_MAPS
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.server import whoami

OPENSSL = shutil.which("openssl")

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl makes the certificates")


def made(folder: Path, name: str, *more: str) -> None:
    """A self-signed certificate and its key."""
    assert OPENSSL is not None
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    files = ["-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "2", "-subj", f"/CN={name}"]
    argv = [OPENSSL, "req", "-x509", *curve, *files, *more]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    made(folder, "server", "-addext", "subjectAltName=IP:127.0.0.1")
    made(folder, "elsewhere", "-addext", "subjectAltName=IP:192.0.2.1")
    made(folder, "mover")
    return folder


def serving(keys: Path, name: str = "server", clients: str = "") -> ApiServer:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(keys / f"{name}.crt", keys / f"{name}.key")
    if clients:
        context.load_verify_locations(keys / f"{clients}.crt")
        context.verify_mode = ssl.CERT_REQUIRED
    return ApiServer(tls=context)


def data(keys: Path, name: str) -> str:
    """A file as a kubeconfig carries it."""
    return base64.b64encode((keys / name).read_bytes()).decode()


def authority(keys: Path, name: str = "server") -> dict[str, str]:
    return {"certificate-authority-data": data(keys, f"{name}.crt")}


def the_mover(keys: Path) -> KubeObject:
    return {
        "client-certificate-data": data(keys, "mover.crt"),
        "client-key-data": data(keys, "mover.key"),
    }


async def test_a_server_with_the_right_certificate_is_spoken_to(keys: Path) -> None:
    async with running(serving(keys)) as server:
        client = client_for(server, **authority(keys))
        assert await whoami(client.asker) == "kubernetes-admin"
        await client.close()


@pytest.mark.parametrize(("serves", "trusts"), [("server", "mover"), ("elsewhere", "elsewhere")])
async def test_another_authority_or_another_name_is_refused_without_trying_again(
    keys: Path, serves: str, trusts: str
) -> None:
    async with running(serving(keys, serves)) as server:
        client = client_for(server, **authority(keys, trusts))
        with pytest.raises(EnvironmentFailed, match="certificate") as told:
            await whoami(client.asker)
        assert told.value.reference == "cluster-certificate"
        assert server.log == []
        await client.close()


async def test_a_client_certificate_signs_in_and_its_key_is_not_left_on_disk(
    keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    async with running(serving(keys, clients="mover")) as server:
        client = client_for(server, the_mover(keys), **authority(keys))
        assert await client.get(CONFIG_MAPS, "shop", "settings") is None
        assert await asyncio.to_thread(lambda: list(tmp_path.iterdir())) == []
        # A second client from the same text: the library remembers files that are gone by now.
        again = client_for(server, the_mover(keys), **authority(keys))
        assert await again.get(CONFIG_MAPS, "shop", "settings") is None
        await again.close()
        await client.close()


async def test_a_key_that_is_none_is_told_before_anything_is_asked(keys: Path) -> None:
    async with running(serving(keys)) as server:
        wrong: KubeObject = {**the_mover(keys), "client-key-data": data(keys, "server.key")}
        client = client_for(server, wrong, **authority(keys))
        with pytest.raises(EnvironmentFailed) as told:
            await whoami(client.asker)
        assert told.value.reference == "cluster-sign-in"
        await client.close()


async def test_a_kubeconfig_leads_to_a_client_that_knows_its_server(
    keys: Path, tmp_path: Path
) -> None:
    async with running(serving(keys)) as server:
        server.tokens = {"secret": "mover"}
        config: KubeObject = {
            "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": {"server": server.address, **authority(keys)}}],
            "users": [{"name": "mover", "user": {"token": "secret"}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "mover"}}],
        }
        file = tmp_path / "config"
        await asyncio.to_thread(file.write_text, json.dumps(config), encoding="utf-8")
        async with connected("lab", kubeconfig=file, wall=wall, bucket=Bucket(0), patience=QUICK):
            assert [line.path for line in server.log][-1].endswith("/selfsubjectreviews")
