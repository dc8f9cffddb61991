"""What a text names: hosts and ports, and nothing that only looks like one."""

from __future__ import annotations

import pytest

from migrator.importers.addresses import (
    addresses,
    bare_hosts,
    holds_credentials,
    masked,
    port_beside,
    speaks_of_addresses,
    speaks_of_secrets,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("orders:8080", [("orders", 8080, None)]),
        ("--addr=orders:8080", [("orders", 8080, None)]),
        ("http://orders/api", [("orders", 80, "http")]),
        ("https://orders.shop.svc:8443/x", [("orders.shop.svc", 8443, "https")]),
        ("postgres://u:p@db/app?sslmode=off", [("db", 5432, "postgresql")]),
        ("jdbc:mysql://db:3307/app", [("db", 3307, "mysql")]),
        ("jdbc:oracle:thin:@ora:1521:SID", [("ora", 1521, "oracle")]),
        ("mongodb://u:p@a:27017,b:27018/x", [("a", 27017, "mongodb"), ("b", 27018, "mongodb")]),
        ("root:pw@tcp(mysql:3306)/db", [("mysql", 3306, None)]),
        ("Server=sql,1433;Database=x", [("sql", 1433, None)]),
        ("host=pg port=5433 dbname=x", [("pg", 5433, None)]),
        ("kafka-0:9092, kafka-1:9092", [("kafka-0", 9092, None), ("kafka-1", 9092, None)]),
        ("http://collector:${PORT}/v1", [("collector", None, "http")]),
        ("proxy_pass http://web:80;", [("web", 80, "http")]),
        ("dns:///orders:50051", [("orders", 50051, "grpc")]),
    ],
)  # fmt: skip
def test_an_address_is_found_in_every_usual_spelling(
    text: str, found: list[tuple[str, int | None, str | None]]
) -> None:
    assert [(one.host, one.port, one.scheme) for one in addresses(text)] == found


@pytest.mark.parametrize(
    "text",
    [
        ":8080",
        "8080",
        "localhost:8080",
        "http://127.0.0.1:80/",
        "0.0.0.0:80",
        "http://*:8080",
        "http://${HOST}:8080/",
        "http://$HOST:8080/",
        "postgres://user:${PASSWORD}@${HOST}/db",
        "10:30",
        "orders:99999",
        "user:12345@",
        "file:///etc/passwd",
        "library/redis:6379",
        "just words",
    ],
)
def test_what_only_looks_like_an_address_is_left_alone(text: str) -> None:
    assert addresses(text) == ()


def test_only_the_address_survives_the_mask() -> None:
    text = "postgres://admin:hunter2@db:5432/app?key=abc"
    assert masked(text, addresses(text)) == "***db:5432***"


def test_a_value_that_is_nothing_but_an_address_is_shown_whole() -> None:
    assert masked("orders:80", addresses("orders:80")) == "orders:80"


def test_a_text_without_an_address_is_masked_whole() -> None:
    assert masked("hunter2", ()) == "***"


@pytest.mark.parametrize(
    ("key", "speaks"),
    [
        ("DB_HOST", True),
        ("ordersUrl", True),
        ("spring.datasource.url", True),
        ("OTEL_SERVICE_NAME", False),
        ("REDIS_IMAGE", False),
        ("LOG_LEVEL", False),
    ],
)
def test_a_key_says_whether_its_value_is_an_address(key: str, *, speaks: bool) -> None:
    assert speaks_of_addresses(key) is speaks


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("DB_PASSWORD", True),
        ("dbPassword", True),
        ("SECRET_KEY_BASE", True),
        ("API_KEY", True),
        ("GITHUB_TOKEN", True),
        ("DB_PASSWORD_FILE", False),
        ("TOKENIZER", False),
        ("KEYBOARD", False),
    ],
)
def test_a_key_says_whether_its_value_is_a_secret(key: str, *, secret: bool) -> None:
    assert speaks_of_secrets(key) is secret


def test_a_bare_word_is_a_host_only_under_a_key_that_speaks_of_addresses() -> None:
    assert [one.host for one in bare_hosts("FLAGD_HOST", "flagd")] == ["flagd"]
    assert bare_hosts("LOG_LEVEL", "flagd") == ()


def test_the_port_stands_under_the_key_beside_the_host() -> None:
    assert port_beside("FLAGD_HOST", {"FLAGD_PORT": "8013"}) == ("FLAGD_PORT", 8013)
    assert port_beside("db.host", {"db.port": "5432"}) == ("db.port", 5432)
    assert port_beside("FLAGD_HOST", {"OTHER_PORT": "1"}) is None


def test_a_password_in_a_url_is_noticed_and_a_variable_is_not_one() -> None:
    assert holds_credentials("amqp://guest:guest@queue:5672")
    assert not holds_credentials("amqp://guest:${PW}@queue:5672")
    assert not holds_credentials("http://queue:5672")
