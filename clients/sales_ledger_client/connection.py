"""How requests are made: with a token, under a key, and again when that is safe."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Self
from uuid import uuid4

import httpx

LINES_AT_ONCE = 1_000
AGAIN = frozenset({503})
"""Statuses after which the same request is made again: nothing was recorded, or the key says whether it was."""


class Problem(Exception):
    """The ledger said no. `code` is stable; `document` has the clause, the rival and when the way is free."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__(f"{document['code']}: {document['title']} {document.get('detail') or ''}".strip())
        self.document = document
        self.code: str = document["code"]
        self.status: int = document["status"]


class Unanswered(Exception):
    """No answer came, though it was asked several times. `key` is that of the command: repeat it to learn what became of it."""

    def __init__(self, key: str | None) -> None:
        super().__init__(f"no answer; repeat under the key {key}" if key else "no answer")
        self.key = key


@dataclass(frozen=True, slots=True)
class Answer:
    """An accepted command: its key, the first and last event that it caused, and whether it had been answered before."""

    id: str
    positions: tuple[int, int] | None
    repeated: bool
    true_up_to: int


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """The answer to one command of many: accepted, or the problem with it."""

    line: int
    id: str | None
    answer: Answer | None
    problem: Problem | None


class Connection:
    """Makes requests. `token` is the token, or gives the one to use now. `attempts` is how often one is made at most."""

    def __init__(
        self,
        url: str,
        token: str | Callable[[], str],
        *,
        timeout_s: float = 30.0,
        attempts: int = 4,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._token = token
        self._attempts = attempts
        self._http = httpx.Client(base_url=url, timeout=timeout_s, transport=transport)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def commands(self, lines: Iterable[Mapping[str, Any]]) -> Iterator[LineAnswer]:
        """Send many commands, each with its `id`, `name` and fields, and answer them in order, lazily, a thousand at a time."""
        source, before = iter(lines), 0
        while page := list(islice(source, LINES_AT_ONCE)):
            body = "".join(f"{json.dumps(plain(line), ensure_ascii=False)}\n" for line in page).encode()
            answer = self._sent("POST", "/v1/commands", content=body, kind="application/x-ndjson")
            for text in answer.text.splitlines():
                yield line_answer(json.loads(text), before)
            before += len(page)

    def _command(self, name: str, key: str | None, fields: Mapping[str, Any]) -> Answer:
        key = key or str(uuid4())
        body = json.dumps(plain({k: v for k, v in fields.items() if v is not None}), ensure_ascii=False).encode()
        return answer_of(self._sent("POST", f"/v1/commands/{name}", content=body, key=key).json())

    def _read(self, path: str, query: Mapping[str, Any]) -> Any:
        given = {name: plain(value) for name, value in query.items() if value is not None}
        return self._sent("GET", path, query=given).json()

    def _file(self, path: str, query: Mapping[str, Any]) -> bytes:
        given = {name: plain(value) for name, value in query.items() if value is not None}
        return self._sent("GET", path, query=given).content

    def _ask(self, path: str, fields: Mapping[str, Any]) -> Any:
        body = json.dumps(plain({k: v for k, v in fields.items() if v is not None}), ensure_ascii=False).encode()
        return self._sent("POST", path, content=body).json()

    def _sent(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        kind: str = "application/json",
        key: str | None = None,
    ) -> httpx.Response:
        """Make a request, and again where that is safe. Raises `Problem` and `Unanswered`."""
        for attempt in range(1, self._attempts + 1):
            token = self._token if isinstance(self._token, str) else self._token()
            headers = {"Authorization": f"Bearer {token}"}
            headers |= {"Idempotency-Key": key} if key else {}
            headers |= {"Content-Type": kind} if content is not None else {}
            try:
                answer = self._http.request(method, path, params=query, content=content, headers=headers)
            except httpx.TransportError as lost:
                if attempt == self._attempts:
                    raise Unanswered(key) from lost
                wait_s = 0.1 * 2**attempt
            else:
                if answer.is_success:
                    return answer
                if answer.status_code not in AGAIN or attempt == self._attempts:
                    raise Problem(answer.json())
                wait_s = float(answer.headers.get("retry-after", 1))
            time.sleep(wait_s)
        raise Unanswered(key)


def plain(value: Any) -> Any:
    """The value as JSON has it: times as RFC 3339 with their offset."""
    match value:
        case datetime():
            if value.tzinfo is None:
                raise ValueError("a time names its zone")
            return value.isoformat()
        case Mapping():
            return {name: plain(each) for name, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case _:
            return value


def answer_of(told: Mapping[str, Any]) -> Answer:
    positions = told.get("positions")
    first_and_last = (positions[0], positions[1]) if positions else None
    return Answer(told["id"], first_and_last, told["repeated"], told["true_up_to"])


def line_answer(told: Mapping[str, Any], before: int) -> LineAnswer:
    problem = told.get("problem")
    answer = None if problem else answer_of(told)
    return LineAnswer(told["line"] + before, told.get("id"), answer, Problem(problem) if problem else None)
