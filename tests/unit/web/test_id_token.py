"""A token that is forged, old, early, or meant for somebody else signs nobody in."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

from migrator.web.id_token import Expected, Keys, TokenRefused, judged, keys_of

NOW: Final = datetime(2030, 3, 1, 12, tzinfo=UTC)
SECOND: Final = int(NOW.timestamp())
EXPECTED: Final = Expected(
    "https://id.test", "migrator", "n-1", ("RS256", "ES256"), timedelta(seconds=60)
)
HONEST: Final[Mapping[str, object]] = {
    "iss": "https://id.test", "aud": "migrator", "sub": "42", "nonce": "n-1",
    "iat": SECOND - 5, "exp": SECOND + 300, "email": "anna@agency.test",
}  # fmt: skip


@cache
def the_key(kid: str = "k1") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid})


def the_keys() -> Keys:
    found = keys_of({"keys": [the_key().as_dict(private=False)]})
    assert found is not None
    return found


def signed(
    claims: Mapping[str, object] = HONEST, key: Key | None = None, alg: str = "RS256"
) -> str:
    header = {"alg": alg, "kid": "k1"}
    return jwt.encode(header, dict(claims), key or the_key(), algorithms=[alg])


def part(content: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_an_honest_token_tells_who_it_is() -> None:
    assert judged(signed(), the_keys(), EXPECTED, NOW)["email"] == "anna@agency.test"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"iss": "https://id.test/"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "another"}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": ["migrator", "another"]}, "azp"),
        ({"azp": "another"}, "azp"),
        ({"nonce": "n-2"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": ""}, "nonce"),
        ({"exp": SECOND - 60}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": None}, "exp"),
        ({"iat": SECOND + 61}, "iat"),
        ({"iat": SECOND - 661}, "iat"),
        ({"iat": None}, "iat"),
        ({"nbf": SECOND + 61}, "nbf"),
        ({"sub": ""}, "sub"),
        ({"sub": 42}, "sub"),
    ],
)
def test_a_claim_that_is_wrong_or_missing_is_enough(changed: dict[str, object], why: str) -> None:
    claims = {name: value for name, value in {**HONEST, **changed}.items() if value is not None}
    with pytest.raises(TokenRefused, match=why):
        judged(signed(claims), the_keys(), EXPECTED, NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": SECOND - 59},
        {"iat": SECOND + 60},
        {"nbf": SECOND + 60},
        {"aud": ["migrator", "another"], "azp": "migrator"},
    ],
)
def test_clocks_may_differ_by_a_minute_and_a_token_have_several_readers(
    changed: dict[str, object],
) -> None:
    assert judged(signed({**HONEST, **changed}), the_keys(), EXPECTED, NOW)["sub"] == "42"


def test_another_key_with_the_same_name_signs_nobody_in() -> None:
    other = RSAKey.generate_key(2048, {"kid": "k1"})
    with pytest.raises(TokenRefused, match="signature"):
        judged(signed(key=other), the_keys(), EXPECTED, NOW)


def test_a_token_without_a_signature_signs_nobody_in() -> None:
    for alg in ("none", "None", "NONE"):
        bare = f"{part({'alg': alg, 'kid': 'k1'})}.{part(HONEST)}."
        for allowed in (EXPECTED, replace(EXPECTED, algorithms=("none", "RS256"))):
            with pytest.raises(TokenRefused, match="signature"):
                judged(bare, the_keys(), allowed, NOW)


def test_the_public_key_is_no_shared_secret() -> None:
    """The old trick: HS256 with the public key's own text, which everybody can read."""
    told = f"{part({'alg': 'HS256', 'kid': 'k1'})}.{part(HONEST)}"
    seal = hmac.digest(the_key().as_pem(private=False), told.encode(), "sha256")
    trick = f"{told}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"
    for allowed in (EXPECTED, replace(EXPECTED, algorithms=("HS256", "RS256"))):
        with pytest.raises(TokenRefused, match="signature"):
            judged(trick, the_keys(), allowed, NOW)


def test_an_algorithm_that_the_settings_do_not_name_is_refused() -> None:
    with pytest.raises(TokenRefused, match="signature"):
        judged(signed(alg="RS512"), the_keys(), EXPECTED, NOW)
    allowed = replace(EXPECTED, algorithms=("RS512",))
    assert judged(signed(alg="RS512"), the_keys(), allowed, NOW)["sub"] == "42"


def test_a_changed_letter_is_noticed() -> None:
    head, body, seal = signed().split(".")
    changed = part({**HONEST, "email": "maker@agency.test"})
    for token in (f"{head}.{changed}.{seal}", f"{head}.{body}.{seal[:-8]}AAAAAAAA"):
        with pytest.raises(TokenRefused):
            judged(token, the_keys(), EXPECTED, NOW)


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b.c", "....", "å.ä.ö", "\x00", "e30.e30.", "x" * 40_000, "W10.W10.W10"],
)
def test_what_is_no_token_is_refused_and_no_error(token: str) -> None:
    with pytest.raises(TokenRefused):
        judged(token, the_keys(), EXPECTED, NOW)


def test_keys_of_kinds_that_we_do_not_know_do_not_hide_the_others() -> None:
    ours = the_key().as_dict(private=False)
    shown = [
        {"kty": "QQ"}, 5, {}, {"kty": "RSA", "n": "!", "e": "AQAB"},
        {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQ", "kid": "k1"},
        {**the_key("k2").as_dict(private=False), "use": "enc"}, ours,
    ]  # fmt: skip
    found = keys_of({"keys": shown})
    assert found is not None
    assert [key.kid for key in found.kept.keys] == ["k1"]
    assert keys_of({"keys": shown[:-1]}) is None
    assert keys_of({}) is None
    assert keys_of({"keys": "all of them"}) is None


def test_an_elliptic_key_does_as_well() -> None:
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    keys = keys_of({"keys": [key.as_dict(private=False)]})
    assert keys is not None
    assert judged(signed(key=key, alg="ES256"), keys, EXPECTED, NOW)["sub"] == "42"


def test_whether_a_key_is_known_is_told_by_the_tokens_own_word() -> None:
    assert the_keys().know(signed())
    assert the_keys().know("not a token"), "which is refused anyway, and asks nobody anything"
    assert not the_keys().know(f"{part({'alg': 'RS256', 'kid': 'k2'})}.e30.e30")
