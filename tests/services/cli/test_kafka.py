"""The commands that have to do with Kafka, as a person at a terminal sees them."""

import json
import os
from pathlib import Path
from urllib.request import urlopen
from uuid import uuid4

import pytest
from kafka import KafkaProducer

from services.kafka_settings import KafkaSettings
from services.settings import SettingInvalid
from services.streaming import show_metrics
from tests.kafka import free_ports
from tests.services.cli.conftest import Salesledger


@pytest.fixture
def prefix(kafka: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Settings that name the tests' Kafka and topics of the test's own."""
    name = f"t-{uuid4().hex[:12]}"
    monkeypatch.setenv("LEDGER_KAFKA_BOOTSTRAP", kafka)
    monkeypatch.setenv("LEDGER_KAFKA_PREFIX", name)
    monkeypatch.setenv("LEDGER_KAFKA_REPLICATION", "1")
    return name


def test_what_is_recorded_is_published_and_audited(ask: Salesledger, prefix: str) -> None:
    published = ask("run", "relay", "--once", "--json")
    audited = ask("audit", "kafka", "--json")
    from_ten = ask("audit", "kafka", "--from", "10")

    assert published.code == audited.code == from_ten.code == 0
    last = published.json["published"]
    assert (audited.json["checked"], audited.json["agrees"], audited.json["findings"]) == (last, True, [])
    assert f"{last - 9} events checked: the topic holds each once, in order and unchanged." in from_ten.out
    assert ask("run", "auditor", "--once", "--json").json == {"audited": last}


def test_kafka_that_differs_is_a_failed_check(salesledger: Salesledger, prefix: str) -> None:
    assert salesledger("demo").code == 0
    assert salesledger("run", "relay", "--once").code == 0
    producer = KafkaProducer(bootstrap_servers=os.environ["LEDGER_KAFKA_BOOTSTRAP"])
    producer.send(f"{prefix}.events", b"{}", b"customer/C-1", [("ce_ledgerposition", b"3")], 0)
    producer.close()

    audited = salesledger("audit", "kafka", "--json")
    once = salesledger("run", "auditor", "--once", "--json")

    assert audited.code == once.code == 1
    assert sum(audited.json["counts"].values()) >= 1
    assert once.json["error"]["code"] == "kafka-differs"


def test_what_is_recorded_and_not_published_yet_is_said_and_a_missing_topic_is_named(
    salesledger: Salesledger, prefix: str
) -> None:
    assert salesledger("demo").code == 0
    early = salesledger("audit", "kafka")
    assert (early.code, f"There is no topic {prefix}.events at" in early.err) == (2, True)
    assert "does not answer" not in early.err
    assert salesledger("run", "relay", "--once").code == 0
    assert salesledger("record", "claim-customer", "--customer", "client-of-Wang", "--rep", "An").code == 0

    audited = salesledger("audit", "kafka")

    assert (audited.code, "2 more are recorded and not published yet." in audited.out) == (0, True)


def test_without_bootstrap_servers_the_setting_is_named(salesledger: Salesledger) -> None:
    for command in (("run", "relay"), ("run", "auditor"), ("audit", "kafka")):
        said = salesledger(*command, "--json")
        assert said.code == 2
        assert said.json["error"]["code"] == "setting-invalid"
        assert "LEDGER_KAFKA_BOOTSTRAP" in said.json["error"]["message"]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"LEDGER_KAFKA_SECURITY": "TLS"}, "LEDGER_KAFKA_SECURITY"),
        ({"LEDGER_KAFKA_SECURITY": "SASL_SSL", "LEDGER_KAFKA_SASL_USERNAME": "u"}, "LEDGER_KAFKA_SASL_PASSWORD"),
        ({"LEDGER_KAFKA_SASL_MECHANISM": "GUESS"}, "LEDGER_KAFKA_SASL_MECHANISM"),
        ({"LEDGER_KAFKA_CA_FILE": "/nowhere/ca.pem"}, "LEDGER_KAFKA_CA_FILE"),
        ({"LEDGER_KAFKA_PARTITIONS": "0"}, "LEDGER_KAFKA_PARTITIONS"),
        ({"LEDGER_KAFKA_REPLICATION": "many"}, "LEDGER_KAFKA_REPLICATION"),
        ({"LEDGER_KAFKA_RETENTION_DAYS": "-1"}, "LEDGER_KAFKA_RETENTION_DAYS"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(settings: dict[str, str], named: str) -> None:
    with pytest.raises(SettingInvalid, match=named):
        KafkaSettings.from_environment({"LEDGER_KAFKA_BOOTSTRAP": "localhost:9092", **settings}, "ledger")


def test_the_settings_give_topics_security_and_stand_bys() -> None:
    found = KafkaSettings.from_environment(
        {
            "LEDGER_KAFKA_BOOTSTRAP": "a:9092,b:9092",
            "LEDGER_KAFKA_SECURITY": "SASL_SSL",
            "LEDGER_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "LEDGER_KAFKA_SASL_USERNAME": "ledger",
            "LEDGER_KAFKA_SASL_PASSWORD": "hush",
            "LEDGER_KAFKA_STANDBYS": "north, south",
        },
        "berlin",
    )

    assert found is not None
    assert (found.topics.events, found.topics.checkpoint) == (
        "sales-ledger.berlin.events",
        "sales-ledger.berlin.relay-checkpoint",
    )
    assert found.standbys.names == ("north", "south")
    assert "hush" not in repr(found)
    assert found.cluster.kafka_python()["bootstrap_servers"] == ["a:9092", "b:9092"]


def test_the_contract_is_written_and_a_release_that_breaks_readers_is_refused(
    salesledger: Salesledger, tmp_path: Path
) -> None:
    folder = tmp_path / "contract"
    written = salesledger("events", "schema", "-o", folder, "--release", "--json")

    assert written.code == 0
    assert "asyncapi.json" in written.json["changed"]
    assert salesledger("events", "schema", "--asyncapi", "-o", folder, "--json").json["changed"] == []

    promised = json.loads((folder / "released" / "1.json").read_text())
    promised["customer-forgotten.v1"] = {}
    (folder / "released" / "1.json").write_text(json.dumps(promised))
    refused = salesledger("events", "schema", "-o", folder, "--release", "--json")
    assert refused.code == 1
    assert "readers of release 1 who handle customer-forgotten.v1" in refused.json["error"]["message"]
    assert not (folder / "released" / "2.json").exists()


def test_metrics_are_shown_where_the_setting_says(ask: Salesledger, prefix: str) -> None:
    [port] = free_ports(1)
    show_metrics({"LEDGER_METRICS_PORT": str(port)})
    ask("run", "relay", "--once")

    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        assert b"sales_ledger_relay_position{" in answer.read()
