"""Cases as JUnit XML, which every CI shows as test results.

Called by `dry-run`. One suite for each group, in the order in which groups first appear.
Characters that XML 1.0 cannot hold are replaced, since one of them would spoil the whole file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

from migrator.reports.findings import Case

_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(cases: Sequence[Case], name: str = "migrator") -> str:
    """The file's text."""
    root = ET.Element("testsuites", _counts(cases) | {"name": name})
    for group in dict.fromkeys(case.group for case in cases):
        members = [case for case in cases if case.group == group]
        suite = ET.SubElement(root, "testsuite", _counts(members) | {"name": _clean(group)})
        for case in members:
            _add(suite, case)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add(suite: ET.Element, case: Case) -> None:
    attributes = {
        "name": _clean(case.name),
        "classname": _clean(case.group),
        "time": f"{case.seconds:.3f}",
    }
    element = ET.SubElement(suite, "testcase", attributes)
    if case.failure is not None:
        first = _clean(case.failure.partition("\n")[0])
        failure = ET.SubElement(element, "failure", {"message": first, "type": "failure"})
        failure.text = _clean(case.failure)
    elif case.skipped is not None:
        ET.SubElement(element, "skipped", {"message": _clean(case.skipped)})


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": str(sum(case.failure is not None for case in cases)),
        "errors": "0",
        "skipped": str(sum(c.failure is None and c.skipped is not None for c in cases)),
        "time": f"{sum(case.seconds for case in cases):.3f}",
    }


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
