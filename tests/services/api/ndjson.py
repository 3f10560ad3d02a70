"""Teaches schemathesis, in its own process, to send streams of lines."""

from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def as_lines(context: Any, value: Any) -> bytes:
    """Text as it is; what else a fuzzer thinks of, as its text."""
    del context
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
