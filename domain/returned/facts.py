"""A return file that was held against its month, whole."""

from typing import Literal

from pydantic import Field

from domain.fact import Id, OfPayroll
from domain.months import Month


class ReturnReconciled(OfPayroll):
    """A return file was held against a closed month, whole: the `payouts` recorded of it count from now on.

    `file` is SHA-256 in hex over its bytes, cut to 32 digits; `listed` counts what was recorded nowhere, by what it is.
    """

    kind: Literal["return-reconciled.v1"] = "return-reconciled.v1"
    period: Month
    file: Id
    payouts: int
    listed: dict[Id, int] = Field(default_factory=dict)
    by: Id
