"""`migrator sample`: write the made-up estate, whole or only its links.

The command line's defaults are those of the default estate. What is generated, and what is refused,
is decided in `importers/sample.py`; here it is asked for, followed and told.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it.")]
Subsystems = Annotated[
    int | None,
    typer.Option(
        help="How many subsystems move, 2 to 1000 [default: 77]; some that stay and some"
        " partners come on top.",
        show_default=False,
    ),
]
Links = Annotated[
    int | None,
    typer.Option(help="How many links, up to 10 million [default: 340000].", show_default=False),
]
Seed = Annotated[
    int | None,
    typer.Option(
        help="Which estate: the same seed gives the same bytes [default: 1].", show_default=False
    ),
]
Parquet = Annotated[
    bool, typer.Option("--parquet", help="Write links.parquet instead of links.csv.")
]
LinksOnly = Annotated[
    bool,
    typer.Option(
        "--links-only", help="Write only the links of a sample whose small files are there."
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Write into a folder that holds something else; its files of the same names are"
        " replaced.",
    ),
]


def command(
    folder: Folder,
    *,
    subsystems: Subsystems = None,
    links: Links = None,
    seed: Seed = None,
    parquet: Parquet = False,
    links_only: LinksOnly = False,
    force: Force = False,
    form: FormatOption = Format.text,
) -> None:
    """Generate a believable estate to practise on: a made-up social insurance agency.

    The same arguments give the same bytes. Names, people and figures are made up.

    \b
    Examples:
      The default estate, 77 subsystems that move and 340,000 links:
        migrator sample /tmp/estate
      The largest one, in columns:
        migrator sample /tmp/large --subsystems 1000 --links 10000000 --parquet
      The links of the estate that is kept in version control without them:
        migrator sample inventories/forsakring --links-only
    """
    from migrator.errors import InputError
    from migrator.importers import sample
    from migrator.importers.sample_estate.estate import Size

    default = sample.DEFAULT_SIZE
    if links_only:
        if subsystems is not None or force:
            raise InputError(
                "sample-arguments",
                "--links-only takes the subsystems from the folder: leave --subsystems and"
                " --force out",
                hint=f"migrator sample {folder} --links-only",
            )
        total = sample.read_marker(folder).links if links is None else links
        with output.progress("links", total) as advance:
            written = sample.write_sample_links(
                folder, seed=seed, links=links, parquet=parquet, advance=advance
            )
    else:
        size = Size(
            default.subsystems if subsystems is None else subsystems,
            default.links if links is None else links,
            default.seed if seed is None else seed,
        )
        with output.progress("links", size.links) as advance:
            written = sample.write_sample(
                folder, size, parquet=parquet, force=force, advance=advance
            )
    facts: dict[str, object] = {
        "folder": str(written.folder),
        "subsystems": {
            "moving": written.size.subsystems,
            "staying": written.staying,
            "partners": written.partners,
        },
        "components": written.components,
        "links": written.size.links,
        "functions": written.functions,
        "people": written.people,
        "seed": written.size.seed,
        "files": list(written.files),
        "edited": list(written.edited),
    }
    if form is Format.json:
        output.emit(facts)
    else:
        output.show(
            f"{written.folder}: {written.size.subsystems} subsystems that move,"
            f" {written.staying} that stay, {written.partners} partners,"
            f" {written.components} components, {written.size.links} links,"
            f" {written.functions} functions, {written.people} people"
        )
        output.show(f"written: {', '.join(written.files)}")
    if written.edited:
        output.say(
            f"note: {', '.join(written.edited)} differ from what the generator writes; the links"
            " fit the generated subsystems, and `migrator check` names those that no longer fit"
        )
    output.say(f"next: migrator check {written.folder}")
