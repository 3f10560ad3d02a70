"""Lines of the log are written by a thread of their own, in order, and all of them."""

from threading import Thread

import pytest
import structlog

from services.cli.logs import set_up, written_soon


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
        own = [line for line in written if f"thread={n}" in line or f'"thread": {n},' in line]
        assert len(own) == 500
