"""Rows come out in one order, whether they were held in memory or lay on disk."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from services.importing import sorting
from services.importing.sorting import Sortable, Sorter, packed, unpacked

ROWS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.floats(-1e10, 1e10, allow_nan=False),
        st.integers(0, 3),
        st.text(max_size=5),
        st.integers(0, 3),
        st.integers(1, 10**9),
        st.lists(st.text(max_size=10), max_size=4).map(packed),
    ),
    max_size=60,
)


def in_order(rows: Sequence[Sortable], in_memory: int) -> list[Sortable]:
    with Sorter(in_memory) as sorter:
        for row in rows:
            sorter.add(row)
        assert sorter.count == len(rows)
        return list(sorter)


@given(ROWS, st.integers(1, 5_000))
def test_rows_on_disk_come_in_the_same_order_as_in_memory(rows: list[Sortable], in_memory: int) -> None:
    assert in_order(rows, in_memory) == sorted(rows)


def test_more_files_than_may_be_open_are_brought_together() -> None:
    rows: list[Sortable] = [(0, float(n * 7919 % 1000), 0, str(n), 0, n, packed([])) for n in range(1000)]

    assert len(rows) > 3 * sorting.MOST_RUNS
    assert in_order(rows, 1) == sorted(rows)


@given(st.lists(st.text()))
def test_values_are_packed_and_unpacked_as_they_were(values: list[str]) -> None:
    assert list(unpacked(packed(values))) == values
