"""What is said when the answer is no: problem+json (RFC 9457), with a stable code, a clause, and what stood in the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.refusals import Code, Refusal

PROBLEM_JSON: Final = b"application/problem+json"

Headers = tuple[tuple[bytes, bytes], ...]


class Problem(Exception):
    """The answer to a request that cannot be met. `code` is stable, `title` the rule in a sentence."""

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        refusal: Refusal | None = None,
        again_in_s: int = 0,
        allow: str | None = None,
    ) -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail
        self.refusal = refusal
        self.again_in_s = again_in_s
        self.allow = allow

    @property
    def status(self) -> int:
        return status_of(self.code)

    def document(self, **more: object) -> "ProblemDocument":
        """The problem as it is sent. `more` are the fields of an answered command."""
        told = self.refusal.model_dump(exclude={"code"}) if self.refusal else {"detail": self.detail}
        found = {name: value for name, value in {**told, **more}.items() if value is not None}
        return ProblemDocument.model_validate(
            {
                "type": f"/problems#{self.code}",
                "title": title_of(self.code),
                "status": self.status,
                "code": self.code,
                **found,
            }
        )

    def headers(self) -> Headers:
        if self.code.startswith("token-"):
            return ((b"www-authenticate", b'Bearer realm="sales-ledger"'),)
        if self.allow:
            return ((b"allow", self.allow.encode()),)
        return ((b"retry-after", str(self.again_in_s).encode()),) if self.again_in_s else ()


FirstAndLast = Annotated[list[int], Field(min_length=2, max_length=2)]


class ProblemDocument(BaseModel):
    """A problem. `until` is when the way is free; `rival` and `rival_position` are who and which event stood in it."""

    model_config = ConfigDict(extra="forbid")

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    clause: str | None = None
    rival: str | None = None
    rival_position: int | None = None
    rival_at: AwareDatetime | None = None
    until: AwareDatetime | None = None
    id: str | None = Field(default=None, description="The command's id, where one was judged.")
    positions: FirstAndLast | None = Field(default=None, description="First and last event recorded all the same.")
    repeated: bool | None = None
    true_up_to: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A problem of the way here, not of the business: its status and its sentence."""

    status: int
    title: str


OURS: Final[Mapping[str, Told]] = {
    "request-malformed": Told(400, "The request does not have the shape that the API describes."),
    "body-not-json": Told(400, "The body is not JSON in UTF-8, or is nested too deeply."),
    "token-missing": Told(401, "The request needs a token: Authorization: Bearer …"),
    "token-invalid": Told(401, "The token proves nothing here."),
    "token-expired": Told(401, "The token has expired."),
    "not-found": Told(404, "There is no such address."),
    "method-not-allowed": Told(405, "The address does not take this method."),
    "body-too-slow": Told(408, "The body did not arrive in time."),
    "not-there-yet": Told(409, "The answer is not yet true up to the position asked for."),
    "too-wide": Told(409, "The question touches more histories than one answer can show."),
    "not-supposable": Told(409, "What is asked to be supposed cannot be."),
    "nothing-to-prove": Told(409, "There is nothing to prove, or more than a bundle holds."),
    "body-too-large": Told(413, "The body is larger than this address takes."),
    "body-of-another-type": Told(415, "The body is of a type that this address does not take."),
    "asked-too-often": Told(429, "The question was asked too often."),
    "internal-error": Told(500, "Something went wrong here. It was written down under the request's id."),
    "content-differs": Told(500, "The file would not be what the closing pinned, and was not sent."),
    "not-sealed": Told(503, "The log could not be sealed, so that nothing can be proven by it now."),
    "overloaded": Told(503, "More is waiting than can be answered soon. Nothing was recorded."),
    "database-unreachable": Told(503, "The database does not answer. Nothing was recorded."),
    "outcome-unknown": Told(503, "Whether it was recorded is not known. Repeat it under the same Idempotency-Key."),
    "master-key-unusable": Told(503, "A master key of personal data is not at hand here. Nothing was recorded."),
    "keys-unreachable": Told(503, "The issuer's keys cannot be had, so that no token can be read."),
}

SHAPE: Final = frozenset(
    {
        Code.MALFORMED,
        Code.TEXT_NOT_STORABLE,
        Code.TEXT_TOO_LONG,
        Code.AMOUNT_NOT_WHOLE,
        Code.AMOUNT_NOT_POSITIVE,
        Code.UNKNOWN_CURRENCY,
        Code.COMMAND_ID_REUSED,
        Code.IN_THE_FUTURE,
    }
)
"""What is wrong with a command itself, whatever the ledger holds."""

LEAVE: Final = frozenset({Code.NOT_ALLOWED, Code.OUTSIDE_SUBTREE, Code.REP_LEFT})


def status_of(code: str) -> int:
    """The HTTP status of a problem: 422 for the command itself, 403 for who asks, 404 for what is not there, else 409."""
    if told := OURS.get(code):
        return told.status
    if code in SHAPE:
        return 422
    if code in LEAVE:
        return 403
    return 404 if code.startswith("unknown-") or code == Code.NOT_IN_SIGHT else 409


def title_of(code: str) -> str:
    told = OURS.get(code)
    return told.title if told else Code(code).rule


def of(refusal: Refusal) -> Problem:
    return Problem(str(refusal.code), refusal=refusal)
