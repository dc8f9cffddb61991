"""A whole folder of manifests becomes a draft, and nothing in it goes missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.importers.coverage_report import without_links
from migrator.importers.draft import Draft, DraftSubsystem
from migrator.importers.evidence import EvidenceKind
from migrator.importers.kubernetes import read_kubernetes
from migrator.inventory.model import Kind

IMPORTS = Path(__file__).parent.parent.parent / "fixtures" / "imports"


@pytest.fixture(scope="module")
def bakery() -> Draft:
    return read_kubernetes([IMPORTS / "bakery"])


def manifests(folder: Path, text: str, name: str = "all.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def deployment(name: str, env: str = "", image: str = "example.test/x:1") -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\n"
        f"spec: {{template: {{metadata: {{labels: {{app: {name}}}}}, "
        f"spec: {{containers: [{{name: c, image: '{image}', env: [{env}]}}]}}}}}}\n---\n"
    )


def service(name: str, port: int = 80) -> str:
    return (
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n"
        f"spec: {{selector: {{app: {name}}}, ports: [{{port: {port}}}]}}\n---\n"
    )


def by_id(draft: Draft) -> dict[str, DraftSubsystem]:
    return {each.id: each for each in draft.subsystems}


def ends(draft: Draft) -> dict[tuple[str, str], tuple[str, int | None]]:
    return {(link.source, link.target): (link.protocol, link.port) for link in draft.links}


def test_every_workload_is_a_subsystem_of_its_kind(bakery: Draft) -> None:
    assert {each.id: each.kind for each in bakery.subsystems} == {
        "cache": Kind.STATEFUL,
        "card-payments": Kind.EXTERNAL,
        "db": Kind.STATEFUL,
        "internet": Kind.EXTERNAL,
        "nightly": Kind.BATCH,
        "orders": Kind.STATELESS,
        "web": Kind.STATELESS,
    }
    assert by_id(bakery)["cache"].why == "the image redis:7 is a known store; no claim says so"


def test_links_are_exactly_those_that_the_files_name(bakery: Draft) -> None:
    assert ends(bakery) == {
        ("internet", "web.server"): ("http", 80),
        ("nightly.main", "db.postgres"): ("postgresql", 5432),
        ("orders.app", "card-payments"): ("tcp", 8443),
        ("orders.app", "db.postgres"): ("postgresql", 5432),
        ("web.server", "cache.redis"): ("redis", 6379),
        ("web.server", "db.postgres"): ("postgresql", 5432),
        ("web.server", "orders.app"): ("http", 80),
    }


def test_every_link_says_where_it_was_read(bakery: Draft) -> None:
    texts = {(str(link.source), str(link.target)): link.evidence_text for link in bakery.links}
    assert texts["web.server", "cache.redis"] == (
        "argument shop.yaml:29 spec.template.spec.containers[0].args[0] "
        "--cache=cache:6379 (inferred)"
    )
    # The commented line 96 names another host; the setting itself stands on line 97.
    assert (
        "config_map shop.yaml:97 data.application.properties"
        in (texts["orders.app", "db.postgres"])
    )
    lines = (IMPORTS / "bakery" / "shop.yaml").read_text(encoding="utf-8").splitlines()
    assert "jdbc:postgresql://db.bakery" in lines[96]


def test_two_kinds_of_evidence_for_one_link_stand_together(bakery: Draft) -> None:
    (link,) = [
        link for link in bakery.links if (link.source, link.target) == ("web.server", "db.postgres")
    ]
    assert {each.kind for each in link.evidence} == {
        EvidenceKind.ENVIRONMENT,
        EvidenceKind.NETWORK_POLICY,
    }


def test_requests_count_for_all_replicas_and_claims_are_what_is_copied(bakery: Draft) -> None:
    web, db = by_id(bakery)["web"], by_id(bakery)["db"]
    assert (web.cpu, web.memory_gib, web.copy_gib) == (0.5, 0.25, None)
    assert (db.cpu, db.memory_gib, db.copy_gib) == (2.0, 2.0, 20.0)
    assert by_id(bakery)["cache"].cpu is None


def test_no_value_of_a_secret_is_kept_outside_the_copies(bakery: Draft) -> None:
    said = repr((bakery.subsystems, bakery.links, bakery.coverage))
    assert not any(value in said for value in ("rye-bread-4711", "sourdough-secret-1", "flour"))
    (secret,) = bakery.coverage.secrets
    assert (secret.name, secret.used_by) == ("bakery/db-login", ("orders", "web"))
    assert not any("sourdough-secret-1" in each.text for each in bakery.manifests)


def test_every_object_is_used_or_ignored_with_a_reason(bakery: Draft) -> None:
    ignored = {each.what: each.why for each in bakery.coverage.ignored}
    assert set(ignored) == {
        "ReplicaSet bakery/web-5d4f",
        "Namespace bakery",
        "ConfigMap bakery/nobody-reads-me",
        "NetworkPolicy bakery/db-callers spec.ingress[0].from[1]",
        "NetworkPolicy bakery/db-callers spec.ingress[0].from[2]",
        "NetworkPolicy bakery/deny-all",
        "ClusterRole reader",
    }
    assert all(ignored.values())


def test_an_address_without_an_owner_is_unresolved(bakery: Draft) -> None:
    assert [each.name for each in bakery.coverage.unresolved] == ["pastry:9000"]


def test_manifests_without_addresses_give_suspicions_and_no_links(tmp_path: Path) -> None:
    path = manifests(
        tmp_path, deployment("ts-order-service") + deployment("ts-order-mongo", image="mongo")
    )
    draft = read_kubernetes([path])
    assert draft.links == ()
    assert without_links(draft) == ["ts-order-mongo", "ts-order-service"]
    (suspected,) = draft.coverage.suspected
    assert (suspected.source, suspected.target) == ("ts-order-service", "ts-order-mongo")


def test_a_workload_without_a_service_has_no_address(tmp_path: Path) -> None:
    path = manifests(
        tmp_path, deployment("web", "{name: API_URL, value: 'http://api:80'}") + deployment("api")
    )
    draft = read_kubernetes([path])
    assert draft.links == ()
    assert [each.target for each in draft.coverage.suspected] == ["api"]


def test_a_port_that_its_service_does_not_offer_makes_no_link(tmp_path: Path) -> None:
    path = manifests(
        tmp_path,
        deployment("web", "{name: API_ADDR, value: 'api:81'}") + deployment("api") + service("api"),
    )
    draft = read_kubernetes([path])
    assert draft.links == ()
    assert [each.why for each in draft.coverage.unresolved] == ["the Service api offers 80, not 81"]


def test_a_compose_file_adds_links_between_workloads_of_the_same_names(tmp_path: Path) -> None:
    path = manifests(
        tmp_path, deployment("web") + deployment("db", image="mysql") + service("db", 3306)
    )
    compose = manifests(
        tmp_path,
        "services: {web: {image: x, depends_on: [gone, db]}, db: {image: mysql, expose: [3306]}, "
        "gone: {image: y}}",
        "compose.yaml",
    )
    draft = read_kubernetes([path], [compose])
    assert ends(draft) == {("web.c", "db.c"): ("mysql", 3306)}
    assert draft.links[0].evidence[0].file == "compose.yaml"
    assert "Compose service gone" in {each.what for each in draft.coverage.ignored}
    assert len(draft.subsystems) == 2


def test_names_that_meet_get_their_namespace_and_kind(tmp_path: Path) -> None:
    text = deployment("web") + deployment("web").replace("{name: web}", "{name: web, namespace: b}")
    text += deployment("web").replace("kind: Deployment", "kind: StatefulSet")
    draft = read_kubernetes([manifests(tmp_path, text)])
    assert sorted(by_id(draft)) == ["b.web", "default.web.deployment", "default.web.statefulset"]


def test_a_claim_of_two_workloads_is_noted_as_shared_data(tmp_path: Path) -> None:
    volume = "volumes: [{name: v, persistentVolumeClaim: {claimName: shelf}}], containers"
    text = (deployment("a") + deployment("b")).replace("containers", volume)
    draft = read_kubernetes([manifests(tmp_path, text)])
    assert [each.about for each in draft.coverage.notes] == ["shelf"]
    assert {each.kind for each in draft.subsystems} == {Kind.STATEFUL}


def test_files_without_a_workload_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_kubernetes([manifests(tmp_path, service("lonely"))])
    assert caught.value.reference == "import-no-workloads"


def test_the_order_of_the_paths_changes_nothing() -> None:
    one, two = IMPORTS / "bakery" / "shop.yaml", IMPORTS / "bakery" / "stores.yml"
    assert read_kubernetes([one, two]) == read_kubernetes([two, one])
