"""Which images, programs and health checks are known as stores."""

from __future__ import annotations

import pytest

from migrator.importers.stores import (
    image_name,
    is_gateway,
    store_of_command,
    store_of_health_check,
    store_of_image,
)


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("redis", "redis"),
        ("redis:7-alpine", "redis"),
        ("registry.example.test:5000/team/postgres:16@sha256:00ff", "postgres"),
        ("example.test/mssql/server:2022", "mssql"),
    ],
)
def test_the_name_of_an_image_is_its_last_word(image: str, name: str) -> None:
    assert image_name(image) == name


@pytest.mark.parametrize("image", ["mongo", "bitnami/postgresql:16", "valkey/valkey:8", "cp-kafka"])
def test_a_store_is_known_by_its_image(image: str) -> None:
    store = store_of_image(image)
    assert store is not None
    assert store.durable


@pytest.mark.parametrize("image", ["redis-exporter", "mongo-express", "web:1", "", "${IMAGE}"])
def test_what_stands_beside_a_store_is_not_taken_for_it(image: str) -> None:
    assert store_of_image(image) is None


def test_a_cache_that_keeps_nothing_is_a_store_and_not_durable() -> None:
    store = store_of_image("memcached:1")
    assert store is not None
    assert not store.durable


def test_a_command_names_the_store_that_it_starts() -> None:
    store = store_of_command(["/usr/bin/postgres", "-c", "x=1"])
    assert store is not None
    assert store.technology == "postgresql"
    assert store_of_command(["run", "postgres"]) is None


def test_a_health_check_of_its_own_store_is_told_from_one_of_another() -> None:
    own = store_of_health_check(["CMD-SHELL", "valkey-cli ping"])
    assert own is not None
    assert own.technology == "valkey"
    assert store_of_health_check(["CMD-SHELL", "pg_isready -h db -p 5432"]) is None
    assert store_of_health_check(["CMD", "curl", "http://localhost"]) is None


def test_a_proxy_is_known_by_its_image() -> None:
    assert is_gateway("nginx:1.27")
    assert not is_gateway("nginx-exporter")
