"""The design system's sheets become files that the pages' policy lets in."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from migrator.web.styles import SHEETS, build

TICK = base64.b64encode(b"<svg/>").decode()


def modules(folder: Path, sheet: str) -> Path:
    for source in SHEETS.values():
        path = folder / "node_modules" / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sheet, encoding="utf-8")
    return folder / "node_modules"


def test_an_image_inside_a_sheet_becomes_a_file_beside_it(tmp_path: Path) -> None:
    inside = f'a{{background:url("data:image/svg+xml;base64,{TICK}")}}'
    built = build(modules(tmp_path, inside), tmp_path / "static")
    assert built == (*SHEETS, "image-1.svg")
    assert (tmp_path / "static" / "image-1.svg").read_bytes() == b"<svg/>"
    for name in SHEETS:
        assert (tmp_path / "static" / name).read_text() == 'a{background:url("image-1.svg")}'


@pytest.mark.parametrize("bad", ['@import "x.css";', "a{src:url(https://x.test/f)}"])
def test_a_sheet_that_loads_from_elsewhere_is_refused(tmp_path: Path, bad: str) -> None:
    with pytest.raises(ValueError, match="policy refuses"):
        build(modules(tmp_path, bad), tmp_path / "static")
