"""The typed client against the service, and against the document that it was written from."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from sales_ledger_client import LedgerClient, Problem, Unanswered
from services.api.client import FILE, written
from tests.services.api.conftest import BEGIN, Served, at

ROOT = Path(__file__).parents[3]
WHEN = datetime.fromisoformat(at(days=5))


@pytest.fixture
def li(house: Served) -> LedgerClient:
    return LedgerClient(house.url, lambda: house.token("li"))


def test_the_client_is_what_the_document_says(house: Served) -> None:
    assert (ROOT / FILE).read_text("utf-8") == written(house.server.service.document), "python -m services.api.client"


def test_a_command_and_a_read_of_what_it_did(li: LedgerClient) -> None:
    with li:
        first = li.register_customer(at=WHEN, customer="L-1", by="li", customer_name="恒通便利店", key="client/L-1")
        again = li.register_customer(at=WHEN, customer="L-1", by="li", customer_name="恒通便利店", key="client/L-1")
        claimed = li.claim_customer(at=WHEN, customer="L-1", rep="li")
        board = li.customer(customer="L-1", min_position=claimed.true_up_to)

    assert (first.repeated, again.repeated, again.positions) == (False, True, first.positions)
    assert (board["row"]["board"]["owner"], board["row"]["board"]["name"]) == ("li", "恒通便利店")


def test_a_problem_is_an_exception_with_its_code(li: LedgerClient) -> None:
    with li, pytest.raises(Problem) as refused:
        li.register_customer(at=WHEN, customer="C-li", by="li", customer_name="Once more")

    assert (refused.value.code, refused.value.status) == ("id-taken", 409)


def test_times_are_given_with_their_zone(li: LedgerClient) -> None:
    with li, pytest.raises(ValueError, match="zone"):
        li.claim_customer(at=WHEN.replace(tzinfo=None), customer="C-free", rep="li")
    with li, pytest.raises(ValueError, match="zone"):
        li.customer_history(customer="C-li", known_at=datetime(2024, 1, 1))  # noqa: DTZ001 (that is the mistake)


def test_many_commands_are_answered_in_order_across_requests(house: Served) -> None:
    told = {"name": "register-customer", "at": WHEN, "by": "li"}
    lines = [
        {"id": f"many-{n}", **told, "customer": f"M-{n}" if n != 1_200 else "not an id", "customer_name": f"Many {n}"}
        for n in range(1_500)
    ]

    with LedgerClient(house.url, house.token("li")) as client:
        answers = list(client.commands(lines))

    assert [each.line for each in answers] == list(range(1, 1_501))
    assert [each.line for each in answers if each.problem] == [1_201]
    assert answers[1_200].problem is not None
    assert answers[1_200].problem.code == "malformed"


class Hiccup(httpx.BaseTransport):
    """Passes every other request on, and loses the answer of the rest after the service has had them."""

    def __init__(self) -> None:
        self.real = httpx.HTTPTransport()
        self.keys: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.real.handle_request(request)
        self.keys.append(request.headers["idempotency-key"])
        if len(self.keys) % 2:
            answer.read()
            raise httpx.ReadError("the answer was lost")
        return answer


def test_a_lost_answer_is_asked_for_again_under_the_same_key(house: Served) -> None:
    line = Hiccup()

    with LedgerClient(house.url, house.token("li"), transport=line) as client:
        answer = client.register_customer(at=WHEN, customer="L-2", by="li", customer_name="Lost and found")

    assert answer.repeated
    assert len(set(line.keys)) == 1
    assert len(house.books.ledger.read("customer/L-2")) == 1


def test_who_gets_no_answer_is_told_the_key_to_ask_again(house: Served) -> None:
    with LedgerClient("http://127.0.0.1:9", "none", attempts=1) as nobody, pytest.raises(Unanswered) as unanswered:
        nobody.claim_customer(at=BEGIN.astimezone(UTC), customer="C-1", rep="li", key="claim-9")

    assert unanswered.value.key == "claim-9"
