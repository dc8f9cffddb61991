"""One text file from the disk: what is not there, not readable or too large is told in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import EnvironmentFailed, InputError
from migrator.inventory import text_file
from migrator.inventory.text_file import read_text_file

MISSING = InputError("plan-not-found", "there is no plan", hint="name one")


def test_a_text_is_read_without_its_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: \xc3\xa5\n")
    assert read_text_file(path, MISSING) == "name: å\n"


@pytest.mark.parametrize("name", ["none.yaml", ".", "x.yaml/inside"])
def test_a_file_that_is_not_there_is_the_callers_to_explain(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.yaml").write_text("a", "utf-8")
    with pytest.raises(InputError) as caught:
        read_text_file(tmp_path / name, MISSING)
    assert caught.value is MISSING


def test_a_file_that_the_machine_refuses_is_no_input_to_mend(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailed) as caught:
        read_text_file(tmp_path / ("x" * 5000), MISSING)
    assert caught.value.reference == "file-not-accessible"


def test_a_file_that_is_far_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_file, "TEXT_BYTES_MAX", 3)
    path = tmp_path / "x.yaml"
    path.write_text("abcd", "utf-8")
    with pytest.raises(InputError, match="at most 3"):
        read_text_file(path, MISSING)
