"""SCRAM as a client: with a server that knows the password, and with servers that lie."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from migrator.probes.checks.scram import Scram

SALT = base64.b64encode(b"saltsaltsalt").decode()


def server_of(password: str, rounds: int, agreed: str) -> tuple[str, str]:
    """What a server that knows the password expects to be shown, and what it shows."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), b"saltsaltsalt", rounds)
    key = hmac.digest(salted, b"Client Key", "sha256")
    signed = hmac.digest(hashlib.sha256(key).digest(), agreed.encode(), "sha256")
    proof = bytes(a ^ b for a, b in zip(key, signed, strict=True))
    shown = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), agreed.encode(), "sha256")
    return base64.b64encode(proof).decode(), base64.b64encode(shown).decode()


def test_each_end_shows_the_other_that_it_knows_the_password() -> None:
    scram = Scram("s3cret", "ours")
    assert scram.first() == b"n,,n=,r=ours"
    challenge = f"r=ourstheirs,s={SALT},i=4096"
    agreed = f"n=,r=ours,{challenge},c=biws,r=ourstheirs"
    proof, shown = server_of("s3cret", 4096, agreed)
    assert scram.final(challenge.encode()) == f"c=biws,r=ourstheirs,p={proof}".encode()
    assert scram.proved(f"v={shown}".encode())
    assert not scram.proved(b"v=AAAA")
    assert not scram.proved(b"e=invalid-proof")


def test_password_of_other_letters_is_spelt_as_the_server_spells_it() -> None:
    # A ligature, a soft hyphen and a hard space: SASLprep makes two letters, nothing and a space.
    assert Scram("\ufb01\u00ad\u00a0")._password == b"fi "
    assert Scram("a\x07")._password == b"a\x07", "has no such spelling, and is taken as it stands"


@pytest.mark.parametrize(
    "challenge",
    [
        f"r=theirs,s={SALT},i=4096",
        f"r=ours,s={SALT},i=4096",
        f"r=ourstheirs,s={SALT},i=1",
        f"r=ourstheirs,s={SALT},i=99999999",
        f"r=ourstheirs,s={SALT},i=x",
        "r=ourstheirs,s=?,i=4096",
        "\xff",
    ],
)
def test_server_that_lies_gets_no_proof(challenge: str) -> None:
    with pytest.raises(ValueError, match="server"):
        Scram("s3cret", "ours").final(challenge.encode("latin-1"))


def test_no_server_makes_us_count_twice() -> None:
    scram = Scram("s3cret", "ours")
    challenge = f"r=ourstheirs,s={SALT},i=4096".encode()
    scram.final(challenge)
    with pytest.raises(ValueError, match="second"):
        scram.final(challenge)
