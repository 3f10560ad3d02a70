"""Why a row did not come in: the importer's own reasons beside the ledger's refusals, each with what to do about it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from domain.refusals import Code, Refusal


class Reason(StrEnum):
    """A reason's stable code; `told` is the sentence, `advice` what to do."""

    told: str
    advice: str

    def __new__(cls, code: str, told: str = "", advice: str = "") -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.told = told
        member.advice = advice
        return member

    # the file and its lines
    FILE_EMPTY = "file-empty", "The file is empty.", "Export it again; the other files have come in."
    NOT_DECODABLE = (
        "not-decodable",
        "The line is not in the encoding of the file.",
        "Save the file as UTF-8, or name its encoding in the mapping.",
    )
    QUOTES_UNBALANCED = (
        "quotes-unbalanced",
        "A quotation mark opens a field and does not close it properly.",
        "Close it, or double each quotation mark inside a quoted field.",
    )
    ROW_TOO_LONG = (
        "row-too-long",
        "The row is longer than a million characters.",
        "Shorten it; look for a missing line end.",
    )
    ROW_EMPTY = "row-empty", "The row has only empty fields.", "Nothing, unless something should stand there."
    TOO_FEW_COLUMNS = "too-few-columns", "The row has fewer fields than the header.", "Add what is missing."
    TOO_MANY_COLUMNS = (
        "too-many-columns",
        "The row has more fields than the header.",
        "Put fields that hold the delimiter in quotation marks.",
    )
    NOT_JSON = "not-json", "The line is no JSON object.", "Write one object of plain values in each line."
    TEXT_NOT_STORABLE = (
        "text-not-storable",
        "Text holds a NUL or a lone surrogate, which cannot be stored.",
        "Remove the character.",
    )

    # what stands in a row
    VALUE_MISSING = (
        "value-missing",
        "A value that the mapping needs is empty.",
        "Fill it in, or mark the column as optional.",
    )
    DATE_UNREADABLE = "date-unreadable", "The date is in none of the mapping's formats.", "Add its format to `dates`."
    NUMBER_UNREADABLE = (
        "number-unreadable",
        "The number cannot be read.",
        "Write it with the mapping's decimal sign; see `numbers`.",
    )
    AMOUNT_NOT_WHOLE = (
        "amount-not-whole",
        "The amount has more decimals than the currency.",
        "Round it at the source, or check `currency` and `amounts`.",
    )
    VALUE_UNKNOWN = (
        "value-unknown",
        "The value is none of those that the mapping lists.",
        "Correct it, add an alias for it, or list it.",
    )
    ACTIVITY_UNKNOWN = (
        "activity-unknown",
        "The mapping does not say what this activity means.",
        "Add it to `activities`, or to `ignored_activities`.",
    )
    UNKNOWN_REP = (
        "unknown-rep",
        "Nobody of this name belonged to the organisation at that time.",
        "Import the person first, or correct the name or the date; then import again.",
    )
    NO_MANAGER = (
        "no-manager",
        "Nobody manages the unit of this person, or one above it, at that time.",
        "Import the people first, with a manager from that time on.",
    )
    NO_STEP = "no-step", "No step of the mapping applies to this row.", "Look at the conditions (`when`) of its shape."
    KEY_UNUSABLE = (
        "key-unusable",
        "The row's key is empty, too long, or has characters that no id may have.",
        "Give the key `| id` or `| opaque` in the mapping.",
    )
    CHANGED_SINCE = (
        "changed-since",
        "The row, or another of its key, was recorded before with other content; that stands.",
        "Nothing is overwritten: record what happened since (a correction, a transfer, a refund) as a command of its own.",
    )


class NotIn(ValueError):
    """A row stays out. `column` tells where it lies, never what stands there."""

    def __init__(self, reason: Reason, column: str = "", detail: str = "") -> None:
        super().__init__(reason.told)
        self.reason = reason
        self.column = column
        self.detail = detail


ADVICE: Final = {
    Code.UNKNOWN_CUSTOMER: "Correct the name, or add an alias or the customer's own row; then import again.",
    Code.UNKNOWN_REP: "Import the person first, or correct the name; then import again.",
    Code.REP_LEFT: "Check who acted, or when; then import again.",
    Code.UNKNOWN_DEAL: "The deal's first row did not come in; see its own line, then import again.",
    Code.UNKNOWN_UNIT: "Import the unit first; then import again.",
    Code.NO_POLICY: "Name a default policy in the mapping that is in force at that time.",
    Code.STAGE_ORDER: "Let a manager be the actor (`actor`), or give the stages in between.",
    Code.IDENTITY_HELD: "It is a double: merge the two records, or correct the phone or licence.",
    Code.COMMAND_ID_REUSED: Reason.CHANGED_SINCE.advice,
    Code.IN_THE_FUTURE: "Correct the date.",
    Code.ID_TAKEN: "Something else was recorded under this id; check the key.",
    Code.PAYMENT_REPEATED: "It is recorded already; check the payment's id.",
}
"""What to do about a refusal of the ledger, where more can be said than its rule."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One row that did not come in, or only in part. `line` counts from 1, with the header; 0 speaks of the whole file."""

    file: str
    line: int
    shape: str
    key: str
    code: str
    column: str
    message: str
    what_to_do: str

    @classmethod
    def of_row(cls, file: str, line: int, shape: str, key: str, why: NotIn) -> Self:
        told = f"{why.reason.told} {why.detail}".strip()
        return cls(file, line, shape, key, why.reason, why.column, told, why.reason.advice)

    @classmethod
    def of_refusal(cls, file: str, line: int, shape: str, key: str, step: str, refusal: Refusal, partly: bool) -> Self:
        code: str = Reason.CHANGED_SINCE if refusal.code is Code.COMMAND_ID_REUSED else refusal.code
        rule = Reason.CHANGED_SINCE.told if refusal.code is Code.COMMAND_ID_REUSED else refusal.rule
        told = f"{rule} Step: {step}. Clause: {refusal.clause}."
        if refusal.code is Code.MALFORMED and refusal.detail:
            told = f"{told} {refusal.detail}"
        if partly:
            told = f"{told} The steps before it came in."
        return cls(
            file, line, shape, key, code, "", told, ADVICE.get(refusal.code, "Correct the row, then import again.")
        )
