"""Lines of the log are written by a thread of their own, in order, and all of them."""

from datetime import date
from threading import Thread

import pytest
import structlog

from services.cli.logs import as_json, set_up, written_soon


def test_every_line_is_written_in_order_at_the_latest_when_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    set_up()
    with written_soon():
        log = structlog.get_logger()
        threads = [
            Thread(target=lambda n=n: [log.info("line", thread=n, number=k) for k in range(500)]) for n in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    written = capsys.readouterr().err.splitlines()
    assert len(written) == 2_000
    for n in range(4):
        own = [line for line in written if f"thread={n}" in line or f'"thread":{n},' in line]
        assert len(own) == 500


def test_a_line_holds_what_utf_8_cannot_and_what_json_knows_nothing_of() -> None:
    assert as_json({"told": "街角小店", "at": date(2024, 6, 3)}) == '{"told":"街角小店","at":"2024-06-03"}'
    assert (
        as_json({"told": "\ud800", "by": {1: date}}) == '{"told": "\\ud800", "by": {"1": "<class \'datetime.date\'>"}}'
    )
