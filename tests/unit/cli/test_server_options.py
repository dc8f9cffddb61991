"""`--server` and its token: where they come from, and what is no token."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.cli import app
from migrator.cli.lazy import load
from migrator.cli.server_options import SERVED, chosen

FAR = ["--server", "https://weekend.example:8443"]


def test_a_token_file_without_a_server_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["status", "latest", "--token-file", "token.txt"]) == 2
    assert "goes with --server" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "  \n", "two words", "å", "a\0b"])
def test_what_is_no_token_is_never_sent(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    assert app.run(["status", "latest", *FAR, "--token-file", str(file)]) == 2
    assert "server-token" in capsys.readouterr().err
    assert chosen() is None, "the next command begins without a server"


def test_without_any_token_somebody_is_told_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MIGRATOR_TOKEN", raising=False)
    assert app.run(["status", "latest", *FAR]) == 2
    assert "migrator token RUN PERSON" in capsys.readouterr().err


def test_every_served_command_takes_the_options_beside_its_own() -> None:
    for name in SERVED:
        command = load(name)
        assert command is not None, name
        named = {option for each in command.params for option in each.opts}
        assert {"--server", "--token-file", "--store"} <= named, name
