"""The AsyncAPI 3 document of the topic of events, generated from the facts."""

from typing import Any, Final

from consumers.contract.schemas import Schema, definitions, headers
from consumers.topics import Topics

VERSION: Final = "3.0.0"
BINDING: Final = "0.5.0"
CONTENT: Final = "application/json"
ABOUT: Final = (
    "Every event of the sales ledger, in order by subject, each exactly once for who reads committed records "
    "(isolation.level=read_committed). CloudEvents 1.0, Kafka binding, binary mode: the attributes are headers, the data is "
    "the value, the key is the subject. Ignore fields that you do not know. A kind never changes its meaning; a new meaning "
    "is a new kind with a higher version in its name."
)


def asyncapi(release: str) -> dict[str, Any]:
    """The document; `release` is the contract's own version."""
    kinds, parts = definitions("#/components/schemas/{model}")
    usual = Topics("sales-ledger.ledger")
    return {
        "asyncapi": VERSION,
        "info": {"title": "Sales ledger events", "version": release, "description": ABOUT},
        "defaultContentType": CONTENT,
        "channels": {
            "events": {
                "address": "{prefix}.events",
                "title": "Events",
                "description": "One topic with all kinds.",
                "parameters": {
                    "prefix": {"description": "LEDGER_KAFKA_PREFIX of the ledger.", "default": usual.prefix},
                },
                "messages": {key(kind): {"$ref": f"#/components/messages/{key(kind)}"} for kind in kinds},
                "bindings": {
                    "kafka": {
                        "partitions": usual.partitions,
                        "replicas": usual.replication,
                        "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": -1},
                        "bindingVersion": BINDING,
                    }
                },
            }
        },
        "operations": {
            "publishEvents": {
                "action": "send",
                "channel": {"$ref": "#/channels/events"},
                "summary": "The relay publishes what the ledger records.",
            }
        },
        "components": {
            "messages": {key(kind): message(kind, schema) for kind, schema in kinds.items()},
            "schemas": {**parts, **{key(kind): schema for kind, schema in kinds.items()}},
        },
    }


def key(kind: str) -> str:
    """The kind as a key of the document, where tools want no dots."""
    return kind.replace(".", "-")


def message(kind: str, schema: Schema) -> dict[str, Any]:
    summary = " ".join(str(schema.get("description", f"The fact {kind}.")).split())
    return {
        "name": kind,
        "title": kind,
        "summary": summary,
        "contentType": CONTENT,
        "headers": headers(kind),
        "payload": {"$ref": f"#/components/schemas/{key(kind)}"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "The subject, as in ce_subject."},
                "bindingVersion": BINDING,
            }
        },
    }
