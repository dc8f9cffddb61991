"""`migrator schema`: the JSON Schemas of the inventory's files, for editors and for other programs.

The schemas are made from the models that `check` itself uses, so an editor and the program never
disagree about a key or a type. What compares rows with each other only `check` can find.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption
from migrator.errors import InputError


def command(
    folder: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Where to write them.")
    ] = None,
    form: FormatOption = Format.text,
) -> None:
    """Write JSON Schemas of the inventory's files, so that editors complete and check them.

    \b
    Examples:
      migrator schema -o schemas
      migrator schema --format json | jq '."people.yaml"'

    An editor that knows yaml-language-server reads the comment line that is printed for each file.
    """
    schemas = all_schemas()
    if folder is None:
        if form is Format.text:
            raise InputError(
                "usage",
                "nowhere to write the schemas",
                hint="name a folder with -o DIR, or print them with --format json",
            )
        output.emit(schemas)
        return
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for name, schema in schemas.items():
        path = folder / schema_name(name)
        path.write_text(json.dumps(schema, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        written[name] = path
    if form is Format.json:
        output.emit({"written": written})
        return
    output.show("Put the line beside a file's name at its top (a path from that file):")
    rows = [(name, f"# yaml-language-server: $schema={path}") for name, path in written.items()]
    output.show(output.table(("file", "first line"), rows))


def all_schemas() -> dict[str, dict[str, object]]:
    """File name -> JSON Schema, of every file of an inventory that people write."""
    from migrator.inventory.schema import json_schemas
    from migrator.probes import schema as probes

    return {**json_schemas(), probes.FILE: probes.json_schema()}


def schema_name(file: str) -> str:
    """`people.yaml` -> `people.schema.json`; one file of `subsystems/` has a schema of its own."""
    stem = "subsystem" if "*" in file else file.removesuffix(".yaml")
    return f"{stem}.schema.json"
