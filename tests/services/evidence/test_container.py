"""What is no sound bundle fails cleanly, whatever it claims, and without taking memory for it."""

import io
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from services.evidence import verify_bundle
from services.evidence.verify_bundle import Unsound, central_header, end_record, local_header, packed, unpacked
from tests.services.evidence.conftest import Bundle
from tests.services.evidence.on_record import KEY, OTHER_KEY

TEN_GB = 10 * 2**30
LARGEST = 2**32 - 1


def fault(data: bytes) -> str:
    with pytest.raises(Unsound) as told:
        unpacked(io.BytesIO(data))
    return str(told.value)


def test_any_zip_program_can_open_a_bundle(small: Bundle) -> None:
    with zipfile.ZipFile(io.BytesIO(small.data)) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == small.files


def test_a_truncated_bundle_fails_wherever_it_is_cut(small: Bundle) -> None:
    for end in [*range(0, len(small.data), 211), len(small.data) - 1]:
        assert fault(small.data[:end])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_bundle_packed_again_by_something_else_fails(small: Bundle, method: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as again:
        for name, data in small.files.items():
            again.writestr(name, data)

    assert "packed again" in fault(out.getvalue())


def test_a_file_that_is_there_twice_fails(small: Bundle) -> None:
    head = b"head.note", 0, 0
    body = local_header(*head) + local_header(*head)
    directory = central_header(*head, 0) + central_header(*head, len(body) // 2)

    assert "two files" in fault(body + directory + end_record(2, len(directory), len(body)))


@pytest.mark.parametrize("claimed", [10_000, LARGEST])
def test_a_file_that_claims_more_than_there_is_fails_without_taking_memory(claimed: int) -> None:
    directory = central_header(b"events.ndjson", 0, claimed, 0)
    body = local_header(b"events.ndjson", 0, claimed)
    data = body + directory + end_record(1, len(directory), len(body))
    tracemalloc.start()
    try:
        assert "more than the bundle has left" in fault(data)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_bomb_of_ten_gigabytes_fails_without_being_unpacked() -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bomb,
        bomb.open("events.ndjson", "w") as file,
    ):
        for _ in range(64):
            file.write(bytes(2**20))
    claiming = bytearray(out.getvalue())
    directory = claiming.rfind(b"PK\1\2")
    claiming[directory + 24 : directory + 28] = struct.pack("<I", LARGEST)
    tracemalloc.start()
    try:
        for data in (out.getvalue(), bytes(claiming)):
            assert fault(data)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_file_that_really_has_ten_gigabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.zip"
    with path.open("wb") as file:
        file.truncate(TEN_GB)
    with path.open("rb") as file, pytest.raises(Unsound, match="no bundle has more"):
        unpacked(file)


def test_something_between_the_files_fails(small: Bundle) -> None:
    head = b"head.note", 0, 0
    body = local_header(*head) + b"hidden"
    directory = central_header(*head, 0)

    assert "belongs to no file" in fault(body + directory + end_record(1, len(directory), len(body)))
    assert "truncated" in fault(small.data + b"more")


def test_a_name_that_leads_elsewhere_fails() -> None:
    assert "a name that no bundle has" in fault(packed({"../../events.ndjson": b""}))


def run(*arguments: object, cwd: Path) -> tuple[int, str]:
    """The verifier as a stranger runs it: Python alone, from the bundle's own copy."""
    done = subprocess.run(
        [sys.executable, "-I", "verify_bundle.py", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == "" or done.returncode == 2, done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def stranger(of_case: Bundle, tmp_path: Path) -> Path:
    """A directory with a bundle and the verifier that it holds."""
    (tmp_path / "case.zip").write_bytes(of_case.data)
    (tmp_path / "verify_bundle.py").write_bytes(of_case.files["verify_bundle.py"])
    return tmp_path


def test_a_stranger_checks_a_bundle_with_the_copy_that_it_holds(stranger: Path, witness: Path) -> None:
    (stranger / "ledger.key").write_text(str(KEY.public))
    by_key, by_file = (
        run("case.zip", "--key", key, "--heads", witness, cwd=stranger) for key in (KEY.public, "ledger.key")
    )

    assert by_key == by_file
    assert (by_key[0], "all holds" in by_key[1], "Compare" in by_key[1]) == (0, True, False)


def test_without_a_key_the_stranger_is_told_what_is_not_proven(stranger: Path) -> None:
    code, said = run("case.zip", cwd=stranger)

    assert code == 0
    assert f"Signed by {KEY.public}. Compare that" in said


def test_what_fails_is_named_and_exits_with_one(stranger: Path, of_case: Bundle) -> None:
    (stranger / "other.zip").write_bytes(packed({**of_case.files, "amounts.json": b"[]\n"}))
    (stranger / "cut.zip").write_bytes(of_case.data[:-9])

    code, said = run("other.zip", "--key", KEY.public, cwd=stranger)
    assert code == 1
    assert "FAILS file-altered: amounts.json: " in said
    assert "FAILS amounts-differ: amounts.json: " in said
    assert run("case.zip", "--key", OTHER_KEY.public, cwd=stranger)[0] == 1
    assert run("cut.zip", cwd=stranger) == (
        1,
        "FAILS container: bundle: it does not end as a bundle ends: truncated, or packed by something else\n",
    )


@pytest.mark.parametrize(
    "arguments", [(), ("none.zip",), ("case.zip", "--key", "no key"), ("case.zip", "--heads", "none"), (".",)]
)
def test_what_cannot_be_checked_exits_with_two(stranger: Path, arguments: tuple[str, ...]) -> None:
    assert run(*arguments, cwd=stranger)[0] == 2


def test_another_version_of_the_verifier_says_so(stranger: Path) -> None:
    with (stranger / "verify_bundle.py").open("a") as file:
        file.write("\n")

    assert "another version" in run("case.zip", cwd=stranger)[1]


def test_the_verifier_needs_python_and_cryptography_alone() -> None:
    text = Path(verify_bundle.__file__).read_text("utf-8")
    imported = {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}

    assert imported - set(sys.stdlib_module_names) == {"cryptography"}
