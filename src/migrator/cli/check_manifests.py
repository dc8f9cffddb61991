"""The part of `migrator check` that is about `manifests/`: faults, findings and counts.

Called by `check.py` alone. It judges nothing itself, and it asks no cluster.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from migrator.errors import Fault, InputError

if TYPE_CHECKING:
    from migrator.platform.kubernetes.manifest_files import Finding

FINDINGS_SHOWN_MAX: Final = 20
"""As many as the faults that a terminal shows; JSON has them all."""


@dataclass(frozen=True, slots=True)
class ManifestsSeen:
    """What `manifests/` holds, right or wrong."""

    subsystems: int = 0
    objects: int = 0
    kinds: tuple[tuple[str, int], ...] = ()
    fronts: int = 0
    databases: int = 0
    fields_checked: str = ""  # against which Kubernetes; empty: against none
    faults: tuple[Fault, ...] = ()
    findings: tuple[Finding, ...] = ()

    def error(self, folder: Path) -> InputError:
        """The faults as the error that people see."""
        from migrator.platform.kubernetes.manifests import HINT, REFERENCE

        number = len(self.faults)
        what = "1 fault" if number == 1 else f"{number} faults"
        return InputError(
            REFERENCE, f"the manifests in {folder} have {what}", hint=HINT, faults=self.faults
        )

    def facts(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "subsystems": self.subsystems,
            "objects": self.objects,
            "by_kind": dict(self.kinds),
            "fronts": self.fronts,
            "databases": self.databases,
            "fields_checked": self.fields_checked or None,
            "findings": [asdict(finding) for finding in self.findings],
        }

    def warnings(self) -> list[str]:
        """The findings as people read them, as many as fit on a screen."""
        lines = [f"warning: {finding}" for finding in self.findings[:FINDINGS_SHOWN_MAX]]
        if self.subsystems and not self.fields_checked:
            lines.append(
                "warning: the fields of the manifests are not checked without a server: "
                "install migrator[schemas]"
            )
        more = len(self.findings) - FINDINGS_SHOWN_MAX
        return [*lines, f"and {more} more; --format json has them all"] if more > 0 else lines


def see_manifests(folder: Path) -> ManifestsSeen:
    """Read everything below `manifests/`; a folder without it has nothing to see."""
    from migrator.inventory.reader import MANIFESTS_FOLDER

    if not (folder / MANIFESTS_FOLDER).is_dir():
        return ManifestsSeen()
    from migrator.platform.kubernetes.manifest_folders import examine_all
    from migrator.platform.kubernetes.manifest_schema import installed_schemas

    examined = examine_all(folder)
    kinds = Counter(each.name.kind for one in examined for each in one.manifests)
    schemas = installed_schemas()
    subjects = [one.subject for one in examined if one.subject is not None]
    return ManifestsSeen(
        subsystems=len(examined),
        objects=kinds.total(),
        kinds=tuple(sorted(kinds.items())),
        fronts=sum(len(subject.fronts) for subject in subjects),
        databases=sum(len(subject.databases) for subject in subjects),
        fields_checked=schemas.version if schemas else "",
        faults=tuple(fault for one in examined for fault in one.faults),
        findings=tuple(finding for one in examined for finding in one.findings),
    )
