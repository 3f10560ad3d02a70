"""What was ever stored is read for ever: a frozen sample of every kind decodes, and is written again in the same bytes."""

from pathlib import Path

import pytest
from pydantic_core import PydanticSerializationError

from domain.effects import effects
from domain.facts import FACT, KINDS, UPCASTERS, AnyFact
from domain.personal import keep_sealed
from domain.policy.facts import PolicyPublished

SAMPLES = {path.stem: path for path in sorted((Path(__file__).parents[1] / "samples" / "facts").glob("*.json"))}
PERSONAL = [
    "lead-registered.v1", "customer-registered.v1", "customer-place-corrected.v1", "visit-recorded.v1", "rep-joined.v1",
]  # fmt: skip


def frozen(kind: str) -> bytes:
    return SAMPLES[kind].read_bytes().removesuffix(b"\n")


def decoded(kind: str) -> AnyFact:
    return FACT.validate_json(frozen(kind), context={"unseal": keep_sealed})


def test_every_kind_has_a_frozen_sample_and_no_sample_is_of_an_unknown_kind() -> None:
    assert set(SAMPLES) == set(KINDS) | set(UPCASTERS)


@pytest.mark.parametrize("kind", [kind for kind in SAMPLES if kind not in UPCASTERS])
def test_a_frozen_sample_decodes_and_is_written_again_in_the_same_bytes(kind: str) -> None:
    fact = decoded(kind)

    assert type(fact) is KINDS[kind]
    assert fact.model_dump_json().encode() == frozen(kind)


@pytest.mark.parametrize("kind", [kind for kind in SAMPLES if kind not in UPCASTERS])
def test_every_kind_belongs_to_a_history_and_says_what_it_does_to_the_shared_facts(kind: str) -> None:
    fact = decoded(kind)

    story, _, name = fact.stream.partition("/")
    assert story in ("customer", "deal", "case", "payee") if name else story in ("organisation", "policies", "payroll")
    assert fact.subject == fact.stream or fact.subject.startswith("rep/")
    assert isinstance(effects(fact), tuple)
    assert kind == f"{''.join(f'-{c.lower()}' if c.isupper() else c for c in type(fact).__name__)[1:]}.v1"


@pytest.mark.parametrize("kind", PERSONAL)
def test_what_tells_of_a_person_is_written_only_sealed(kind: str) -> None:
    opened = FACT.validate_json(frozen(kind), context={"unseal": lambda _: "31.0,121.0"})

    with pytest.raises(PydanticSerializationError, match="stored only sealed"):
        opened.model_dump_json()
    assert b"31.0,121.0" not in opened.model_dump_json(context={"seal": lambda _: "sealed.1.x"}).encode()
    assert "31.0" not in f"{opened} {opened!r}"


@pytest.mark.parametrize("kind", PERSONAL)
def test_a_fact_whose_key_was_destroyed_is_read_without_its_personal_values(kind: str) -> None:
    erased = FACT.validate_json(frozen(kind), context={"unseal": lambda _: None})

    assert erased.model_dump_json().encode() == frozen(kind)


def test_only_these_kinds_tell_of_a_person() -> None:
    assert [kind for kind in KINDS if b"sealed.1." in frozen(kind)] == sorted(PERSONAL, key=list(KINDS).index)


def test_a_published_policys_hash_never_changes() -> None:
    published = decoded("policy-published.v1")

    assert isinstance(published, PolicyPublished)
    assert published.version.content_hash == published.content_hash
