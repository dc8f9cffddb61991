"""A whole Compose project becomes a draft: services, links, and what is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.importers.compose import read_compose
from migrator.importers.draft import Draft, DraftSubsystem
from migrator.importers.evidence import EvidenceKind
from migrator.inventory.model import Kind

BAKERY = Path(__file__).parent.parent.parent / "fixtures" / "imports" / "bakery-compose"


@pytest.fixture(scope="module")
def bakery() -> Draft:
    return read_compose([BAKERY])


def compose(folder: Path, text: str, name: str = "compose.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def by_id(draft: Draft) -> dict[str, DraftSubsystem]:
    return {each.id: each for each in draft.subsystems}


def ends(draft: Draft) -> dict[tuple[str, str], tuple[str, int | None]]:
    return {(link.source, link.target): (link.protocol, link.port) for link in draft.links}


def test_services_become_subsystems_and_addresses_become_links(bakery: Draft) -> None:
    assert list(by_id(bakery)) == ["cache", "db", "orders", "web", "worker"]
    assert ends(bakery) == {
        ("orders", "db"): ("postgresql", 5432),
        ("orders", "web"): ("http", 80),
        ("web", "cache"): ("redis", 6379),
        ("web", "orders"): ("http", 8000),
        ("worker", "db"): ("postgresql", 5432),
        ("worker", "orders"): ("tcp", 8000),
        ("worker", "web"): ("http", 80),
    }


def test_the_kind_of_a_service_follows_from_volume_image_or_command(bakery: Draft) -> None:
    kinds = {str(each.id): each.kind for each in bakery.subsystems}
    assert kinds["db"] is Kind.STATEFUL
    assert kinds["cache"] is Kind.STATEFUL
    assert kinds["web"] is Kind.STATELESS
    assert by_id(bakery)["db"].why == "it keeps data in the volume bread"
    assert by_id(bakery)["cache"].why == "the image redis is a known store; no volume says so"


def test_what_is_reserved_counts_for_every_replica(bakery: Draft) -> None:
    orders = by_id(bakery)["orders"]
    assert (orders.cpu, orders.memory_gib) == (1.0, 0.5)
    assert by_id(bakery)["web"].cpu is None


def test_the_order_of_starting_is_weak_evidence_beside_an_address(bakery: Draft) -> None:
    link = next(link for link in bakery.links if (link.source, link.target) == ("web", "orders"))
    assert {each.kind for each in link.evidence} == {
        EvidenceKind.ENVIRONMENT,
        EvidenceKind.DEPENDS_ON,
    }
    assert "(low confidence: start order only)" in link.evidence_text


def test_variables_and_files_that_are_missing_are_named(bakery: Draft) -> None:
    coverage = bakery.coverage
    assert [each.name for each in coverage.variables] == ["DB_IMAGE", "TRACER_HOST"]
    missing = {(each.name, each.needed_by) for each in coverage.missing_files}
    assert ("gone.env", "orders") in missing
    assert ("../outside.env", "orders") in missing
    assert not any(name == ".env" for name, _ in missing)


def test_names_that_lead_nowhere_are_unresolved(bakery: Draft) -> None:
    named = {(each.source, each.name) for each in bakery.coverage.unresolved}
    assert named == {("worker", "oven"), ("worker", "queue:5672")}


def test_a_published_port_is_a_door_and_no_link(bakery: Draft) -> None:
    doors = [each.about for each in bakery.coverage.notes if each.topic == "open door"]
    assert doors == ["web"]
    assert not any(each.kind is Kind.EXTERNAL for each in bakery.subsystems)


def test_no_value_of_a_secret_is_kept(bakery: Draft) -> None:
    assert {each.name for each in bakery.coverage.plain_secrets} == {"DB_PASSWORD", "--broker"}
    assert "flour" not in repr(bakery)
    assert "guest" not in repr(bakery)


def test_without_an_env_file_the_report_asks_for_it(tmp_path: Path) -> None:
    path = compose(
        tmp_path, "services: {a: {image: x, environment: {B_URL: 'http://$B:1'}}, b: {image: y}}"
    )
    draft = read_compose([path])
    assert draft.links == ()
    assert [each.name for each in draft.coverage.missing_files] == [".env"]


def test_the_environment_of_this_machine_is_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("B", "b")
    path = compose(
        tmp_path, "services: {a: {image: x, environment: {B_URL: 'http://$B:1'}}, b: {image: y}}"
    )
    assert read_compose([path]).links == ()


def test_a_later_file_is_laid_over_an_earlier_one(tmp_path: Path) -> None:
    first = compose(
        tmp_path,
        "services: {a: {image: x, environment: {URL: 'http://b:1'}}, b: {image: y}}",
        "z.yaml",
    )
    second = compose(
        tmp_path,
        "services: {a: {environment: [URL=http://c:2]}, b: {image: redis}, c: {image: w}}",
        "a.yaml",
    )
    draft = read_compose([first, second])
    assert ends(draft) == {("a", "c"): ("http", 2)}
    assert by_id(draft)["b"].kind is Kind.STATEFUL


def test_links_and_depends_on_are_read_as_maps_too(tmp_path: Path) -> None:
    path = compose(
        tmp_path,
        "services:\n  a: {image: x, links: {b: store}, environment: {URL: 'http://store:9'}}\n"
        "  b: {image: y, ports: [{target: 9, published: 90}]}\n",
    )
    draft = read_compose([path])
    assert ends(draft) == {("a", "b"): ("http", 9)}
    assert {each.kind for each in draft.links[0].evidence} == {
        EvidenceKind.ENVIRONMENT,
        EvidenceKind.COMPOSE_LINK,
    }


def test_aliases_and_container_names_lead_to_their_service(tmp_path: Path) -> None:
    path = compose(
        tmp_path,
        "services:\n  a: {image: x, command: [--one=shelf:1, --two=box:2]}\n"
        "  b: {image: y, container_name: box, networks: {n: {aliases: [shelf]}}}\n",
    )
    assert [link.port for link in read_compose([path]).links] == [1, 2]


def test_a_health_check_tells_a_store_whose_image_is_a_variable(tmp_path: Path) -> None:
    path = compose(
        tmp_path,
        "services:\n  a: {image: '$I', healthcheck: {test: [CMD-SHELL, valkey-cli ping]}}\n",
    )
    (store,) = read_compose([path]).subsystems
    assert store.kind is Kind.STATEFUL
    assert "health check" in store.why


def test_a_volume_of_two_services_is_noted_as_shared_data(tmp_path: Path) -> None:
    path = compose(
        tmp_path,
        "services: {a: {image: x, volumes: ['v:/d']}, b: {image: y, volumes: "
        "[{type: volume, source: v, target: /d}]}, c: {image: z, volumes: ['c:/x:/x']}}\n"
        "volumes: {v: {}}",
    )
    draft = read_compose([path])
    shared = [each.about for each in draft.coverage.notes if each.topic == "shared data"]
    assert shared == ["v"]
    assert by_id(draft)["c"].kind is Kind.STATELESS


def test_extends_in_a_circle_ends(tmp_path: Path) -> None:
    path = compose(
        tmp_path, "services: {a: {image: x, extends: b}, b: {image: y, extends: {service: a}}}"
    )
    assert len(read_compose([path]).subsystems) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("just: text\n", "no Compose file"),
        ("apiVersion: v1\nkind: Pod\n", "a Kubernetes manifest"),
        ("services: [a]\n", "`services` is no mapping"),
        ("services: {a: text}\n", "services.a is no service"),
        ("services: {a: {image: x}}\n---\nservices: {}\n", "a second document"),
        ("services: {a: {image: x}, a: {image: y}}\n", "the key 'a' stands twice"),
        ("services:\n  a: {image: x\n", "the YAML parser stops here"),
        ("", "no Compose file"),
    ],
)
def test_what_is_no_compose_file_is_refused_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_compose([compose(tmp_path, text)])
    assert caught.value.reference == "import-broken-documents"
    (fault,) = caught.value.faults
    assert message in fault.message
    assert fault.line is not None


def test_a_file_without_services_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_compose([compose(tmp_path, "include: [other.yaml]\n")])
    assert caught.value.reference == "import-no-workloads"


def test_a_bomb_of_aliases_is_refused(tmp_path: Path) -> None:
    rows = ["x0: &a0 [1,1,1,1,1,1,1,1,1,1]"]
    rows += [f"x{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(InputError) as caught:
        read_compose([compose(tmp_path, "\n".join([*rows, "services: {a: {image: x}}"]))])
    assert "more than 1,000,000 values" in caught.value.faults[0].message
