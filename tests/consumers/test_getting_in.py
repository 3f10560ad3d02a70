"""TLS and SASL: let in with the right settings, and told which ones are wrong without them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from consumers.cluster import Cluster, KafkaUnreachable
from consumers.topics import Topics, prepare
from services.ledger.application import Ledger
from tests.consumers.relaying import Site, running
from tests.kafka import HOST, free_ports, running_broker
from tests.waiting import wait_until

PASSWORD = "open-sesame"


def certificate(place: Path) -> tuple[Path, Path]:
    """A certificate for this host that it signed itself, and the same with its key, both in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown = built.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (place / "ca.pem").write_bytes(shown)
    (place / "both.pem").write_bytes(secret + shown)
    return place / "ca.pem", place / "both.pem"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A broker that also listens with TLS and asks for a name and a password."""
    ca, both = certificate(tmp_path_factory.mktemp("pem"))
    [port] = free_ports(1)
    login = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_ledger="{PASSWORD}";'
    properties = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(both),
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": login,
    }
    with running_broker(properties, {"SASL_SSL": port}):
        yield Cluster(f"{HOST}:{port}", "SASL_SSL", ca_file=ca, mechanism="PLAIN", username="ledger", password=PASSWORD)


def test_events_are_published_and_audited_through_tls_and_sasl(ledger: Ledger, guarded: Cluster) -> None:
    site = Site(ledger, guarded)
    last = site.record(10)

    assert site.relay().catch_up(Event()) == last
    assert site.auditor().audit().agrees
    assert PASSWORD not in repr(guarded)


def test_a_wrong_password_is_told_with_its_settings_and_tried_again(
    ledger: Ledger, guarded: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.cluster.ANSWER_WITHIN_MS", 2_000)
    site = Site(ledger, replace(guarded, password="wrong"))
    site.record(1)

    with capture_logs() as logs, running(site.relay()):
        wait_until(lambda: len([each for each in interruptions(logs) if "LEDGER_KAFKA_SASL_PASSWORD" in each]) >= 2)

    assert not any("wrong" in each for each in interruptions(logs))


def interruptions(logs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why the relay was interrupted, each time. A broker that is slow to answer is one reason more."""
    return [line["error"] for line in logs if line["event"] == "interrupted"]


def test_a_certificate_that_nobody_trusts_is_told_with_its_setting(
    site: Site, guarded: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.cluster.ANSWER_WITHIN_MS", 2_000)
    stranger = replace(guarded, ca_file=None)

    told: list[str] = []

    def is_refused() -> bool:
        told.append(why_not(stranger, site.topics))
        return "LEDGER_KAFKA_CA_FILE" in told[-1]

    wait_until(is_refused)
    assert guarded.bootstrap in told[-1]


def why_not(cluster: Cluster, topics: Topics) -> str:
    """Why the topics cannot be made ready. A broker that is slow to answer is one reason more."""
    with pytest.raises(KafkaUnreachable) as told:
        prepare(cluster, topics)
    return str(told.value)
