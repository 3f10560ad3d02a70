"""Tokens that prove nothing, each sent over HTTP: 401 with a code, and nothing is recorded."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from time import time
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.access.keys import OWN_ISSUER, name_of, own_key
from services.access.tokens import issue
from services.settings import Settings
from tests.services.api.conftest import Served, at

Made = Callable[[Settings], str]


def claims(settings: Settings, **changed: Any) -> dict[str, Any]:
    good = {"iss": OWN_ISSUER, "aud": settings.token_audience, "sub": "li", "exp": int(time()) + 3_600}
    return {**good, **changed}


def signed(settings: Settings, **changed: Any) -> str:
    key = own_key(settings.own_key_file)
    return jwt.encode(claims(settings, **changed), key, "EdDSA", {"kid": name_of(key)})


def by_a_stranger(settings: Settings) -> str:
    """Signed well, under our key's name, by a key of somebody else's."""
    named = name_of(own_key(settings.own_key_file))
    return jwt.encode(claims(settings), Ed25519PrivateKey.generate(), "EdDSA", {"kid": named})


def unsigned(settings: Settings) -> str:
    head = {"alg": "none", "typ": "JWT", "kid": name_of(own_key(settings.own_key_file))}
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in (head, claims(settings))]
    return b".".join([*parts, b""]).decode()


def altered(settings: Settings) -> str:
    """Li's token, with the boss's name written over Li's."""
    head, _, mark = issue(settings, "li", timedelta(hours=1), time()).split(".")
    told = base64.urlsafe_b64encode(json.dumps(claims(settings, sub="boss")).encode()).rstrip(b"=").decode()
    return f"{head}.{told}.{mark}"


TOKENS: dict[str, tuple[Made, str]] = {
    "expired": (lambda settings: signed(settings, exp=int(time()) - 60), "token-expired"),
    "for another audience": (lambda settings: signed(settings, aud="payroll"), "token-invalid"),
    "of another issuer": (lambda settings: signed(settings, iss="https://login.example"), "token-invalid"),
    "forged": (by_a_stranger, "token-invalid"),
    "alg none": (unsigned, "token-invalid"),
    "altered": (altered, "token-invalid"),
    "nested": (lambda _settings: base64.urlsafe_b64encode(b'{"a":' * 500).decode() + ".e30.x", "token-invalid"),
    "of a person with SQL for a name": (
        lambda settings: signed(settings, sub="li'; drop table event"),
        "token-invalid",
    ),
}


@pytest.mark.parametrize("path", ["/v1/commands/claim-customer", "/v1/commands"])
@pytest.mark.parametrize("how", list(TOKENS))
def test_a_command_under_a_token_that_proves_nothing_is_not_even_judged(how: str, path: str, house: Served) -> None:
    before = house.books.ledger.head().position
    make, code = TOKENS[how]
    told = {"id": f"token-{how}", "name": "claim-customer", "at": at(days=5), "customer": "C-free", "rep": "li"}

    headers = {"authorization": f"Bearer {make(house.books.settings)}", "content-type": "application/json"}
    answer = httpx.post(f"{house.url}{path}", content=json.dumps(told), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "Traceback" not in answer.text
    assert house.books.ledger.head().position == before
