"""Secrets are read by reference, and no usual shape of one is left in what is shown."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.errors import PermanentError
from migrator.platform.legacy.secret_values import STRUCK_OUT, Secrets, read_secrets

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=4, max_size=90)


def test_secrets_come_from_the_environment_and_from_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSWORD_OF_DB", "correct horse")
    (tmp_path / "key").write_text("battery staple\n")
    secrets = read_secrets({"A": "env:PASSWORD_OF_DB", "B": f"file:{tmp_path}/key"})
    assert secrets.values == {"A": "correct horse", "B": "battery staple"}
    assert "horse" not in repr(secrets)


@pytest.mark.parametrize("reference", ["env:NO_SUCH_THING", "file:no-such-file", "file:.", "env:"])
def test_a_missing_secret_names_its_reference(reference: str) -> None:
    with pytest.raises(PermanentError) as caught:
        read_secrets({"PASSWORD": reference})
    assert caught.value.reference == "secret-missing"
    assert "PASSWORD" in caught.value.message


def test_a_secret_written_where_its_reference_belongs_is_not_repeated() -> None:
    with pytest.raises(PermanentError) as caught:
        read_secrets({"PASSWORD": "hunter2-hunter2"})
    assert "hunter2" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"a\0b", b"x" * 70_000])
def test_a_file_that_is_no_secret_is_missing_and_not_shown(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(PermanentError):
        read_secrets({"K": f"file:{tmp_path}/key"})


def test_a_pipe_is_no_file_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PermanentError, match="no file"):
        read_secrets({"K": f"file:{tmp_path}/pipe"})


@given(words, st.text(max_size=5), st.text(max_size=5))
def test_no_shape_of_a_secret_is_left(secret: str, before: str, after: str) -> None:
    secrets = Secrets({"S": secret})
    whole = before + secret + after
    for shape in (secret, json.dumps(secret)[1:-1], quote(secret), quote(secret, safe="")):
        assert secrets.hidden(f"<{shape}>") == f"<{STRUCK_OUT}>"
    encoded = base64.b64encode(whole.encode()).decode()
    if len(secret.encode()) >= 6:  # of a shorter one too few letters are its own
        assert STRUCK_OUT in secrets.hidden(encoded)
    assert base64.b64encode(secret.encode()).decode() not in secrets.hidden(encoded)


def test_a_long_secret_is_found_where_base64_broke_the_line() -> None:
    secret = "0123456789" * 12
    shown = Secrets({"S": secret}).hidden(base64.encodebytes(secret.encode()).decode())
    assert shown.strip() == STRUCK_OUT


def test_each_line_of_a_key_is_struck_out_by_itself() -> None:
    secrets = Secrets({"S": "-----BEGIN-----\nMIIEowIBAAKCAQEA\nab"})
    assert secrets.hidden("line 2: MIIEowIBAAKCAQEA") == f"line 2: {STRUCK_OUT}"


def test_a_cut_through_a_secret_leaves_no_part_of_it() -> None:
    secrets = Secrets({"S": "correct horse"})
    assert secrets.trimmed(b"password: correct h", b"orse\nnext") == (b"password: ", b"\nnext")
