"""The keys of personal data, and the one key that wraps them."""

import base64
import stat
from pathlib import Path

import pytest

from services import vault
from services.master_keys import MasterKeyUnusable
from services.settings import Settings
from services.vault import Vault, open_vault

MASTER = bytes(range(32))


def test_what_is_sealed_opens_with_its_key_and_names_its_subject() -> None:
    key, wrapped = Vault(MASTER).new_key("customer/恒通")
    sealed = vault.seal("customer/恒通", key, "13800138000")

    assert "13800138000" not in sealed
    assert vault.subject_of(sealed) == "customer/恒通"
    assert vault.unseal(Vault(MASTER).unwrap("customer/恒通", wrapped), sealed) == "13800138000"


def test_equal_values_are_sealed_differently_and_fingerprinted_equally() -> None:
    key, _ = Vault(MASTER).new_key("customer/C-1")

    assert vault.seal("customer/C-1", key, "x") != vault.seal("customer/C-1", key, "x")
    assert vault.fingerprint(key, "phone", "x") == vault.fingerprint(key, "phone", "x")
    assert vault.fingerprint(key, "phone", "x") != vault.fingerprint(key, "name", "x")


def test_a_sealed_text_moved_to_another_subject_does_not_open() -> None:
    key, _ = Vault(MASTER).new_key("customer/C-1")
    sealed = vault.seal("customer/C-1", key, "x")
    other = vault.seal("customer/C-2", key, "y")
    moved = other.rpartition(".")[0] + "." + sealed.rpartition(".")[2]

    with pytest.raises(ValueError, match="altered"):
        vault.unseal(key, moved)


def test_a_key_wrapped_for_one_subject_or_by_another_master_does_not_unwrap() -> None:
    _, wrapped = Vault(MASTER).new_key("customer/C-1")

    with pytest.raises(MasterKeyUnusable, match="LEDGER_MASTER_KEY"):
        Vault(MASTER).unwrap("customer/C-2", wrapped)
    with pytest.raises(MasterKeyUnusable, match="LEDGER_MASTER_KEY"):
        Vault(bytes(32)).unwrap("customer/C-1", wrapped)


def test_the_master_key_is_generated_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data")
    first, second = open_vault(settings), open_vault(settings)
    key, wrapped = first.new_key("customer/C-1")

    assert second.unwrap("customer/C-1", wrapped) == key
    assert stat.S_IMODE(settings.key_file.stat().st_mode) == 0o600
    assert [each.name for each in settings.data_dir.iterdir()] == ["master.key"]


def test_a_master_key_that_others_may_read_is_refused_with_what_to_do(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    open_vault(settings)
    settings.key_file.chmod(0o640)

    with pytest.raises(MasterKeyUnusable, match="chmod 600"):
        open_vault(settings)


def test_a_named_key_file_is_never_generated(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyUnusable, match="no master key at"):
        open_vault(Settings(tmp_path, master_key_file=tmp_path / "absent"))


@pytest.mark.parametrize("given", ["not base64!", base64.b64encode(b"short").decode()])
def test_a_malformed_master_key_is_refused_without_being_shown(given: str) -> None:
    with pytest.raises(MasterKeyUnusable) as refused:
        open_vault(Settings(Path(), master_key=given))

    assert given not in str(refused.value)


def test_no_repr_shows_a_key() -> None:
    assert repr(Vault(MASTER)) == "Vault(‹master key›)"
