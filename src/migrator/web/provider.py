"""Signing in by OpenID Connect: authorization code with PKCE, at one provider of one's own.

`arriving_by_provider.py` has the pages and `provider_file.py` the settings. The provider is asked
where its doors are (discovery), which keys it signs with, and for a code's token; all by https,
each within seconds, with a limit to what is read and without following anybody elsewhere. While it
is away nobody waits for it, and invitations work on. What must never happen: somebody let in by a
token that was not judged, or an address of the provider's that is not safe.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import json
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from migrator.web.id_token import Expected, Keys, TokenRefused, judged, keys_of

TIMEOUT_SECONDS: Final = 8.0
ANSWER_BYTES_MAX: Final = 512 * 1024
READ_AGAIN: Final = timedelta(hours=1)
"""Doors and keys are read anew so often at least."""
KEYS_AGAIN: Final = timedelta(seconds=30)
"""And keys so soon at most, when a token is signed with one that we do not know."""
BACK: Final = "/sign-in/back"


class ProviderAway(Exception):
    """The provider does not answer, or not as one; the message is for an operator."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A provider as `serve --provider FILE` says it."""

    name: str  # as people know it
    issuer: str
    client: str
    secret: str | None  # None: the provider trusts PKCE alone
    pages: str  # where browsers reach the pages
    scopes: tuple[str, ...]
    person: str  # the claim that says who it is
    before_at: bool = False  # of an address only what stands before the @
    people: Mapping[str, str] = field(default_factory=dict)  # the claim's value: id in people.yaml
    roles_claim: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)  # the claim's value: role
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    skew: timedelta = timedelta(seconds=60)
    hours: float = 12.0
    authorities: Path | None = None  # certificates of whoever vouches for it; None: the machine's


@dataclass(frozen=True, slots=True)
class Started:
    """A sign-in under way, as the visitor's own browser keeps it."""

    state: str
    nonce: str
    verifier: str

    def kept(self) -> str:
        """As a cookie's value."""
        return f"{self.state}.{self.nonce}.{self.verifier}"

    @staticmethod
    def read(kept: str) -> Started | None:
        """What a browser kept; None where it is none of ours."""
        parts = kept.split(".")
        return Started(*parts) if len(parts) == 3 and all(parts) else None


@dataclass(frozen=True, slots=True)
class Arrived:
    """Whom the provider has signed in. `person` is empty where nothing names anybody."""

    person: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Doors:
    """What the provider says of itself."""

    authorization: str
    token: str
    keys: str
    userinfo: str
    goodbye: str
    by_post: bool  # the secret goes into the form, not into the head
    names_itself: bool  # its answers say whose they are
    read: datetime


class Provider:
    """A provider, with what is known of it in this process."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is asked yet."""
        self.settings = settings
        self._doors: _Doors | None = None
        self._keys: tuple[Keys, datetime] | None = None
        self._reading = asyncio.Lock()

    @property
    def name(self) -> str:
        """As people know it."""
        return self.settings.name

    async def begin(self, now: datetime) -> tuple[str, Started]:
        """Where to send somebody who wants to sign in. Raises ProviderAway."""
        doors = await self.doors(now)
        started = Started(*(secrets.token_urlsafe(32) for _ in range(3)))
        told = hashlib.sha256(started.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.settings.client,
            "redirect_uri": self._back,
            "scope": " ".join(self.settings.scopes),
            "state": started.state,
            "nonce": started.nonce,
            "code_challenge": base64.urlsafe_b64encode(told).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        joined = "&" if "?" in doors.authorization else "?"
        return f"{doors.authorization}{joined}{urlencode(asked)}", started

    async def finish(self, started: Started, answer: Mapping[str, str], now: datetime) -> Arrived:
        """Whom an answer of the provider signs in. Raises TokenRefused and ProviderAway."""
        state = answer.get("state", "")
        if not hmac.compare_digest(state.encode(errors="replace"), started.state.encode()):
            raise TokenRefused("it answers another browser's question (state)")
        doors = await self.doors(now)
        issuer = answer.get("iss")
        if (issuer is not None or doors.names_itself) and issuer != self.settings.issuer:
            raise TokenRefused("another provider answered (iss)")
        given = await self._token(doors, answer.get("code", ""), started.verifier)
        token = given.get("id_token")
        if not isinstance(token, str):
            raise TokenRefused("it came without an ID token: is `openid` among the scopes?")
        claims = await self._judged(doors, token, started.nonce, now)
        if self.settings.person not in claims and doors.userinfo:
            claims = {**await self._userinfo(doors, given, claims), **claims}
        return arrived(self.settings, claims)

    async def goodbye(self, now: datetime) -> str:
        """Where one signs out at the provider, too; empty where it has no such place."""
        try:
            doors = await self.doors(now)
        except ProviderAway:
            return ""
        if not doors.goodbye:
            return ""
        asked = {
            "client_id": self.settings.client,
            "post_logout_redirect_uri": f"{self.settings.pages}/sign-in",
        }
        return f"{doors.goodbye}{'&' if '?' in doors.goodbye else '?'}{urlencode(asked)}"

    async def doors(self, now: datetime) -> _Doors:
        """What the provider says of itself, read once an hour."""
        async with self._reading:
            known = self._doors
            if known is not None and now - known.read < READ_AGAIN:
                return known
            address = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            self._doors = self._told(await self._ask(address), now)
            return self._doors

    @property
    def _back(self) -> str:
        return self.settings.pages + BACK

    def _told(self, said: Mapping[str, object], now: datetime) -> _Doors:
        if said.get("issuer") != self.settings.issuer:
            raise ProviderAway(
                f"it says that it is {said.get('issuer')!r}, and the settings say "
                f"{self.settings.issuer!r}"
            )

        def place(name: str, *, needed: bool = True) -> str:
            found = said.get(name)
            if not isinstance(found, str):
                if needed:
                    raise ProviderAway(f"it does not say its {name}")
                return ""
            if not is_safe(found):
                raise ProviderAway(f"its {name} is no https address")
            return found

        ways = said.get("token_endpoint_auth_methods_supported")
        by_post = isinstance(ways, list) and "client_secret_basic" not in ways
        return _Doors(
            place("authorization_endpoint"),
            place("token_endpoint"),
            place("jwks_uri"),
            place("userinfo_endpoint", needed=False),
            place("end_session_endpoint", needed=False),
            by_post,
            said.get("authorization_response_iss_parameter_supported") is True,
            now,
        )

    async def _token(self, doors: _Doors, code: str, verifier: str) -> Mapping[str, object]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": verifier,
        }
        headers = {}
        secret = self.settings.secret
        if secret is None:
            form["client_id"] = self.settings.client
        elif doors.by_post:
            form |= {"client_id": self.settings.client, "client_secret": secret}
        else:
            pair = f"{quote(self.settings.client, safe='')}:{quote(secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return await self._ask(doors.token, form, headers)

    async def _judged(
        self, doors: _Doors, token: str, nonce: str, now: datetime
    ) -> Mapping[str, object]:
        settings = self.settings
        expected = Expected(
            settings.issuer, settings.client, nonce, settings.algorithms, settings.skew
        )
        known = self._keys
        if known is not None:
            # The provider changes its keys without telling anybody.
            again = READ_AGAIN if known[0].know(token) else KEYS_AGAIN
            known = known if now - known[1] < again else None
        if known is None:
            keys = keys_of(await self._ask(doors.keys))
            if keys is None:
                raise ProviderAway("it shows no key that tokens can be checked with")
            known = self._keys = (keys, now)
        return judged(token, known[0], expected, now)

    async def _userinfo(
        self, doors: _Doors, given: Mapping[str, object], claims: Mapping[str, object]
    ) -> Mapping[str, object]:
        access = given.get("access_token")
        if not isinstance(access, str):
            return {}
        found = await self._ask(doors.userinfo, None, {"authorization": f"Bearer {access}"})
        # Else somebody else's words could be put into this person's mouth.
        if found.get("sub") != claims["sub"]:
            raise TokenRefused("what it says of the person is of somebody else (userinfo)")
        return found

    async def _ask(
        self,
        address: str,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Mapping[str, object]:
        # A fifth of a second to load, and only whoever has a provider needs it.
        import aiohttp

        place = urlsplit(address)._replace(query="").geturl()
        limit = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=limit, trust_env=True) as session,
                session.request(
                    "GET" if form is None else "POST",
                    address,
                    data=form,
                    headers={"accept": "application/json", **(headers or {})},
                    allow_redirects=False,
                    ssl=self._trust(),
                ) as answer,
            ):
                body = await answer.content.read(ANSWER_BYTES_MAX + 1)
                while len(body) <= ANSWER_BYTES_MAX and not answer.content.at_eof():
                    body += await answer.content.read(ANSWER_BYTES_MAX + 1)
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            why = str(error) or type(error).__name__
            raise ProviderAway(f"{place} does not answer: {why}") from error
        if form is not None and 400 <= status < 500 and status != 429:
            raise TokenRefused(f"{place} refused the code with {status}{_why(body)}")
        if status != 200:
            raise ProviderAway(f"{place} answered {status}")
        found = _object(body)
        if found is None:
            raise ProviderAway(f"{place} answered with something that is no JSON object")
        return found

    def _trust(self) -> ssl.SSLContext | bool:
        authorities = self.settings.authorities
        return ssl.create_default_context(cafile=authorities) if authorities is not None else True


def trouble(settings: Settings, now: datetime) -> str:
    """What hinders the provider just now; empty where it answers as it should."""
    try:
        asyncio.run(Provider(settings).doors(now))
    except ProviderAway as error:
        return str(error)
    return ""


def arrived(settings: Settings, claims: Mapping[str, object]) -> Arrived:
    """Whom claims name, and which roles they give."""
    if settings.person == "email" and claims.get("email_verified") is False:
        return Arrived("", ())  # anybody may call herself so there
    said = claims.get(settings.person)
    value = said if isinstance(said, str) else ""
    value = value.strip().lower()
    person = settings.people.get(value, "")
    if not person:
        person = value.partition("@")[0] if settings.before_at else value
    groups = claims.get(settings.roles_claim) if settings.roles_claim else None
    named = groups if isinstance(groups, list) else [groups]
    roles = {
        settings.roles[each] for each in named if isinstance(each, str) and each in settings.roles
    }
    return Arrived(person, tuple(sorted(roles)))


def is_safe(address: str) -> bool:
    """Tell whether nobody on the way reads along: https, or this very machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.username is not None or not host:
        return False
    if parts.scheme == "https":
        return True
    if parts.scheme != "http":
        return False
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _object(body: bytes) -> Mapping[str, object] | None:
    if len(body) > ANSWER_BYTES_MAX:
        return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _why(body: bytes) -> str:
    """The one word by which a provider says why, if it does; nothing that it was sent."""
    found = _object(body)
    error = found.get("error") if found is not None else None
    plain = isinstance(error, str) and error.isascii() and error.replace("_", "").isalnum()
    return f": {str(error)[:60]}" if plain else ""
