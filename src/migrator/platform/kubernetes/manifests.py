"""The files of `manifests/<subsystem>/` into a Subject, or into every fault of every file at once.

Called by `migrator check`, by the dry run and by wiring before a run begins; never while one goes
on. It touches neither the disk nor a server: whoever calls it has the bytes, as they were pinned.
`read_subject` raises, `examine` tells what was found either way, findings included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from migrator.errors import Fault, InputError
from migrator.inventory.door import found
from migrator.platform.kubernetes.cutover_file import (
    FILE,
    Cutover,
    broken_cutover,
    is_namespace,
    read_cutover,
)
from migrator.platform.kubernetes.fronts import frontings
from migrator.platform.kubernetes.manifest_checks import (
    fill_namespaces,
    kept_faults,
    owned_name_faults,
    reference_findings,
    twin_faults,
    workload_faults,
)
from migrator.platform.kubernetes.manifest_files import (
    SUFFIXES,
    Finding,
    Gathered,
    Manifest,
    read_manifests,
)
from migrator.platform.kubernetes.manifest_schema import Schemas
from migrator.platform.kubernetes.objects import text_at
from migrator.platform.kubernetes.subject import Subject

REFERENCE: Final = "invalid-manifests"
HINT: Final = "mend the places named, then run `migrator check` on the inventory again"


@dataclass(frozen=True, slots=True)
class Examined:
    """What the files hold: the subject, or None and the faults; the findings in either case."""

    subsystem: str
    subject: Subject | None
    faults: tuple[Fault, ...]
    findings: tuple[Finding, ...]
    manifests: tuple[Manifest, ...]  # in the order of `subject.objects`, to tell where one stands

    def error(self) -> InputError:
        """The faults as the error that people see."""
        number = len(self.faults)
        what = "1 fault" if number == 1 else f"{number} faults"
        return InputError(
            REFERENCE,
            f"the manifests of {self.subsystem} have {what}",
            hint=HINT,
            faults=self.faults,
        )


def read_subject(subsystem: str, files: Mapping[str, bytes], folder: str = "") -> Subject:
    """What a subsystem is on a cluster. Raises InputError with all faults of all files.

    `files` are the files below `manifests/<subsystem>/` by their relative names; `folder` is how
    that folder is called in faults.
    """
    examined = examine(subsystem, files, folder)
    if examined.subject is None:
        raise examined.error()
    return examined.subject


def examine(
    subsystem: str, files: Mapping[str, bytes], folder: str = "", schemas: Schemas | None = None
) -> Examined:
    """Read and check the files of one subsystem; nothing that they hold is an error here.

    With `schemas` each field is held against them, too.
    """
    folder = folder or f"manifests/{subsystem}"
    gathered = Gathered()
    cutover = _cutover(files, folder, gathered)
    objects = {name: content for name, content in files.items() if not _is_cutover(name)}
    read_manifests(objects, folder, gathered)
    gathered.faults += cutover.faults
    namespace = cutover.namespace or subsystem
    if not cutover.names_namespace and not is_namespace(namespace):
        message = (
            f"'{subsystem}' cannot be the name of a namespace; name one with `namespace:` in {FILE}"
        )
        gathered.faults.append(Fault(f"{folder}/{FILE}", None, "namespace", message))
    if cutover.names_namespace and cutover.namespace is None:
        # Against a namespace that nobody could read every object would be wrong, too.
        faults: list[Fault] = []
        findings: list[Finding] = []
    else:
        faults, findings = fill_namespaces(gathered.manifests, namespace)
    gathered.faults += [*faults, *twin_faults(gathered.manifests)]
    gathered.faults += workload_faults(gathered.manifests)
    gathered.findings += [*findings, *reference_findings(gathered.manifests)]
    if schemas is not None:
        _hold_against(schemas, gathered)
    return _examined(subsystem, namespace, cutover, gathered)


def _hold_against(schemas: Schemas, gathered: Gathered) -> None:
    """Name the fields that do not fit, and the kinds whose fields nobody here can judge."""
    for manifest in gathered.manifests:
        schema = schemas.of(manifest)
        if schema is None:
            message = (
                f"the fields of a {manifest.name.kind} are not checked: Kubernetes "
                f"{schemas.version} itself has none in {text_at(manifest.object, 'apiVersion')}"
            )
            gathered.findings.append(manifest.finding("kind-not-checked", message, "kind"))
            continue
        gathered.faults += [
            manifest.fault(message, *path) for path, message in schemas.faults(manifest, schema)
        ]


def _examined(subsystem: str, namespace: str, cutover: Cutover, gathered: Gathered) -> Examined:
    """Put together what the objects and the cutover file say about each other."""
    fronts, faults, findings = frontings(cutover.fronts, gathered.manifests, namespace)
    names = [placed.row.service for placed in cutover.fronts]
    gathered.faults += [*faults, *owned_name_faults(gathered.manifests, names)]
    gathered.findings += findings
    for number, message in kept_faults(gathered.manifests, cutover.keeps_data):
        assert cutover.head is not None, "without the head there is no list"
        gathered.faults.append(cutover.head.fault(message, "keeps_data", number))
    everything = tuple(sorted(set(gathered.faults), key=_place))
    subject = Subject(
        subsystem,
        namespace,
        tuple(manifest.object for manifest in gathered.manifests),
        fronts,
        cutover.moves(),
        tuple(cutover.keeps_data),
    )
    ordered = sorted(set(gathered.findings), key=_place)
    return Examined(
        subsystem,
        None if everything else subject,
        everything,
        tuple(ordered),
        tuple(gathered.manifests),
    )


def _place(found: Fault | Finding) -> tuple[str, int, str, str]:
    return found.file, found.line or 0, found.path, found.message


def _is_cutover(name: str) -> bool:
    """Whether a file is the cutover file, or was meant to be."""
    stem, _, suffix = name.rpartition("/")[2].rpartition(".")
    return stem.lower() == "cutover" and f".{suffix.lower()}" in SUFFIXES


def _cutover(files: Mapping[str, bytes], folder: str, gathered: Gathered) -> Cutover:
    """The cutover file, as far as it can be read; one under a nearly right name is refused."""
    for name in sorted(files):
        if name != FILE and _is_cutover(name):
            message = f"is not read: its name is {FILE}, in the subsystem's own folder"
            gathered.faults.append(Fault(f"{folder}/{name}", None, "", message))
    file = f"{folder}/{FILE}"
    try:
        cutover = read_cutover(files.get(FILE), file)
    except InputError as error:
        return broken_cutover(error, file)
    if not isinstance(cutover.document.data, dict):
        message = f"wants keys and values, found {found(cutover.document.data)}"
        cutover.faults[:] = [Fault(file, cutover.document.line(()), "", message)]
    return cutover
