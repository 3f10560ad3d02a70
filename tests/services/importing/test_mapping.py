"""A mapping is checked whole before anything is recorded, and each mistake told by its line and column."""

from pathlib import Path

import pytest

from services.importing.mapping import MappingWrong, read_mapping
from services.importing.plan import compiled
from services.importing.reading import Unreadable, opened
from tests.services.importing.crm import MAPPINGS, written

GOOD = """\
source: small
time_zone: Asia/Shanghai
currency: CNY
shapes:
  deals:
    key: "{id}"
    fields: {at: "{day | date}", deal: "{id}"}
    steps:
      - step: open
        command: open-deal
        fields: {customer: "{customer | opaque customer}", rep: li}
"""


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(MappingWrong) as wrong:
        read_mapping(written(folder / "m.yaml", text))
    return wrong.value.mistakes


@pytest.mark.parametrize("name", sorted(path.stem for path in MAPPINGS.glob("*.yaml")))
def test_every_mapping_that_is_shipped_is_right(name: str) -> None:
    assert read_mapping(MAPPINGS / f"{name}.yaml").mapping.shapes


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("source: small", "sauce: small", "m.yaml:1:1: source: source is missing"),
        ("currency: CNY", "currency: CNX", "m.yaml:3:1: currency:"),
        ("Asia/Shanghai", "Asia/Shangai", "m.yaml:2:1: time_zone: there is no time zone"),
        ("source: small", "source: small\ndecimals: ','", "there is no decimals here; did you mean decimal?"),
        ("source: small", "source: small\ncurrency: USD", "currency stands here a second time"),
        ("open-deal", "open-deel", "m.yaml:10:9: command: there is no command open-deel; did you mean open-deal?"),
        ("rep: li", "reps: li", "m.yaml:11:60: reps: open-deal has no field reps; did you mean rep?"),
        ("rep: li", "product: li", "m.yaml:9:9: open-deal needs the field rep"),
        ("| date}", "| dat}", "at: there is no function dat"),
        ('{id}"\n    fields', 'id"\n    fields', "the key must tell rows apart"),
        ('deal: "{id}"', 'deel: "{id}"', "no command of this shape has a field deel; did you mean deal?"),
        ("    steps:", "    nothing_to_record: x\n    steps:", "either `steps`"),
        ("    steps:", "    activity: what\n    steps:", "one needs the other"),
        ("shapes:", "setup:\n  - {step: a, command: create-unit, fields: {at: '{x}', unit: u, title: t}}\nshapes:", "no row"),
        ("shapes:", "policy: {terms: {}}\nshapes:", "either a policy that is `shipped`"),
        ("source: small", "source: small\n\tx: 1", "m.yaml:2:"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_what_to_do(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD

    assert any(told in each and each.startswith("m.yaml:") for each in mistakes(tmp_path, GOOD.replace(old, new, 1)))


def test_a_step_named_twice_is_told(tmp_path: Path) -> None:
    twice = GOOD + '      - {step: open, command: lose-deal, fields: {rep: li, ground: "{why}"}}\n'

    assert "open names a step already" in mistakes(tmp_path, twice)[0]


def test_a_mapping_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MappingWrong, match="No such file"):
        read_mapping(tmp_path / "none.yaml")


def test_a_wrong_header_names_what_is_missing_and_what_is_nearest(tmp_path: Path) -> None:
    plan = compiled(read_mapping(written(tmp_path / "m.yaml", GOOD)).mapping, lambda _kind, value: value)

    with opened(written(tmp_path / "x.csv", "id,dya,client\n1,2,3\n")) as table:
        assert table
        with pytest.raises(Unreadable) as wrong:
            plan.recognise(table)

    assert str(wrong.value) == (
        "x.csv: the header fits no shape of the mapping. The nearest is deals; "
        "missing: day (there is dya), customer. The file has: id, dya, client."
    )


def test_a_header_is_recognised_whatever_its_case_width_and_order(tmp_path: Path) -> None:
    plan = compiled(read_mapping(written(tmp_path / "m.yaml", GOOD)).mapping, lambda _kind, value: value)

    with opened(written(tmp_path / "x.csv", " Customer ,other,ＤＡＹ,Id\na,b,c,d\n")) as table:
        assert table
        shape, places = plan.recognise(table)

    assert (shape.name, dict(zip(shape.columns, places, strict=True))) == ("deals", {"id": 3, "day": 2, "customer": 0})


def test_a_column_that_stands_twice_is_told(tmp_path: Path) -> None:
    plan = compiled(read_mapping(written(tmp_path / "m.yaml", GOOD)).mapping, lambda _kind, value: value)

    with opened(written(tmp_path / "x.csv", "id,day,customer,ID\n1,2,3,4\n")) as table:
        assert table
        with pytest.raises(Unreadable, match="id more than once"):
            plan.recognise(table)
