"""How several pieces of evidence become one link."""

from __future__ import annotations

from dataclasses import replace

from migrator.ids import ComponentId
from migrator.importers.evidence import (
    EVIDENCES_SHOWN_MAX,
    STRENGTH,
    Evidence,
    EvidenceKind,
    FoundLink,
    merge,
)
from migrator.inventory.model import LatencyClass

WEB, DB, JOB = ComponentId("web"), ComponentId("db"), ComponentId("job")


def evidence(line: int = 1, kind: EvidenceKind = EvidenceKind.ENVIRONMENT) -> Evidence:
    return Evidence("a.yaml", line, "spec.env[0]", "DB=db:5432", kind)


def a_link(
    protocol: str | None = None,
    port: int | None = None,
    line: int = 1,
    kind: EvidenceKind = EvidenceKind.ENVIRONMENT,
) -> FoundLink:
    return FoundLink(WEB, DB, protocol, port, evidence(line, kind))


def test_two_pieces_of_evidence_for_one_link_are_joined() -> None:
    (link,) = merge([a_link("postgresql", 5432, 2), a_link("postgresql", 5432, 1)], {})
    assert [each.line for each in link.evidence] == [1, 2]


def test_another_port_is_another_link() -> None:
    assert [link.port for link in merge([a_link(port=2), a_link(port=1)], {})] == [1, 2]


def test_evidence_without_a_port_joins_the_link_that_has_one() -> None:
    (link,) = merge([a_link(kind=EvidenceKind.DEPENDS_ON, line=9), a_link("http", 80)], {})
    assert (link.port, link.protocol, len(link.evidence)) == (80, "http", 2)


def test_evidence_without_a_protocol_joins_the_link_that_names_one() -> None:
    (link,) = merge([a_link(None, 80, 2), a_link("grpc", 80, 1)], {})
    assert link.protocol == "grpc"


def test_what_a_store_speaks_is_used_where_no_evidence_says_more() -> None:
    (link,) = merge([a_link(None, 5432)], {DB: "postgresql"})
    assert (link.protocol, link.latency) == ("postgresql", LatencyClass.TRANSACTIONAL)


def test_without_any_word_the_protocol_is_tcp() -> None:
    (link,) = merge([a_link(None, 1)], {})
    assert (link.protocol, link.latency) == ("tcp", LatencyClass.INTERACTIVE)


def test_a_batch_run_waits_for_nobody() -> None:
    found = FoundLink(JOB, DB, "postgresql", 5432, evidence())
    (link,) = merge([found], {}, frozenset([JOB]))
    assert link.latency is LatencyClass.BATCH


def test_a_component_does_not_link_to_itself() -> None:
    assert merge([FoundLink(WEB, WEB, "http", 80, evidence())], {}) == ()


def test_the_id_of_a_link_does_not_depend_on_its_neighbours() -> None:
    alone = merge([a_link("http", 80)], {})[0].id
    among = {link.port: link.id for link in merge([a_link("http", 79), a_link("http", 80)], {})}
    assert among[80] == alone


def test_the_column_says_where_and_how_much_it_proves() -> None:
    (link,) = merge([a_link(port=1, kind=EvidenceKind.DEPENDS_ON)], {})
    assert link.evidence_text == (
        "depends_on a.yaml:1 spec.env[0] DB=db:5432 (low confidence: start order only)"
    )


def test_a_link_proved_very_often_stays_readable() -> None:
    (link,) = merge([a_link(port=1, line=n) for n in range(EVIDENCES_SHOWN_MAX + 3)], {})
    assert link.evidence_text.endswith("; and 3 more")


def test_every_kind_of_evidence_says_what_it_proves() -> None:
    assert set(STRENGTH) == set(EvidenceKind)


def test_two_counts_of_one_link_are_two_looks_at_the_same_calls() -> None:
    counted = [replace(a_link("http", 80, line), calls_per_day=10 * line) for line in (1, 2)]
    (link,) = merge([*counted, a_link("http", 80, 3)], {})
    assert (link.calls_per_day, len(link.evidence)) == (20, 3)


def test_a_link_that_nobody_counted_has_no_count() -> None:
    (link,) = merge([a_link("http", 80)], {})
    assert link.calls_per_day is None
