"""What is struck out of evidence, and what is left to be read."""

from __future__ import annotations

import base64
import json

import pytest

from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.masking import Mask, containers_of, secret_names, shown
from migrator.platform.kubernetes.objects import KubeObject

PASSWORD = "correct-horse-7"


def a_pod(*env: KubeObject, **spec: Plain) -> KubeObject:
    container: KubeObject = {"name": "web", "image": "web:1", "env": [*env]}
    metadata: KubeObject = {
        "name": "web-1",
        "managedFields": [{"manager": "x"}],
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": PASSWORD,
            "team": "blue",
        },
    }
    return {"metadata": metadata, "spec": {"containers": [container], **spec}, "status": {}}


def a_secret(**data: bytes) -> KubeObject:
    return {"data": {key: base64.b64encode(value).decode() for key, value in data.items()}}


@pytest.mark.parametrize(
    "said",
    [
        PASSWORD,
        base64.b64encode(PASSWORD.encode()).decode(),
        base64.b64encode(b"user:" + PASSWORD.encode()).decode(),
        f"postgres://app:{PASSWORD}@db/app",
        json.dumps({"password": PASSWORD}),
    ],
)
def test_a_secrets_value_is_struck_out_in_every_usual_shape(said: str) -> None:
    hidden = Mask([], [a_secret(password=PASSWORD.encode())]).hidden(f"connecting with {said} now")
    assert PASSWORD not in hidden
    assert said not in hidden
    assert hidden.startswith("connecting with ")
    assert hidden.endswith(" now")


def test_bytes_that_are_no_text_are_struck_out_encoded() -> None:
    key = bytes(range(200, 240))
    encoded = base64.b64encode(key).decode()
    assert encoded not in Mask([], [a_secret(key=key)]).hidden(f"key: {encoded}")


@pytest.mark.parametrize(
    ("name", "value", "struck_out"),
    [
        ("DB_PASSWORD", "hunter", True),
        ("API_TOKEN", "abcd", True),
        ("SESSION", "a1b2c3d4e5", True),
        ("DB_HOST", "db7.example.org", False),
        ("MODE", "production", False),
        ("PORT", "8080", False),
        ("PIN", "no", False),
    ],
)
def test_a_variables_value_is_struck_out_where_it_is_a_secret(
    name: str, value: str, struck_out: bool
) -> None:
    hidden = Mask([a_pod({"name": name, "value": value})]).hidden(f"starting with <{value}>")
    assert (value not in hidden) is struck_out


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln seen", "eyJzdWIiOiIxIn0"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----", "MIIB"),
        ("-----BEGIN PRIVATE KEY-----\nMIIB, and the log ends", "MIIB"),
        ("amqp://guest:guessed@queue:5672/", "guessed"),
        ('{"password": "guessed"}', "guessed"),
        ("login failed: passwd=guessed; try again", "guessed"),
        ("api-key: guessed", "guessed"),
    ],
)
def test_what_looks_like_a_secret_is_struck_out(said: str, secret: str) -> None:
    assert secret not in Mask().hidden(said)


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-22T03:00:00Z ERROR no connection to db7.example.org:5432 after 3 tries",
        "Back-off restarting failed container web in pod web-5d4f8b7c9-abcde",
        "https://registry.example.org/team/web:1.2.3 pulled",
    ],
)
def test_what_a_developer_needs_is_left_alone(said: str) -> None:
    assert Mask([a_pod()], [a_secret(short=b"no")]).hidden(said) == said


def test_what_was_struck_out_is_not_struck_out_again() -> None:
    mask = Mask([], [a_secret(p=PASSWORD.encode())])
    once = mask.hidden(f"password={PASSWORD}")
    assert mask.hidden(once) == once == "password=[secret]"


def test_a_pod_is_shown_without_values_and_without_what_only_machines_read() -> None:
    variable: KubeObject = {"name": "MODE", "value": "production"}
    reference: KubeObject = {"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "p"}}}
    text = json.dumps(shown(a_pod(variable, reference)))
    assert "production" not in text
    assert PASSWORD not in text
    assert "managedFields" not in text
    assert "secretKeyRef" in text
    assert "blue" in text


def test_every_secret_that_a_pods_programs_see_is_named() -> None:
    pod = a_pod(
        {"name": "P", "valueFrom": {"secretKeyRef": {"name": "by-variable", "key": "p"}}},
        volumes=[
            {"name": "a", "secret": {"secretName": "by-volume"}},
            {"name": "b", "projected": {"sources": [{"secret": {"name": "by-projection"}}]}},
            {"name": "c", "emptyDir": {}},
        ],
        initContainers=[{"name": "first", "envFrom": [{"secretRef": {"name": "by-all"}}]}],
    )
    assert secret_names(pod) == {"by-variable", "by-volume", "by-projection", "by-all"}
    assert [each["name"] for each in containers_of(pod)] == ["first", "web"]
