"""The notices file: what it means, and every fault of it at once, with its line."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from calls import FILE, a_policy
from migrator.errors import InputError
from migrator.notices.policy import Mode, Quiet, Secret, Security
from migrator.notices.policy_file import Source, policy_of, read_source, secret_of

TOP = "schema_version: 1\nmode: on\npages: https://weekend.example.org\n"
MAIL = "mail: {host: localhost, security: none, sender: m@example.org}\n"


def faults(text: str, people: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(InputError) as raised:
        policy_of(Source(text, Path("/nowhere"), "n.yaml"), people)
    assert raised.value.reference == "notices-file"
    return [str(fault) for fault in raised.value.faults]


def test_a_file_says_how_people_are_reached() -> None:
    policy = a_policy()
    assert (policy.mode, policy.pages) == (Mode.ON, "https://weekend.example.org:8443")
    assert policy.language_of("anna") == "sv"
    assert policy.language_of("bo") == "en"
    assert policy.channels_of("bo", ("decision_maker",)) == ("mail", "ops")
    assert policy.channels_of("bo", ("handler",)) == ("mail",)
    assert policy.channels_of("stranger", ("decision_maker",)) == ("ops",)
    assert policy.reached("lena").quiet == Quiet(time(22), time(6))
    assert policy.limits.deputy == timedelta(minutes=5)


def test_a_persons_own_channels_count_before_those_of_roles() -> None:
    text = FILE.replace("bo: {mail: bo@example.org}", "bo: {channels: [ops]}")
    assert a_policy(text).channels_of("bo", ("decision_maker",)) == ("ops",)
    text = FILE.replace("bo: {mail: bo@example.org}", "bo: {channels: []}")
    assert a_policy(text).channels_of("bo", ("decision_maker",)) == ()


def test_every_fault_of_values_is_told_at_once() -> None:
    text = TOP.replace("mode: on", "mode: loud").replace("https", "http") + (
        "mail: {host: localhost, port: 0, sender: nobody}\n"
        "people: {anna: {quiet: at night, mial: anna@example.org}}\n"
    )
    found = "\n".join(faults(text))
    for word in ("n.yaml:2: mode", "https", "mail.port", "mail.sender", "22:00-06:00", "mial"):
        assert word in found, word


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TOP, "neither mail nor a webhook"),
        (TOP + MAIL.replace("localhost", "mail.example.org"), "without TLS"),
        (TOP + MAIL.replace("none, ", "none, user: m, "), "password_env"),
        (TOP + MAIL.replace("none, ", "none, password_env: X, "), "without a user"),
        (TOP + MAIL + "roles: {wave_lead: [male]}\n", "did you mean 'mail'"),
        (TOP + MAIL + "people: {anna: {channels: [mail]}}\n", "no e-mail address of anna"),
        (TOP + MAIL + "people: {anna: {channels: [ops]}}\n", "there is no channel 'ops'"),
        (TOP + "webhooks: {ops: {url: 'https://x.example'}}\n", "secret_env"),
        (TOP + "webhooks: {mail: {url: 'https://x.example', secret_env: X}}\n", "'mail'"),
        (TOP + MAIL + "limits: {deputy: 20m}\n", "after the decision maker"),
        (TOP.replace("on\n", "test\n") + MAIL, "wants test:"),
        (TOP.replace("on\n", "test\n") + MAIL + "test: {webhook: ops}\n", "no channel 'ops'"),
        (TOP + "webhooks: {ops: {url: 'http://x.example', secret_env: X}}\n", "https"),
        (TOP + "webhooks: {ops: {url: 'https://a:b@x.example', secret_env: X}}\n", "password"),
        (TOP + "webhooks: {ops: {url: 'https://x.example:99999', secret_env: X}}\n", "address"),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_together_are_named(text: str, said: str) -> None:
    (fault,) = faults(text)
    assert said in fault
    assert fault.startswith("n.yaml:")


def test_a_test_by_mail_needs_a_mail_server() -> None:
    text = TOP.replace("on\n", "test\n") + (
        "test: {mail: me@example.org}\nwebhooks: {ops: {url: 'https://x.example', secret_env: X}}\n"
    )
    assert "no mail server" in faults(text)[0]


def test_somebody_whom_the_run_does_not_know_is_named_with_who_is_meant() -> None:
    (fault,) = faults(FILE, ("annika", "anna", "bo", "lena", "dorra"))
    assert "people.dora" in fault
    assert "did you mean 'dorra'" in fault


def test_the_mode_off_needs_nothing_else() -> None:
    assert a_policy(TOP.replace("on\n", "off\n")).mode is Mode.OFF


def test_secrets_come_from_the_environment_or_a_file_and_are_never_shown(tmp_path: Path) -> None:
    kept = tmp_path / "key"
    kept.write_text("s3cret\n")
    assert secret_of(Secret("X"), {"X": "s3cret"}) == "s3cret"
    assert secret_of(Secret(file=kept), {}) == "s3cret"
    empty = tmp_path / "empty"
    empty.touch()
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    for wrong in (Secret("X"), *(Secret(file=f) for f in (empty, binary, tmp_path / "none"))):
        with pytest.raises(InputError) as raised:
            secret_of(wrong, {"Y": "s3cret"})
        assert raised.value.reference == "notices-secret"
        assert "s3cret" not in raised.value.message


def test_paths_count_from_where_the_file_lies(tmp_path: Path) -> None:
    file = tmp_path / "n.yaml"
    file.write_text(
        TOP + "mail: {host: mail.example.org, security: tls, port: 465, sender: m@example.org,"
        " user: m, password_file: password, ca_file: ca.pem}\n"
    )
    mail = policy_of(read_source(file)).mail
    assert mail is not None
    assert mail.security is Security.TLS
    assert (mail.password, mail.ca_file) == (
        Secret(file=tmp_path / "password"),
        tmp_path / "ca.pem",
    )


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no notices file"):
        read_source(tmp_path / "none.yaml")
