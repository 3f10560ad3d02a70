"""Policies as files: everything that can be wrong with one is told with its line and column, and what to do."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.policy.difference import Change, difference
from services.policy_files import PolicyFile, lint_files, read_policy, shipped, shipped_file, shipped_ids
from services.yaml_places import NotYaml, Place, read_yaml

B2B = shipped_file("B2B-1").read_text(encoding="utf-8")


def written(tmp_path: Path, old: str, new: str, text: str = B2B) -> Path:
    """B2B-1 in a file, with the first place of the old text changed to the new."""
    assert old in text
    file = tmp_path / "policy.yaml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def line_of(text: str, within: str = B2B) -> int:
    return within[: within.index(text)].count("\n") + 1


def only(file: Path) -> tuple[str, str, Place, str]:
    (read,) = lint_files([file])
    (finding,) = read.findings
    return finding.code, finding.term, finding.place, finding.message


def codes(read: PolicyFile) -> list[str]:
    return [finding.code for finding in read.findings]


def test_the_policies_of_the_language_are_shipped_and_nothing_is_wrong_with_them() -> None:
    assert shipped_ids() == ["B2B-1", "RC-1", "RE-1"]
    assert [file.findings for file in lint_files([shipped_file(name) for name in shipped_ids()])] == [(), (), ()]


def test_who_asks_for_a_policy_that_is_not_shipped_is_told_which_are() -> None:
    with pytest.raises(LookupError, match="B2B-1, RC-1, RE-1"):
        shipped("B2B-2")


def test_an_unknown_term_is_told_with_its_place_and_the_nearest_known_one(tmp_path: Path) -> None:
    code, term, place, message = only(written(tmp_path, "cap_times: 6", "cap_times: 6\n    cap_dayz: 9"))

    assert (code, term, place) == ("unknown-key", "pool.retention.cap_dayz", Place(line_of("cap_times: 6") + 1, 5))
    assert message.endswith("did you mean cap_days?")


def test_an_unknown_term_far_from_all_known_ones_is_told_with_all_of_them(tmp_path: Path) -> None:
    _, _, _, message = only(written(tmp_path, "  distance_m: 500", "  distance_m: 500\n  zzz: 1"))

    assert message == "there is no zzz here; there are distance_m, late_after_minutes"


def test_a_misspelt_term_in_a_list_is_told_by_the_place_in_the_list(tmp_path: Path) -> None:
    read = read_policy(written(tmp_path, "      fallback: CLOSER", "      falback: CLOSER"))

    assert [(each.code, each.term) for each in read.findings] == [("unknown-key", "commission.roles[1].falback")]


@pytest.mark.parametrize(
    ("old", "new", "term", "told"),
    [
        ("cool_down_days: 7", 'cool_down_days: "7"', "pool.cool_down_days", "whole number, without quotes"),
        ("cool_down_days: 7", "cool_down_days: 7.5", "pool.cool_down_days", "whole number"),
        ("cool_down_days: 7", "cool_down_days: yes", "pool.cool_down_days", "whole number"),
        ("cool_down_days: 7", "cool_down_days: 007", "pool.cool_down_days", "write a plain decimal number"),
        ("cool_down_days: 7", "cool_down_days: 7:00", "pool.cool_down_days", "write a plain decimal number"),
        ("cool_down_days: 7", "cool_down_days: -1", "pool.cool_down_days", "greater than or equal to 0"),
        ("cool_down_days: 7", f"cool_down_days: {'9' * 5000}", "pool.cool_down_days", "cannot be read as a number"),
        ("      close: 10", "      close: 0", "pool.quota.newcomer.close", "greater than 0"),
        ("renewal: in-full", "renewal: full", "pool.retention.renewal", "'in-full'; or must be a valid integer"),
        ("policy: B2B-1", "policy: 1", "policy", "in quotes"),
        ("policy: B2B-1", "policy: B2B 1", "policy", "a name has letters, digits"),
        ("phone_region: CN", "phone_region: China", "phone_region", "must match ^[A-Z]{2}$"),
        ("time_zone: Asia/Shanghai", "time_zone: Mars/Olympus", "time_zone", "no time zone of this name"),
        ("currency: CNY", "currency: RMB", "currency", "ISO 4217"),
        ("2010-01-01T00:00:00+08:00", "2010-01-01T00:00:00", "effective_from", "such as +08:00"),
        ("2010-01-01T00:00:00+08:00", "2010-01-01", "effective_from", "2024-01-31T00:00:00+08:00"),
        ("2010-01-01T00:00:00+08:00", "2010-13-41T00:00:00+08:00", "effective_from", "2024-01-31T00:00:00+08:00"),
        ("scope: {}", "scope: north", "scope", "`name: value`"),
        ("title: 企业", 'title: "\\ud800" # 企业', "title", "half a character"),
        ("title: 企业", "title: !!binary aGk= # 企业", "title", "no kind of value used here"),
        ("title: 企业", "title: !!python/name:os.system # 企业", "title", "no kind of value used here"),
    ],
)
def test_a_wrong_value_is_told_with_its_place_and_what_to_write(
    tmp_path: Path, old: str, new: str, term: str, told: str
) -> None:
    file = written(tmp_path, old, new)
    code, found, place, message = only(file)

    assert (code in ("wrong-value", "not-plain", "text-not-storable"), found) == (True, term)
    assert place.line == line_of(new, file.read_text(encoding="utf-8"))
    assert told in message


def test_one_value_where_a_list_belongs_is_told_how_to_write_a_list(tmp_path: Path) -> None:
    code, term, _, message = only(written(tmp_path, "  - follow-up-record\n  - collection-record", "  all"))

    assert (code, term) == ("wrong-value", "artefacts")
    assert "each after a dash" in message


def test_a_missing_term_is_told_where_it_belongs(tmp_path: Path) -> None:
    code, term, place, _ = only(written(tmp_path, "  cool_down_days: 7", "  # nothing"))

    assert (code, term, place) == ("missing", "pool.cool_down_days", Place(line_of("pool:  "), 1))


def test_a_term_that_stands_twice_is_told_where_it_stands_again(tmp_path: Path) -> None:
    code, term, place, message = only(written(tmp_path, "currency: CNY", "currency: CNY\ncurrency: USD"))

    assert (code, term, place) == ("key-repeated", "currency", Place(line_of("currency: CNY") + 1, 1))
    assert f"first on line {line_of('currency: CNY')}" in message


def test_what_lint_finds_is_told_with_the_place_of_the_term(tmp_path: Path) -> None:
    code, term, place, _ = only(written(tmp_path, "fallback: CLOSER", "fallback: CLOSR"))

    assert (code, term) == ("fallback-unknown", "commission.roles[1].fallback")
    assert place == Place(line_of("fallback: CLOSER"), 7)


def test_a_finding_reads_as_editors_and_compilers_write_it(tmp_path: Path) -> None:
    file = written(tmp_path, "signed_stage: signed", "signed_stage: won")
    (read,) = lint_files([file])

    assert str(read.findings[0]).startswith(f"{file}:{line_of('signed_stage')}:1: error: signed_stage: won is no stage")


def test_everything_wrong_with_a_file_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        B2B.replace("currency: CNY", "currency: RMB").replace("cool_down_days", "cooldown").replace("rate:", "rates:")
    )
    read = read_policy(written(tmp_path, "policy", "policy", text))

    assert codes(read) == ["wrong-value", "missing", "unknown-key", "missing", "unknown-key"]
    assert sorted(each.place for each in read.findings) == [each.place for each in read.findings]


def test_files_are_linted_beside_each_other(tmp_path: Path) -> None:
    second = written(tmp_path, "policy: B2B-1", "policy: B2B-2")
    first, other = lint_files([shipped_file("B2B-1"), second])

    assert (codes(first), codes(other)) == (["overlap"], ["overlap"])
    assert other.findings[0].place == Place(line_of("effective_from: 2010"), 1)


def test_files_are_linted_beside_what_is_published(tmp_path: Path) -> None:
    (read,) = lint_files([written(tmp_path, "cool_down_days: 7", "cool_down_days: 8")], [shipped("B2B-1")])

    assert codes(read) == ["id-taken"]
    assert codes(lint_files([shipped_file("B2B-1")], [shipped("B2B-1")])[0]) == []


@pytest.mark.parametrize(
    ("content", "told", "line"),
    [
        (b"a: [1, 2", "expected ',' or ']'", 1),
        (b"a: 1\n b: 2\n", "mapping values are not allowed here", 2),
        (b"a: 1\n---\na: 2\n", "expected a single document", 2),
        (b"a: 1\nb: \x00\n", "character that YAML does not allow", 2),
        ("a: 1\nb: 公海".encode("gb18030"), "save it as UTF-8", 2),
        (b"[" * 100_000, "nested too deeply", 1),
        (b"a: *b\n", "undefined alias", 1),
        (b"a: &a [*a]\n", "alias refers to itself", 1),
        (b"a: &a [x,x,x,x,x,x,x,x]\n" + b"".join(b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 8)) for c in range(98, 110)), "aliases", 1),
        (b"#" * 4_000_001, "more than 4,000,000 are not read", 1),
    ],
)  # fmt: skip
def test_what_is_no_yaml_is_told_with_the_line_where_reading_ended(content: bytes, told: str, line: int) -> None:
    with pytest.raises(NotYaml, match=told) as raised:
        read_yaml(content)

    assert raised.value.place.line == line


def test_a_file_that_is_not_there_or_empty_is_told(tmp_path: Path) -> None:
    empty = tmp_path / "empty.yaml"
    empty.write_bytes(b"# nothing\n")

    assert read_policy(tmp_path / "none.yaml").unreadable
    assert read_policy(tmp_path).unreadable
    assert codes(read_policy(empty)) == ["empty"]


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + B2B.encode())

    assert read_policy(file).version == shipped("B2B-1")


@given(st.binary(max_size=200) | st.text(alphabet="ab:-[]{}&*!|>'\"%@# \n\t0", max_size=80).map(str.encode))
@example(b"<<: {a: 1}")
@example(b"? [a, b]\n: c")
@example(b"=: 1")
def test_whatever_bytes_a_file_has_it_is_read_or_refused_with_a_place(content: bytes) -> None:
    places = places_in(content)

    assert all(place.line >= 1 and place.column >= 1 for place in places)


def places_in(content: bytes) -> list[Place]:
    try:
        return list(read_yaml(content).places.values())
    except NotYaml as refused:
        return [refused.place]


def test_policies_differ_term_by_term_with_items_told_by_their_names() -> None:
    old = shipped("B2B-1")
    roles = tuple(
        role.model_copy(update={"share": role.share + (-100 if role.role == "CLOSER" else 100)})
        if role.role in ("ENTRY", "CLOSER")
        else role
        for role in old.commission.roles
    )
    new = old.model_copy(update={"commission": old.commission.model_copy(update={"roles": roles, "rate": 350})})

    assert difference(old, new) == [
        Change("commission.rate", 300, 350),
        Change("commission.roles[ENTRY].share", 1000, 1100),
        Change("commission.roles[CLOSER].share", 3500, 3400),
    ]
    assert difference(old, old) == []


def test_another_order_of_roles_is_a_difference_since_it_decides_ties() -> None:
    old = shipped("B2B-1")
    turned = old.commission.model_copy(update={"roles": old.commission.roles[::-1]})

    (change,) = difference(old, old.model_copy(update={"commission": turned}))

    assert change.term == "commission.roles (order)"


def test_the_numbers_of_rc_1_and_b2b_1_differ_in_the_retention_only() -> None:
    terms = {change.term.split("[")[0] for change in difference(shipped("B2B-1"), shipped("RC-1"))}

    retention = {f"pool.retention.{name}" for name in ("bands", "renewal", "cap_days", "cap_times")}
    assert terms == {"policy", "title", "scope.brand"} | retention
