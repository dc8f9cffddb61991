"""Which files are read, under which names, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.importers import files
from migrator.importers.files import collect

SUFFIXES = (".yaml", ".yml", ".json")


def put(path: Path, text: str = "a: 1\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def shown(*paths: Path) -> list[str]:
    return [file.shown for file in collect(paths, SUFFIXES).files]


def test_a_folder_is_read_to_its_bottom_and_hidden_folders_are_not(tmp_path: Path) -> None:
    for name in ("b.yml", "a/c.yaml", "a/d.json", "notes.txt", ".git/x.yaml"):
        put(tmp_path / name)
    assert shown(tmp_path) == ["a/c.yaml", "a/d.json", "b.yml"]


def test_overlapping_paths_read_a_file_once(tmp_path: Path) -> None:
    file = put(tmp_path / "k8s" / "a.yaml")
    assert shown(tmp_path, file) == ["k8s/a.yaml"]


def test_names_in_reports_know_nothing_of_the_machine(tmp_path: Path) -> None:
    one, two = put(tmp_path / "one" / "a.yaml"), put(tmp_path / "two" / "a.yaml")
    assert shown(one) == ["a.yaml"]
    assert shown(one, two) == ["one/a.yaml", "two/a.yaml"]


def test_a_symbolic_link_in_a_folder_is_named_and_not_followed(tmp_path: Path) -> None:
    target = put(tmp_path / "elsewhere" / "a.yaml")
    folder = tmp_path / "k8s"
    put(folder / "b.yaml")
    (folder / "link.yaml").symlink_to(target)
    collected = collect([folder], SUFFIXES)
    assert [file.shown for file in collected.files] == ["b.yaml"]
    assert [each.shown for each in collected.passed_over] == ["link.yaml"]


def test_every_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        collect([tmp_path / "x", tmp_path / "y"], SUFFIXES)
    assert caught.value.reference == "import-path-missing"
    assert len(caught.value.faults) == 2


def test_a_file_that_is_not_utf8_is_refused_with_the_byte(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"name: f\xf6rs\xe4kring\n")
    with pytest.raises(InputError) as caught:
        collect([tmp_path], SUFFIXES)
    assert caught.value.reference == "import-unreadable"
    assert caught.value.faults[0].path == "byte 7"


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert collect([tmp_path], SUFFIXES).files[0].text == "a: 1\n"


def test_a_file_beyond_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "FILE_BYTES_MAX", 3)
    put(tmp_path / "a.yaml")
    with pytest.raises(InputError) as caught:
        collect([tmp_path], SUFFIXES)
    assert caught.value.reference == "import-unreadable"


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FILES_MAX", 1)
    put(tmp_path / "a.yaml")
    put(tmp_path / "b.yaml")
    with pytest.raises(InputError) as caught:
        collect([tmp_path], SUFFIXES)
    assert caught.value.reference == "import-too-large"
