"""What a run uses is in its store: nothing that changes outside it is ever read again."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from itineraries import an_itinerary
from migrator.errors import EnvironmentFailed, Fault, InputError, PermanentError
from migrator.plan.means import SCRIPT
from migrator.store.pinned_files import (
    FileToPin,
    PinnedFiles,
    bytes_of,
    file_to_pin,
    lay_out,
    pin,
    with_files,
)
from migrator.store.sql import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of practice runs."""
    with open_store(tmp_path / "state", practice=True) as opened:
        yield opened


def a_script(folder: Path, content: bytes = b"#!/bin/sh\n", *, program: bool = True) -> FileToPin:
    """A script in somebody's working tree."""
    path = folder / "copy.sh"
    path.write_bytes(content)
    path.chmod(0o755 if program else 0o644)
    return file_to_pin(SCRIPT + "copy.sh", path)


def digest(content: bytes) -> str:
    """Its name in the store."""
    return hashlib.sha256(content).hexdigest()


def test_an_edited_working_tree_changes_nothing(store: Store, tmp_path: Path) -> None:
    script = a_script(tmp_path)
    pin(store, [script])
    script.path.write_bytes(b"#!/bin/sh\nrm -r everything\n")

    folder = lay_out(store, {"copy.sh": script.digest}, tmp_path / "laid", ["copy.sh"])

    assert (folder / "copy.sh").read_bytes() == b"#!/bin/sh\n"


def test_bytes_that_are_tried_out_stand_in_place_of_the_pinned_ones_and_are_not_kept(
    store: Store, tmp_path: Path
) -> None:
    pins = {"a": store.pin("file", b"a"), "b": digest(b"lost")}

    folder = lay_out(store, pins, tmp_path / "laid", ["b"], {"b": b"tried out"})

    assert [(folder / name).read_bytes() for name in "ab"] == [b"a", b"tried out"]
    assert stat.S_IMODE((folder / "b").stat().st_mode) == 0o500
    assert store.pinned(digest(b"tried out")) is None


def test_files_are_laid_out_for_nobody_else_and_nobody_may_write_them(
    store: Store, tmp_path: Path
) -> None:
    one, two = store.pin("file", b"one"), store.pin("file", b"two")

    folder = lay_out(store, {"a/one": one, "two": two}, tmp_path / "laid", ["a/one"])

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "a")]
    assert modes == [0o700, 0o700]
    assert stat.S_IMODE((folder / "a" / "one").stat().st_mode) == 0o500
    assert stat.S_IMODE((folder / "two").stat().st_mode) == 0o400


def test_a_file_that_was_laid_out_is_never_used_again(store: Store, tmp_path: Path) -> None:
    script = a_script(tmp_path)
    pin(store, [script])
    first = lay_out(store, {"copy.sh": script.digest}, tmp_path / "laid")
    (first / "copy.sh").chmod(0o700)
    (first / "copy.sh").write_bytes(b"edited")

    second = lay_out(store, {"copy.sh": script.digest}, tmp_path / "laid")

    assert second != first
    assert (second / "copy.sh").read_bytes() == b"#!/bin/sh\n"


def test_bytes_that_are_not_what_was_pinned_are_not_used(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EnvironmentFailed, match="are not in the store") as missing:
        lay_out(store, {"copy.sh": digest(b"never")}, tmp_path / "laid")
    assert missing.value.reference == "pinned-bytes-lost"
    monkeypatch.setattr(Store, "pinned", lambda *_: b"edited")
    with pytest.raises(EnvironmentFailed, match="were edited in the store"):
        bytes_of(store, "copy.sh", digest(b"as pinned"))


@pytest.mark.parametrize("name", ["/etc/passwd", "../copy.sh", "a/../../b"])
def test_no_name_leads_out_of_the_folder(store: Store, tmp_path: Path, name: str) -> None:
    with pytest.raises(PermanentError, match="leads out") as caught:
        lay_out(store, {name: store.pin("file", b"x")}, tmp_path / "laid")
    assert caught.value.reference == "pinned-files"


def test_a_file_that_cannot_be_pinned_is_named_with_the_line_that_asks_for_it(
    tmp_path: Path,
) -> None:
    asked = Fault("plan.yaml", 12, "recipes.r.steps[0].command.files[0]", "")

    with pytest.raises(InputError) as caught:
        file_to_pin(SCRIPT + "copy.sh", tmp_path / "copy.sh", asked)

    assert caught.value.reference == "file-not-pinned"
    fault = caught.value.faults[0]
    assert (fault.file, fault.line, fault.path) == (asked.file, asked.line, asked.path)
    assert fault.message == f"{tmp_path / 'copy.sh'} cannot be read: No such file or directory"
    with pytest.raises(InputError, match="is not a file"):
        file_to_pin("plan/x", tmp_path)
    (tmp_path / "large").write_bytes(b"12345")
    with pytest.raises(InputError, match="has 5 bytes; at most 4 are pinned"):
        file_to_pin("plan/x", tmp_path / "large", bytes_max=4)


def test_a_file_that_changes_while_the_run_begins_is_refused(store: Store, tmp_path: Path) -> None:
    script = a_script(tmp_path)
    script.path.write_bytes(b"another")
    with pytest.raises(InputError, match="changed while the run was being begun: it has other"):
        pin(store, [script])
    script.path.unlink()
    with pytest.raises(InputError, match="changed while the run was being begun: No such file"):
        pin(store, [script])


def test_an_itinerary_names_its_files_and_which_may_be_executed(tmp_path: Path) -> None:
    plain = replace(a_script(tmp_path, program=False), name="plan/p.yaml")
    script = a_script(tmp_path, b"x")

    named = with_files(an_itinerary(), [script, plain])

    assert list(named.files.items()) == [
        ("plan/p.yaml", plain.digest),
        ("script/copy.sh", digest(b"x")),
    ]
    assert named.programs == ("script/copy.sh",)


def test_an_act_gets_the_bytes_that_were_amended_for_it_and_others_the_pinned_ones(
    store: Store, tmp_path: Path
) -> None:
    script = a_script(tmp_path)
    pin(store, [script])
    itinerary = with_files(an_itinerary(), [script])
    now = store.pin("file", b"mended")
    amended = {("a", "copy"): {"copy.sh": now}}
    files = PinnedFiles(store, tmp_path / "laid", lambda: itinerary, lambda: amended)

    mended = files.files_for("a", "copy", ("copy.sh",)) / "copy.sh"
    other = files.files_for("b", "copy", ("copy.sh",)) / "copy.sh"

    assert (mended.read_bytes(), other.read_bytes()) == (b"mended", b"#!/bin/sh\n")
    assert stat.S_IMODE(mended.stat().st_mode) == 0o500
    assert list(files.files_for("a", "copy", ()).iterdir()) == []
    files.close()
    assert not mended.exists()
    assert list((tmp_path / "laid").iterdir()) == []


def test_a_run_without_the_file_says_so_before_the_act(store: Store, tmp_path: Path) -> None:
    files = PinnedFiles(store, tmp_path / "laid", an_itinerary, dict)

    with pytest.raises(PermanentError, match=r"no bytes of copy\.sh were pinned") as caught:
        files.files_for("a", "copy", ("copy.sh",))

    assert caught.value.reference == "pinned-bytes-lost"
