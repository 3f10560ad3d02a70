"""Names, numbers and places of people, told through every way in, stand nowhere in the clear: no table, file, log, topic or bundle."""

import json
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import psycopg
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from psycopg import sql

from consumers.inbound.messages import CHANNELS
from services.database import embedded
from tests.conftest import place_for_a_server
from tests.consumers.conftest import new_topic
from tests.consumers.inbound.senders import Sent, send
from tests.end_to_end.planted import Person, found_in
from tests.services.cli.conftest import Salesledger, caller
from tests.waiting import wait_until

SCENARIOS: Final = Path(__file__).parents[2] / "services/samples/scenarios"
MAPPINGS: Final = Path(__file__).parents[2] / "services/samples/mappings"
PATIENCE_S: Final = 60

TOLD_BY: Final = {
    "a story": Person("欧阳龘靐", "139 1357 2468", "24.479823,118.089412", further_points=("24.479831,118.089423",)),
    "an import": Person("上官骉犇记", "13724681357", "22.540031,114.059871"),
    "an import, of our own": Person("诸葛燚淼", "13724681358", "22.540032,114.059872"),
    "the command line": Person("司徒麤羴", "136 8642 7531", "30.659462,104.065735", "公孙赑", "云雾弄堂八百零七号"),
    "HTTP": Person(
        "东方飝驫", "18597531864", "29.563012,106.551556", "令狐掱", "槐荫里九百一十三号", "曾老板同意下周签约"
    ),
    "HTTP, of our own": Person("夏侯叒叕", "18597531865", "29.563013,106.551557"),
    "HTTP, refused": Person("尉迟惢淼", "15286421975", "26.647661,106.630153", "钟离畾", "望江埠七百五十二号"),
    "HTTP, malformed": Person("皇甫鱻灥", "15086421976", "26.647662,106.630154"),
    "Kafka": Person("长孙猋", "13097538642", "34.341568,108.939774", said="独孤老板要再看一次样品"),
    "Kafka, of our own": Person("宇文贔", "13097538643", "34.341569,108.939775"),
    "Kafka, a dead letter": Person("呼延羴麤", "13197538644", "34.341570,108.939776"),
    "who is erased": Person("端木飍厵", "18886420975", "36.061089,103.834303", "百里鱻", "黄河沿六百四十一号"),
}

MEANT: Final = {
    "topic .*[.]in[.](payments|visits|people|leads)": "the words of others, in topics of theirs",
    "answer to (pool|lines|case replay)": "an answer at the machine that has the master key, to whoever runs it",
    "GET /v1/cases/D1/replay by Kong": "what the committee sees of a case while it is open",
}
"""Where a clear value is meant to stand, and why. What is shown to owners is asked for apart and not looked at."""

DISPUTE: Final = """
  - do: file-dispute
    at: 2024-03-30 09:30
    actor: Wang
    case: D1
    by: Wang
    against: [Ding]
    matter: {act: role, deal: house-X, role: FIRST_VIEW}
    expected: 450000
    actual: 0
    currency: CNY
    claim: I showed the client a house eight days before
  - {do: accept-case, at: 2024-03-30 11:00, actor: Kong, case: D1}
"""
COMMITTEE: Final = "    - {rep: Kong, unit: brokerage, duty: committee}\n\nsteps:\n"


class Story:
    """One ledger in an embedded PostgreSQL and a Kafka, with everything it says collected."""

    def __init__(self, place: Path, dsn: str, kafka: str, call: Salesledger, env: pytest.MonkeyPatch) -> None:
        self.place, self.dsn, self.kafka, self._call = place, dsn, kafka, call
        self.prefix = f"planted-{uuid4().hex[:8]}"
        self.heard: dict[str, bytes] = {}
        self.logs: dict[str, Path] = {}
        self._env = env
        self.set(LEDGER_DATABASE_URL=dsn, LEDGER_ALLOW_SUPERUSER="yes", LEDGER_DATA_DIR=str(place))
        self.set(LEDGER_KAFKA_BOOTSTRAP=kafka, LEDGER_KAFKA_PREFIX=self.prefix, LEDGER_KAFKA_REPLICATION="1")

    def set(self, **variables: str) -> None:
        for name, value in variables.items():
            self._env.setenv(name, value)

    def say(self, *arguments: object, code: int = 0) -> str:
        """A command, whose answer and whose log are kept to be looked at."""
        said = self._call(*arguments)
        assert said.code == code, (arguments, said.out[-600:], said.err[-600:])
        self.heard[f"answer to {' '.join(map(str, arguments))[:60]}"] = said.out.encode()
        self.heard[f"log of {' '.join(map(str, arguments))[:60]}"] = said.err.encode()
        return said.out

    def file(self, name: str, text: str) -> Path:
        """A file of somebody's own, out of the ledger's reach: it is not looked at."""
        made = self.place.parent / f"{self.prefix}-{name}"
        made.write_text(text, "utf-8")
        return made

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """A process of ours, whose log is kept."""
        self.logs[" ".join(arguments)] = log = self.place / f"{arguments[0]}-{len(self.logs)}.log"
        command = [sys.executable, "-m", "services.cli", *arguments]
        with log.open("wb") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:
            try:
                yield process
            finally:
                assert process.poll() is None, log.read_text("utf-8")[-2_000:]
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=PATIENCE_S)


@pytest.fixture
def story(kafka: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    with place_for_a_server() as place, embedded(place) as dsn:
        yield Story(place, dsn, kafka, caller(capsys), monkeypatch)


def test_what_was_planted_stands_nowhere_in_the_clear(story: Story) -> None:
    told_in_a_scenario(story)
    imported(story)
    told_at_the_command_line(story)
    with story.running("serve", "--port", "0", "--json") as serving:
        assert serving.stdout
        told_over_http(story, str(json.loads(serving.stdout.readline())["serving"]))
    told_by_kafka(story)
    worked_with(story)

    found = {where: names for where, data in everything(story) if (names := found_in(data, TOLD_BY.values()))}

    assert {where: names for where, names in found.items() if not any(re.match(each, where) for each in MEANT)} == {}
    assert [each for each in MEANT if not any(re.match(each, where) for where in found)] == []


def told_in_a_scenario(story: Story) -> None:
    """A poached first view, disputed; its ledger is kept, and everything goes on in it."""
    person = TOLD_BY["a story"]
    text = (SCENARIOS / "d1-first-view-poached.yaml").read_text("utf-8")
    text = text.replace("陈晓岚", person.name).replace("138 0013 8101", person.phone)
    text = text.replace("39.90872,116.39748", person.place)
    text = re.sub(r"point: 39\.9\d+,116\.39\d+", f"point: {person.further_points[0]}", text)
    text = text.partition("\nexpect:")[0].replace("\nsteps:\n", COMMITTEE, 1) + DISPUTE
    told = json.loads(story.say("scenario", "run", story.file("story.yaml", text), "--keep", "--json"))
    story.set(LEDGER_SCHEMA=told["scenarios"][0]["schema"])


def imported(story: Story) -> None:
    customer, rep = TOLD_BY["an import"], TOLD_BY["an import, of our own"]
    people = (MAPPINGS / "event-log-people.csv").read_text("utf-8").replace("样例甲", rep.name)
    log = (MAPPINGS / "event-log.csv").read_text("utf-8").replace("样例甲", rep.name)
    log = log.replace("样例便利店", customer.name).replace(",,,\n", f",{customer.phone},,\n", 1)
    log += f"D-9,客户登记,no time,{rep.name},{customer.name},{customer.phone},,\n"
    report = story.place / "report.csv"
    files = story.file("people.csv", people), story.file("log.csv", log)
    story.say("import", *files, "-m", "event-log", "--report", report, code=1)


def told_at_the_command_line(story: Story) -> None:
    person, erased = TOLD_BY["the command line"], TOLD_BY["who is erased"]
    for customer, each in (("cli", person), ("gone", erased), ("twice", person)):
        given = [part for name, value in each.fields().items() for part in (f"--{name.replace('_', '-')}", value)]
        by = ("--customer", customer, "--by", "Wang", "--id", f"tell/{customer}")
        story.say("record", "register-customer", *by, *given, code=3 if customer == "twice" else 0)
    bad = {"id": "bad", "name": "register-customer", "customer": "bad", "by": "Wang", "at": person.phone}
    lines = story.file("lines.ndjson", json.dumps({**bad, **person.fields()}) + "\n{" + person.name + "\n")
    story.say("record", "--file", lines, code=2)
    story.say("record", json.dumps({**bad, **person.fields(), "name": person.name}), code=2)


def told_over_http(story: Story, url: str) -> None:
    person, refused, malformed = TOLD_BY["HTTP"], TOLD_BY["HTTP, refused"], TOLD_BY["HTTP, malformed"]
    asks = Asks(story, url)
    own = {"rep_name": TOLD_BY["HTTP, of our own"].name, "unit": "brokerage", "duty": "finance", "rep": "Fang"}
    asks.command("system", "join-rep", own, 200)
    asks.command("Wang", "register-customer", {"customer": "web", "by": "Wang", **person.fields()}, 200)
    asks.command("Wang", "claim-customer", {"customer": "web", "rep": "Wang"}, 200)
    at = {"customer": "web", "rep": "Wang", "purpose": "first talk", "result": person.said}
    points = {"point": person.place, "photo_point": person.place, "photo": "ab" * 32}
    asks.command("Wang", "record-visit", {"visit": "V-web", **at, **points}, 200)
    asks.command("Wang", "register-customer", {"customer": "other", "by": "An", **refused.fields()}, 403)
    asks.command("Wang", "register-customer", {"customer": "web", "by": "Wang", **refused.fields()}, 409)
    bad = {"customer": "bad", "by": "Wang"}
    asks.command("Wang", "register-customer", {**bad, **malformed.fields(), "phone": [malformed.phone]}, 422)
    asks.command("Wang", "register-customer", {**bad, "phone": malformed.phone}, 422)
    asks.command("Wang", "register-customer", {**bad, **malformed.fields(), malformed.name: 1}, 422)
    asks.post("/v1/commands/register-customer", "Wang", f'{{"customer_name": "{malformed.name}"'.encode())
    asks.post(f"/v1/commands/{malformed.name}", malformed.name, malformed.name.encode())
    line = json.dumps({"id": "b1", "name": "register-customer", **bad, **malformed.fields(), "at": malformed.phone})
    asks.post(
        "/v1/commands", "Wang", f"{line}\n{malformed.name}\n".encode(), **{"content-type": "application/x-ndjson"}
    )
    asks.post("/v1/availability", "Wang", json.dumps({"phone": person.phone, "licence": malformed.licence}).encode())
    asks.get(f"/v1/availability?phone={malformed.phone}&licence={malformed.licence}", "Wang")
    asks.get(f"/v1/customers/{malformed.phone}", "Wang")
    for path in ("pool", "customers/client-of-Wang", "customers/web", "customers/web/history", "cases/D1/bundle"):
        asks.get(f"/v1/{path}", "Fang")
    for path in (
        "/v1/pool",
        "/v1/lines",
        "/v1/cases/D1",
        "/v1/cases/D1/replay",
        "/v1/cases/D1/bundle",
        "/events",
        "/v1/deals/house-X",
    ):
        asks.get(path, "Kong")
    assert person.name in asks.seen("/v1/customers/web", "Wang"), "an owner sees the customer"
    asks.get("/metrics", "system")
    asks.get("/readyz", "system")


class Asks:
    """Somebody's requests, whose answers are kept to be looked at."""

    def __init__(self, story: Story, url: str) -> None:
        self.story = story
        self._client = httpx.Client(base_url=url, timeout=PATIENCE_S)
        self._tokens: dict[str, str] = {}

    def command(self, who: str, name: str, body: dict[str, Any], status: int) -> None:
        given = {"at": datetime.now(UTC).isoformat(), **body}
        answer = self.post(f"/v1/commands/{name}", who, json.dumps(given).encode())
        assert answer.status_code == status, answer.text

    def post(self, path: str, who: str, body: bytes, **headers: str) -> httpx.Response:
        told = {"content-type": "application/json", "idempotency-key": uuid4().hex, **self._proof(who), **headers}
        answer = self._client.post(path, content=body, headers=told)
        return self._kept(f"POST {path[:30]} by {who}", answer)

    def get(self, path: str, who: str) -> httpx.Response:
        return self._kept(f"GET {path[:40]} by {who}", self._client.get(path, headers=self._proof(who)))

    def seen(self, path: str, who: str) -> str:
        """The answer to somebody who may see it; it is not looked at."""
        return self._client.get(path, headers=self._proof(who)).text

    def _kept(self, what: str, answer: httpx.Response) -> httpx.Response:
        assert answer.status_code < 500, answer.text
        body = unzipped(answer.content) if answer.content[:2] == b"PK" else answer.content
        self.story.heard[f"{what} #{len(self.story.heard)}"] = body + str(answer.headers).encode()
        return answer

    def _proof(self, who: str) -> dict[str, str]:
        if not who.isascii():
            return {}
        if who not in self._tokens:
            self._tokens[who] = self.story.say("token", who).strip()
        return {"authorization": f"Bearer {self._tokens[who]}"}


def told_by_kafka(story: Story) -> None:
    person, own, dead = TOLD_BY["Kafka"], TOLD_BY["Kafka, of our own"], TOLD_BY["Kafka, a dead letter"]
    lead = {"by": "Wang", "source": "fair", **person.fields()}
    visit = {"customer": "heard", "visit": "V-1", "rep": "Wang", "purpose": "talk", "result": person.said}
    messages = [
        Sent("people", "person.joined.v1", "1", "rep/Yu", {"rep": "Yu", "rep_name": own.name, "unit": "brokerage"}),
        Sent("leads", "lead.found.v1", "2", "customer/heard", {"customer": "heard", **lead}),
        Sent("leads", "lead.found.v1", "3", "customer/heard", {"customer": "heard", **lead}),
        Sent("visits", "visit.made.v1", "4", "customer/heard", {**visit, "point": person.place, "photo": "cd" * 32}),
        Sent(
            "leads", "lead.found.v1", "5", "customer/bad", {"customer": "bad", **dead.fields(), dead.name: dead.phone}
        ),
        Sent("leads", "lead.found.v1", "6", "customer/bad", {}, value=f"{dead.name} {dead.phone}".encode()),
        Sent("leads", "lead.found.v1", "7", "customer/bad", {"customer": "bad", "by": dead.phone, **dead.fields()}),
    ]
    for channel in CHANNELS:
        new_topic(story.kafka, f"{story.prefix}.in.{channel}")
    with story.running("run", "inbox"):
        wait_until(lambda: f"{story.prefix}.in.dead-letters" in topics(story), PATIENCE_S)
        send(story.kafka, story.prefix, *messages)
        wait_until(lambda: len(records(story, f"{story.prefix}.in.answers")) >= 4, PATIENCE_S)
        wait_until(lambda: len(records(story, f"{story.prefix}.in.dead-letters")) >= 3, PATIENCE_S)
        story.say("inbox", "letters")
        story.say("inbox", "replay", 1)
        wait_until(lambda: len(records(story, f"{story.prefix}.in.dead-letters")) >= 4, PATIENCE_S)


def worked_with(story: Story) -> None:
    """Months, files, proofs, the feed and Kafka; one who is erased; and whatever the log is told to show to nobody."""
    out = story.place / "out"
    out.mkdir()
    story.say("run", "projections", "--once")
    story.say("payroll", "open", "2024-03", "--policy", "RE-1")
    story.say("payroll", "close", "2024-03", "--reason", "tested")
    for written in ("csv", "xlsx", "json", "parquet", "beancount", "hledger"):
        story.say("payroll", "export", "2024-03", "-f", written, "-o", out)
    story.say("erase", "customer/gone", "--reason", "asked by the person")
    story.say("subject", "hold", "customer/web", "court-1", "--reason", "court order")
    story.say("erase", "customer/web", "--reason", "asked by the person", code=3)
    story.say("seal")
    story.say("case", "bundle", "D1", "-o", out / "case.zip")
    story.say("bundle", "--stream", "customer/web", "--stream", "customer/gone", "-o", out / "histories.zip")
    for command in (
        ("events", "--json"),
        ("pool",),
        ("lines", "--json"),
        ("case", "replay", "D1"),
        ("case", "show", "D1"),
    ):
        story.say(*command)
    story.say("reexecute", "--all")
    story.say("run", "relay", "--once")
    story.say("audit", "kafka")
    story.say("verify")
    assert TOLD_BY["who is erased"].name not in story.say("subject", "export", "customer/gone")


def everything(story: Story) -> Iterator[tuple[str, bytes]]:
    """Whatever the ledger keeps, says or publishes, each with where it is."""
    yield from story.heard.items()
    yield from tables(story)
    for topic in topics(story):
        for record in records(story, topic):
            parts = [record.key or b"", record.value or b"", *(value or b"" for _, value in record.headers)]
            yield f"topic {topic}", b"\n".join([*parts, *(name.encode() for name, _ in record.headers)])
    for path in sorted(story.place.rglob("*")):
        with suppress(FileNotFoundError):
            if path.is_file():
                yield f"file {path.relative_to(story.place)}", unzipped_file(path)


def tables(story: Story) -> Iterator[tuple[str, bytes]]:
    """Every row of every table of every schema as text, and its texts and bytes as they are."""
    with psycopg.connect(story.dsn) as connection:
        names = connection.execute(
            "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relkind in ('r', 'p', 'm') or c.relkind = 'v' and n.nspname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert len(names) > 40
        for schema, table in names:
            asked = sql.SQL("select * from {}").format(sql.Identifier(schema, table))
            with connection.cursor(f"all of {table}") as cursor:
                for row in cursor.execute(asked):
                    parts = (
                        bytes(each) if isinstance(each, bytes | memoryview) else str(each).encode() for each in row
                    )
                    yield f"table {schema}.{table}", b"\n".join(parts)


def topics(story: Story) -> list[str]:
    admin = KafkaAdminClient(bootstrap_servers=story.kafka)
    try:
        return sorted(each for each in admin.list_topics() if each.startswith(story.prefix))
    finally:
        admin.close()


def records(story: Story, topic: str) -> list[Any]:
    """Everything in a topic, what was never committed too."""
    consumer = KafkaConsumer(
        bootstrap_servers=story.kafka, isolation_level="read_uncommitted", auto_offset_reset="earliest"
    )
    try:
        parts = [TopicPartition(topic, each) for each in consumer.partitions_for_topic(topic) or ()]
        ends = consumer.end_offsets(parts)
        consumer.assign(parts)
        consumer.seek_to_beginning()
        found: list[Any] = []
        while any(consumer.position(each) < ends[each] for each in parts):
            for got in consumer.poll(timeout_ms=200).values():
                found += got
        return found
    finally:
        consumer.close()


def unzipped_file(path: Path) -> bytes:
    return unzipped(path.read_bytes()) if zipfile.is_zipfile(path) else path.read_bytes()


def unzipped(data: bytes) -> bytes:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return b"\n".join(each.encode() + b"\n" + archive.read(each) for each in archive.namelist())
