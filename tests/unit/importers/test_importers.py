"""The table of formats names readers that exist."""

from __future__ import annotations

import importlib

from migrator.importers import FORMATS


def test_every_format_has_its_reader() -> None:
    for each in FORMATS:
        module, _, function = each.reader.partition(":")
        found = importlib.import_module(f"migrator.importers.{module}")
        assert callable(getattr(found, function))
