"""Knows the stores and queues that estates are made of, by the last word of their image. Pure.

Used to tell a stateful subsystem from a stateless one where no volume says so, and to name what is
spoken with it. An image is evidence, not proof: whatever is concluded here is marked as such, and
an image that is not in the table is simply not known. Exporters, dashboards and operators of a
store have other names than the store and are not taken for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Store:
    """A product that holds data. `durable` is False where losing the data is the normal case."""

    technology: str
    role: str  # store or queue
    protocol: str  # as links name it
    durable: bool = True


_POSTGRESQL: Final = Store("postgresql", "store", "postgresql")
_MYSQL: Final = Store("mysql", "store", "mysql")
_MARIADB: Final = Store("mariadb", "store", "mysql")
_MONGODB: Final = Store("mongodb", "store", "mongodb")
_REDIS: Final = Store("redis", "store", "redis")
_VALKEY: Final = Store("valkey", "store", "redis")
_KAFKA: Final = Store("kafka", "queue", "kafka")
_RABBITMQ: Final = Store("rabbitmq", "queue", "amqp")
_ARTEMIS: Final = Store("activemq", "queue", "amqp")
_NATS: Final = Store("nats", "queue", "nats")
_OPENSEARCH: Final = Store("opensearch", "store", "http")
_ELASTIC: Final = Store("elasticsearch", "store", "http")
_CASSANDRA: Final = Store("cassandra", "store", "cassandra")

_IMAGES: Final[Mapping[str, Store]] = {
    "postgres": _POSTGRESQL,
    "postgresql": _POSTGRESQL,
    "postgis": _POSTGRESQL,
    "pgvector": _POSTGRESQL,
    "timescaledb": _POSTGRESQL,
    "mysql": _MYSQL,
    "mysql-server": _MYSQL,
    "percona": _MYSQL,
    "percona-server": _MYSQL,
    "mariadb": _MARIADB,
    "mariadb-galera": _MARIADB,
    "mongo": _MONGODB,
    "mongodb": _MONGODB,
    "mongodb-community-server": _MONGODB,
    "redis": _REDIS,
    "redis-stack-server": _REDIS,
    "keydb": _REDIS,
    "valkey": _VALKEY,
    "memcached": Store("memcached", "store", "memcached", durable=False),
    "rabbitmq": _RABBITMQ,
    "kafka": _KAFKA,
    "cp-kafka": _KAFKA,
    "redpanda": Store("redpanda", "queue", "kafka"),
    "zookeeper": Store("zookeeper", "store", "zookeeper"),
    "activemq": _ARTEMIS,
    "activemq-artemis": _ARTEMIS,
    "mq": Store("ibm-mq", "queue", "mq"),
    "nats": _NATS,
    "pulsar": Store("pulsar", "queue", "pulsar"),
    "opensearch": _OPENSEARCH,
    "elasticsearch": _ELASTIC,
    "elasticsearch-oss": _ELASTIC,
    "solr": Store("solr", "store", "http"),
    "cassandra": _CASSANDRA,
    "scylla": _CASSANDRA,
    "couchdb": Store("couchdb", "store", "couchdb"),
    "neo4j": Store("neo4j", "store", "bolt"),
    "influxdb": Store("influxdb", "store", "http"),
    "clickhouse-server": Store("clickhouse", "store", "clickhouse"),
    "cockroach": Store("cockroachdb", "store", "postgresql"),
    "etcd": Store("etcd", "store", "grpc"),
    "minio": Store("minio", "store", "http"),
    "mssql": Store("sqlserver", "store", "sqlserver"),
    "oracle-free": Store("oracle", "store", "oracle"),
    "oracle-xe": Store("oracle", "store", "oracle"),
    "db2": Store("db2", "store", "db2"),
    "openldap": Store("openldap", "store", "ldap"),
    "vault": Store("vault", "store", "http"),
}

_PROGRAMS: Final[Mapping[str, Store]] = {
    "postgres": _POSTGRESQL,
    "mysqld": _MYSQL,
    "mariadbd": _MARIADB,
    "mongod": _MONGODB,
    "redis-server": _REDIS,
    "valkey-server": _VALKEY,
    "rabbitmq-server": _RABBITMQ,
    "nats-server": _NATS,
}
"""The servers by the name of their program, for images whose own name is a variable."""

_HEALTH: Final[Mapping[str, Store]] = {
    "pg_isready": _POSTGRESQL,
    "mysqladmin": _MYSQL,
    "mariadb-admin": _MARIADB,
    "mongosh": _MONGODB,
    "redis-cli": _REDIS,
    "valkey-cli": _VALKEY,
    "rabbitmq-diagnostics": _RABBITMQ,
}
"""The clients that a store's own health check calls."""

_GATEWAYS: Final = frozenset(
    ("envoy", "haproxy", "httpd", "kong", "nginx", "nginx-unprivileged", "proxyv2", "traefik")
)

_OTHER_HOST: Final = re.compile(r"(?:^|\s)(?:-h|--host)[\s=]*(?!localhost|127\.0\.0\.1)\S")


def image_name(image: str) -> str:
    """The last word of an image's name: `registry/team/redis:7@sha256:..` is `redis`."""
    path = image.partition("@")[0]
    parts = path.rpartition("/")
    name = parts[2].partition(":")[0].lower()
    # mcr.microsoft.com/mssql/server keeps the product in the word before.
    return parts[0].rpartition("/")[2].lower() if name == "server" else name


def store_of_image(image: str) -> Store | None:
    """The store that an image holds; None where the image is not known as one."""
    return _IMAGES.get(image_name(image))


def store_of_command(words: Iterable[str]) -> Store | None:
    """The store that a command starts; None where it is not known as one."""
    for word in words:
        first = word.split()[0] if word.split() else ""
        return _PROGRAMS.get(first.rpartition("/")[2])
    return None


def store_of_health_check(words: Iterable[str]) -> Store | None:
    """The store whose own client a health check calls; None where it asks another machine."""
    text = " ".join(words)
    if _OTHER_HOST.search(text):
        return None
    for word in re.findall(r"[\w.-]+", text):
        if word in _HEALTH:
            return _HEALTH[word]
    return None


def is_gateway(image: str) -> bool:
    """Tell whether an image is a proxy that passes calls on."""
    return image_name(image) in _GATEWAYS
