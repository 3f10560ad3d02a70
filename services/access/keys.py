"""Where the keys come from that prove a token: a key of this machine's own, a JWKS file, or an issuer's discovery document."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import structlog
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from jwt import PyJWK
from jwt.algorithms import OKPAlgorithm
from jwt.exceptions import InvalidKeyError, PyJWKError

from services.settings import SettingInvalid, Settings

OWN_ISSUER: Final = "salesledger"
ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
FETCH_WITHIN_S: Final = 5.0
FRESH_FOR_S: Final = 300.0
"""Seconds after which an issuer's keys are asked for again, so that a withdrawn one stops counting."""
ASK_AGAIN_AFTER_S: Final = 5.0
"""Seconds between two questions because of an unknown key: a flood of forged tokens does not become one of requests."""
LARGEST_DOCUMENT: Final = 1_000_000

log = structlog.get_logger()

Found = Mapping[str, PyJWK]


class KeysUnavailable(RuntimeError):
    """The issuer's keys cannot be had now. A token can be neither trusted nor refused."""


@dataclass(slots=True)
class Keys:
    """Public keys by their id, as `fetch` gives them, asked for again from time to time. Not safe for threads."""

    issuer: str
    fetch: Callable[[], Found]
    fresh_for_s: float = FRESH_FOR_S
    known: Found = field(default_factory=dict)
    generation: int = 0
    _asked: float = float("-inf")

    def find(self, key_id: str) -> PyJWK | None:
        """The key of that id; one that is not known yet is asked for. Raises `KeysUnavailable`."""
        if self.is_stale() or (key_id not in self.known and monotonic() - self._asked > ASK_AGAIN_AFTER_S):
            self.refresh()
        return self.known.get(key_id)

    def is_stale(self) -> bool:
        return monotonic() - self._asked > self.fresh_for_s

    def refresh(self) -> None:
        """Ask for the keys. Whoever has some goes on with them for a while when they cannot be had."""
        self._asked = monotonic()
        try:
            found = self.fetch()
        except KeysUnavailable:
            if not self.known:
                self._asked = float("-inf")
                raise
            log.warning("keys_unavailable", issuer=self.issuer, known=len(self.known))
            return
        if {name: key.key_id for name, key in found.items()} != {n: k.key_id for n, k in self.known.items()}:
            self.generation += 1
        self.known = found


def keys_of(settings: Settings) -> Keys:
    """The keys by which these settings say that tokens are proven: of the issuer, of the file, or this machine's own."""
    issuer, file = settings.token_issuer, settings.token_keys_file
    if file:
        return Keys(issuer or OWN_ISSUER, lambda: read_file(file), fresh_for_s=FRESH_FOR_S / 10)
    if issuer:
        return Keys(issuer, lambda: discover(issuer))
    key = own_key(settings.own_key_file)
    return Keys(OWN_ISSUER, lambda: {name_of(key): PyJWK.from_dict(public(key))})


def read_file(path: Path) -> Found:
    """The keys of a JWKS file. Raises `KeysUnavailable`."""
    try:
        return read(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeysUnavailable(f"{path} is no JWKS file that can be read: {type(error).__name__}") from error


def discover(issuer: str) -> Found:
    """The keys that an issuer's OpenID discovery document leads to. Raises `KeysUnavailable`."""
    document = fetched(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if document.get("issuer") != issuer:
        raise KeysUnavailable(f"the discovery document of {issuer} names another issuer")
    try:
        return read(fetched(document["jwks_uri"]))
    except (ValueError, KeyError, TypeError) as error:
        raise KeysUnavailable(f"the keys of {issuer} cannot be read: {type(error).__name__}") from error


def fetched(url: str) -> dict[str, Any]:
    """A JSON document by HTTPS; by HTTP only from this machine itself. Raises `KeysUnavailable`."""
    if not is_trustworthy(url):
        raise KeysUnavailable(f"{url} is not fetched: keys come by https")
    try:
        with urlopen(Request(url, headers={"Accept": "application/json"}), timeout=FETCH_WITHIN_S) as answer:  # noqa: S310 (checked above)
            found = json.loads(answer.read(LARGEST_DOCUMENT))
    except (URLError, OSError, ValueError) as error:
        raise KeysUnavailable(f"{url} does not answer with JSON: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise KeysUnavailable(f"{url} does not answer with a JSON object")
    return found


def is_trustworthy(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1"))


def read(document: Mapping[str, Any]) -> Found:
    """The keys of a JWKS that we can use, by id. Others are passed over: an issuer may have more kinds than we trust."""
    found = {}
    for each in document["keys"]:
        if each.get("use", "sig") != "sig" or not isinstance(each.get("kid"), str):
            continue
        try:
            key = PyJWK.from_dict(each)
        except (PyJWKError, InvalidKeyError) as error:
            log.info("key_passed_over", kid=each["kid"], error=type(error).__name__)
            continue
        if key.algorithm_name in ALGORITHMS:
            found[each["kid"]] = key
    return found


def own_key(path: Path) -> Ed25519PrivateKey:
    """This machine's own key for tokens, made when there is none. Raises `SettingInvalid` for a file that holds none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        text = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(text)
        try:
            os.link(draft, path)
        except FileExistsError:
            log.info("token_key_found", file=path.name)
        finally:
            draft.unlink()
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise SettingInvalid(f"{path} holds no private key for tokens. Remove it, and a new one is made.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingInvalid(f"{path} holds a key of another kind than Ed25519. Remove it, and a new one is made.")
    return key


def name_of(key: Ed25519PrivateKey) -> str:
    """The id under which a token names the key: the beginning of the public key's hash."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    return digest.finalize().hex()[:16]


def public(key: Ed25519PrivateKey) -> dict[str, str]:
    """The public half as a JWK."""
    told: dict[str, str] = json.loads(OKPAlgorithm.to_jwk(key.public_key()))
    return {**told, "kid": name_of(key), "alg": "EdDSA", "use": "sig"}
