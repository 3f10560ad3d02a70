"""Whoever alters a bundle is found, and what was done is named; by strangers, and by who holds the ledger's own key."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.evidence import verify_bundle
from services.evidence.verify_bundle import canonical
from tests.services.evidence import naive
from tests.services.evidence.conftest import TRUSTED, Bundle
from tests.services.evidence.forging import (
    edited,
    entries,
    lines,
    listed,
    rewritten_log,
    with_events,
    with_lines,
)
from tests.services.evidence.on_record import KEY, OTHER_KEY, RecordedCourt


def names(bundle: Bundle, code: str, where: str) -> bool:
    return (code, where) in [each[:2] for each in bundle.found()]


def place(bundle: Bundle, kind: str) -> int:
    return next(i for i, entry in enumerate(entries(bundle)) if entry["kind"] == kind)


def at(bundle: Bundle, index: int) -> str:
    return f"event {entries(bundle)[index]['position']}"


def test_a_dropped_event_is_named_whether_or_not_its_proof_went_with_it(of_case: Bundle) -> None:
    index = place(of_case, "vote-cast.v1")
    written, told = lines(of_case), entries(of_case)
    del written[index]
    without_text = with_lines(of_case, written)
    version = told[index]["version"]
    del told[index]
    without_both = with_events(of_case, written, told)

    assert names(without_text, "event-dropped", at(of_case, index))
    assert ("event-dropped", "case/K-1", f"event {version} of the stream is missing") in without_both.found()


def test_the_last_event_of_a_stream_cannot_be_dropped_either(of_case: Bundle) -> None:
    index = max(i for i, entry in enumerate(entries(of_case)) if entry["stream"] == "case/K-1")
    written, told = lines(of_case), entries(of_case)
    del written[index], told[index]

    assert names(with_events(of_case, written, told), "event-dropped", "case/K-1")


def test_an_altered_event_is_named(of_case: Bundle) -> None:
    index = place(of_case, "decision-issued.v1")
    written = lines(of_case)
    written[index] = written[index].replace(b'"majority"', b'"no-majority"')

    assert names(with_lines(of_case, written), "event-altered", at(of_case, index))
    assert names(with_events(of_case, written, entries(of_case)), "event-altered", at(of_case, index))


def test_an_event_of_another_date_is_named_with_both_dates(of_case: Bundle) -> None:
    index = place(of_case, "dispute-filed.v1")
    written = lines(of_case)
    true = entries(of_case)[index]["occurred_at"]
    written[index] = written[index].replace(true.encode(), true.replace("-26T", "-25T").encode())
    found = with_lines(of_case, written).found()

    redated = next(message for code, where, message in found if (code, where) == ("event-redated", at(of_case, index)))
    assert true in redated
    assert true.replace("-26T", "-25T") in redated
    assert names(with_events(of_case, written, entries(of_case)), "event-altered", at(of_case, index))


def test_a_time_of_recording_that_goes_back_is_named(of_case: Bundle) -> None:
    index = place(of_case, "dispute-filed.v1")
    written = lines(of_case)
    written[index] = written[index].replace(
        entries(of_case)[index]["recorded_at"].encode(), b"2019-01-01T00:00:00.000000Z"
    )

    assert names(with_events(of_case, written, entries(of_case)), "event-redated", at(of_case, index))


def test_events_in_another_order_are_named(of_case: Bundle) -> None:
    one = place(of_case, "vote-cast.v1")
    written, told = lines(of_case), entries(of_case)
    written[one], written[one + 1] = written[one + 1], written[one]
    moved_along = [dict(each) for each in told]
    for name in ("position", "path"):
        moved_along[one][name], moved_along[one + 1][name] = told[one + 1][name], told[one][name]

    assert names(with_lines(of_case, written), "event-reordered", at(of_case, one))
    assert names(with_events(of_case, written, told), "event-reordered", at(of_case, one))
    assert names(with_events(of_case, lines(of_case), moved_along), "event-reordered", at(of_case, one))


def test_an_event_that_never_was_is_named(of_case: Bundle) -> None:
    written = [*lines(of_case), lines(of_case)[-1].replace(b"P-2", b"P-3")]

    assert "event-added" in with_lines(of_case, written).codes()
    assert "event-altered" in with_events(of_case, written, [*entries(of_case), entries(of_case)[-1]]).codes()


def test_a_head_of_another_key_is_named(of_case: Bundle) -> None:
    text = of_case.files["head.note"].decode().rpartition("\n\n")[0] + "\n"
    forged = listed(of_case, {"head.note": OTHER_KEY.signed(text).encode()})

    assert {("head-not-signed", "head.note"), ("head-not-signed", "manifest.note")} <= {
        each[:2] for each in forged.found()
    }


def test_whoever_brings_an_own_key_is_found_by_who_knows_the_ledgers(small: Bundle) -> None:
    texts = lines(small)
    head = rewritten_log(texts, OTHER_KEY)
    proofs = [
        {**entry, "position": n + 1, "path": [each.hex() for each in naive.path(n, texts)]}
        for n, entry in enumerate(entries(small))
    ]
    files = {
        "head.note": head,
        "proofs.json": canonical({"events": proofs}),
        "heads.json": canonical({"since": 1, "heads": []}),
    }
    forged = listed(small, files, OTHER_KEY, size=len(texts), key=str(OTHER_KEY.public))

    assert verify_bundle.check(forged.files) == []
    assert "head-not-signed" in forged.codes()


def test_a_head_that_does_not_continue_the_published_ones_is_named(of_case: Bundle, court: RecordedCourt) -> None:
    log = [bytes(each.state) for each in court.ledger.recorder.select_notifications(1, 10_000)]
    log[0] = log[0].replace(b"head-office", b"main-office")
    head = rewritten_log(log)
    told = [
        {**entry, "path": [each.hex() for each in naive.path(entry["position"] - 1, log)]} for entry in entries(of_case)
    ]
    rewritten = listed(of_case, {"head.note": head, "proofs.json": canonical({"events": told})}, KEY)

    assert names(rewritten, "heads-inconsistent", "heads.json")


def test_a_witness_sees_heads_that_were_left_out_or_replaced(
    of_case: Bundle, court: RecordedCourt, witness: Path
) -> None:
    kept = witness.read_bytes()
    left_out = edited(of_case, "heads.json", lambda told: {**told, "heads": told["heads"][1:]})
    before_the_case = [bytes(each.state) for each in court.ledger.recorder.select_notifications(1, 60)]
    replaced = rewritten_log(before_the_case[::-1])

    assert of_case.found([("witness", kept)]) == []
    assert {each[:2] for each in left_out.found([("witness", kept)])} >= {("heads-inconsistent", "witness")}
    assert {each[:2] for each in of_case.found([("witness", replaced)])} == {("heads-inconsistent", "witness")}
    assert {
        each[:2] for each in of_case.found([("w", kept.replace(b"AAA", b"BBB") + b"x\n1\ny\n\n\xe2\x80\x94 a b\n")])
    } >= {("head-not-signed", "w")}


def more(told: Any) -> None:
    told[0]["amount"] += 1


def to_another(told: Any) -> None:
    told[-1]["payee"] = "Zhou"


def one_less(told: Any) -> None:
    told.pop()


@pytest.mark.parametrize("edit", [more, to_another, one_less])
@pytest.mark.parametrize("key", [KEY, OTHER_KEY], ids=["by the keeper", "by a stranger"])
def test_amounts_that_do_not_follow_are_named(of_case: Bundle, edit: Any, key: Any) -> None:
    assert names(edited(of_case, "amounts.json", edit, key), "amounts-differ", "amounts.json")


def test_a_case_told_otherwise_than_its_events_is_named(of_case: Bundle) -> None:
    told = edited(of_case, "case.json", lambda case: case["votes"][0].update(opinion="I saw something else"))

    assert names(told, "case-differs", "case.json")


def test_personal_values_of_somebody_else_are_named(of_case: Bundle) -> None:
    planted = listed(of_case, {"personal.json": canonical({"sealed.1.eA.eA": "somebody"})}, KEY)

    assert names(planted, "personal-untied", "personal.json")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("proofs.json", {"events": [{}]}),
        ("proofs.json", {"events": 7}),
        ("proofs.json", []),
        ("heads.json", {"since": 1, "heads": [{"note": 7, "proof": []}]}),
        ("heads.json", {}),
        ("amounts.json", "none"),
        ("case.json", None),
        ("personal.json", 7),
    ],
)
def test_files_of_another_shape_are_a_finding_and_no_crash(of_case: Bundle, name: str, told: Any) -> None:
    assert listed(of_case, {name: canonical(told)}, KEY).found() != []


@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b"\xff", b"1" * 100_000, b"[NaN]", b'{"a":1,"a":1}'])
def test_json_that_is_none_is_a_finding_and_no_crash(of_case: Bundle, data: bytes) -> None:
    for name in ("manifest.json", "proofs.json", "heads.json"):
        assert of_case.with_file(name, data).found() != []


def test_the_bundle_says_what_it_is(of_case: Bundle) -> None:
    manifest = json.loads(of_case.files["manifest.json"])

    assert manifest["case"] == "K-1"
    assert {name: told["whole"] for name, told in manifest["streams"].items()} == {
        "case/K-1": True,
        "customer/shop": True,
        "deal/deal": True,
        "policies": False,
    }
    assert verify_bundle.read_key(manifest["key"]) == TRUSTED
