"""What every event's data has in common."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Sealed = Annotated[str, Field(pattern=r"^sealed\.1\.")]
"""A personal value as the ledger keeps it: encrypted, and unreadable here. Equal people need not have equal seals."""


class Told(BaseModel):
    """A part of an event. Fields that this version does not know are left out, so that newer events can be read."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Fact(Told):
    """The data of an event: something that happened at `at`."""

    kind: str
    at: AwareDatetime
