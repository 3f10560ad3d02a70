"""What the API's document says of streams: many commands in, and events out."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, Field

from domain.facts import KINDS
from services.feed.reading import MOST_EVENTS

NDJSON: Final = "application/x-ndjson"
LINE: Final = (
    '{"id": "claim-1", "name": "claim-customer", "at": "2024-08-01T09:00:00+08:00", "customer": "C-1", "rep": "li"}\n'
)
ANSWER: Final = '{"line":1,"id":"claim-1","positions":[37,38],"repeated":false,"true_up_to":38}\n'


class FeedPage(BaseModel):
    """Events beyond a position, each in CloudEvents' JSON format. The next page is asked for with this `after`."""

    after: int = Field(examples=[42])
    more: bool = Field(description="Whether the log goes on beyond this page.")
    events: list[dict[str, Any]]


def stream(trace: Mapping[str, Any], refused: Mapping[str, Any]) -> dict[str, Any]:
    """Commands as a stream of lines."""
    told = {"type": "string", "description": "A LineAnswer a line, in the order of the lines."}
    return {
        "tags": ["commands"],
        "summary": "Many commands in one stream",
        "description": "A command a line, each with its id and name; answered line by line, in order, while the stream goes on.",
        "operationId": "commands",
        "parameters": [trace],
        "requestBody": {"required": True, "content": {NDJSON: {"schema": {"type": "string"}, "example": LINE}}},
        "responses": {
            "200": {"description": "The answers.", "content": {NDJSON: {"schema": told, "example": ANSWER}}},
            **refused,
        },
    }


def feed(ref: str, headers: Mapping[str, Any], refused: Mapping[str, Any]) -> dict[str, Any]:
    """Events as pages, or followed as they come."""
    followed = {"type": "string", "description": "Server-sent events, whose id is the position."}
    page = {"$ref": ref.format(model="FeedPage")}
    return {
        "tags": ["events"],
        "summary": "The feed of events",
        "description": "What was recorded beyond a position, personal values sealed; with Accept: text/event-stream it goes on "
        "with what comes. A page that is not the last never changes.",
        "operationId": "events",
        "parameters": [
            parameter("after", {"type": "integer", "minimum": 0, "maximum": 2**63 - 1, "default": 0}, "Beyond it."),
            parameter(
                "limit", {"type": "integer", "minimum": 1, "maximum": MOST_EVENTS, "default": 100}, "At most so many."
            ),
            parameter("kind", {"type": "array", "items": {"enum": sorted(KINDS)}}, "Only of these kinds."),
            parameter("stream", {"type": "string", "default": ""}, "Only of histories whose name begins so."),
        ],
        "responses": {
            "200": {
                "description": "The events.",
                "headers": headers,
                "content": {"application/json": {"schema": page}, "text/event-stream": {"schema": followed}},
            },
            "304": {"description": "As it was when it had the ETag of If-None-Match."},
            **refused,
        },
    }


def parameter(name: str, schema: Mapping[str, Any], about: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": about, "schema": schema}
