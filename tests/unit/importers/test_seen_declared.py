"""The text of what differs: by pairs, the busiest first, no longer than a screen."""

from __future__ import annotations

from pathlib import Path

from migrator.importers.seen_declared import PAIRS_SHOWN_MAX, findings_text

HEADER = "finding,source_subsystem,target_subsystem,calls_per_day\n"


def test_the_busiest_pair_comes_first_and_the_rest_is_counted(tmp_path: Path) -> None:
    table = tmp_path / "seen-declared.csv"
    rows = "".join(f"seen-not-declared,a{n:03d},b,{n}\n" for n in range(PAIRS_SHOWN_MAX + 2))
    table.write_text(f"{HEADER}{rows}seen-not-declared,a003,b,1000\n", encoding="utf-8")
    text = findings_text(table, {"seen-not-declared": 43}, "ours")
    lines = [line for line in text.splitlines() if "->" in line]
    assert lines[0] == "  a003 -> b: 2 links, 1003 calls a day"
    assert "and 2 more pairs, in seen-declared.csv" in text
    assert "Declared, never seen: 0 links" in text
