"""The sample estate: a believable, made-up social insurance agency of any size, to practise on.

Called by `cli/sample.py`, by the demo, by tests and benchmarks. Everything follows from a `Size`:
the same size gives the same bytes. This file judges the arguments, looks after the folder and
writes; what is written comes from `sample_estate/`. A folder that holds something else is never
touched unless told to, and no file of somebody else is ever deleted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from migrator.errors import Fault, InputError
from migrator.importers.sample_estate.estate import (
    LINKS_MAX,
    SUBSYSTEMS_MAX,
    SUBSYSTEMS_MIN,
    Estate,
    Size,
    draw_estate,
)
from migrator.importers.sample_estate.files import small_files

MARKER: Final = "sample-estate.json"
"""Says that a folder is a sample, and of which size; the links are made again from it."""

LINKS_CSV: Final = "links.csv"
LINKS_PARQUET: Final = "links.parquet"
DEFAULT_SIZE: Final = Size(subsystems=77, links=340_000, seed=1)
SEED_MAX: Final = 2**32 - 1
_FORMAT: Final = 1

Advance = Callable[[int], None]
"""Told how many more links are written."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a sample holds and which of its files were written."""

    folder: Path
    size: Size
    staying: int
    partners: int
    components: int
    functions: int
    people: int
    files: tuple[str, ...]
    edited: tuple[str, ...] = ()  # files that somebody changed since they were generated


def write_sample(
    folder: Path,
    size: Size,
    *,
    parquet: bool = False,
    force: bool = False,
    advance: Advance = lambda _links: None,
) -> Written:
    """Write a whole sample into a folder; InputError where the size or the folder will not do."""
    _judge(size)
    _judge_folder(folder, force=force)
    estate = draw_estate(size)
    texts = sample_texts(estate)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        _write(folder / name, text)
    links = _write_links(folder, estate, parquet=parquet, advance=advance)
    return _written(folder, estate, texts, (*texts, links))


def write_sample_links(
    folder: Path,
    *,
    seed: int | None = None,
    links: int | None = None,
    parquet: bool = False,
    advance: Advance = lambda _links: None,
) -> Written:
    """Write only the links of a sample whose small files are there.

    `links` asks for another number than the sample was made for; `seed`, where given, must be its
    own, because the components that links join follow from it.
    """
    kept = read_marker(folder)
    if seed is not None and seed != kept.seed:
        raise InputError(
            "sample-arguments",
            f"{folder} was made with the seed {kept.seed}, not {seed}",
            hint="leave --seed out, or make a new sample in another folder",
        )
    size = Size(kept.subsystems, kept.links if links is None else links, kept.seed)
    _judge(size)
    texts = sample_texts(draw_estate(kept))
    edited = tuple(name for name, text in texts.items() if _differs(folder / name, text))
    estate = draw_estate(size)
    name = _write_links(folder, estate, parquet=parquet, advance=advance)
    return _written(folder, estate, texts, (name,), edited)


def sample_texts(estate: Estate) -> dict[str, str]:
    """File name -> text of everything but the links, the marker among them."""
    size = estate.size
    marker = {
        "made_by": "migrator sample",
        "format": _FORMAT,
        "subsystems": size.subsystems,
        "links": size.links,
        "seed": size.seed,
    }
    return {MARKER: json.dumps(marker, indent=2) + "\n", **small_files(estate)}


def read_marker(folder: Path) -> Size:
    """The size a sample folder was made with; InputError where it is no sample."""
    hint = f"make one first: migrator sample {folder}"
    try:
        raw = (folder / MARKER).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(
            "sample-folder", f"{folder} is no sample: it has no {MARKER}", hint=hint
        ) from None
    try:
        data = json.loads(raw)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _bad_marker(folder, str(error)) from error
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        raise _bad_marker(folder, f'wants an object with "format": {_FORMAT}')
    numbers = [data.get(key) for key in ("subsystems", "links", "seed")]
    whole = [number for number in numbers if type(number) is int]
    if len(whole) != len(numbers):
        raise _bad_marker(folder, "wants whole numbers for subsystems, links and seed")
    size = Size(*whole)
    _judge(size)
    return size


def _bad_marker(folder: Path, message: str) -> InputError:
    return InputError(
        "sample-folder",
        f"{folder / MARKER} cannot be used",
        hint="take it from version control again, or make the sample anew",
        faults=(Fault(MARKER, None, "", message),),
    )


def _judge(size: Size) -> None:
    """Refuse sizes that make no sense; all that is wrong is told at once."""
    faults = []
    if not SUBSYSTEMS_MIN <= size.subsystems <= SUBSYSTEMS_MAX:
        faults.append(f"--subsystems {size.subsystems}: wants {SUBSYSTEMS_MIN} to {SUBSYSTEMS_MAX}")
    if not size.subsystems <= size.links <= LINKS_MAX:
        least = max(SUBSYSTEMS_MIN, size.subsystems)
        faults.append(
            f"--links {size.links}: wants {least} (one for each subsystem) to {LINKS_MAX}"
        )
    if not 0 <= size.seed <= SEED_MAX:
        faults.append(f"--seed {size.seed}: wants 0 to {SEED_MAX}")
    if faults:
        raise InputError(
            "sample-arguments",
            "; ".join(faults),
            hint="for example: migrator sample DIR --subsystems 77 --links 340000 --seed 1",
        )


def _judge_folder(folder: Path, *, force: bool) -> None:
    """Refuse a folder with something else in it."""
    if folder.exists() and not folder.is_dir():
        raise InputError(
            "sample-folder",
            f"{folder} is a file",
            hint="name a folder that is empty or does not exist yet",
        )
    if force or not folder.exists() or (folder / MARKER).exists():
        return
    if next(folder.iterdir(), None) is not None:
        raise InputError(
            "sample-folder",
            f"{folder} is not empty and is no sample",
            hint="name another folder, or give --force to write the sample's files among its own",
        )


def _differs(path: Path, text: str) -> bool:
    return not path.is_file() or path.read_bytes() != text.encode()


def _write(path: Path, text: str) -> None:
    """Write as a whole or not at all, with the same bytes on every system."""
    half = path.with_name(f"{path.name}.part")
    try:
        half.write_bytes(text.encode())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def _write_links(folder: Path, estate: Estate, *, parquet: bool, advance: Advance) -> str:
    """Write the links file, and take away its twin: a folder with both is a fault."""
    name, twin = (LINKS_PARQUET, LINKS_CSV) if parquet else (LINKS_CSV, LINKS_PARQUET)
    half = folder / f"{name}.part"
    try:
        (_to_parquet if parquet else _to_csv)(half, estate, advance)
        half.replace(folder / name)
    finally:
        # After a full disk or Ctrl-C nothing half-written is left.
        half.unlink(missing_ok=True)
    (folder / twin).unlink(missing_ok=True)
    return name


def _to_csv(path: Path, estate: Estate, advance: Advance) -> None:
    from pyarrow import csv

    from migrator.importers.sample_estate.links import SCHEMA, link_chunks

    # Nothing we write needs quotes, and the writer refuses a value that would.
    options = csv.WriteOptions(include_header=False, quoting_style="none")
    with path.open("wb") as file:
        file.write(",".join(SCHEMA.names).encode() + b"\n")
        with csv.CSVWriter(file, SCHEMA, write_options=options) as writer:
            for chunk in link_chunks(estate):
                writer.write_batch(chunk)
                advance(chunk.num_rows)


def _to_parquet(path: Path, estate: Estate, advance: Advance) -> None:
    from pyarrow import parquet

    from migrator.importers.sample_estate.links import GROUP_ROWS, SCHEMA, link_chunks

    with parquet.ParquetWriter(str(path), SCHEMA, compression="zstd") as writer:
        for chunk in link_chunks(estate):
            writer.write_batch(chunk, row_group_size=GROUP_ROWS)
            advance(chunk.num_rows)


def _written(
    folder: Path,
    estate: Estate,
    texts: dict[str, str],
    files: tuple[str, ...],
    edited: tuple[str, ...] = (),
) -> Written:
    kinds = [draft.entry.kind for draft in estate.drafts]
    return Written(
        folder=folder,
        size=estate.size,
        staying=kinds.count("stays"),
        partners=kinds.count("external"),
        components=sum(len(draft.components) for draft in estate.drafts),
        functions=texts["functions.yaml"].count("\n  - id: "),
        people=texts["people.yaml"].count("\n    telephone: "),
        files=files,
        edited=edited,
    )
