"""An export comes in whole or is explained row by row; what is in stays in, once, in whatever form it comes again."""

from pathlib import Path

from domain.contract.facts import ContractSigned
from domain.deal.facts import DealLost, DealOpened, StageAdvanced
from domain.organisation.facts import RepJoined
from domain.payment.facts import PaymentReceived
from services.ledger.application import Ledger
from tests.conftest import OpenLedger
from tests.services.importing.crm import (
    ACCOUNTS,
    PIPELINE,
    STAYS_OUT,
    TEAMS,
    edited,
    ids_and_facts,
    import_files,
    write,
    written,
)


def test_every_row_comes_in_or_is_explained_with_its_line(ledger: Ledger, tmp_path: Path) -> None:
    done = import_files(ledger, write(tmp_path))

    pipeline = next(each for each in done.account.files if each.file == "sales_pipeline.csv")
    assert (pipeline.rows, pipeline.came_in, pipeline.not_in) == (20, 5, 15)
    assert {each.line - 1: each.code for each in done.explained} == {
        int(key[-2:]): code for key, code in STAYS_OUT.items()
    }
    assert all(each.what_to_do for each in done.explained)


def test_a_won_row_becomes_a_deal_a_contract_and_a_payment(ledger: Ledger, tmp_path: Path) -> None:
    import_files(ledger, write(tmp_path))

    facts = [each.fact for each in ledger.read("deal/AAAA0002")]
    assert [type(fact) for fact in facts[:2]] == [DealOpened, ContractSigned]
    signed = next(fact for fact in facts if isinstance(fact, ContractSigned))
    paid = next(fact for fact in facts if isinstance(fact, PaymentReceived))
    assert (signed.amount, signed.currency, signed.at.isoformat()) == (451_400, "USD", "2017-03-05T00:00:00-05:00")
    assert (paid.amount, paid.external_id) == (451_400, "maven-crm:AAAA0002")


def test_the_manager_of_the_agent_answers_for_the_stages_that_were_skipped(ledger: Ledger, tmp_path: Path) -> None:
    import_files(ledger, write(tmp_path))

    duties = {each.fact.rep: each.fact.duty for each in ledger.read("organisation") if isinstance(each.fact, RepJoined)}
    signing = next(each for each in ledger.read("deal/AAAA0001") if isinstance(each.fact, ContractSigned))
    opening = next(each for each in ledger.read("deal/AAAA0001") if isinstance(each.fact, DealOpened))
    assert duties[signing.actor] == "manager"
    assert isinstance(opening.fact, DealOpened)
    assert duties[opening.fact.rep] == "rep"


def test_lost_and_open_rows_become_lost_and_open_deals(ledger: Ledger, tmp_path: Path) -> None:
    import_files(ledger, write(tmp_path))

    assert isinstance(ledger.read("deal/AAAA0003")[-1].fact, DealLost)
    engaged = ledger.read("deal/AAAA0004")[-1].fact
    assert isinstance(engaged, StageAdvanced)
    assert engaged.stage == "contacted"


def test_repeating_an_import_changes_nothing_and_says_so(ledger: Ledger, tmp_path: Path) -> None:
    files = write(tmp_path)
    first = import_files(ledger, files)
    before = ledger.head()

    again = import_files(ledger, files)

    assert ledger.head() == before
    assert again.account.total("came_in") == 0
    assert again.account.total("repeated") == first.account.total("came_in")
    assert again.codes() == first.codes()


def test_the_same_rows_in_renamed_files_and_another_order_are_the_same_facts(
    open_here: OpenLedger, ledger: Ledger, tmp_path: Path
) -> None:
    import_files(ledger, write(tmp_path))
    before = ids_and_facts(ledger)
    head, *rows = PIPELINE.splitlines()
    turned = written(tmp_path / "other" / "an export.txt", "\r\n".join([head, *reversed(rows)]))
    teams = written(tmp_path / "other" / "b.csv", TEAMS)

    again = import_files(open_here(), [turned, teams, written(tmp_path / "other" / "c.csv", ACCOUNTS)])

    assert again.account.total("came_in") == 0
    assert ids_and_facts(ledger) == before


def test_another_order_makes_the_same_facts_in_a_fresh_ledger(ledger: Ledger, tmp_path: Path) -> None:
    head, *rows = PIPELINE.splitlines()
    import_files(ledger, write(tmp_path, sales_pipeline="\n".join([head, *reversed(rows)])))

    keys = [each.command_id for each in ledger.read_all() if "/AAAA0001/" in each.command_id]
    assert dict.fromkeys(keys) == {
        f"maven-crm/sales_pipeline/AAAA0001/{step}": None for step in ("open", "sign", "pay")
    }
    assert "maven-crm/sales_pipeline/AAAA0020/pay" in {each.command_id for each in ledger.read_all(limit=10_000)}


def test_a_row_changed_since_is_reported_and_not_overwritten(ledger: Ledger, tmp_path: Path) -> None:
    import_files(ledger, write(tmp_path))
    before = ledger.head()

    changed = import_files(ledger, write(tmp_path, sales_pipeline=PIPELINE.replace(",1054", ",9999")))

    assert ledger.head() == before
    told = [each for each in changed.explained if each.code == "changed-since"]
    assert [(each.line, each.key) for each in told] == [(2, "AAAA0001")]
    assert "of its own" in told[0].what_to_do


def test_a_deal_that_was_won_since_the_last_export_goes_on(ledger: Ledger, tmp_path: Path) -> None:
    import_files(ledger, write(tmp_path))
    won = PIPELINE.replace(
        "AAAA0004,Agent One,MG Special,Varnholt,Engaging,2017-05-01,,",
        "AAAA0004,Agent One,MG Special,Varnholt,Won,2017-05-01,2017-06-30,500",
    )

    done = import_files(ledger, write(tmp_path, sales_pipeline=won))

    assert done.account.total("came_in") == 1
    assert isinstance(ledger.read("deal/AAAA0004")[-1].fact, PaymentReceived)


def test_a_refused_row_comes_in_once_what_it_needed_is_there(ledger: Ledger, tmp_path: Path) -> None:
    first = import_files(ledger, write(tmp_path))
    assert "unknown-customer" in first.codes()
    more = ACCOUNTS + "Nobody Knows,medical,1999,251.41,495,Kenya,\n"

    second = import_files(ledger, write(tmp_path, accounts=more))
    third = import_files(ledger, write(tmp_path, accounts=more))

    assert "unknown-customer" not in second.codes()
    assert second.account.total("came_in") == 2
    assert (third.account.total("came_in"), third.codes()) == (0, second.codes())


def test_a_refused_row_comes_in_once_it_is_corrected(ledger: Ledger, tmp_path: Path) -> None:
    import_files(ledger, write(tmp_path))

    done = import_files(ledger, write(tmp_path, sales_pipeline=PIPELINE.replace("Nobody Knows", "Varnholt")))

    assert "changed-since" not in done.codes()
    assert isinstance(ledger.read("deal/AAAA0008")[0].fact, DealOpened)


def test_rows_of_one_key_with_other_content_are_told(ledger: Ledger, tmp_path: Path) -> None:
    twice = PIPELINE + "AAAA0001,Agent One,GTXPro,Quillon & Sons,Won,2017-01-10,2017-03-01,1055\n"

    done = import_files(ledger, write(tmp_path, sales_pipeline=twice))

    assert [each.key for each in done.explained if each.code == "changed-since"] == ["AAAA0001"]


def test_a_dry_run_tells_the_same_and_appends_nothing(ledger: Ledger, tmp_path: Path) -> None:
    files = write(tmp_path)
    before = ledger.head()

    dry = import_files(ledger, files, dry_run=True)
    assert ledger.head() == before
    real = import_files(ledger, files)

    assert [(each.file, each.came_in, each.not_in) for each in dry.account.files] == [
        (each.file, each.came_in, each.not_in) for each in real.account.files
    ]
    assert dry.explained == real.explained


def test_a_dry_run_beside_what_is_in_finds_repetitions_and_changes(ledger: Ledger, tmp_path: Path) -> None:
    import_files(ledger, write(tmp_path))
    changed = write(tmp_path, sales_pipeline=PIPELINE.replace(",1054", ",9999"))

    dry = import_files(ledger, changed, dry_run=True)
    real = import_files(ledger, changed)

    assert dry.explained == real.explained
    assert dry.account.total("repeated") == real.account.total("repeated")


def test_an_interrupted_import_goes_on_where_it_was(open_here: OpenLedger, ledger: Ledger, tmp_path: Path) -> None:
    import_files(ledger, write(tmp_path, sales_pipeline="\n".join(PIPELINE.splitlines()[:2])))
    there = ledger.head().position

    done = import_files(open_here(), write(tmp_path))

    assert ledger.head().position > there
    assert done.account.total("came_in") == 4


def test_an_empty_file_is_told_and_the_others_come_in(ledger: Ledger, tmp_path: Path) -> None:
    done = import_files(ledger, [*write(tmp_path), written(tmp_path / "nothing.csv", "\ufeff\n")])

    assert [(each.file, each.line) for each in done.explained if each.code == "file-empty"] == [("nothing.csv", 0)]
    assert done.account.total("came_in") == 11


def test_no_name_of_a_person_stands_in_an_id_or_an_explanation(ledger: Ledger, tmp_path: Path) -> None:
    done = import_files(ledger, write(tmp_path))

    told = " ".join([*ids_and_facts(ledger).values(), *(repr(each) for each in done.explained)])
    assert not [name for name in ("Agent", "Manager ", "Quillon", "Varnholt", "Nobody Knows") if name in told]


def test_what_the_setup_wants_and_stands_already_is_noted(
    open_here: OpenLedger, ledger: Ledger, tmp_path: Path
) -> None:
    import_files(ledger, write(tmp_path))
    other = edited("maven-crm", tmp_path, ("source: maven-crm ", "source: another-crm "), ("MAVEN-1", "MAVEN-2"))

    done = import_files(open_here(), write(tmp_path), other)

    assert [note.split()[0] for note in done.account.notes] == ["policy", "company", "registrar"]


def test_columns_that_nobody_takes_are_noted(ledger: Ledger, tmp_path: Path) -> None:
    head, *rows = ACCOUNTS.splitlines()
    wider = "\n".join([f"{head},rating", *(f"{row},A" for row in rows)])

    done = import_files(ledger, write(tmp_path, accounts=wider))

    assert done.account.notes == ["accounts.csv has columns that the mapping does not take: rating"]
