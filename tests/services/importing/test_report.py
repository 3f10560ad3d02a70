"""The report can be opened in Excel without harm, and read by a script."""

import json
from pathlib import Path

from services.importing.reasons import Explanation
from services.importing.report import reporting
from tests.services.importing.crm import rows_of

ROW = Explanation("=cmd|' /C calc'!A0.csv", 3, "deals", "-1+2", "date-unreadable", "@day", "Bad, “quoted”", "改一改")


def test_a_csv_report_has_a_mark_for_excel_and_no_formulas(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    with reporting(path) as explain:
        explain(ROW)

    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert rows_of(path) == [
        {
            "file": "'=cmd|' /C calc'!A0.csv",
            "line": "3",
            "shape": "deals",
            "key": "'-1+2",
            "code": "date-unreadable",
            "column": "'@day",
            "message": "Bad, “quoted”",
            "what_to_do": "改一改",
        }
    ]


def test_an_ndjson_report_has_an_object_a_line(tmp_path: Path) -> None:
    path = tmp_path / "report.ndjson"
    with reporting(path) as explain:
        explain(ROW)
        explain(ROW)

    told = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [each["what_to_do"] for each in told] == ["改一改", "改一改"]
    assert told[0]["key"] == "-1+2"
