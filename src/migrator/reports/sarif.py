"""Findings as SARIF 2.1.0, which GitHub shows as code scanning alerts.

Called by `dry-run` and `lint`. Each rule is listed once with the runbook page that says what to do;
paths are URIs relative to the repository's root.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from migrator.reports.findings import Finding, fingerprints

_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def sarif_json(findings: Sequence[Finding], version: str) -> str:
    """The file's text. `version` is the program's."""
    rules = list(dict.fromkeys(finding.rule for finding in findings))
    pages = {finding.rule: finding.page for finding in findings}
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "migrator",
                        "version": version,
                        "rules": [_rule(rule, pages[rule]) for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(finding, rules.index(finding.rule), fingerprint)
                    for finding, fingerprint in zip(
                        findings, fingerprints(list(findings)), strict=True
                    )
                ],
            }
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: str, page: str) -> dict[str, object]:
    return {
        "id": rule,
        "name": rule,
        "shortDescription": {"text": rule.replace("-", " ")},
        "help": {"text": f"What to do: runbooks/{page}.md"},
    }


def _result(finding: Finding, index: int, fingerprint: str) -> dict[str, object]:
    text = f"{finding.message}\n{finding.hint}" if finding.hint else finding.message
    place: dict[str, object] = {"artifactLocation": {"uri": _uri(finding.file)}}
    if finding.line is not None:
        place["region"] = {"startLine": finding.line}
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity.value,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"migratorFinding/v1": fingerprint},
    }


def _uri(path: str) -> str:
    """A relative path as a URI reference: everything but plain characters by its number."""
    plain = path.replace("\\", "/").removeprefix("./").encode()
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in plain)
