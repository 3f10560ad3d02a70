"""The hash chain over the log: whoever alters one stored byte breaks every link after it."""

import hashlib
from collections.abc import Iterable
from typing import Final

START: Final = bytes(32)
"""The chain before the first event."""


def leaf(record: bytes) -> bytes:
    """The hash of one event's stored text, as RFC 6962 hashes a leaf."""
    return hashlib.sha256(b"\x00" + record).digest()


def link(chain: bytes, record: bytes) -> bytes:
    """The chain after one more event: `SHA-256(0x01 || chain || leaf)`."""
    return hashlib.sha256(b"\x01" + chain + leaf(record)).digest()


def links(chain: bytes, records: Iterable[bytes]) -> list[bytes]:
    """The chain after each of the events."""
    found = []
    for record in records:
        chain = link(chain, record)
        found.append(chain)
    return found
