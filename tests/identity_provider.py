"""A real provider of OpenID Connect in a thread of the test process: canaille, as it is.

It was chosen because it holds its clients to what they must do: a wrong or missing PKCE verifier is
refused, a code is taken once, a nonce is not taken twice. (A mock that accepts a wrong verifier
proves nothing.) People are signed in there without a password, because that is not what is tested.
`Forger` stands beside it: a few doors of a provider that lies as it is told to.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import httpx2 as httpx
from joserfc import jwt
from joserfc.jwk import JWKRegistry, Key, RSAKey

if TYPE_CHECKING:
    from flask import Flask

PAGES: Final = "https://pages.test"
CLIENT: Final = "migrator"
SECRET: Final = "a secret: of-the-client/%"
"""With signs that must be written otherwise in a head."""


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@dataclass
class Canaille:
    """The provider."""

    app: Flask
    issuer: str
    person: dict[str, object] = field(default_factory=dict)

    def sign_in_as(self, name: str, mail: str) -> None:
        """From now on the browser is signed in there as this person, whom it makes."""
        from canaille.app import models
        from canaille.backends import Backend

        with self.app.app_context():
            # Its memory finds a code by its client, too: one that was never taken is in the way.
            for code in Backend.instance.query(models.AuthorizationCode):
                Backend.instance.delete(code)
            user = models.User(
                user_name=f"{name}-{uuid.uuid4().hex[:6]}", formatted_name=name,
                family_name=name, emails=[mail],
            )  # fmt: skip
            Backend.instance.save(user)
            client = Backend.instance.get(models.Client, client_id=CLIENT)
            Backend.instance.save(
                models.Consent(
                    consent_id=str(uuid.uuid4()), client=client, subject=user,
                    scope=client.scope, issue_date=datetime.now(UTC),
                )
            )  # fmt: skip
            self.person["user"] = user

    def visit(self, address: str) -> str:
        """Go where the pages send a browser; the answer is where it is sent back to."""
        with httpx.Client(follow_redirects=False) as browser:
            answer = browser.get(address)
        assert answer.status_code in {302, 303}, answer.text[:2000]
        return answer.headers["location"]

    def change_keys(self) -> None:
        """Sign with another key from now on."""
        config = self.app.config["CANAILLE_OIDC"]
        config["ACTIVE_JWKS"] = [_new_key().as_dict(private=True)]


def _new_key() -> Key:
    key = JWKRegistry.generate_key("RSA", 2048)
    key.ensure_kid()
    return key


@contextmanager
def canaille(pages: str = PAGES) -> Iterator[Canaille]:
    """Run the provider, which knows one client: the pages at this address."""
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # on this machine only
    from canaille import create_app
    from canaille.app import models
    from canaille.app.session import UserSession
    from canaille.backends import Backend
    from flask import g

    server = WSGIServer(("127.0.0.1", 0), _Quiet)
    place = f"localhost:{server.server_port}"
    app: Flask = create_app(config=_configured(place), env_file=os.devnull, env_prefix="NOTHING_")
    server.set_app(app)
    found = Canaille(app, f"http://{place}")

    @app.before_request
    def _somebody() -> None:
        if user := found.person.get("user"):
            g.session = UserSession(user=user, last_login_datetime=datetime.now(UTC))

    with app.app_context():
        client = models.Client(
            client_id=CLIENT, client_secret=SECRET, client_name="The pages",
            client_uri=pages, redirect_uris=[f"{pages}/sign-in/back"],
            post_logout_redirect_uris=[f"{pages}/sign-in"], grant_types=["authorization_code"],
            response_types=["code"], scope=["openid", "email", "profile", "groups"],
            token_endpoint_auth_method="client_secret_basic",
        )  # fmt: skip
        Backend.instance.save(client)
        client.audience = [client]
        Backend.instance.save(client)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _configured(place: str) -> dict[str, object]:
    logging.getLogger("canaille").addHandler(logging.NullHandler())
    return {
        "TESTING": True,
        "ENV_FILE": None,
        "SECRET_KEY": uuid.uuid4().hex,
        "WTF_CSRF_ENABLED": False,
        "PREFERRED_URL_SCHEME": "http",
        "SERVER_NAME": place,
        "CANAILLE": {
            "DATABASE": "memory",
            "JAVASCRIPT": False,
            "ACL": {"DEFAULT": {"PERMISSIONS": ["use_oidc"]}},
            "LOGGING": {
                "version": 1,
                "disable_existing_loggers": False,
                "handlers": {"none": {"class": "logging.NullHandler"}},
                "loggers": {"canaille": {"handlers": ["none"]}},
            },
        },
        "CANAILLE_OIDC": {
            "REQUIRE_NONCE": True,
            "ACTIVE_JWKS": [_new_key().as_dict(private=True)],
        },
    }


@dataclass
class Forger:
    """A provider that answers as a test tells it to. `token` makes the ID token of a nonce."""

    issuer: str
    key: RSAKey
    shown: list[Key] = field(default_factory=list)  # the keys that it publishes
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # by path, instead
    described: dict[str, object] = field(default_factory=dict)  # of itself, beside the usual
    claims: dict[str, object] = field(default_factory=dict)  # beside the usual
    left_out: frozenset[str] = frozenset()
    token: Callable[[dict[str, object]], str] | None = None
    nonce: str = ""

    def usual(self) -> dict[str, object]:
        """The claims of an honest token."""
        now = int(datetime.now(UTC).timestamp())
        usual = {
            "iss": self.issuer, "aud": CLIENT, "sub": "42", "nonce": self.nonce, "iat": now,
            "exp": now + 300, "email": "anna@agency.test",
        }  # fmt: skip
        return {
            name: value
            for name, value in {**usual, **self.claims}.items()
            if name not in self.left_out
        }

    def signed(self, claims: dict[str, object], key: Key | None = None, **head: str) -> str:
        """A token with a key's signature."""
        signer = key or self.key
        header = {"alg": "RS256", "kid": str(signer.kid), **head}
        algorithms = [header["alg"]]
        return jwt.encode(header, claims, signer, algorithms=algorithms)

    def said(self, path: str) -> tuple[int, bytes]:
        """What it answers."""
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            found: dict[str, object] = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/go",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                **self.described,
            }
        elif path == "/keys":
            found = {"keys": [key.as_dict(private=False) for key in self.shown]}
        elif path == "/token":
            made = self.token or self.signed
            found = {"id_token": made(self.usual()), "access_token": "a", "token_type": "Bearer"}
        else:
            return 404, b"{}"
        return 200, json.dumps(found).encode()


@contextmanager
def forger() -> Iterator[Forger]:
    """Run a provider that lies as it is told to."""
    key = RSAKey.generate_key(2048)
    key.ensure_kid()
    found = Forger("", key, [key])

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            self._answer({name: each[0] for name, each in parse_qs(body.decode()).items()})

        def _answer(self, form: dict[str, str]) -> None:
            path = urlsplit(self.path).path
            found.asked.append((path, form | {"head": self.headers.get("authorization", "")}))
            status, body = found.said(path)
            self.send_response(status)
            if status == 302:
                self.send_header("location", f"{found.issuer}/elsewhere")
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    found.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


__all__ = ["CLIENT", "PAGES", "SECRET", "Canaille", "Forger", "canaille", "forger"]
