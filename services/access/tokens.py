"""Reading tokens: a JWT says who asks, and nothing else. What they may is the organisation's to say."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from time import time
from typing import Any, Final

import jwt
from jwt.exceptions import (
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuerError,
    PyJWTError,
)

from domain.fact import SYSTEM
from services.access.keys import ALGORITHMS, OWN_ISSUER, Keys, name_of, own_key
from services.settings import Settings

LEEWAY_S: Final = 30
"""Seconds by which the clocks of issuer and service may differ."""
REMEMBERED: Final = 10_000
LONGEST_TOKEN: Final = 8_192
NAME: Final = re.compile(r"[\w.:@-]{1,80}")
WANTED: Final = ("exp", "iss", "aud", "sub")


class TokenRefused(Exception):
    """The token proves nothing. `code` is stable; the message says what is wrong, never what was given."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Tokens:
    """Tells who asks. A token found good is remembered until it expires or the keys change. Not safe for threads."""

    keys: Keys
    audience: str
    subject_claim: str = "sub"
    _remembered: dict[str, tuple[str, float]] = field(default_factory=dict)
    _generation: int = 0

    def remembered(self, token: str) -> str | None:
        """Who asks with this token, if it was found good before and still is."""
        found = self._remembered.get(token)
        if found is None or found[1] <= time() or self.keys.is_stale() or self._generation != self.keys.generation:
            return None
        return found[0]

    def read(self, token: str) -> str:
        """Who asks with this token. May wait for the issuer. Raises `TokenRefused` and `KeysUnavailable`."""
        if len(token) > LONGEST_TOKEN:
            raise TokenRefused("token-invalid", "The token is longer than 8,192 characters.")
        claims = self._claims(token)
        name = claims.get(self.subject_claim)
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise TokenRefused("token-invalid", f"The token's {self.subject_claim} is nobody's id.")
        if name == SYSTEM and self.keys.issuer != OWN_ISSUER:
            raise TokenRefused("token-invalid", "Only this machine's own key speaks for the system.")
        if self._generation != self.keys.generation or len(self._remembered) >= REMEMBERED:
            self._remembered.clear()
            self._generation = self.keys.generation
        self._remembered[token] = (name, float(claims["exp"]) + LEEWAY_S)
        return name

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            key = self.keys.find(str(header.get("kid")))
            if header.get("alg") not in ALGORITHMS or key is None or key.algorithm_name != header["alg"]:
                raise TokenRefused("token-invalid", "The token is not signed by a key that is trusted here.")
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm_name],
                audience=self.audience,
                issuer=self.keys.issuer,
                leeway=LEEWAY_S,
                options={"require": list(WANTED)},
            )
        except ExpiredSignatureError:
            raise TokenRefused("token-expired", "The token has expired.") from None
        except ImmatureSignatureError:
            raise TokenRefused("token-invalid", "The token is not valid yet.") from None
        except (InvalidAudienceError, InvalidIssuerError):
            raise TokenRefused("token-invalid", "The token is from another issuer, or for another audience.") from None
        except (PyJWTError, ValueError, RecursionError):
            raise TokenRefused("token-invalid", "The token cannot be read, or its signature does not fit.") from None
        return claims


def issue(settings: Settings, name: str, lasts: timedelta, now: float) -> str:
    """A token for someone, signed by this machine's own key. `now` is seconds since 1970."""
    key = own_key(settings.own_key_file)
    claims = {
        "iss": OWN_ISSUER,
        "aud": settings.token_audience,
        "sub": name,
        "iat": int(now),
        "exp": int(now + lasts.total_seconds()),
    }
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": name_of(key)})
