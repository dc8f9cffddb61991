"""Real systems that we did not write, from their files to a checked inventory.

The counts were verified by hand against the files. The samples lie beside the repository, not in
it; where they are absent these tests are skipped.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from migrator.importers.compose import read_compose
from migrator.importers.draft import Draft
from migrator.importers.kubernetes import read_kubernetes
from migrator.importers.write import write_draft
from migrator.inventory.model import Inventory, Kind
from migrator.inventory.reader import read_inventory
from migrator.links.load import read_links

SAMPLES = Path(__file__).parent.parent.parent.parent / "shared" / "samples"
TICKETS = SAMPLES / "train-ticket"

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the samples of other people's systems are not beside the project"
)


def written(draft: Draft, folder: Path) -> Inventory:
    """Write, check as `migrator check` does, and give the inventory."""
    write_draft(draft, folder, force=False)
    inventory = read_inventory(folder)
    assert read_links(inventory, folder.parent / "cache").count == len(draft.links)
    return inventory


def kinds(inventory: Inventory) -> dict[Kind, int]:
    return dict(Counter(each.kind for each in inventory.subsystems))


def test_the_boutique_has_the_sixteen_calls_of_its_environment(tmp_path: Path) -> None:
    draft = read_kubernetes([SAMPLES / "online-boutique"])
    inventory = written(draft, tmp_path / "out")
    assert kinds(inventory) == {Kind.STATELESS: 11, Kind.STATEFUL: 1, Kind.EXTERNAL: 1}
    owner = {part.id: each.id for each in draft.subsystems for part in each.components}
    calls: dict[str, set[str]] = {}
    for link in draft.links:
        calls.setdefault(owner[link.source], set()).add(owner[link.target])
    assert calls == {
        "frontend": {
            *("adservice", "cartservice", "checkoutservice", "currencyservice"),
            *("productcatalogservice", "recommendationservice", "shippingservice"),
        },
        "checkoutservice": {
            *("cartservice", "currencyservice", "emailservice", "paymentservice"),
            *("productcatalogservice", "shippingservice"),
        },
        "recommendationservice": {"productcatalogservice"},
        "cartservice": {"redis-cart"},
        "loadgenerator": {"frontend"},
        "internet": {"frontend"},
    }
    assert [each.name for each in draft.coverage.unresolved] == ["shoppingassistantservice:80"]
    email = next(link for link in draft.links if owner[link.target] == "emailservice")
    assert (email.protocol, email.port) == ("grpc", 5000)  # the Service's port, not the pod's 8080


@pytest.mark.slow
def test_the_ticket_shop_names_no_addresses_and_gets_no_links_of_its_own(tmp_path: Path) -> None:
    paths = [TICKETS / f"ts-deployment-part{number}.yml" for number in (1, 2, 3)]
    draft = read_kubernetes(paths)
    inventory = written(draft, tmp_path / "out")
    # 64 Deployments; a 65th stands in comments. One Service is a load balancer.
    assert kinds(inventory) == {Kind.STATELESS: 42, Kind.STATEFUL: 22, Kind.EXTERNAL: 1}
    assert [(link.source, link.target) for link in draft.links] == [
        ("internet", "ts-auth-service.ts-auth-service")
    ]
    suspected = {(each.source, each.target) for each in draft.coverage.suspected}
    assert len(suspected) == 22
    assert ("ts-order-service", "ts-order-mongo") in suspected
    assert sum(dict(each.kinds).get("Deployment", 0) for each in draft.coverage.files) == 64
    page = (tmp_path / "out" / "coverage.md").read_text(encoding="utf-8")
    assert "No evidence of any link was found for 63 of them" in page


def test_compose_and_the_gateway_add_what_they_prove_to_the_ticket_shop(tmp_path: Path) -> None:
    draft = read_kubernetes([TICKETS], [TICKETS / "quickstart-docker-compose.yml"])
    written(draft, tmp_path / "out")
    inner = [link for link in draft.links if link.source != "internet"]
    (voucher,) = inner
    assert voucher.source == "ts-voucher-service.ts-voucher-service"
    assert voucher.target == "ts-voucher-mysql.ts-voucher-mysql"
    assert (voucher.protocol, voucher.port) == ("mysql", 3306)
    # 39 destinations of the gateway, of which kafka is not among the manifests.
    assert len(draft.links) - len(inner) == 38
    assert [each.name for each in draft.coverage.unresolved] == ["kafka:16116"]
    assert len(draft.coverage.suspected) == 21
    assert (".env", "quickstart-docker-compose.yml") in {
        (each.name, each.needed_by) for each in draft.coverage.missing_files
    }


def test_the_ticket_shops_compose_file_alone_has_one_start_order(tmp_path: Path) -> None:
    draft = read_compose([TICKETS / "quickstart-docker-compose.yml"])
    inventory = written(draft, tmp_path / "out")
    assert kinds(inventory) == {Kind.STATELESS: 42, Kind.STATEFUL: 26}
    assert len(draft.links) == 1


def test_the_observability_demo_names_its_absent_environment_file(tmp_path: Path) -> None:
    draft = read_compose([SAMPLES / "opentelemetry-demo" / "compose.yaml"])
    inventory = written(draft, tmp_path / "out")
    assert kinds(inventory) == {Kind.STATELESS: 18, Kind.STATEFUL: 2}
    stateful = {each.id for each in inventory.subsystems if each.kind is Kind.STATEFUL}
    assert stateful == {"astronomy-db", "valkey-cart"}
    (missing,) = draft.coverage.missing_files
    assert (missing.name, missing.needed_by) == (".env", "compose.yaml")
    # Every address is a variable of that file, so what is left is the order of starting.
    assert len(draft.links) == 46
    data = json.loads((tmp_path / "out" / "coverage.json").read_text(encoding="utf-8"))
    assert data["links"]["by_strength"] == {"weak": 46}


def test_no_secret_of_a_real_system_is_shown(tmp_path: Path) -> None:
    draft = read_compose([SAMPLES / "opentelemetry-demo" / "compose.yaml"])
    written(draft, tmp_path / "out")
    secret = "yYrECL4qbNwle"  # how a key in the sample's environment begins
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or secret not in path.read_text(encoding="utf-8")


def test_every_piece_of_evidence_stands_where_it_says(tmp_path: Path) -> None:
    draft = read_kubernetes([SAMPLES / "online-boutique"])
    written(draft, tmp_path / "out")
    source = SAMPLES / "online-boutique" / "kubernetes-manifests.yaml"
    lines = source.read_text(encoding="utf-8").splitlines()
    with (tmp_path / "out" / "links.csv").open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 17
    for link in draft.links:
        for each in link.evidence:
            key = each.what.partition("=")[0]
            if link.source != "internet":
                assert key in lines[each.line - 1]
