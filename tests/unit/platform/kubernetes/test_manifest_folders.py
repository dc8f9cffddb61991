"""The folder `manifests/` on the disk: whose files are whose."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.platform.kubernetes import manifest_folders
from migrator.platform.kubernetes.manifest_folders import examine_all, files_of, subsystems_in

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / "manifests" / name.replace("__", "/").replace("_yaml", ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_an_inventory_without_manifests_has_none(tmp_path: Path) -> None:
    assert subsystems_in(tmp_path) == ()
    assert examine_all(tmp_path) == ()
    assert files_of(tmp_path, "shop") == {}


def test_each_subsystem_has_the_files_of_its_own_folder(tmp_path: Path) -> None:
    write(tmp_path, shop__a_yaml=CONFIG, shop__more__b_yaml="", web__c_yaml="", stray_yaml="")
    write(tmp_path, shop__README="not one of them")
    assert subsystems_in(tmp_path) == ("shop", "web")
    assert dict(files_of(tmp_path, "shop")) == {"a.yaml": CONFIG.encode(), "more/b.yaml": b""}


def test_all_are_judged_and_one_that_is_wrong_hides_no_other(tmp_path: Path) -> None:
    write(tmp_path, bad__a_yaml="kind: X", shop__a_yaml=CONFIG)
    bad, shop = examine_all(tmp_path)
    assert (bad.subject, bad.faults[0].file) == (None, "manifests/bad/a.yaml")
    assert shop.subject is not None
    assert shop.subject.namespace == "shop"


def test_a_file_that_is_too_large_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, shop__a_yaml=CONFIG)
    monkeypatch.setattr(manifest_folders, "FILE_BYTES_MAX", 10)
    with pytest.raises(InputError) as caught:
        files_of(tmp_path, "shop")
    assert "at most 10 are read" in str(caught.value.faults[0])
    (shop,) = examine_all(tmp_path)
    assert shop.faults == caught.value.faults
