"""No byte of a bundle can be another one unnoticed, and the file that was changed is named."""

import io
import random

import pytest

from services.evidence import verify_bundle
from services.evidence.verify_bundle import Unsound, packed, unpacked
from tests.services.evidence.conftest import TRUSTED, Bundle

NOT_READ = ("page.html", "verify_bundle.py")
"""Files that the verifier does not read but holds against the manifest."""


def changed(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ (1 << place % 8)]) + data[place + 1 :]


def is_named(bundle: Bundle, name: str, data: bytes) -> bool:
    return any(where == name for _, where, _ in bundle.with_file(name, data).found())


def test_both_bundles_hold_as_they_are(small: Bundle, of_case: Bundle) -> None:
    assert (small.found(), of_case.found()) == ([], [])


def test_every_changed_byte_of_a_small_bundle_is_caught_and_its_file_named(small: Bundle) -> None:
    unnoticed = [
        (name, place)
        for name, data in small.files.items()
        if name not in NOT_READ
        for place in range(len(data))
        if not is_named(small, name, changed(data, place))
    ]

    assert unnoticed == []


@pytest.mark.parametrize("name", NOT_READ)
def test_every_changed_byte_of_what_people_read_is_caught(small: Bundle, name: str) -> None:
    manifest, files = verify_bundle.manifest_of(small.files), dict(small.files)
    for place in range(len(small.files[name])):
        files[name] = changed(small.files[name], place)
        found = next(verify_bundle.file_findings(files, manifest, TRUSTED))
        assert found[:2] == ("file-altered", name)


def test_a_sample_of_the_changed_bytes_of_a_case_is_caught_and_named(of_case: Bundle) -> None:
    chance = random.Random(4)
    for name, data in of_case.files.items():
        for place in chance.sample(range(len(data)), 60):
            assert is_named(of_case, name, changed(data, place)), (name, place)


def test_no_byte_of_the_container_can_be_another(small: Bundle) -> None:
    """All bytes of its headers, and a sample of those between."""
    data, places = small.data, set(range(0, len(small.data), 97))
    start = 0
    while (start := data.find(b"PK", start)) >= 0:
        places |= set(range(start, min(start + 64, len(data))))
        start += 1

    for place in sorted(places):
        with pytest.raises(Unsound):
            unpacked(io.BytesIO(changed(data, place)))


def test_files_that_are_missing_or_added_are_named(small: Bundle) -> None:
    for name in small.files:
        lacking = Bundle(small.data, {each: data for each, data in small.files.items() if each != name})
        assert any(where.split(".")[0] == name.split(".")[0] for _, where, _ in lacking.found()), name
    assert ("file-unknown", "extra.txt") in [each[:2] for each in small.with_file("extra.txt", b"").found()]


def test_packing_again_what_was_unpacked_gives_the_same_bytes(small: Bundle) -> None:
    assert packed(small.files) == small.data
