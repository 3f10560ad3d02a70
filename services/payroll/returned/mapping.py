"""What the columns and words of a return file mean: known by their usual names, or told by a small mapping file."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.yaml_places import NotYaml, read_model

Name = Literal["external_id", "payee", "amount", "date", "status", "currency"]

USUAL: Final[dict[Name, tuple[str, ...]]] = {
    "external_id": ("external_id", "transaction_id", "reference", "流水号", "交易号"),
    "payee": ("payee", "employee", "employee_id", "员工编号", "工号"),
    "amount": ("amount", "paid_amount", "金额", "实发金额", "应发佣金"),
    "date": ("date", "paid_at", "paid_on", "日期", "发放日", "发放日期"),
    "status": ("status", "result", "状态", "结果"),
    "currency": ("currency", "币种"),
}
"""How return files usually call their columns, white space and capitals aside."""

ALIKE: Final = 0.4
"""From here on, of 1, a header may be a misspelt one."""

NEEDED: Final[tuple[Name, ...]] = ("external_id", "payee", "amount", "date", "status")
PAID: Final = ("paid", "success", "ok", "confirmed", "成功", "已发放", "已付")
REJECTED: Final = ("rejected", "failed", "returned", "失败", "退回", "拒绝")


class Columns(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    external_id: str | None = None
    payee: str | None = None
    amount: str | None = None
    date: str | None = None
    status: str | None = None
    currency: str | None = None


class ReturnMapping(BaseModel):
    """How a return file is written. `payees` says whose id of the payroll system is whose; `dates` are forms of `strptime`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: Columns = Columns()
    paid: Annotated[tuple[str, ...], Field(min_length=1)] = PAID
    rejected: tuple[str, ...] = REJECTED
    dates: tuple[str, ...] = ()
    amounts: Literal["major", "minor"] = "major"
    payees: dict[str, str] = {}
    currencies: dict[str, str] = {"人民币": "CNY", "港币": "HKD", "美元": "USD"}


class ReturnUnusable(ValueError):
    """The return file, or its mapping, cannot be used. `mistakes` say where and what; nothing was recorded."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = list(mistakes)


def read_return_mapping(path: Path) -> ReturnMapping:
    """Read a mapping. Raises `ReturnUnusable` with the place of every mistake."""
    try:
        read = read_model(path.read_bytes(), ReturnMapping)
    except OSError as error:
        raise ReturnUnusable([f"{path}: {error.strerror or 'cannot be read'}"]) from None
    except NotYaml as error:
        raise ReturnUnusable([f"{path.name}:{error.place.line}:{error.place.column}: {error}"]) from None
    if read.model is None:
        raise ReturnUnusable([f"{path.name}:{t.place.line}:{t.place.column}: {t.message}" for t in read.troubles])
    return read.model


def places(header: Sequence[str], mapping: ReturnMapping, name: str) -> dict[Name, int]:
    """Which column is which. Raises `ReturnUnusable` for one that is missing or there twice, naming what comes nearest."""
    found: dict[Name, int] = {}
    mistakes: list[str] = []
    for column, usual in USUAL.items():
        told: str | None = getattr(mapping.columns, column)
        names = (told,) if told else usual
        fitting = [i for i, each in enumerate(header) if plain(each) in {plain(one) for one in names}]
        if len(fitting) > 1:
            mistakes.append(f"{name}: {', '.join(header[i] for i in fitting)} are both the {column}; keep one")
        elif fitting:
            found[column] = fitting[0]
        elif told or column in NEEDED:
            mistakes.append(f"{name}: there is no column {told or column}; {nearest(names, header)}")
    if mistakes:
        raise ReturnUnusable(mistakes)
    return found


def plain(text: str) -> str:
    """A header without what people write differently.

    >>> plain(" External ID "), plain("paid-at")
    ('external_id', 'paid_at')
    """
    return "_".join(text.strip().lower().replace("-", " ").replace("_", " ").split())


def nearest(names: Sequence[str], header: Sequence[str]) -> str:
    """What to do about a column that is not there."""
    by_plain = {plain(each): each for each in header if each.strip()}
    near = [(alike(plain(name), each), each) for name in names for each in by_plain]
    likeness, best = max(near, default=(0.0, ""))
    if likeness >= ALIKE:
        return f"the nearest is {by_plain[best]}: rename it, or name it in a mapping (--mapping)"
    return f"the file has {', '.join(by_plain.values()) or 'no header'}: name the right one in a mapping (--mapping)"


def alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()
