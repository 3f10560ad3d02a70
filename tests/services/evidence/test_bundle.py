"""What a bundle holds: the stored bytes, a page for people, personal data only where it was asked for."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from services.database import connect
from services.evidence.bundle import Bundler, NotForThem, NothingToProve
from services.evidence.tiles import LogRewritten
from services.ledger.application import Ledger
from tests.domain.story import PHONE, PLACE
from tests.services.evidence import on_record
from tests.services.evidence.conftest import Bundle, opened
from tests.services.evidence.on_record import RecordedCourt
from tests.services.evidence.test_sealer import alter

IN_THE_CLEAR = ("恒通便利店", PHONE, PLACE)


class Tags(HTMLParser):
    """Every tag of a page, and the words between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.words += f"{data} "


def test_the_same_question_gives_the_same_bytes(court: RecordedCourt, of_case: Bundle) -> None:
    assert court.bundler.of_case("K-1") == of_case.data


def test_events_are_there_in_their_stored_bytes(court: RecordedCourt, of_case: Bundle) -> None:
    written = of_case.files["events.ndjson"].split(b"\n")[:-1]
    log = [bytes(each.state) for each in court.ledger.recorder.select_notifications(1, 10_000)]
    entries = json.loads(of_case.files["proofs.json"])["events"]

    assert written == [log[entry["position"] - 1] for entry in entries]
    assert sum(b'"stream":"case/K-1"' in line for line in log) == sum(e["stream"] == "case/K-1" for e in entries) == 12


def test_every_head_since_the_filing_is_there(court: RecordedCourt, of_case: Bundle) -> None:
    heads = json.loads(of_case.files["heads.json"])
    published = court.sealer.places[0].heads_file.read_text()

    assert "".join(each["note"] for each in heads["heads"]) + of_case.files["head.note"].decode() == published
    assert heads["since"] == court.position("dispute-filed.v1")


def test_personal_data_is_in_a_bundle_only_where_it_was_asked_for(court: RecordedCourt, of_case: Bundle) -> None:
    asked = opened(court.bundler.of_case("K-1", personal_for="Kong"))
    without = b"".join(of_case.files.values()).decode()

    assert [each for each in IN_THE_CLEAR if each in without] == []
    assert set(json.loads(asked.files["personal.json"]).values()) >= set(IN_THE_CLEAR)
    assert [name for name, data in asked.files.items() for each in IN_THE_CLEAR if each in data.decode()] == [
        "personal.json"
    ] * 3
    assert asked.found() == []


@pytest.mark.parametrize("reader", ["Li", "nobody", "system"])
def test_personal_data_is_not_for_everybody(court: RecordedCourt, reader: str) -> None:
    with pytest.raises(NotForThem) as told:
        court.bundler.of_case("K-1", personal_for=reader)

    assert (told.value.refusal.code, told.value.refusal.rival) == ("not-allowed", reader)


def test_what_was_erased_is_in_no_bundle(ledger: Ledger, tmp_path: Path) -> None:
    bundler = on_record.small_deal(ledger, on_record.clock(), tmp_path)
    before = opened(bundler.of_streams(["customer/C-1"], personal_for="Boss"))
    alter(ledger, "update personal_key set wrapped = null where subject = 'customer/C-1'")
    with Ledger(ledger.dsn, ledger.schema, ledger.keyring.safe) as later:
        after = opened(Bundler(later, bundler.sealer).of_streams(["customer/C-1"], personal_for="Boss"))

    assert list(json.loads(before.files["personal.json"]).values()) == ["The shop of C-1"]
    assert (json.loads(after.files["personal.json"]), after.found()) == ({}, [])


def test_the_page_reads_in_both_languages_loads_nothing_and_escapes_what_people_wrote(of_case: Bundle) -> None:
    page = of_case.files["page.html"].decode()
    read = Tags(page)

    assert {"案件", "表决", "Votes", "Panel", "裁决", "金额"} <= set(re.findall(r"\w+", read.words))
    assert "safe 7 <drawer> & 'box'" in read.words
    assert not read.tags & {"drawer", "script", "img", "link", "iframe"}
    assert "http" not in page
    assert "〈个人信息 personal〉" in read.words


@pytest.mark.parametrize("stream", ["case/none", "deal/none", ""])
def test_what_is_not_there_cannot_be_proven(court: RecordedCourt, stream: str) -> None:
    with pytest.raises(NothingToProve):
        court.bundler.of_streams([stream])
    with pytest.raises(NothingToProve):
        court.bundler.of_case("none")


def test_a_log_that_was_altered_gives_no_bundle(ledger: Ledger, tmp_path: Path) -> None:
    bundler = on_record.small_deal(ledger, on_record.clock(), tmp_path)
    bundler.sealer.seal()
    alter(ledger, "update event set record = replace(record::text, '333333', '333334')::json where stream = 'deal/D-1'")

    with pytest.raises(LogRewritten, match="event-altered: event"):
        bundler.of_streams(["deal/D-1"])


def test_a_history_can_be_proven_alone_a_case_too(court: RecordedCourt) -> None:
    for stream in ("case/K-1", "organisation", "customer/shop"):
        bundle = opened(court.bundler.of_streams([stream]))

        assert bundle.found() == []
        assert json.loads(bundle.files["manifest.json"])["streams"][stream]["whole"]


def test_more_than_a_bundle_holds_is_refused(court: RecordedCourt, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as smaller:
        smaller.setattr("services.evidence.bundle.MOST_EVENTS", 5)
        with pytest.raises(NothingToProve, match="more than 5 events"):
            court.bundler.of_case("K-1")
    monkeypatch.setattr("services.evidence.verify_bundle.MOST_BYTES", 10_000)
    with pytest.raises(NothingToProve, match="which no verifier reads"):
        court.bundler.of_case("K-1")


def test_a_bundle_of_the_policies_holds_them_all(court: RecordedCourt) -> None:
    bundle = opened(court.bundler.of_streams(["policies", "deal/deal"]))

    assert bundle.found() == []
    assert json.loads(bundle.files["manifest.json"])["streams"]["policies"] == {"events": 1, "whole": True}


def test_bundling_seals_what_is_new_and_reads_no_further(ledger: Ledger, tmp_path: Path) -> None:
    bundler = on_record.small_deal(ledger, on_record.clock(), tmp_path)
    bundle = opened(bundler.of_streams(["deal/D-1"]))

    assert json.loads(bundle.files["manifest.json"])["size"] == ledger.head().position
    with connect(ledger.dsn, ledger.schema) as connection:
        kept = connection.execute("select count(*) from signed_head").fetchone()
    assert kept == (2,)
