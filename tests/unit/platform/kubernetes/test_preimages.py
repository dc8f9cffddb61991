"""Objects as they were: what is kept, what is compared, and that nothing secret is."""

from __future__ import annotations

import base64
import json

from migrator.platform.kubernetes.objects import KubeObject, at, map_at
from migrator.platform.kubernetes.preimages import (
    PreImages,
    copy_of,
    decoded_strings,
    digest_of,
    image_of,
    out_of_copy,
)
from migrator.platform.kubernetes.slices import Mark


def text(said: str) -> str:
    return base64.b64encode(said.encode()).decode()


def secret(**data: str) -> KubeObject:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/basic-auth",
        "metadata": {
            "name": "keys",
            "namespace": "shop",
            "uid": "u-1",
            "resourceVersion": "7",
            "labels": {"team": "shop"},
            "managedFields": [{"manager": "kubectl-client-side-apply"}],
        },
        "data": {key: text(value) for key, value in data.items()},
    }


def deployment(**notes: str) -> KubeObject:
    env: KubeObject = {"name": "PASSWORD", "value": "hidden-value"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "u-2",
            "generation": 4,
            "annotations": {**notes},
        },
        "spec": {"template": {"spec": {"containers": [{"name": "web", "env": [env]}]}}},
        "status": {"replicas": 3},
    }


def test_a_secrets_image_holds_a_digest_and_nothing_of_it() -> None:
    image = image_of(secret(password="old"), secret(password="old"))
    assert (image.uid, image.object) == ("u-1", None)
    assert len(image.digest) == 64
    said = json.dumps(PreImages("prepare-1", {image.key: image}).as_json())
    assert text("old") not in said


def test_a_secret_comes_out_of_its_copy_as_it_was() -> None:
    live = secret(password="old", user="shop")
    image = image_of(live, live)
    copied = copy_of(live, image, Mark("prepare-1", 3))
    assert at(copied, "metadata", "name") == "keys.migrator-before"
    assert "type" not in copied
    before = out_of_copy(copied, image)
    assert before is not None
    assert before["type"] == "kubernetes.io/basic-auth"
    assert before["data"] == live["data"]
    assert map_at(before, "metadata", "labels") == {"team": "shop"}
    assert digest_of(before, "u-1") == image.digest


def test_a_copy_that_was_changed_or_is_of_another_secret_gives_nothing() -> None:
    live = secret(password="old")
    image = image_of(live, live)
    copied = copy_of(live, image, Mark("prepare-1", 3))
    map_at(copied, "data")["password"] = text("forged")
    assert out_of_copy(copied, image) is None
    assert out_of_copy({"data": {".migrator-before": "not base64"}}, image) is None
    empty = image_of(secret(), secret())
    assert out_of_copy(copy_of(secret(), empty, Mark("prepare-1", 3)), empty) is not None


def test_equal_secrets_have_different_digests() -> None:
    assert digest_of(secret(a="1"), "u-1") != digest_of(secret(a="1"), "u-2")


def test_what_controllers_and_the_server_write_is_no_difference() -> None:
    one = deployment(**{"deployment.kubernetes.io/revision": "1", "team": "shop"})
    other = deployment(**{"deployment.kubernetes.io/revision": "2", "team": "shop"})
    map_at(other, "metadata")["generation"] = 9
    other["status"] = {}
    assert digest_of(one, "u") == digest_of(other, "u")
    assert digest_of(one, "u") != digest_of(deployment(team="other"), "u")


def test_images_come_back_from_the_store_and_show_names_only() -> None:
    live = deployment(**{"migrator/token": "earlier"})
    image = image_of(live, live)
    absent = image_of(secret(), None)
    images = PreImages("prepare-1", {image.key: image, absent.key: absent})
    assert PreImages.from_json(json.loads(json.dumps(images.as_json()))) == images
    assert (image.mark, image.was_there, absent.was_there) == ("earlier", True, False)
    assert "hidden-value" not in f"{images} {image}"
    assert image.object is not None
    assert "status" not in image.object
    assert images.of({**live, "apiVersion": "apps/v2"}) == image


def test_texts_of_a_secret_become_its_data() -> None:
    wanted: KubeObject = {**secret(a="1"), "stringData": {"b": "2"}}
    assert decoded_strings(wanted) == {**secret(a="1", b="2")}
    assert decoded_strings(secret(a="1")) == secret(a="1")
