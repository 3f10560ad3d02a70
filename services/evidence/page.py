"""The page of a bundle: what a person reads before asking the verifier. Chinese and English, and nothing to load."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Final

from domain.money import major
from domain.personal import SEALED_PREFIX

STYLE: Final = """
body{font:15px/1.5 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;margin:2em auto;max-width:72em;
padding:0 1em;color:#1a1a1a}
table{border-collapse:collapse;width:100%;margin:.5em 0 1.5em}
th,td{border-bottom:1px solid #ddd;padding:.3em .6em;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{color:#555;font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
code{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}
"""

Row = Sequence[object]
Column = tuple[str, str]

EVENTS: Final = (
    ("位置", "Position"),
    ("发生", "Happened"),
    ("记录", "Recorded"),
    ("事实", "Fact"),
    ("操作者", "By"),
    ("内容", "What it says"),
)


def page(
    manifest: dict[str, Any], events: Sequence[dict[str, Any]], lines: Sequence[dict[str, Any]], root: str
) -> bytes:
    """The page of a bundle. Sealed personal values are shown as such, whatever else the bundle holds."""
    title = (
        f"案件 {manifest['case']} / Case {manifest['case']}" if manifest["case"] else "事件证据 / Evidence of events"
    )
    facts = [(each["position"], each["fact"]) for each in events]
    parts = [
        f"<h1>{text(title)}</h1>",
        paragraph(
            "本文件可独立验证，无需信任账本的运营方。",
            "This bundle can be verified without trusting who runs the ledger:",
        ),
        "<p><code>python verify_bundle.py BUNDLE --key KEY</code></p>",
        table([("项目", "Item"), ("内容", "Value")], told_of(manifest, root)),
        heard(facts),
        section("佣金", "Commission"),
        amounts(lines),
        section("事件", "Events"),
        table(EVENTS, map(event_row, events)),
    ]
    body = "\n".join(part for part in parts if part)
    head = f'<meta charset="utf-8"><title>{text(title)}</title><style>{STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="zh-CN">\n<head>{head}</head>\n<body>\n{body}\n</body>\n</html>\n'.encode()


def event_row(event: dict[str, Any]) -> Row:
    fact = event["fact"]
    return event["position"], fact["at"], event["recorded_at"], fact["kind"], event["actor"], said(fact)


def told_of(manifest: dict[str, Any], root: str) -> Iterable[Row]:
    yield "已签名的日志长度 / Events in the signed log", manifest["size"]
    yield "树根 / Root", root
    yield "签名公钥 / Signed by", manifest["key"]
    for stream, told in manifest["streams"].items():
        yield stream, f"{told['events']} {'全部 / all events' if told['whole'] else '相关部分 / those that matter'}"


def heard(facts: Sequence[tuple[int, dict[str, Any]]]) -> str:
    """What the case came to: claim, panel, votes, rulings, amounts predicted and executed."""
    return "\n".join(
        section(chinese, english) + rows
        for chinese, english, rows in (
            ("申请", "Filing", described(facts, "dispute-filed.v1", "by", "claim", "expected", "actual", "currency")),
            ("证据", "Evidence", described(facts, "evidence-submitted.v1", "by", "sort", "sha256", "kept_at")),
            ("合议庭", "Panel", described(facts, "panel-seated.v1", "hearing", "members", "alternates", "head")),
            ("回避", "Recusals", described(facts, "member-recused.v1", "member", "cause", "ground", "alternate")),
            ("表决", "Votes", described(facts, "vote-cast.v1", "hearing", "member", "ruling", "opinion")),
            (
                "裁决",
                "Rulings",
                described(
                    facts,
                    "decision-issued.v1",
                    "hearing",
                    "cause",
                    "ruling",
                    "carried",
                    "dissent",
                    "policy_hash",
                    "engine",
                ),
            ),
            ("预计金额", "Amounts predicted", expected(facts, "decision-issued.v1", "predicted")),
            ("执行金额", "Amounts executed", expected(facts, "decision-executed.v1", "amounts")),
        )
        if rows
    )


def described(facts: Sequence[tuple[int, dict[str, Any]]], kind: str, *names: str) -> str:
    rows = [
        (position, fact["at"], *(value(fact[name]) for name in names))
        for position, fact in facts
        if fact["kind"] == kind
    ]
    columns = [("位置", "Position"), ("发生", "Happened"), *(("", name) for name in names)]
    return table(columns, rows) if rows else ""


def expected(facts: Sequence[tuple[int, dict[str, Any]]], kind: str, name: str) -> str:
    rows = [
        (
            position,
            each["deal"],
            each["payee"] or "—",
            *(money(each[when], each["currency"]) for when in ("before", "after")),
        )
        for position, fact in facts
        if fact["kind"] == kind
        for each in fact[name]
    ]
    columns = (("位置", "Position"), ("商机", "Deal"), ("收款人", "Payee"), ("裁决前", "Before"), ("裁决后", "After"))
    return table(columns, rows) if rows else ""


def amounts(lines: Sequence[dict[str, Any]]) -> str:
    rows = [
        (each["deal"], each["payment"], each["role"], each["payee"] or "—", money(each["amount"], each["currency"]))
        for each in lines
    ]
    columns = (("商机", "Deal"), ("回款", "Payment"), ("角色", "Role"), ("收款人", "Payee"), ("金额", "Amount"))
    return table(columns, rows) if rows else paragraph("尚无佣金。", "No commission yet.")


def money(amount: int, currency: str | None) -> str:
    return f"{major(amount, currency)} {currency}" if currency else f"{amount} bps"


def said(fact: dict[str, Any]) -> str:
    """What a fact says, in one line."""
    return ", ".join(
        f"{name} {value(each)}" for name, each in fact.items() if name not in ("kind", "at") and each is not None
    )


def value(told: object) -> str:
    match told:
        case str():
            return "〈个人信息 personal〉" if told.startswith(SEALED_PREFIX) else told
        case dict():
            return "; ".join(f"{name} {value(each)}" for name, each in told.items() if each is not None)
        case list():
            return ", ".join(f"({value(each)})" if isinstance(each, dict) else value(each) for each in told) or "—"
        case None:
            return "—"
        case _:
            return str(told)


def table(columns: Sequence[Column], rows: Iterable[Row]) -> str:
    """An HTML table with its columns named in both languages."""
    head = "".join(f"<th>{text(f'{chinese} {english}'.strip())}</th>" for chinese, english in columns)
    body = "\n".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in rows)
    return f"<table>\n<tr>{head}</tr>\n{body}\n</table>"


def cell(told: object) -> str:
    return f"<td{' class=n' if isinstance(told, int) else ''}>{text(told)}</td>"


def section(chinese: str, english: str) -> str:
    return f"<h2>{text(chinese)} / {text(english)}</h2>"


def paragraph(chinese: str, english: str) -> str:
    return f"<p>{text(chinese)} {text(english)}</p>"


def text(told: object) -> str:
    return escape(str(told))
