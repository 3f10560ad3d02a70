"""The words that code stores and understands are the words of the language, and no others."""

import re
from pathlib import Path

from domain.commands import COMMANDS
from domain.facts import KINDS

ROOT = Path(__file__).parent.parent
DECISIONS = ROOT / "docs" / "decisions"
OF_OUR_OWN = {"DealOpened", "DealLost", "open-deal", "lose-deal", "bring-clock", "bring-deal-clock", "bring-case-clock"}


def rows() -> list[list[str]]:
    lines = (ROOT / "docs" / "language.md").read_text("utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")][2:]


def words(column: int) -> list[str]:
    return [word for row in rows() for word in row[column].split(", ") if word]


def in_small_letters(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def test_every_event_stands_in_the_language_once_and_every_word_there_is_an_event() -> None:
    assert sorted(words(2)) == sorted(fact.__name__ for fact in KINDS.values())


def test_every_command_stands_in_the_language_once_and_every_word_there_is_a_command() -> None:
    assert sorted(words(3)) == sorted(COMMANDS)


def test_every_term_has_its_chinese_word() -> None:
    assert [row[1] for row in rows() if not re.search(r"[\u4e00-\u9fff]", row[0])] == []


def test_an_event_is_stored_under_its_name_with_a_version() -> None:
    assert [
        kind for kind, fact in KINDS.items() if not re.fullmatch(rf"{in_small_letters(fact.__name__)}\.v\d+", kind)
    ] == []


def test_a_command_is_called_by_its_name() -> None:
    assert [name for name, command in COMMANDS.items() if in_small_letters(command.__name__) != name] == []


def test_words_that_the_business_did_not_give_have_their_reason() -> None:
    reason = (DECISIONS / "0002-words-of-our-own.md").read_text("utf-8")

    assert {word for word in OF_OUR_OWN if f"`{word}`" in reason} == OF_OUR_OWN
    assert OF_OUR_OWN <= {*words(2), *words(3)}


def test_decisions_are_numbered_in_order_and_have_their_three_paragraphs() -> None:
    pages = sorted(DECISIONS.glob("[0-9]*.md"))
    numbers = [int(page.name[:4]) for page in pages]

    assert len(set(numbers)) == len(numbers)
    for number, page in zip(numbers, pages, strict=True):
        text = page.read_text("utf-8")
        assert text.startswith(f"# {number}. "), page.name
        found = re.findall(r"^\*\*(Context|Decision|Consequences)\.\*\*", text, re.MULTILINE)
        assert found == ["Context", "Decision", "Consequences"], page.name
        assert len(text.splitlines()) <= 50, page.name
