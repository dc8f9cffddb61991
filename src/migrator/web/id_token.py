"""An ID token, judged: whose key, which issuer, for whom, how old, for which question.

Pure; `provider.py` fetches what is judged here. The signature is checked by joserfc against the
provider's own keys and only by the algorithms that the settings name, so `none` and anything made
with a shared secret are refused before their content is looked at. What must never happen: a switch
that leaves one of these checks out.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ASYMMETRIC: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    "Ed25519",
)  # fmt: skip
"""What a provider may sign with. A shared secret is none: whoever reads our settings had it."""
TOKEN_MAX: Final = 32_768
OLD_MAX: Final = timedelta(minutes=10)
"""Between the provider's signature and us; a sign-in takes seconds."""


class TokenRefused(Exception):
    """A token that signs nobody in, and why."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say."""

    issuer: str
    client: str
    nonce: str
    algorithms: Sequence[str]
    skew: timedelta


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that a provider shows."""

    kept: KeySet

    def know(self, token: str) -> bool:
        """Tell whether the key is among them that a token says it is signed with."""
        name = _key_name(token)
        return not name or any(key.kid == name for key in self.kept.keys)


def keys_of(said: Mapping[str, object]) -> Keys | None:
    """The keys of a JWKS that signatures can be checked with; None where there is none."""
    rows = said.get("keys")
    usable = []
    for row in rows if isinstance(rows, list) else []:
        # A shared secret among them would let whoever reads the list sign as the provider.
        if not isinstance(row, dict) or row.get("use", "sig") != "sig" or row.get("kty") == "oct":
            continue
        try:
            usable += KeySet.import_key_set({"keys": [row]}).keys
        except (JoseError, ValueError, TypeError, KeyError):
            continue  # of a kind that we do not know; others may do
    return Keys(KeySet(usable)) if usable else None


def judged(token: str, keys: Keys, expected: Expected, now: datetime) -> Mapping[str, object]:
    """The claims of a token that holds. Raises TokenRefused for one that does not."""
    if len(token) > TOKEN_MAX:
        raise TokenRefused("the token is too long")
    allowed = [each for each in expected.algorithms if each in ASYMMETRIC]
    try:
        claims: Mapping[str, object] = jwt.decode(token, keys.kept, algorithms=allowed).claims
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise TokenRefused(f"its signature does not hold ({type(error).__name__})") from error
    _addressed(claims, expected)
    _fresh(claims, expected, now)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(
        nonce.encode(errors="replace"), expected.nonce.encode()
    ):
        raise TokenRefused("it answers another question (nonce)")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise TokenRefused("it names nobody (sub)")
    return claims


def _addressed(claims: Mapping[str, object], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise TokenRefused("it is of another issuer (iss)")
    said = claims.get("aud")
    readers = said if isinstance(said, list) else [said]
    if expected.client not in readers:
        raise TokenRefused("it is for another program (aud)")
    party = claims.get("azp")
    if (len(readers) > 1 or party is not None) and party != expected.client:
        raise TokenRefused("another program asked for it (azp)")


def _fresh(claims: Mapping[str, object], expected: Expected, now: datetime) -> None:
    ends, made = _seconds(claims, "exp"), _seconds(claims, "iat")
    begins = _seconds(claims, "nbf") if "nbf" in claims else made
    moment, skew = now.timestamp(), expected.skew.total_seconds()
    if ends <= moment - skew:
        raise TokenRefused("its time has passed (exp)")
    if max(begins, made) > moment + skew:
        raise TokenRefused("its time has not come; is a clock wrong? (iat, nbf)")
    if made < moment - skew - OLD_MAX.total_seconds():
        raise TokenRefused("it was made too long ago (iat)")


def _seconds(claims: Mapping[str, object], name: str) -> float:
    found = claims.get(name)
    # A truth value is a number to Python, and to nobody else.
    if not isinstance(found, int | float) or isinstance(found, bool):
        raise TokenRefused(f"it does not say when ({name})")
    return float(found)


def _key_name(token: str) -> str:
    """The name of the key that a token says it is signed with; empty where it says none."""
    head = token.partition(".")[0]
    try:
        found = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        return ""
    name = found.get("kid") if isinstance(found, dict) else None
    return name if isinstance(name, str) else ""
