"""Heads are signed and published so that no kill leaves two truths, and nobody rewrites what was published."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.database import connect
from services.evidence import tiles
from services.evidence.checkpoint import SealKey
from services.evidence.heads import check_heads
from services.evidence.published import Place
from services.evidence.seal_key import SealKeyUnusable, seal_key
from services.evidence.sealer import NotPublished, Sealer, first_head_beyond
from services.evidence.tiles import LogRewritten, StoredTree
from services.ledger.application import Ledger
from services.ledger.chain import START, links
from services.settings import Settings
from tests.samples import opening, register
from tests.services.evidence import naive

KEY = SealKey("ledger.example/test", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture
def shop(ledger: Ledger) -> Ledger:
    commands = [*opening("Li", "Zhou"), *((f"r{n}", register(f"C-{n}")) for n in range(5))]
    assert all(answer.accepted for answer in ledger.record_many(commands))
    return ledger


@pytest.fixture
def places(tmp_path: Path) -> list[Place]:
    return [Place(tmp_path / name, KEY.public) for name in ("ours", "witness-1", "witness-2")]


@pytest.fixture
def sealer(shop: Ledger, places: list[Place]) -> Sealer:
    return Sealer(lambda: connect(shop.dsn, shop.schema), KEY, places)


def tell(ledger: Ledger, *customers: str) -> None:
    assert all(answer.accepted for answer in ledger.record_many((each, register(each)) for each in customers))


def texts(ledger: Ledger) -> list[bytes]:
    return [bytes(each.state) for each in ledger.recorder.select_notifications(1, 10_000)]


def alter(ledger: Ledger, statement: str, *parameters: object) -> None:
    with connect(ledger.dsn, ledger.schema) as connection:
        connection.execute(statement, parameters)


def difference(ledger: Ledger, places: list[Place]) -> str | None:
    with connect(ledger.dsn, ledger.schema, timeouts=False) as connection:
        return check_heads(connection, places).difference


def rewrite_tail(ledger: Ledger, last: int) -> None:
    """What the owner of the database can do: write another end of the log, with a chain that holds."""
    written = texts(ledger)[:last]
    written[-1] = written[-1].replace(b"C-", b"D-")
    with connect(ledger.dsn, ledger.schema) as connection:
        connection.execute("delete from event where position > %s", (last,))
        for position, (text, chain) in enumerate(zip(written, links(START, written), strict=True), 1):
            connection.execute(
                "update event set record = %s, chain = %s where position = %s", (text.decode(), chain, position)
            )
        connection.execute("update ledger_head set position = %s, chain = %s", (last, links(START, written)[-1]))


def test_a_head_is_signed_over_the_stored_texts_and_published_everywhere(
    sealer: Sealer, shop: Ledger, places: list[Place]
) -> None:
    head = sealer.seal()

    assert head
    assert (head.size, head.head.root) == (shop.head().position, naive.head(texts(shop)))
    for place in places:
        assert place.heads_file.read_text() == place.latest_file.read_text() == head.note
        assert list(place.heads()) == [head]
    assert difference(shop, places) is None


def test_only_what_is_new_is_signed_and_files_only_grow(sealer: Sealer, shop: Ledger, places: list[Place]) -> None:
    first = sealer.seal()
    assert sealer.seal() == first
    before = places[0].heads_file.read_bytes()
    tell(shop, "C-8", "C-9")
    second = sealer.seal()

    assert first
    assert second
    assert places[1].heads_file.read_bytes() == before + second.note.encode()
    assert places[2].latest_file.read_text() == second.note
    with connect(shop.dsn, shop.schema) as connection:
        assert first_head_beyond(connection, KEY.public, 0) == first
        assert first_head_beyond(connection, KEY.public, first.size) == second
        assert first_head_beyond(connection, KEY.public, second.size) is None


def test_a_place_that_is_away_keeps_the_others_from_nothing_and_catches_up(
    sealer: Sealer, shop: Ledger, places: list[Place]
) -> None:
    places[1].directory.write_text("a file where the directory is to be")
    with pytest.raises(NotPublished, match="witness-1"):
        sealer.seal()
    assert places[0].heads_file.read_bytes() == places[2].heads_file.read_bytes()

    places[1].directory.unlink()
    tell(shop, "C-9")
    sealer.seal()
    assert places[1].heads_file.read_bytes() == places[2].heads_file.read_bytes()
    assert len(list(places[1].heads())) == 2


def test_an_empty_log_has_nothing_to_seal(ledger: Ledger, places: list[Place]) -> None:
    assert Sealer(lambda: connect(ledger.dsn, ledger.schema), KEY, places).seal() is None
    assert not places[0].heads_file.exists()


def test_proofs_from_stored_tiles_are_those_of_the_definition(
    shop: Ledger, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "MOST_TILES", 12)
    tell(shop, *(f"D-{n}" for n in range(600)))
    sealer.seal()
    written = texts(shop)
    with connect(shop.dsn, shop.schema) as connection:
        tree = StoredTree(connection)
        for size in (1, 2, 31, 32, 33, 255, 256, 600, tree.size):
            assert tree.root(size) == naive.head(written[:size])
            assert tree.inclusion(size, tree.size) == naive.path(size - 1, written)
            assert tree.consistency(size, tree.size) == naive.proof(size, written)


def test_a_place_that_comes_later_or_was_lost_gets_every_head(
    sealer: Sealer, shop: Ledger, places: list[Place], tmp_path: Path
) -> None:
    sealer.seal()
    tell(shop, "C-9")
    sealer.seal()
    everything = places[0].heads_file.read_bytes()
    places[1].heads_file.unlink()
    later = Place(tmp_path / "later", KEY.public)

    Sealer(sealer.connect, KEY, [*places, later]).seal()

    assert places[1].heads_file.read_bytes() == later.heads_file.read_bytes() == everything


def test_heads_that_the_database_lost_are_taken_over_from_where_they_were_published(
    sealer: Sealer, shop: Ledger, places: list[Place]
) -> None:
    sealer.seal()
    tell(shop, "C-9")
    sealer.seal()
    everything = places[0].heads_file.read_bytes()
    alter(shop, "delete from signed_head")
    alter(shop, "delete from merkle_tile")
    alter(shop, "update merkle_tree set size = 0, chain = %s", bytes(32))
    tell(shop, "C-10")
    last = sealer.seal()

    assert last
    assert places[0].heads_file.read_bytes() == everything + last.note.encode()
    assert difference(shop, places) is None


@pytest.mark.parametrize("forgetful", [False, True])
def test_a_rewritten_tail_is_refused_even_if_the_database_forgets_what_it_sealed(
    sealer: Sealer, shop: Ledger, places: list[Place], *, forgetful: bool
) -> None:
    head = sealer.seal()
    assert head
    rewrite_tail(shop, head.size)
    if forgetful:
        alter(shop, "delete from signed_head")
        alter(shop, "delete from merkle_tile")
        alter(shop, "update merkle_tree set size = 0, chain = %s", bytes(32))
    before = places[0].heads_file.read_bytes()

    with pytest.raises(LogRewritten, match="rewritten"):
        sealer.seal()
    assert places[0].heads_file.read_bytes() == before
    assert "rewritten" in str(difference(shop, places))


def test_a_log_cut_short_is_refused(sealer: Sealer, shop: Ledger, places: list[Place]) -> None:
    head = sealer.seal()
    assert head
    rewrite_tail(shop, head.size - 2)

    with pytest.raises(LogRewritten, match="cut off"):
        sealer.seal()
    assert "cut off" in str(difference(shop, places))


def test_one_witness_is_enough_to_refuse(sealer: Sealer, shop: Ledger, places: list[Place]) -> None:
    head = sealer.seal()
    assert head
    rewrite_tail(shop, head.size)
    for statement in ("delete from signed_head", "delete from merkle_tile"):
        alter(shop, statement)
    alter(shop, "update merkle_tree set size = 0, chain = %s", bytes(32))
    for place in places[:2]:
        place.heads_file.unlink()

    with pytest.raises(LogRewritten, match="witness-2"):
        sealer.seal()


def test_an_event_changed_without_its_chain_is_not_taken_in(sealer: Sealer, shop: Ledger) -> None:
    alter(shop, "update event set record = replace(record::text, 'C-3', 'C-4')::json where stream = 'customer/C-3'")

    with pytest.raises(LogRewritten, match="not the one that was chained"):
        sealer.seal()


def test_a_changed_tile_is_found(sealer: Sealer, shop: Ledger, places: list[Place]) -> None:
    sealer.seal()
    alter(shop, "update merkle_tile set hashes = overlay(hashes placing %s from 1)", bytes(32))

    assert "would not hold" in str(difference(shop, places))
    with pytest.raises(LogRewritten):
        sealer.seal()


@pytest.mark.parametrize("planted", [b"something", b"a\nb\nc\n\n\xe2\x80\x94 a b\n", b"\xff"])
def test_a_file_with_something_else_in_it_is_refused(sealer: Sealer, places: list[Place], planted: bytes) -> None:
    sealer.seal()
    with places[1].heads_file.open("ab") as file:
        file.write(planted)

    with pytest.raises(LogRewritten, match="witness-1"):
        sealer.seal()


def test_a_head_cut_off_in_the_middle_is_finished(sealer: Sealer, shop: Ledger, places: list[Place]) -> None:
    sealer.seal()
    tell(shop, "C-9")
    sealer.seal()
    whole = places[0].heads_file.read_bytes()

    for end in range(0, len(whole), 7):
        places[0].heads_file.write_bytes(whole[:end])
        sealer.seal()
        assert places[0].heads_file.read_bytes() == whole


def test_a_sealer_killed_at_any_line_leaves_one_truth(shop: Ledger, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.services.evidence.killed", shop.dsn, shop.schema, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 100


def test_the_key_is_generated_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data")
    key = seal_key(settings)

    assert (settings.seal_key_file.stat().st_mode & 0o777) == 0o600
    assert seal_key(settings).public == key.public
    settings.seal_key_file.chmod(0o644)
    with pytest.raises(SealKeyUnusable, match="chmod 600"):
        seal_key(settings)


@pytest.mark.parametrize("held", [None, b"", b"AAAA", b"not base64"])
def test_a_key_file_that_holds_no_key_is_refused(tmp_path: Path, held: bytes | None) -> None:
    path = tmp_path / "given.key"
    if held is not None:
        path.write_bytes(held)
        path.chmod(0o600)

    with pytest.raises(SealKeyUnusable, match=r"given\.key"):
        seal_key(Settings(tmp_path, seal_key_file_given=path))


def test_a_given_key_is_used(tmp_path: Path) -> None:
    path = tmp_path / "given.key"
    path.write_bytes(base64.b64encode(bytes(range(32))))
    path.chmod(0o600)
    settings = Settings(tmp_path, seal_key_file_given=path, seal_origin_given=KEY.name)

    assert seal_key(settings).public == KEY.public
