"""The dry run's seal: what was exercised, with which inputs, by which program, and how it ended.

The dry-run command makes one and writes it beside the plan (`plans/x.seal.json`); the brief prints
its short form beside the signature line; an approval names it. It is canonical JSON, so that equal
seals are equal bytes and the short form stands for all of it. It carries no time: the same dry run
made again gives the same seal, which is how anybody can check one. A seal says what was true;
whether that still counts is `approval.py`'s question.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from migrator.errors import InputError
from migrator.inventory.yaml_text import read_yaml
from migrator.plan.digest import canonical_json, grouped
from migrator.plan.schema import InputsPart, check_seal_file

SEAL_SCHEMA_VERSION: Final = 1

SUBJECTS: Final = (
    "plan",
    "inventory",
    "links",
    "manifests",
    "program_major",
    "program_minor",
    "program_patch",
)
"""What a seal and an approval are tied to; `policy.approval_lapses_when` picks among these words.
The program counts by the part of its version that changed: a patch need not lapse an approval."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that an exercise or an approval was about, as digests."""

    plan_digest: str
    inventory_digest: str
    links_digest: str
    manifests_digest: str
    program_version: str


@dataclass(frozen=True, slots=True)
class Seal:
    """What a dry run found. `not_exercised` are sentences for people: what it could not try."""

    schema_version: int
    plan_name: str
    inputs: Inputs
    result: str  # passed or failed
    seed: int
    steps_exercised: tuple[str, ...]  # step kinds, forward, sorted
    undos_exercised: tuple[str, ...]  # undo kinds, sorted
    waves_unwound: tuple[str, ...]  # in the plan's order
    not_exercised: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The SHA-256 of the whole seal, as 64 hex digits."""
        return hashlib.sha256(canonical_json(self).encode()).hexdigest()

    @property
    def short_form(self) -> str:
        """Sixteen hex digits in groups of four: what stands beside a signature."""
        return grouped(self.digest, 16)


def make_seal(  # noqa: PLR0913 - a seal has as many parts as it has
    plan_name: str,
    inputs: Inputs,
    *,
    passed: bool,
    seed: int,
    steps_exercised: Iterable[str],
    undos_exercised: Iterable[str],
    waves_unwound: Iterable[str],
    not_exercised: Iterable[str],
) -> Seal:
    """The seal of a dry run that has ended."""
    return Seal(
        schema_version=SEAL_SCHEMA_VERSION,
        plan_name=plan_name,
        inputs=inputs,
        result="passed" if passed else "failed",
        seed=seed,
        steps_exercised=tuple(sorted(set(steps_exercised))),
        undos_exercised=tuple(sorted(set(undos_exercised))),
        waves_unwound=tuple(waves_unwound),
        not_exercised=tuple(not_exercised),
    )


def manifests_digest(files: Iterable[tuple[str, bytes]]) -> str:
    """One digest of all manifests and scripts: their relative paths and their bytes, sorted."""
    lines = sorted((path, hashlib.sha256(content).hexdigest()) for path, content in files)
    text = json.dumps(lines, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def seal_path(plan_path: PurePath) -> str:
    """Where the seal of a plan file lies: `plans/x.yaml` -> `plans/x.seal.json`."""
    return str(plan_path.with_suffix(".seal.json"))


def seal_to_text(seal: Seal) -> str:
    """The seal as a file: canonical JSON and a line's end."""
    return canonical_json(seal) + "\n"


def seal_from_text(text: str, file: str) -> Seal:
    """The seal that a text says; InputError names every fault in it."""
    document = read_yaml(text, file)  # JSON is YAML, and this reader names lines
    checked = check_seal_file(document)
    if isinstance(checked, tuple):
        raise InputError(
            "broken-seal",
            f"{file} is not a seal that migrator understands",
            hint="make it anew with `migrator dry-run`; a seal is never written by hand",
            faults=checked,
        )
    return Seal(
        schema_version=checked.schema_version,
        plan_name=checked.plan_name,
        inputs=inputs_from(checked.inputs),
        result=checked.result,
        seed=checked.seed,
        steps_exercised=tuple(checked.steps_exercised),
        undos_exercised=tuple(checked.undos_exercised),
        waves_unwound=tuple(checked.waves_unwound),
        not_exercised=tuple(checked.not_exercised),
    )


def inputs_from(part: InputsPart) -> Inputs:
    """The checked part of a file as data."""
    return Inputs(
        plan_digest=part.plan_digest,
        inventory_digest=part.inventory_digest,
        links_digest=part.links_digest,
        manifests_digest=part.manifests_digest,
        program_version=part.program_version,
    )
