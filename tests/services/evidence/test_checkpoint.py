"""Signed heads as C2SP has them, held against what others published."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.evidence.checkpoint import Checkpoint, NoteInvalid, SealKey, checkpoint, public_key

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
BY_PETER = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
BY_ENOCH = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
"""Keys and note of the reference implementation's tests (golang.org/x/mod/sumdb/note)."""

SIGSUM = "sigsum.org:testonly+8de2c54b+AYzzrIWq3UKJHFrprvJyRMsqVGojEvgAIKrT8q4a9zMU"
SIGSUMS_HEAD = """sigsum.org:testonly
23
HSt6W8ve4/36xAIf04qDOqaKLaKqSOUqKxLNrkK74+g=

— sigsum.org:testonly jeLFS4WQDEeTavbiYArHzCQUPXbQ1Y/V8/dKJlBxqOAY4eLhSh3uWNJ8YXp1vs/zR4SDNHI+6UybLmHmFlg/VSf5OAs=
"""
"""A checkpoint that the transparency log Sigsum published when it began to speak the format."""


def test_the_reference_note_is_written_and_read_to_the_byte() -> None:
    peter = SealKey("PeterNeumann", Ed25519PrivateKey.from_private_bytes(PETERS_SEED))

    assert str(peter.public) == PETER
    assert peter.signed(TEXT) == f"{TEXT}\n{BY_PETER}"
    assert public_key(PETER).opened(f"{TEXT}\n{BY_PETER}") == TEXT


def test_one_of_several_signatures_is_enough() -> None:
    both = f"{TEXT}\n{BY_PETER}{BY_ENOCH}"

    assert public_key(PETER).opened(both) == TEXT
    assert public_key(ENOCH).opened(both) == TEXT


def test_a_published_head_of_another_log_is_read() -> None:
    head = checkpoint(public_key(SIGSUM).opened(SIGSUMS_HEAD))

    assert (head.origin, head.size) == ("sigsum.org:testonly", 23)
    assert SIGSUMS_HEAD.startswith(head.text)


@pytest.mark.parametrize(
    "note",
    [
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}\n{BY_PETER[:-1]}",
        f"{TEXT}\n{BY_PETER.replace('PeterNeumann', 'Bad Name')}",
        f"{TEXT}\n{BY_PETER}Unexpected line.\n",
        f"{TEXT}\n{BY_ENOCH}",
        f"{TEXT.replace('answer', 'Answer')}\n{BY_PETER}",
        f"{TEXT}\n{BY_PETER[:60]}ABCD{BY_PETER[60:]}",
    ],
)
def test_a_note_that_the_key_did_not_sign_is_not_opened(note: str) -> None:
    with pytest.raises(NoteInvalid):
        public_key(PETER).opened(note)


def test_no_byte_of_a_key_may_be_another() -> None:
    for i, character in enumerate(PETER):
        with pytest.raises(NoteInvalid):
            public_key(PETER[:i] + chr(ord(character) + 1) + PETER[i + 1 :])


@pytest.mark.parametrize(
    "key",
    [
        PETER[:-1],
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_a_key_of_another_length_or_kind_is_none_of_ours(key: str) -> None:
    with pytest.raises(NoteInvalid):
        public_key(key)


@pytest.mark.parametrize(
    "text", ["", "a\n1\n", f"a\n01\n{'A' * 43}=\n", "a\n1\nAAAA\n", f"\n1\n{'A' * 43}=\n", f"a\n-1\n{'A' * 43}=\n"]
)
def test_what_is_no_checkpoint_is_not_read_as_one(text: str) -> None:
    with pytest.raises(NoteInvalid):
        checkpoint(text)


def test_a_checkpoint_reads_back_and_its_extensions_are_left_alone() -> None:
    head = Checkpoint("ledger.example/north", 7, bytes(range(32)))

    assert checkpoint(head.text) == head == checkpoint(f"{head.text}an extension\n")


def test_the_secret_key_does_not_show() -> None:
    assert repr(SealKey("PeterNeumann", Ed25519PrivateKey.from_private_bytes(PETERS_SEED))) == "SealKey(PeterNeumann)"
