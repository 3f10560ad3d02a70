"""A small CRM's export of our own invention, as dirty as real ones, in the shape of the Maven set; and how it is imported."""

import csv
from dataclasses import dataclass, field
from pathlib import Path

from services.importing.books import LedgerBooks
from services.importing.mapping import MappingFile, read_mapping
from services.importing.reasons import Explanation
from services.importing.rehearsal import Rehearsal
from services.importing.run import Account, run_import
from services.ledger.application import Ledger

MAPPINGS = Path(__file__).resolve().parents[3] / "services" / "samples" / "mappings"

TEAMS = """sales_agent,manager,regional_office
Agent One,Manager North,North
Agent Two,Manager North,North
Agent Three,Manager South,South
"""

ACCOUNTS = """account,sector,year_established,revenue,employees,office_location,subsidiary_of
Quillon & Sons,technolgy,1996,1100.04,2822,United States,
Varnholt,medical,1999,251.41,495,Kenya,
Ostrava Works,retail,1986,647.18,1185,,Varnholt
"""

PRODUCTS = """product,series,sales_price
GTX Pro,GTX,4821
MG Special,MG,55
"""

PIPELINE = """opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value
AAAA0001,Agent One,GTXPro,Quillon & Sons,Won,2017-01-10,2017-03-01,1054
AAAA0002,Agent Two,MG Special,Varnholt,Won,2017-02-10,2017-03-05,"4,514"
AAAA0003,Agent Three,GTX Pro,Ostrava Works,Lost,2017-02-11,2017-04-01,0
AAAA0004,Agent One,MG Special,Varnholt,Engaging,2017-05-01,,
AAAA0005,Agent Two,GTX Pro,,Engaging,2017-05-02,,
AAAA0006,Agent Two,GTX Pro,,Prospecting,,,
AAAA0007,Agent Three,GTX Pro,Varnholt,Prospecting,,,
AAAA0008,Agent Three,MG Special,Nobody Knows,Prospecting,2017-06-01,,
AAAA0009,Agent Three,MG Speciall,Varnholt,Won,2017-06-01,2017-07-01,55
AAAA0010,Agent Four,MG Special,Varnholt,Won,2017-06-02,2017-07-01,60
AAAA0011,Agent One,MG Special,Varnholt,Won,2017-06-03,2017-07-01,many
AAAA0012,Agent One,MG Special,Varnholt,Won,2017-06-03,2017-07-01,7.125
AAAA0013,Agent One,MG Special,Varnholt,Won,2017-06-04,03/07/2017,70
AAAA0014,Agent One,MG Special,Varnholt
AAAA0015,Agent One,MG Special,Varnholt,Won,2017-06-05,2017-07-01,75,what,else
AAAA0016,Agent One,MG Special,Varnholt,Gone,2017-06-05,2017-07-01,80
AAAA0017,Agent\x00One,MG Special,Varnholt,Won,2017-06-06,2017-07-01,85
AAAA0018,Agent One,MG Special,"Varn"holt,Won,2017-06-07,2017-07-01,90
,Agent One,MG Special,Varnholt,Won,2017-06-08,2017-07-01,95
AAAA0020,  agent  one ,MG Special,Quillon & Sons,Won,2017-06-08,2017-07-01,100
"""

STAYS_OUT = {
    "AAAA0005": "value-missing",
    "AAAA0006": "value-missing",
    "AAAA0007": "value-missing",
    "AAAA0008": "unknown-customer",
    "AAAA0009": "value-unknown",
    "AAAA0010": "unknown-rep",
    "AAAA0011": "number-unreadable",
    "AAAA0012": "amount-not-whole",
    "AAAA0013": "date-unreadable",
    "AAAA0014": "too-few-columns",
    "AAAA0015": "too-many-columns",
    "AAAA0016": "value-unknown",
    "AAAA0017": "text-not-storable",
    "AAAA0018": "quotes-unbalanced",
    "AAAA0019": "value-missing",
}
"""Why each row of the pipeline that does not come in does not, in the order of the file."""


@dataclass
class Imported:
    """An import's account, and everything it explained."""

    account: Account
    explained: list[Explanation] = field(default_factory=list)

    def codes(self) -> list[str]:
        return [str(each.code) for each in self.explained]


def write(folder: Path, **texts: str) -> list[Path]:
    """Write the export's files, those given with other texts, and give them with the pipeline first."""
    files = {"sales_pipeline": PIPELINE, "sales_teams": TEAMS, "accounts": ACCOUNTS, "products": PRODUCTS} | texts
    return [written(folder / f"{name}.csv", text) for name, text in files.items()]


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def import_files(
    ledger: Ledger, files: list[Path], mapping: str | MappingFile = "maven-crm", *, dry_run: bool = False
) -> Imported:
    """Import files by a shipped mapping, or another one."""
    read = read_mapping(MAPPINGS / f"{mapping}.yaml") if isinstance(mapping, str) else mapping
    books = LedgerBooks(ledger)
    explained: list[Explanation] = []
    account = run_import(files, read, Rehearsal(books) if dry_run else books, books.fingerprint, explained.append)
    return Imported(account, explained)


def edited(name: str, folder: Path, *changes: tuple[str, str]) -> MappingFile:
    """A shipped mapping with parts of its text replaced."""
    text = (MAPPINGS / f"{name}.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_mapping(written(folder / f"{name}.yaml", text))


def ids_and_facts(ledger: Ledger) -> dict[str, str]:
    """Every fact by its event's id: the same facts have the same ids and say the same, whatever their positions."""
    return {
        str(each.event_id): f"{each.stream} {each.fact.kind} {each.fact.at.isoformat()} {each.command_id}"
        for each in ledger.read_all(limit=100_000)
    }


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
