"""Whatever is wrong with a file, its good rows come through, and each bad one is told by its line."""

import os
import threading
from pathlib import Path

import pytest

from services.importing.reading import LONGEST_ROW, Row, Unreadable, opened
from services.importing.reasons import Reason
from tests.services.importing.crm import written


def rows(path: Path, encoding: str = "auto", delimiter: str = "auto") -> list[Row]:
    with opened(path, encoding, delimiter) as table:
        return list(table.rows) if table else []


def columns(path: Path) -> tuple[str, ...]:
    with opened(path) as table:
        assert table
        return table.columns


@pytest.mark.parametrize(
    ("codec", "found"),
    [("utf-8", "utf-8-sig"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("gbk", "gb18030")],
)
def test_the_encoding_is_found(tmp_path: Path, codec: str, found: str) -> None:
    path = written(tmp_path / "a.csv", "客户,金额\n恒通便利店,12\n", codec)

    with opened(path) as table:
        assert table
        assert (table.encoding, table.columns, list(table.rows)) == (
            found,
            ("客户", "金额"),
            [(2, ["恒通便利店", "12"])],
        )


def test_gb18030_is_found_far_behind_the_beginning(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "a,b\n" + "plain,text\n" * 200_000 + "恒通,便利店\n", "gb18030")

    assert rows(path)[-1] == (200_002, ["恒通", "便利店"])


def test_a_broken_line_in_utf8_is_told_and_the_others_stay_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("a,b\n恒通,1\n".encode() + b"caf\xe9,2\n" + "便利店,3\n".encode())

    assert rows(path) == [(2, ["恒通", "1"]), (3, Reason.NOT_DECODABLE), (4, ["便利店", "3"])]


def test_a_lone_surrogate_is_not_decodable(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n\xed\xa0\x80,1\n" + "便利店,3\n".encode() * 3)

    assert rows(path)[0] == (2, Reason.NOT_DECODABLE)


def test_utf16_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="save it as UTF-8"):
        rows(written(tmp_path / "a.csv", "a,b\n1,2\n", "utf-16"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    path = written(tmp_path / "a.csv", f"a{delimiter}b\n1{delimiter}2\n")

    assert rows(path) == [(2, ["1", "2"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(tmp_path: Path, end: str) -> None:
    assert rows(written(tmp_path / "a.csv", end.join(["a,b", "1,2", "", "3,4", ""]))) == [
        (2, ["1", "2"]),
        (4, ["3", "4"]),
    ]


def test_a_quoted_field_may_hold_lines_and_delimiters(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'a,b\n"one\ntwo, ""three""",2\n3,4\n')

    assert rows(path) == [(2, ['one\ntwo, "three"', "2"]), (4, ["3", "4"])]


@pytest.mark.parametrize(
    "bad",
    ['"open,1', '"cl"osed,1', 'x,"open', '"a\nb"c,1', '"two\nlines"'],
    ids=["open", "after", "last", "lines", "short"],
)
def test_quotes_that_do_not_close_cost_only_their_own_row(tmp_path: Path, bad: str) -> None:
    path = written(tmp_path / "a.csv", f"a,b\n1,2\n{bad}\n3,4\n5,6\n")

    found = rows(path)

    assert found[0] == (2, ["1", "2"])
    assert found[1] == (3, Reason.QUOTES_UNBALANCED)
    assert [fields for _, fields in found[-2:]] == [["3", "4"], ["5", "6"]]


def test_short_long_and_empty_rows_are_told(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "a,b\n1\n1,2,3\n1,2,,\n,\n\n3,4\n")

    assert rows(path) == [
        (2, Reason.TOO_FEW_COLUMNS),
        (3, Reason.TOO_MANY_COLUMNS),
        (4, ["1", "2"]),
        (5, Reason.ROW_EMPTY),
        (7, ["3", "4"]),
    ]


def test_a_nul_is_told(tmp_path: Path) -> None:
    assert rows(written(tmp_path / "a.csv", "a,b\n\x00,1\n3,4\n")) == [(2, Reason.TEXT_NOT_STORABLE), (3, ["3", "4"])]


def test_a_huge_field_is_told_and_reading_goes_on(tmp_path: Path) -> None:
    huge = "x" * (3 * LONGEST_ROW)
    path = written(tmp_path / "a.csv", f'a,b\n{huge},1\n"{huge}",2\n3,4\n')

    assert rows(path) == [(2, Reason.ROW_TOO_LONG), (3, Reason.ROW_TOO_LONG), (4, ["3", "4"])]


def test_a_field_of_half_a_million_characters_is_read(tmp_path: Path) -> None:
    note = "x" * 500_000

    assert rows(written(tmp_path / "a.csv", f"a,b\n{note},1\n")) == [(2, [note, "1"])]


def test_a_quote_that_never_closes_does_not_swallow_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'a,b\n"open,1\n' + "1,2\n" * 300_000)

    found = rows(path)

    assert found[0] == (2, Reason.QUOTES_UNBALANCED)
    assert len(found) == 300_001
    assert found[-1] == (300_002, ["1", "2"])


def test_an_empty_file_has_no_table(tmp_path: Path) -> None:
    for text in ("", "\ufeff", "\n \n"):
        with opened(written(tmp_path / "a.csv", text)) as table:
            assert table is None


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert rows(written(tmp_path / "a.csv", "a,b")) == []


def test_objects_a_line_are_read_as_rows_with_numbers_as_written(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.csv",
        '{"id": "1", "amount": 1234.50, "who": {"name": "甲"}}\n\n{"id": 2, "more": null, "who.name": true}\n',
    )

    assert columns(path) == ("id", "amount", "who.name", "more")
    assert rows(path) == [(1, ["1", "1234.50", "甲", ""]), (3, ["2", "", "true", ""])]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[1]", Reason.NOT_JSON),
        ('{"id": ', Reason.NOT_JSON),
        ('{"id": [1]}', Reason.NOT_JSON),
        ("[" * 100_000, Reason.NOT_JSON),
        ('{"id": "\\u0000"}', Reason.TEXT_NOT_STORABLE),
        ('{"id": "\\ud800"}', Reason.TEXT_NOT_STORABLE),
        ('{"id": "' + "x" * LONGEST_ROW + '"}', Reason.ROW_TOO_LONG),
    ],
    ids=["list", "cut", "nested", "deep", "nul", "surrogate", "long"],
)
def test_a_bad_object_is_told_and_the_next_is_read(tmp_path: Path, line: str, reason: Reason) -> None:
    path = written(tmp_path / "a.ndjson", f'{{"id": "1"}}\n{line}\n{{"id": "3"}}\n')

    assert rows(path) == [(1, ["1"]), (2, reason), (3, ["3"])]


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("a,b\n恒通,2\n",), kwargs={"encoding": "gb18030"})
    writer.start()

    assert rows(pipe) == [(2, ["恒通", "2"])]
    writer.join()


def test_a_file_that_is_not_there_or_no_file_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(Unreadable, match=str(path)):
            rows(path)
