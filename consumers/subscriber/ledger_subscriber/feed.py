"""The ledger's HTTP feed, for what the topic no longer holds. Needs nothing but the standard library."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from pydantic_core import from_json

from ledger_subscriber.event import Delivery, from_feed

PAGE: Final = 1_000
TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class HttpFeed:
    """The feed at an address that ends in `/events`. `headers` go with every request, such as an authorisation."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def pages(self, after: int) -> Iterator[list[Delivery]]:
        """What lies beyond a position, page by page, to the end of the log. Raises `OSError` when it cannot be reached."""
        more = True
        while more:
            page = self._page(after=after, limit=PAGE)
            yield deliveries(page)
            after, more = int(page["after"]), bool(page["more"])

    def missing(self, stream: str, after: int, before: int) -> Sequence[Delivery]:
        """The events of a stream after one version and before another. Raises `OSError`."""
        position, found, more = 0, list[Delivery](), True
        while more and len(found) < before - after - 1:
            page = self._page(after=position, limit=PAGE, stream=stream)
            position, more = int(page["after"]), bool(page["more"])
            found += [
                each
                for each in deliveries(page)
                if each.key == stream and after < int(each.headers["ce_streamversion"]) < before
            ]
        return found

    def _page(self, **asked: object) -> dict[str, Any]:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"a feed has an address that begins with http:// or https://, not {self.url!r}")
        request = Request(f"{self.url}?{urlencode(asked)}", headers=dict(self.headers))  # noqa: S310 (checked above)
        with urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            page: dict[str, Any] = from_json(answer.read())
        return page


def deliveries(page: Mapping[str, Any]) -> list[Delivery]:
    return [from_feed(told, json.dumps(told["data"], ensure_ascii=False).encode()) for told in page["events"]]
