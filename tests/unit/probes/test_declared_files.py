"""A probes.yaml as a file: not there, not readable, not one at all."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import pytest

from builders import a_component, a_subsystem, an_inventory
from migrator.errors import InputError
from migrator.probes.declared import Examined, examine, examine_folder, read_declared

TODAY: Final = date(2023, 10, 13)

SMALL: Final = """\
allow: [10.0.0.0/8]
vantages: [{id: here, kind: here}]
stands: [{old: here, new: here}]
"""


def seen(text: str) -> Examined:
    return examine(text.encode(), an_inventory(), TODAY)


def faults(text: str) -> list[str]:
    examined = seen(text)
    assert examined.declared is None
    return [str(fault).removeprefix("probes.yaml:") for fault in examined.faults]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("- a\n", "wants keys and values"),
        ("allow: [\n", "the YAML parser stops here"),
        ("allow: a\nallow: b\n", "stands twice"),
    ],
)
def test_what_is_no_file_of_probes_is_said(text: str, said: str) -> None:
    assert said in faults(text)[0]


def test_a_folder_without_the_file_declares_nothing(tmp_path: Path) -> None:
    inventory = an_inventory(folder=tmp_path)
    assert read_declared(inventory, TODAY) is None
    assert examine_folder(inventory, TODAY) is None


def test_a_folder_is_read_and_its_faults_are_raised(tmp_path: Path) -> None:
    inventory = an_inventory(folder=tmp_path)
    (tmp_path / "probes.yaml").write_text(SMALL)
    declared = read_declared(inventory, TODAY)
    assert declared is not None
    assert declared.allow == ("10.0.0.0/8",)
    (tmp_path / "probes.yaml").write_text("allow: []\n")
    with pytest.raises(InputError) as caught:
        read_declared(inventory, TODAY)
    assert caught.value.reference == "invalid-probes"
    assert caught.value.message == "probes.yaml has 3 faults"


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "probes.yaml").mkdir()
    examined = examine_folder(an_inventory(folder=tmp_path), TODAY)
    assert examined is not None
    assert "cannot be read" in examined.faults[0].message


def test_the_example_of_the_documentation_is_right() -> None:
    page = Path(__file__).parent.parent.parent.parent / "docs" / "probes-yaml.md"
    example = page.read_text("utf-8").partition("```yaml\n")[2].partition("```")[0]
    names = {"folkbok": ("app",), "kassa": ("db", "api", "web", "queue"), "natt": ("job",)}
    subsystems = tuple(
        a_subsystem(name, components=tuple(a_component(f"{name}.{part}") for part in parts))
        for name, parts in names.items()
    )
    examined = examine(example.encode(), an_inventory(subsystems=subsystems), TODAY)
    assert (examined.faults, examined.warnings) == ((), ())
    assert examined.declared is not None
    assert len(examined.declared.checks) == 1
