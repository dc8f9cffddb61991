"""From one text to links, suspicions and open questions."""

from __future__ import annotations

from migrator.ids import ComponentId, SubsystemId
from migrator.importers.coverage import Collector
from migrator.importers.evidence import EvidenceKind, FoundLink
from migrator.importers.nodes import Node, NoLines
from migrator.importers.scan import (
    Answer,
    Caller,
    Endpoint,
    Text,
    links_in,
    texts_of_arguments,
    texts_of_file,
)

ENV = EvidenceKind.ENVIRONMENT
NODE = Node("a.yaml", NoLines(7), None, ("env", 0))


def resolve(host: str, port: int | None) -> Answer | None:
    """Know `db`, the caller `web`, and `pods`, which has no Service."""
    if host == "pods":
        return Answer((), "no Service", near=SubsystemId("pods"))
    if host not in {"db", "web"}:
        return None
    return Answer((Endpoint(SubsystemId(host), ComponentId(host), port, None),))


def scan(key: str, value: str, **siblings: str) -> tuple[list[FoundLink], Collector]:
    collector = Collector()
    caller = Caller(SubsystemId("web"), ComponentId("web"), resolve)
    return links_in(Text(key, value, NODE, ENV, siblings), caller, collector), collector


def test_an_address_that_somebody_has_is_a_link_with_its_place() -> None:
    ((link,), _) = scan("DB_URL", "postgres://u:hunter2@db:5432/x")
    assert (link.target, link.port, link.protocol) == ("db", 5432, "postgresql")
    assert (link.evidence.line, link.evidence.path) == (7, "env[0]")
    assert link.evidence.what == "DB_URL=***db:5432***"


def test_host_and_port_under_two_keys_are_one_address() -> None:
    ((link,), _) = scan("DB_HOST", "db", DB_PORT="5432")
    assert link.port == 5432
    assert link.evidence.what == "DB_HOST=db:5432 with DB_PORT=5432"


def test_an_address_that_nobody_has_is_unresolved_and_no_link() -> None:
    links, collector = scan("PASTRY_ADDR", "pastry:9000")
    assert links == []
    assert [each.name for each in collector.unresolved] == ["pastry:9000"]


def test_a_pair_under_a_key_that_promises_nothing_is_not_even_unresolved() -> None:
    links, collector = scan("BUILD", "stage:12")
    assert (links, collector.unresolved) == ([], set())


def test_a_name_under_a_key_that_promises_nothing_is_suspected_only() -> None:
    links, collector = scan("TIER", "db")
    assert links == []
    assert [(each.source, each.target) for each in collector.suspected] == [("web", "db")]


def test_a_name_that_no_service_gives_is_suspected_and_unresolved() -> None:
    links, collector = scan("API_URL", "http://pods:80")
    assert links == []
    assert [each.target for each in collector.suspected] == ["pods"]
    assert [each.why for each in collector.unresolved] == ["no Service"]


def test_ones_own_address_is_no_link() -> None:
    links, collector = scan("OWN_URL", "http://web:80")
    assert (links, collector.suspected, collector.unresolved) == ([], set(), set())


def test_the_version_of_an_image_is_no_port() -> None:
    assert scan("STORE_IMAGE", "db:16")[0] == []


def test_a_secret_in_plain_text_is_named_without_its_value() -> None:
    _, collector = scan("DB_PASSWORD", "hunter2")
    assert [each.name for each in collector.plain_secrets] == ["DB_PASSWORD"]
    assert "hunter2" not in repr(collector)


def test_a_secret_that_is_still_a_variable_is_none() -> None:
    assert scan("DB_PASSWORD", "${PW}")[1].plain_secrets == set()


def test_a_configuration_file_is_read_setting_by_setting() -> None:
    content = "# db.host=old\n[server]\ndb.host=db\ndb.port=5432\n"
    texts = list(texts_of_file("app.properties", content, NODE, ENV, 1))
    assert [(text.key, text.value, text.line) for text in texts] == [
        ("", "[server]", 9),
        ("db.host", "db", 10),
        ("db.port", "5432", 11),
    ]
    assert texts[1].siblings["db.port"] == "5432"


def test_a_flag_is_the_key_of_the_word_that_follows_it() -> None:
    words = ["run", "--db-host", "db", "--level=3"]
    nodes = [Node("a.yaml", NoLines(), word, ("args", n)) for n, word in enumerate(words)]
    pairs = [(text.key, text.value) for text in texts_of_arguments(nodes, ENV)]
    assert pairs == [("", "run"), ("", "--db-host"), ("--db-host", "db"), ("--level", "3")]
