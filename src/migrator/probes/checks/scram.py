"""Signing in to PostgreSQL with a password that never travels: SCRAM-SHA-256 and the older MD5.

Only the check of PostgreSQL uses it, and only for a look that says so. RFC 5802 and 7677, without
channel binding. The server has to prove that it knows the password too, and may not make us count
for ever: rounds are bounded, since they run in the agent's loop.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import stringprep
import unicodedata

MECHANISM = "SCRAM-SHA-256"
ROUNDS_MIN, ROUNDS_MAX = 4_096, 50_000
"""PostgreSQL counts 4,096 and RFC 7677 wants no fewer: a false server could try passwords against
our proof. The most take some 20 ms of one core."""


class Scram:
    """One sign-in: `first`, then `final` with the server's answer, then `proved` with its last."""

    def __init__(self, password: str, nonce: str = "") -> None:
        self._password = _prepared(password).encode()
        self._nonce = nonce or secrets.token_urlsafe(18)
        self._bare = f"n=,r={self._nonce}"  # PostgreSQL takes the user from its own first message
        self._proof_of_server = b""

    def first(self) -> bytes:
        """What we say first: that we bind no channel, and a number used once."""
        return b"n,," + self._bare.encode()

    def final(self, said: bytes) -> bytes:
        """The proof, for the server's salt, rounds and number; ValueError where they are none."""
        if self._proof_of_server:
            raise ValueError("the server asks for a second proof")
        fields = _fields(said)
        nonce, salt, rounds = fields.get("r", ""), fields.get("s", ""), fields.get("i", "")
        if not nonce.startswith(self._nonce) or len(nonce) == len(self._nonce):
            raise ValueError("the server answers with a number that is not ours")
        if not rounds.isdigit() or not ROUNDS_MIN <= int(rounds[:9]) <= ROUNDS_MAX:
            raise ValueError(f"the server asks for {rounds[:20]} rounds of SCRAM")
        try:
            salted = hashlib.pbkdf2_hmac(
                "sha256", self._password, base64.b64decode(salt, validate=True), int(rounds)
            )
        except binascii.Error:
            raise ValueError("the server's salt is none") from None
        without = f"c=biws,r={nonce}"  # biws: we bind no channel
        agreed = f"{self._bare},{said.decode()},{without}".encode()
        key = _mac(salted, b"Client Key")
        signature = _mac(hashlib.sha256(key).digest(), agreed)
        self._proof_of_server = _mac(_mac(salted, b"Server Key"), agreed)
        proof = bytes(a ^ b for a, b in zip(key, signature))  # noqa: B905 - Python 3.9; equal by hash
        return f"{without},p={base64.b64encode(proof).decode()}".encode()

    def proved(self, said: bytes) -> bool:
        """Whether the server knows the password as well."""
        expected = base64.b64encode(self._proof_of_server).decode()
        return bool(self._proof_of_server) and hmac.compare_digest(
            _fields(said).get("v", "").encode(), expected.encode()
        )


def md5_answer(user: str, password: str, salt: bytes) -> bytes:
    """What PostgreSQL up to 13 asks for unless told otherwise."""
    inner = _md5(password.encode() + user.encode()).encode()
    return f"md5{_md5(inner + salt)}".encode()


def _md5(data: bytes) -> str:
    # The server's choice, not ours; said so that a machine that forbids MD5 still computes it.
    return hashlib.new("md5", data, usedforsecurity=False).hexdigest()


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def _fields(said: bytes) -> dict[str, str]:
    try:
        text = said.decode()
    except UnicodeDecodeError:
        raise ValueError("the server speaks no SCRAM") from None
    return {part[:1]: part[2:] for part in text.split(",") if part[1:2] == "="}


def _prepared(password: str) -> str:
    """The password as both ends spell it (SASLprep); as it stands where it has no such spelling."""
    kept = (
        " " if stringprep.in_table_c12(c) else c for c in password if not stringprep.in_table_b1(c)
    )
    text = unicodedata.normalize("NFKC", "".join(kept))
    odd = (stringprep.in_table_c21_c22, stringprep.in_table_a1)
    return password if any(is_odd(c) for c in text for is_odd in odd) else text
