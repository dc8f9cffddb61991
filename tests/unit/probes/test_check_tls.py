"""The check of TLS: what a certificate must be, said in words that name a day and a name."""

from __future__ import annotations

import ssl
import time

import pytest

from migrator.probes.agent import wire
from migrator.probes.checks.certificate import day, read_certificate
from migrator.probes.checks.talk import Finding
from probing.certificates import NAME, OPENSSL, Certificates, make_certificates
from probing.running import a_header, run_agent
from probing.servers import Manner, serving
from probing.talking import a_look, args_of, converse

DAY = 86_400


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    if OPENSSL is None:
        pytest.skip("openssl makes the certificates")
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def look_at(certificates: Certificates, name: str, **args: object) -> wire.Result:
    """One look at a server with that certificate."""
    given = {"ca": certificates.ca, **args}
    with serving(Manner(tls=certificates.server(name))) as there:
        look = a_look("tls", there.host, there.port, server_name=NAME, args=given, of=1, seconds=5)
        (result,) = run_agent(a_header(), [look])
    return result


def finding(certificate: dict[str, object], **args: wire.Plain) -> Finding:
    """What a certificate comes to."""
    spoken = converse(a_look("tls", args=args_of(**args)), certificate=certificate)
    assert spoken.finding is not None
    return spoken.finding


def test_good_certificate_says_how_long_it_holds_and_whose_it_is(
    certificates: Certificates,
) -> None:
    result = look_at(certificates, "good")
    assert result["word"] == wire.OK
    for told in ("holds until", "days", f"for {NAME}", "from Authority", "TLSv1.3"):
        assert told in result["detail"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("expired", "certificate has expired; expired 20"),
        ("own", "self-signed certificate"),
        ("other", f"Hostname mismatch, certificate is not valid for '{NAME}'.; holds until"),
    ],
)
def test_wrong_certificate_is_found_and_described(
    certificates: Certificates, name: str, why: str
) -> None:
    result = look_at(certificates, name)
    assert (result["word"], result["tries"]) == (wire.TLS, 1)
    assert result["detail"].startswith(why)
    assert "for " in result["detail"].partition(";")[2]


def test_wrong_certificate_is_described_to_every_kind_that_speaks_through_tls(
    certificates: Certificates,
) -> None:
    with serving(Manner(tls=certificates.server("expired"))) as there:
        args = args_of(ca=certificates.ca, path="/health")
        look = a_look("http", there.host, there.port, tls=True, args=args, of=1, seconds=5)
        (result,) = run_agent(a_header(), [look])
    assert result["word"] == wire.TLS
    assert "certificate has expired; expired 20" in result["detail"]
    assert f"for {NAME}" in result["detail"]


def test_certificate_that_nobody_verifies_is_taken_as_it_is(certificates: Certificates) -> None:
    result = look_at(certificates, "own", verify=False)
    assert result["word"] == wire.OK


def test_address_is_verified_where_no_name_is_given(certificates: Certificates) -> None:
    with serving(Manner(tls=certificates.server("good"))) as there:
        args = args_of(ca=certificates.ca)
        look = a_look("tls", there.host, there.port, args=args, of=1, seconds=5)
        (result,) = run_agent(a_header(), [look])
    assert result["word"] == wire.OK


def test_authorities_of_the_machine_do_not_know_a_tests_certificate(
    certificates: Certificates,
) -> None:
    result = look_at(certificates, "good", ca="system")
    assert result["word"] == wire.TLS
    assert "unable to get local issuer certificate" in result["detail"]


def test_side_is_told_by_the_certificate_even_where_it_is_wrong(
    certificates: Certificates,
) -> None:
    with serving(Manner(tls=certificates.server("expired"))) as there:
        args = args_of(ca=certificates.ca)
        marks = {"old": "nobody.test", "new": NAME}
        look = a_look("tls", there.host, there.port, args=args, of=1, seconds=5, **marks)
        (result,) = run_agent(a_header(), [look])
    assert (result["word"], result["side"]) == (wire.TLS, wire.NEW)


def test_port_that_speaks_no_tls_says_so() -> None:
    with serving(Manner(banner=b"220 hello\r\n")) as there:
        look = a_look("tls", there.host, there.port, of=1, seconds=5)
        (result,) = run_agent(a_header(), [look])
    assert (result["word"], result["detail"][:31]) == (wire.TLS, "the other end speaks no TLS (wr")


def test_silence_where_tls_should_begin_is_a_timeout() -> None:
    with serving() as there:
        look = a_look("tls", there.host, there.port, of=1, seconds=0.2)
        (result,) = run_agent(a_header(), [look])
    assert result["word"] == wire.TIMEOUT
    assert result["detail"] == "accepted, but silent when TLS should begin"


def test_certificate_that_holds_too_shortly_is_found_before_it_expires() -> None:
    ends = time.time() + 9.4 * DAY
    assert finding({"not_after": ends}, days_min=9).word == wire.OK
    short = finding({"not_after": ends}, days_min=14)
    assert short.word == wire.TLS
    assert short.detail.startswith(f"fewer than 14 days: holds until {day(ends)}, 9 days")


def test_days_since_it_expired_are_counted() -> None:
    ends = time.time() - 3.2 * DAY
    told = finding({"not_after": ends}, because="certificate has expired", verify=False)
    assert told.word == wire.TLS
    assert told.detail.startswith(f"certificate has expired; expired {day(ends)}, 3 days ago")


def test_names_of_a_certificate_can_be_asked_for() -> None:
    shown: dict[str, object] = {"subject": "a.test", "names": ["a.test", "b.test"]}
    assert finding(shown, holds="b.test").word == wire.OK
    assert finding(shown, holds="c.test").word == wire.MISMATCH


def test_every_field_of_a_certificate_is_read(certificates: Certificates) -> None:
    shown = read_certificate(certificates.encoded("good"))
    assert (shown["subject"], shown["issuer"]) == (NAME, "Authority")
    assert shown["names"] == [NAME, "127.0.0.1", "0:0:0:0:0:0:0:1"]
    begins, ends = shown["not_before"], shown["not_after"]
    assert isinstance(begins, int)
    assert isinstance(ends, int)
    assert ends - begins == 30 * DAY
    assert abs(begins - time.time()) < DAY


def test_certificate_cut_anywhere_is_read_as_far_as_it_goes(certificates: Certificates) -> None:
    encoded = certificates.encoded("good")
    whole = read_certificate(encoded)
    for length in range(0, len(encoded), 7):
        assert read_certificate(encoded[:length]).items() <= whole.items()


@pytest.mark.parametrize(
    "args",
    [
        {"days_min": "many"},
        {"days_min": -1},
        {"holds": 7},
        {"ca": "no certificate"},
        {"ca": 7},
        {"verify": "perhaps"},
        {"min_version": "2.0"},
        {"strange": 1},
    ],
)
def test_nonsense_is_refused_in_words_and_touches_nothing(args: dict[str, object]) -> None:
    with serving() as there:
        (result,) = run_agent(a_header(), [a_look("tls", there.host, there.port, args=args)])
    assert there.accepted == []
    assert result["word"] == wire.BAD_LOOK
    assert result["detail"]


def test_old_version_is_refused_where_a_newer_one_is_asked_for(
    certificates: Certificates,
) -> None:
    context = certificates.server("good")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    found = []
    for least in ("1.2", "1.3"):
        with serving(Manner(tls=context)) as there:
            args = args_of(ca=certificates.ca, min_version=least)
            look = a_look("tls", there.host, there.port, server_name=NAME, args=args, of=1)
            found += run_agent(a_header(), [look])
    assert [result["word"] for result in found] == [wire.OK, wire.TLS]
    assert "TLSv1.2" in found[0]["detail"]
