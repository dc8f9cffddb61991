"""A provider's file: what it may say, and every fault of it at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.web.provider_file import read_provider

LEAST = """\
schema_version: 1
name: Agency sign-in
issuer: https://id.agency.test
client: migrator
pages: https://weekend.agency.test:8443/
person: {claim: employee_id}
"""


def file(folder: Path, text: str) -> Path:
    path = folder / "provider.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_provider(file(folder, text))
    assert caught.value.reference == "provider-file"
    return [str(fault).removeprefix(f"{folder}/") for fault in caught.value.faults]


def test_little_is_needed_and_the_rest_is_careful(tmp_path: Path) -> None:
    found = read_provider(file(tmp_path, LEAST))
    assert found.pages == "https://weekend.agency.test:8443"
    assert found.person == "employee_id"
    assert found.secret is None
    assert found.scopes == ("openid", "email")
    assert found.algorithms == ("RS256", "ES256")
    assert found.skew == timedelta(minutes=1)
    assert found.hours == 12


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n", encoding="utf-8")
    secret.chmod(0o600)
    (tmp_path / "ca.pem").write_text("", encoding="utf-8")
    text = LEAST.replace(
        "person: {claim: employee_id}",
        "person: {claim: email, before_at: true, people: {Anna.A@agency.test: anna}}",
    )
    more = """\
secret: {file: secret}
scopes: [openid, profile]
roles: {claim: groups, give: {audit: auditor}}
algorithms: [RS512]
clock_skew_seconds: 5
session_hours: 72
certificates: ca.pem
"""
    found = read_provider(file(tmp_path, text + more))
    assert found.secret == "s3cret"
    assert found.people == {"anna.a@agency.test": "anna"}, "as addresses are compared"
    assert found.before_at
    assert (found.roles_claim, found.roles) == ("groups", {"audit": "auditor"})
    assert found.authorities == tmp_path / "ca.pem"


def test_the_secret_may_stand_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = LEAST + "secret: {env: OUR_SECRET}\n"
    monkeypatch.delenv("OUR_SECRET", raising=False)
    assert "OUR_SECRET is not set" in faults(tmp_path, text)[0]
    monkeypatch.setenv("OUR_SECRET", "s3cret")
    assert read_provider(file(tmp_path, text)).secret == "s3cret"


def test_the_file_that_the_document_shows_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = (Path(__file__).parents[3] / "docs" / "sign-in.md").read_text(encoding="utf-8")
    shown = document.partition("```yaml\n")[2].partition("```")[0]
    monkeypatch.setenv("MIGRATOR_CLIENT_SECRET", "s3cret")
    (tmp_path / "agency-ca.pem").write_text("", encoding="utf-8")
    found = read_provider(file(tmp_path, shown))
    assert found.people == {"anna.a@agency.example": "anna"}
    assert found.secret == "s3cret"


def test_all_faults_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = LEAST.replace("https://id.agency.test", "http://id.agency.test")
    text = text.replace("8443/", "8443/pages")
    more = """\
scopes: [email]
algorithms: [HS256, none]
roles: {claim: groups, give: {boss: chief}}
certificates: missing.pem
secret: {}
"""
    found = faults(tmp_path, text + more)
    places = [fault.split(": ")[:2] for fault in found]
    assert [place for _, place in places] == [
        "issuer", "pages", "scopes", "algorithms[0]", "algorithms[1]", "roles.give.boss",
        "certificates", "secret",
    ]  # fmt: skip
    assert found[0].startswith("provider.yaml:3: issuer: must be an https address")


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ("clock_skew_seconds: 301\n", "clock_skew_seconds"),
        ("session_hours: 73\n", "session_hours"),
        ("secret: hunter2\n", "secret"),
        ("verify: false\n", "verify"),
        ("name: 5\n", "name"),
    ],
)
def test_what_no_provider_may_have_is_refused(tmp_path: Path, more: str, place: str) -> None:
    text = LEAST.replace("name: Agency sign-in\n", "") if place == "name" else LEAST
    assert any(f"{place}" in fault for fault in faults(tmp_path, text + more))


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret", encoding="utf-8")
    secret.chmod(0o644)
    text = LEAST + "secret: {file: secret}\n"
    assert "chmod 600" in faults(tmp_path, text)[0]
    secret.write_text("\n", encoding="utf-8")
    secret.chmod(0o600)
    assert "is empty" in faults(tmp_path, text)[0]
    secret.unlink()
    assert "cannot be read" in faults(tmp_path, text)[0]


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_provider(tmp_path / "none.yaml")
    assert caught.value.reference == "provider-file"
    assert "docs/sign-in.md" in caught.value.hint
