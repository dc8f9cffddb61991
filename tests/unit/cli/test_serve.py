"""What `serve` refuses before it listens, and what it says of a provider that is away."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.cli import app
from migrator.web import serving
from migrator.web.serving import Place
from run_with_pages import NAME, pages_of_a_run

PROVIDER = """\
schema_version: 1
name: Agency sign-in
issuer: http://127.0.0.1:9
client: migrator
pages: https://weekend.test
person: {claim: email}
"""


def test_a_provider_that_is_away_is_told_of_and_the_pages_are_served_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Place] = []
    monkeypatch.setattr(serving, "serve", lambda _seen, place, _ready: served.append(place))
    file = tmp_path / "provider.yaml"
    file.write_text(PROVIDER, encoding="utf-8")
    words = ["serve", NAME, "--provider", str(file), "--public"]
    with pages_of_a_run(tmp_path / "store"):
        assert app.run([*words, "--store", str(tmp_path / "store")]) == 0
    (place,) = served
    assert place.public
    assert place.provider is not None
    assert place.provider.name == "Agency sign-in"
    said = capsys.readouterr().err
    assert "Agency sign-in: http://127.0.0.1:9/.well-known/openid-configuration" in said
    assert "by invitation only" in said


def test_a_broken_provider_file_serves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "provider.yaml"
    file.write_text(PROVIDER.replace("issuer", "issue"), encoding="utf-8")
    assert app.run(["serve", NAME, "--provider", str(file), "--store", str(tmp_path)]) == 2
    assert "provider-file" in capsys.readouterr().err


def test_pages_without_tls_are_for_this_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["serve", NAME, "--host", "0.0.0.0", "--store", str(tmp_path)]) == 2  # noqa: S104
    assert "pages-in-the-clear" in capsys.readouterr().err
