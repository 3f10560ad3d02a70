"""Who is asking: tokens of this machine's own key, of an issuer's, of a file of keys; and those that prove nothing."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from time import time
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from services.access import keys as sources
from services.access.keys import KeysUnavailable, keys_of
from services.access.tokens import TokenRefused, Tokens, issue
from services.settings import Settings
from tests.services.api.conftest import Served

ISSUER = "https://login.example"


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time())
    told = {"iss": ISSUER, "aud": "sales-ledger", "sub": "li", "iat": now, "exp": now + 600}
    return {name: value for name, value in {**told, **changed}.items() if value is not None}


KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
PUBLIC: dict[str, Any] = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}


def jwk(algorithm: str, key: Any, name: str) -> dict[str, Any]:
    return {**json.loads(PUBLIC[algorithm].to_jwk(key.public_key())), "kid": name, "alg": algorithm, "use": "sig"}


def jwks(*names: str) -> dict[str, Any]:
    return {"keys": [jwk(name, KEYS[name], name) for name in names]}


def signed(algorithm: str, **changed: Any) -> str:
    return jwt.encode(claims(**changed), KEYS[algorithm], algorithm=algorithm, headers={"kid": algorithm})


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    """Trusts the three keys of a file."""
    (tmp_path / "keys.json").write_text(json.dumps(jwks(*KEYS)))
    settings = Settings(tmp_path, token_issuer=ISSUER, token_keys_file=tmp_path / "keys.json")
    return Tokens(keys_of(settings), settings.token_audience)


@pytest.mark.parametrize("algorithm", list(KEYS))
def test_a_token_by_each_kind_of_key_says_who_asks(algorithm: str, tokens: Tokens) -> None:
    token = signed(algorithm)

    assert tokens.remembered(token) is None
    assert tokens.read(token) == tokens.remembered(token) == "li"


def test_clocks_may_differ_by_half_a_minute(tokens: Tokens) -> None:
    assert tokens.read(signed("EdDSA", exp=int(time()) - 20)) == "li"
    assert tokens.read(signed("EdDSA", nbf=int(time()) + 20)) == "li"


def unsigned() -> str:
    parts = [{"alg": "none", "typ": "JWT", "kid": "RS256"}, claims()]
    encoded = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in parts]
    return f"{encoded[0]}.{encoded[1]}."


def confused() -> str:
    """Signed with the public RSA key as if it were a secret."""
    parts = [{"alg": "HS256", "typ": "JWT", "kid": "RS256"}, claims()]
    encoded = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in parts]
    told = b".".join(encoded)
    secret = json.dumps(jwk("RS256", KEYS["RS256"], "RS256")).encode()
    mark = base64.urlsafe_b64encode(hmac.digest(secret, told, hashlib.sha256)).rstrip(b"=")
    return b".".join([told, mark]).decode()


FORGED: dict[str, Any] = {
    "expired": lambda: signed("RS256", exp=int(time()) - 60),
    "not yet valid": lambda: signed("RS256", nbf=int(time()) + 120),
    "for another audience": lambda: signed("RS256", aud="payroll"),
    "of another issuer": lambda: signed("RS256", iss="https://other.example"),
    "without an end": lambda: signed("RS256", exp=None),
    "without a person": lambda: signed("RS256", sub=None),
    "of a person that is a number": lambda: jwt.encode(
        {**claims(), "sub": "a b"}, KEYS["RS256"], "RS256", {"kid": "RS256"}
    ),
    "of the system": lambda: signed("RS256", sub="system"),
    "alg none": unsigned,
    "a public key as a secret": confused,
    "by another key": lambda: jwt.encode(claims(), rsa.generate_private_key(65537, 2048), "RS256", {"kid": "RS256"}),
    "by a key that nobody has": lambda: jwt.encode(claims(), KEYS["RS256"], "RS256", {"kid": "lost"}),
    "of another algorithm": lambda: jwt.encode(claims(), KEYS["RS256"], "RS512", {"kid": "RS256"}),
    "altered": lambda: signed("RS256")[:-9] + "AAAAAAAAA",
    "no token": lambda: "sesame",
    "far too long": lambda: signed("RS256", more="x" * 9_000),
    "nothing but dots": lambda: "..",
}


@pytest.mark.parametrize("how", list(FORGED))
def test_a_token_that_proves_nothing_is_refused(how: str, tokens: Tokens) -> None:
    with pytest.raises(TokenRefused) as refused:
        tokens.read(FORGED[how]())

    assert refused.value.code == ("token-expired" if how == "expired" else "token-invalid")


@contextmanager
def an_issuer(documents: dict[str, Any]) -> Iterator[str]:
    """A server that answers with JSON documents by path, on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = documents.get(self.path)
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(json.dumps(found or {}).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_issuers_keys_are_found_by_discovery_and_rotate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sources, "ASK_AGAIN_AFTER_S", 0.0)
    documents: dict[str, Any] = {"/jwks": jwks("RS256")}
    with an_issuer(documents) as url:
        documents["/.well-known/openid-configuration"] = {"issuer": url, "jwks_uri": f"{url}/jwks"}
        tokens = Tokens(keys_of(Settings(tmp_path, token_issuer=url)), "sales-ledger")
        old, new = signed("RS256", iss=url), signed("ES256", iss=url)
        assert tokens.read(old) == "li"

        documents["/jwks"] = jwks("ES256")

        assert tokens.read(new) == "li"
        assert tokens.remembered(old) is None, "a withdrawn key counts no more"
        with pytest.raises(TokenRefused):
            tokens.read(old)


def test_an_issuer_that_names_another_or_does_not_answer_gives_no_keys(tmp_path: Path) -> None:
    with an_issuer({"/.well-known/openid-configuration": {"issuer": "https://other.example"}}) as url:
        for issuer in (url, f"{url}/nowhere", "http://login.example"):
            with pytest.raises(KeysUnavailable):
                keys_of(Settings(tmp_path, token_issuer=issuer)).find("RS256")


def test_this_machines_own_key_is_made_once_and_is_the_owners_to_read(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    first, second = (Tokens(keys_of(settings), settings.token_audience) for _ in range(2))

    assert second.read(issue(settings, "li", timedelta(hours=1), time())) == "li"
    assert first.read(issue(settings, "system", timedelta(hours=1), time())) == "system"
    assert settings.own_key_file.stat().st_mode & 0o777 == 0o600


def test_who_left_yesterday_is_told_so_whatever_the_token_says(house: Served) -> None:
    before = house.books.ledger.head().position

    reads = house.ask("gone", "/pool")
    told = house.tell("gone", "claim-customer", customer="C-free", rep="gone")
    stranger = house.ask("stranger", "/pool")

    assert [(each.status_code, each.json()["code"]) for each in (reads, told, stranger)] == [
        (403, "rep-left"),
        (403, "rep-left"),
        (403, "not-allowed"),
    ]
    assert house.books.ledger.head().position == before


@pytest.mark.parametrize("given", [None, "", "Bearer", "Basic bGk6c2VzYW1l", "bearer sesame", "Bearer \xff"])
def test_a_request_without_a_token_that_proves_something_gets_401_with_a_code(given: str | None, house: Served) -> None:
    headers = [] if given is None else [(b"authorization", given.encode("latin-1"))]

    answer = httpx.get(f"{house.url}/v1/pool", headers=headers)

    assert answer.status_code == 401
    assert answer.json()["code"] in ("token-missing", "token-invalid")
    assert answer.headers["www-authenticate"].startswith("Bearer")
