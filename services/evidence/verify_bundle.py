"""Checks an evidence bundle of the sales ledger with nothing but Python and `cryptography`: no server, no database.

    python verify_bundle.py BUNDLE [--key KEY] [--heads FILE]...

KEY is the key that you know to be the ledger's, as `name+id+key` or a file that holds it; without it the bundle is checked
against the key that it names itself. FILE is what a witness keeps: the heads that were published to it. Exits with 0 if all
holds, 1 if something does not, 2 if it cannot be checked. What fails is named, a line each.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import os
import re
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "sales-ledger-bundle.v1"
MOST_BYTES = 256 * 2**20
MOST_FILES = 64
WHOLE = 10_000
NEEDED = (
    "amounts.json",
    "case.json",
    "events.ndjson",
    "head.note",
    "heads.json",
    "page.html",
    "proofs.json",
    "verify_bundle.py",
)
OPTIONAL = ("personal.json",)
MOST_NAMED = 100

Json = Any
Files = dict[str, bytes]
Key = tuple[str, bytes, bytes]
Finding = tuple[str, str, str]
Findings = Iterator[Finding]
Events = list[Json]
Heads = dict[int, bytes]
Witnesses = Sequence[tuple[str, bytes]]
Parts = list[tuple[str, int]]
Receipts = dict[str, tuple[datetime, int, Any]]
Line = tuple[str, str, Any, Any, int]
Totals = dict[Any, int]


class Unsound(Exception):
    """The bundle cannot be read any further. `code` is stable, `where` names the file."""

    def __init__(self, code: str, where: str, message: str) -> None:
        super().__init__(message)
        self.finding = (code, where, message)


# --- the container: a zip whose every byte is prescribed -------------------------------------------------------------


def local_header(name: bytes, crc: int, size: int) -> bytes:
    return struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, crc, size, size, len(name), 0) + name


def central_header(name: bytes, crc: int, size: int, offset: int) -> bytes:
    fixed = (b"PK\1\2", 788, 20, 0, 0, 0, 33, crc, size, size, len(name), 0, 0, 0, 0, 0o600 << 16, offset)
    return struct.pack("<4s6H3I5H2I", *fixed) + name


def end_record(count: int, size: int, offset: int) -> bytes:
    return struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, size, offset, 0)


def packed(files: Files) -> bytes:
    """The one zip that holds these files in this order: stored, undated, nothing else in it."""
    body, directory = bytearray(), bytearray()
    for name, data in files.items():
        head = (name.encode(), zlib.crc32(data), len(data))
        directory += central_header(*head, len(body))
        body += local_header(*head) + data
    return bytes(body + directory) + end_record(len(files), len(directory), len(body))


def unpacked(file: BinaryIO) -> Files:
    """The files of a bundle by name. Reads no more than the file has, whatever it claims. Raises `Unsound`."""
    size = file.seek(0, os.SEEK_END)
    if size > MOST_BYTES:
        raise Unsound("container", "bundle", f"it has {size} bytes; no bundle has more than {MOST_BYTES}")
    file.seek(max(0, size - 22))
    end = file.read(22).rjust(22, b"\0")
    count, length, start = struct.unpack("<10xH2I2x", end)
    if end != end_record(count, length, start) or start + length + 22 != size or not 0 < count <= MOST_FILES:
        raise Unsound("container", "bundle", "it does not end as a bundle ends: truncated, or packed by something else")
    file.seek(start)
    directory, expected, offset = file.read(length), b"", 0
    files: Files = {}
    for _ in range(count):
        entry = directory[len(expected) : len(expected) + 46]
        if len(entry) < 46:
            raise Unsound("container", "bundle", "its directory is cut off")
        crc, length_packed, length_claimed, name_length = struct.unpack("<3IH", entry[16:30])
        name = directory[len(expected) + 46 : len(expected) + 46 + name_length]
        where = name.decode("ascii", "replace")
        if where in files:
            raise Unsound("container", where, "there are two files of this name")
        if not re.fullmatch(r"[a-z_]+\.[a-z]+", where):
            raise Unsound("container", "bundle", "a file has a name that no bundle has")
        if max(length_packed, length_claimed) > start - offset:
            raise Unsound("container", where, f"it claims {length_claimed} bytes, more than the bundle has left")
        expected += central_header(name, crc, length_claimed, offset)
        file.seek(offset)
        header, data = file.read(30 + name_length), file.read(length_claimed)
        if header != local_header(name, crc, length_claimed) or directory[: len(expected)] != expected:
            raise Unsound("container", where, "it is not kept as bundles keep it: packed again by something else")
        if zlib.crc32(data) != crc:
            raise Unsound("container", where, "its bytes are not those that were packed")
        files[where] = data
        offset += len(header) + len(data)
    if offset != start or directory != expected:
        raise Unsound("container", "bundle", "there is something in it that belongs to no file")
    return files


# --- signed notes and Merkle proofs (C2SP signed-note and tlog-checkpoint, RFC 6962) ---------------------------------


def canonical_base64(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("base64 is not canonical")
    return raw


def read_key(text: str) -> Key:
    """`(name, id, public key)` of a key written `name+id+key`. Raises `ValueError`."""
    name, key_id, encoded = text.strip().split("+", 2)
    raw = canonical_base64(encoded)
    if (
        len(raw) != 33
        or raw[0] != 1
        or not name
        or hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] != key_id
    ):
        raise ValueError("it is no Ed25519 key in the form name+id+key")
    return name, bytes.fromhex(key_id), raw[1:]


def note_text(note: bytes, key: Key) -> str:
    """The text of a note with one signature, made by this key. Raises `ValueError`."""
    name, key_id, public = key
    text, blank, signature = note.decode().rpartition("\n\n")
    start = f"— {name} "
    if not blank or not signature.startswith(start) or not signature.endswith("\n"):
        raise ValueError("it is not signed by the known key")
    raw = canonical_base64(signature[len(start) : -1])
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], f"{text}\n".encode())
    except InvalidSignature:
        raise ValueError("it is not signed by the known key") from None
    if raw[:4] != key_id:
        raise ValueError("it is not signed by the known key")
    return f"{text}\n"


def read_head(note: bytes, key: Key) -> tuple[int, bytes]:
    """`(size, root)` of a signed head of the key's own log. Raises `ValueError`."""
    lines = note_text(note, key).split("\n")
    if len(lines) != 4 or lines[0] != key[0] or not re.fullmatch(r"[1-9][0-9]{0,18}", lines[1]):
        raise ValueError("it is no head of this log")
    root = canonical_base64(lines[2])
    if len(root) != 32:
        raise ValueError("it is no head of this log")
    return int(lines[1]), root


def hash_leaf(record: bytes) -> bytes:
    return hashlib.sha256(b"\0" + record).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def root_from_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root that an audit path leads to, by RFC 9162, 2.1.3.2; None if it is no path for that place."""
    number, last, found = index, size - 1, leaf
    for each in path:
        if last == 0:
            return None
        if number & 1 or number == last:
            found = hash_node(each, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = hash_node(found, each)
        number, last = number >> 1, last >> 1
    return found if last == 0 else None


def continues(first: int, first_root: bytes, second: int, second_root: bytes, path: list[bytes]) -> bool:
    """Whether a consistency proof shows that the second tree begins with the first, by RFC 9162, 2.1.4.2."""
    if first == second:
        return not path and first_root == second_root
    if not 0 < first < second:
        return False
    if first & (first - 1) == 0:
        path = [first_root, *path]
    if not path:
        return False
    number, last = first - 1, second - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    one = other = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            one, other = hash_node(each, one), hash_node(each, other)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            other = hash_node(other, each)
        number, last = number >> 1, last >> 1
    return last == 0 and one == first_root and other == second_root


# --- commission, reckoned again from the events alone ----------------------------------------------------------------


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def split(amount: int, shares: list[int]) -> list[int]:
    """Largest remainders: floor each part, then one leftover unit each to the largest fractions, ties by order."""
    if amount < 0:
        return [-part for part in split(-amount, shares)]
    whole = sum(shares)
    parts = [amount * share // whole for share in shares]
    by_fraction = sorted(range(len(shares)), key=lambda i: (-(amount * shares[i] % whole), i))
    for i in by_fraction[: amount - sum(parts)]:
        parts[i] += 1
    return parts


class Deal:
    """What decides the commission of one deal, folded from its events in order."""

    def __init__(self) -> None:
        self.signing: Json = None
        self.roles: dict[str, list[tuple[datetime, Parts]]] = {}
        self.sharings: list[tuple[str, datetime, Parts]] = []
        self.receipts: Receipts = {}
        self.milestones: dict[str, tuple[int, Any]] = {}

    def take(self, fact: Json) -> None:
        kind = fact["kind"]
        if kind == "contract-signed.v1":
            self.signing = fact
        elif kind == "milestone-scheduled.v1":
            self.milestones[fact["milestone"]] = (fact["amount"], fact["due"])
        elif kind == "payment-received.v1":
            self.receipts[fact["payment"]] = (moment(fact["at"]), fact["amount"], fact["milestone"])
        elif kind == "payment-refunded.v1":
            received, net, milestone = self.receipts[fact["payment"]]
            self.receipts[fact["payment"]] = (received, net - fact["amount"], milestone)
        elif kind == "role-earned.v1":
            self.enter(fact["role"], fact["at"], [(fact["rep"], WHOLE)])
        elif kind == "role-transferred.v1":
            self.enter(fact["role"], fact["effective_from"], parts_of(fact))
        elif kind == "role-revoked.v1":
            self.enter(fact["role"], fact["effective_from"], [])
        elif kind == "role-expired.v1":
            self.enter(fact["role"], fact["at"], [])
        elif kind == "sharing-agreed.v1":
            since = moment(fact["effective_from"])
            self.sharings = [s for s in self.sharings if s[0] != fact["of"] or s[1] < since]
            self.sharings.append((fact["of"], since, parts_of(fact)))

    def enter(self, role: str, since: str, parts: Parts) -> None:
        start = moment(since)
        earlier = [tenure for tenure in self.roles.get(role, []) if tenure[0] < start]
        self.roles[role] = [*earlier, (start, parts)]

    def holders(self, role: str, at: datetime) -> Parts:
        return next((parts for since, parts in reversed(self.roles.get(role, [])) if since <= at), [])

    def shared(self, rep: str, at: datetime) -> Parts | None:
        return next((parts for of, since, parts in reversed(self.sharings) if of == rep and since <= at), None)

    def paid(self, role: Json, at: datetime, plan: Json) -> Parts:
        """Who is paid for a role: its holders, or those of the first role held on the way of its fallbacks."""
        by_name, seen = {each["role"]: each for each in plan["roles"]}, set()
        while role and role["role"] not in seen:
            seen.add(role["role"])
            parts = self.holders(role["role"], at)
            if parts:
                return parts
            role = by_name.get(role["fallback"])
        return []

    def lines(self, plan: Json, receipts: Receipts | None = None) -> Iterator[Line]:
        """`(payment, role, of, payee, amount)` of every line, in the order of receipts and of the plan's roles."""
        for payment, (received, net, _) in (self.receipts if receipts is None else receipts).items():
            at = max(received, moment(self.signing["at"])) if self.signing else received
            pool = (net - net * plan["fee"] // WHOLE) * plan["rate"] // WHOLE
            shares = [each["share"] for each in plan["roles"]]
            for role, amount in zip(plan["roles"], split(pool, shares), strict=True):
                for of, part in divided(amount, self.paid(role, at, plan) or [(None, WHOLE)]):
                    for payee, due in divided(part, (self.shared(of, at) if of else None) or [(of, WHOLE)]):
                        yield payment, role["role"], of, payee, due

    def foreseen(self, plan: Json, at: datetime) -> Totals:
        """What each payee has of the whole contract, with what is still to come; of a pool of 10000 where none is signed."""
        if self.signing is None:
            return totals(self.lines({**plan, "rate": WHOLE, "fee": 0}, {"all": (at, WHOLE, None)}))
        left = self.signing["amount"] - sum(net for _, net, _ in self.receipts.values())
        coming: Receipts = {}
        for name, (amount, due) in self.milestones.items():
            still = min(left, amount - sum(net for _, net, of in self.receipts.values() if of == name))
            if still > 0:
                left -= still
                coming[f"still to come: {name}"] = (max(moment(due), at) if due else at, still, name)
        if left > 0:
            coming["still to come: the rest"] = (at, left, None)
        return totals(self.lines(plan, {**self.receipts, **coming}))


def divided(amount: int, parts: Sequence[tuple[Any, int]]) -> Iterator[tuple[Any, int]]:
    """An amount among payees, each with its basis points."""
    for (payee, _), part in zip(parts, split(amount, [bps for _, bps in parts]), strict=True):
        yield payee, part


def parts_of(fact: Json) -> Parts:
    return [(part["rep"], part["bps"]) for part in fact["parts"]]


def totals(lines: Iterable[Line]) -> Totals:
    found: Totals = {}
    for _, _, _, payee, amount in lines:
        found[payee] = found.get(payee, 0) + amount
    return found


def deal_after(events: Events, deal: str) -> Deal:
    """A deal folded from those of the events that are of it."""
    found = Deal()
    for event in events:
        if event["stream"] == f"deal/{deal}":
            found.take(event["fact"])
    return found


def policies_of(events: Events) -> dict[str, Json]:
    published = (event["fact"] for event in events if event["fact"]["kind"] == "policy-published.v1")
    return {fact["policy"]: fact for fact in published}


def reckoned(events: Events) -> list[Json]:
    """`amounts.json` as it follows from the events: every commission line of every deal whose contract is signed."""
    policies = policies_of(events)
    found: list[Json] = []
    for stream in sorted({event["stream"] for event in events if event["stream"].startswith("deal/")}):
        deal = deal_after(events, stream[len("deal/") :])
        if deal.signing is None:
            continue
        plan = policies[deal.signing["policy"]]
        if plan["content_hash"] != deal.signing["plan_hash"]:
            raise ValueError(f"{stream} was signed under another {deal.signing['policy']} than the one published")
        for payment, role, of, payee, amount in deal.lines(plan["version"]["commission"]):
            line = {"payment": payment, "role": role, "of": of, "payee": payee, "amount": amount}
            found.append({"deal": deal.signing["deal"], **line, "currency": deal.signing["currency"]})
    return found


# --- the case, heard again -------------------------------------------------------------------------------------------


def summary(events: Events) -> dict[str, list[Json]]:
    """`case.json` as it follows from the events: what was decided, by whom, on which policies."""
    told: dict[str, list[Json]] = {kind: [] for kind in CASE_KINDS.values()}
    for event in events:
        name = CASE_KINDS.get(event["fact"]["kind"])
        if name:
            told[name].append({"position": event["position"], **event["fact"]})
    named = ("policy", "content_hash", "by", "at")
    told["policies"] = [{name: fact[name] for name in named} for fact in policies_of(events).values()]
    return told


CASE_KINDS = {
    "dispute-filed.v1": "filed",
    "case-accepted.v1": "accepted",
    "case-dismissed.v1": "dismissed",
    "evidence-submitted.v1": "evidence",
    "panel-seated.v1": "panels",
    "member-recused.v1": "recused",
    "vote-cast.v1": "votes",
    "decision-issued.v1": "decisions",
    "appeal-filed.v1": "appeals",
    "decision-finalized.v1": "final",
    "decision-executed.v1": "executed",
    "precedent-published.v1": "precedents",
}


def case_findings(events: Events, heads: Heads) -> Findings:
    """What of the case does not follow: the draw, the votes, the ruling, the amounts predicted and executed."""
    policies, opened = policies_of(events), 0
    terms: Json = None
    decided: Json = None
    seated: list[str] = []
    votes: list[Json] = []
    for event in events:
        fact, position = event["fact"], event["position"]
        kind = fact["kind"]
        if not event["stream"].startswith("case/"):
            continue
        if kind in ("dispute-filed.v1", "decision-issued.v1"):
            policy = policies.get(fact["policy"])
            if policy is None or policy["content_hash"] != fact["policy_hash"]:
                yield "policy-differs", f"event {position}", f"the policy {fact['policy']} is not the one published"
                return
        if kind == "dispute-filed.v1":
            terms = policies[fact["policy"]]["version"]["disputes"]["panel"]
        elif kind in ("case-accepted.v1", "appeal-filed.v1"):
            opened, seated, votes = position, [], []
        elif kind == "panel-seated.v1":
            seated = [each["member"] for each in fact["members"]]
            yield from draw_findings(fact, position, opened, terms, heads)
        elif kind == "member-recused.v1":
            seated = [each for each in seated if each != fact["member"]]
            seated += [fact["alternate"]["member"]] if fact["alternate"] else []
            votes = [each for each in votes if each["member"] != fact["member"]]
        elif kind == "vote-cast.v1":
            if fact["member"] not in seated or fact["member"] in [each["member"] for each in votes]:
                yield "votes-differ", f"event {position}", f"{fact['member']} is not seated, or has voted before"
            if ruling_digest(fact["ruling"]) != fact["digest"]:
                yield "ruling-differs", f"event {position}", "the digest is not that of the ruling"
            votes.append(fact)
        elif kind == "decision-issued.v1":
            yield from ruling_findings(fact, position, votes, seated, terms)
            yield from prediction_findings(event, decided, events, policies)
            decided = event
        elif kind == "decision-executed.v1":
            yield from execution_findings(event, decided, events, policies)
            opened, seated, votes = position, [], []


def draw_findings(fact: Json, position: int, opened: int, terms: Json, heads: Heads) -> Findings:
    where, head = f"event {position}", fact["head"]
    if head["size"] < opened:
        yield "panel-differs", where, "the head that the panel is drawn from is older than the hearing"
    chosen = [size for size in heads if opened <= size < head["size"]]
    if chosen:
        yield "panel-differs", where, f"a head of {min(chosen)} events was published first: the seed was chosen"
    if heads.get(head["size"], b"").hex() != head["root"]:
        yield (
            "panel-differs",
            where,
            f"the head of {head['size']} events that the panel is drawn from was never published",
        )
    drawn: list[Json] = []
    waiting: list[Json] = []
    for seat in terms["seats"]:
        of_seat = [each for each in fact["eligible"] if each["seat"] == seat["seat"]]
        of_seat.sort(key=lambda each: ticket(head["root"], fact["case"], fact["hearing"], each))
        drawn += of_seat[: seat["members"]]
        waiting += of_seat[seat["members"] : seat["members"] + seat["alternates"]]
    if drawn != fact["members"] or waiting != fact["alternates"]:
        yield "panel-differs", where, "drawn again from the same head, the panel is another"


def ticket(root: str, case: str, hearing: int, person: Json) -> str:
    return hashlib.sha256(f"{root}/{case}/{hearing}/{person['seat']}/{person['member']}".encode()).hexdigest()


def ruling_digest(ruling: Json) -> str:
    text = json.dumps(without_none(ruling), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def without_none(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: without_none(each) for name, each in value.items() if each is not None}
    return [without_none(each) for each in value] if isinstance(value, list) else value


def ruling_findings(fact: Json, position: int, votes: list[Json], seated: list[str], terms: Json) -> Findings:
    where = f"event {position}"
    if ruling_digest(fact["ruling"]) != fact["digest"]:
        yield "ruling-differs", where, "the digest is not that of the ruling"
    carried = [each["member"] for each in votes if each["digest"] == fact["digest"]]
    if fact["cause"] == "majority":
        dissent = [each["member"] for each in votes if each["digest"] != fact["digest"]]
        if carried != fact["carried"] or dissent != fact["dissent"]:
            yield (
                "votes-differ",
                where,
                f"by the votes {', '.join(carried) or 'nobody'} carried it, not {', '.join(fact['carried'])}",
            )
        if len(votes) < terms["quorum"] or len(carried) < terms["majority"]:
            yield (
                "votes-differ",
                where,
                f"{len(votes)} of {len(seated)} voted and {len(carried)} agreed, which does not carry it",
            )
    else:
        most = max((sum(one["digest"] == each["digest"] for one in votes) for each in votes), default=0)
        if len(votes) >= terms["quorum"] and most >= terms["majority"]:
            yield "votes-differ", where, "a ruling had its majority, and the status quo was confirmed"


def prediction_findings(event: Json, earlier: Json, events: Events, policies: dict[str, Json]) -> Findings:
    """What the deals came to before the ruling, reckoned again; without a majority the ruling before stands, as it was."""
    fact, where = event["fact"], f"event {event['position']}"
    told = by_payee(fact["predicted"])
    if fact["cause"] == "no-majority":
        if told != (by_payee(earlier["fact"]["predicted"]) if earlier else {}):
            yield "prediction-differs", where, "the ruling that stands predicted something else"
        return
    known = [each for each in events if each["position"] <= fact["position"] or is_clocks(each, event)]
    for deal in sorted({deal for deal, _ in told}):
        if not follows(deal, told, fact["at"], known, None, policies):
            yield "prediction-differs", where, f"what deal {deal} came to before the ruling does not follow"


def execution_findings(event: Json, decided: Json, events: Events, policies: dict[str, Json]) -> Findings:
    """What the deals come to by the ruling, reckoned again from the effects of its execution, and held against the prediction."""
    fact, ruled = event["fact"], decided["fact"]
    where = f"event {event['position']}"
    if fact["digest"] != ruled["digest"]:
        yield "execution-differs", where, "another ruling was carried out than the one issued"
    if ruled["ruling"]["finding"] == "remand":
        return
    then, now = by_payee(ruled["predicted"]), by_payee(fact["amounts"])
    differing = {each for each in {**then, **now} if then and then.get(each) != now.get(each)}
    if {(each["deal"], each["payee"]) for each in fact["moved"]} != differing:
        yield "execution-differs", where, "what differs from the prediction is not what is said to differ"
    effects = [each for each in events if each["command_id"] == event["command_id"]]
    first = effects[0]["position"]
    before = [each for each in events if each["position"] < first or is_clocks(each, event)]
    for deal in sorted({deal for deal, _ in now}):
        if not follows(deal, now, ruled["at"], before, [*before, *effects], policies):
            yield "execution-differs", where, f"what deal {deal} comes to by the ruling does not follow"


def is_clocks(each: Json, event: Json) -> bool:
    """Whether the clock has told it in the same commit, and so before."""
    return bool(each["command_id"] == event["command_id"] and each["fact"]["kind"] == "role-expired.v1")


def by_payee(amounts: list[Json]) -> dict[tuple[str, Any], tuple[Any, int, int]]:
    return {(each["deal"], each["payee"]): (each["currency"], each["before"], each["after"]) for each in amounts}


def follows(deal: str, told: Json, when: str, before: Events, after: Events | None, policies: dict[str, Json]) -> bool:
    """Whether a deal's amounts follow from the events before, and those after if given. Without a contract, the shares
    must be those of one of the policies.
    """
    was, at = deal_after(before, deal), moment(when)
    will = deal_after(after, deal) if after else None
    for policy in [was.signing["policy"]] if was.signing else policies:
        plan = policies[policy]["version"]["commission"]
        one, other = was.foreseen(plan, at), will.foreseen(plan, at) if will else {}
        payees = {payee for of, payee in told if of == deal}
        same_before = all(told[deal, payee][1] == one.get(payee, 0) for payee in payees)
        same_after = all(told[deal, payee][2] == other.get(payee, 0) for payee in payees)
        if payees >= {*one, *other} and same_before and (will is None or same_after):
            return True
    return False


# --- what must hold --------------------------------------------------------------------------------------------------


def canonical(value: Json) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def read_json(files: Files, name: str) -> Json:
    """A JSON file in its one canonical form. Raises `Unsound`."""
    try:
        value = json.loads(files[name])
        same = canonical(value) == files[name]
    except (ValueError, RecursionError):
        raise Unsound("file-altered", name, "it is not JSON") from None
    if not same:
        raise Unsound("file-altered", name, "it is not written as bundles write JSON")
    return value


def manifest_of(files: Files) -> Json:
    if "manifest.json" not in files or "manifest.note" not in files:
        raise Unsound("file-missing", "manifest.json", "there is no manifest, or nobody signed it")
    manifest = read_json(files, "manifest.json")
    if (
        not isinstance(manifest, dict)
        or manifest.get("format") != FORMAT
        or not isinstance(manifest.get("files"), dict)
    ):
        raise Unsound("file-altered", "manifest.json", f"it is no {FORMAT}")
    return manifest


def file_findings(files: Files, manifest: Json, key: Key) -> Findings:
    """Every file against the manifest, and the manifest against its signature."""
    listed, there = set(manifest["files"]), set(files) - {"manifest.json", "manifest.note"}
    for name in sorted(set(NEEDED) | listed | there):
        if name not in there:
            yield "file-missing", name, "it is missing"
        elif name not in listed or name not in (*NEEDED, *OPTIONAL):
            yield "file-unknown", name, "the manifest does not list it"
        elif manifest["files"][name] != {"bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}:
            yield "file-altered", name, "it is not the file that the manifest lists"
    wanted = f"{key[0]}/bundle\n{hashlib.sha256(files['manifest.json']).hexdigest()}\n"
    try:
        if note_text(files["manifest.note"], key) != wanted:
            yield "file-altered", "manifest.json", "it is not the manifest that was signed"
    except ValueError as error:
        yield "head-not-signed", "manifest.note", str(error)


def head_findings(files: Files, manifest: Json, key: Key, heads: Heads, witnesses: Witnesses) -> Findings:
    """The signed head, and that it continues every head published before. Puts `size: root` of each into `heads`."""
    try:
        size, root = read_head(files["head.note"], key)
    except ValueError as error:
        yield "head-not-signed", "head.note", str(error)
        return
    heads[size] = root
    if size != manifest["size"]:
        yield "head-not-signed", "head.note", f"it is the head of {size} events, not of {manifest['size']}"
    before, published = 0, read_json(files, "heads.json")
    for each in published["heads"]:
        try:
            earlier, earlier_root = read_head(each["note"].encode(), key)
        except ValueError as error:
            yield "head-not-signed", "heads.json", f"after the head of {before} events: {error}"
            continue
        if earlier <= before or not continues(
            earlier, earlier_root, size, root, [bytes.fromhex(h) for h in each["proof"]]
        ):
            yield (
                "heads-inconsistent",
                "heads.json",
                f"the head of {size} events does not continue that of {earlier}: rewritten",
            )
        before = earlier
        heads.setdefault(earlier, earlier_root)
    for name, notes in witnesses:
        yield from witness_findings(name, notes, key, published["since"], size, heads)


def witness_findings(name: str, notes: bytes, key: Key, since: int, size: int, heads: Heads) -> Findings:
    """Whether the bundle has every head that a witness has, from the bundle's first event to its own head."""
    for note in re.findall(rb"(?:[^\n]+\n){3,}\n(?:\xe2\x80\x94 [^\n]+\n)+", notes):
        try:
            seen, root = read_head(note, key)
        except ValueError as error:
            yield "head-not-signed", name, f"the witness keeps a head that is none of this log: {error}"
            continue
        if since <= seen <= size and heads.get(seen) != root:
            told = "another" if seen in heads else "no"
            yield (
                "heads-inconsistent",
                name,
                f"the bundle has {told} head of {seen} events than the witness: rewritten or left out",
            )


def event_findings(files: Files, manifest: Json, root: bytes) -> Findings:
    """Every event against its entry, every entry against the signed root, every stream against the gaps it may not have."""
    proofs = read_json(files, "proofs.json")
    entries, lines = proofs["events"], files["events.ndjson"].split(b"\n")[:-1]
    yield from text_findings(entries, lines)
    yield from place_findings(entries, manifest["size"], root)
    before: Json = {"position": 0, "recorded_at": ""}
    versions: dict[str, list[int]] = {}
    for entry in entries:
        where = f"event {entry['position']}"
        if entry["position"] <= before["position"]:
            yield "event-reordered", where, f"it stands after event {before['position']}"
        elif entry["recorded_at"] < before["recorded_at"]:
            yield "event-redated", where, f"it was recorded before event {before['position']}"
        versions.setdefault(entry["stream"], []).append(entry["version"])
        before = entry
    for stream, told in manifest["streams"].items():
        found = versions.pop(stream, [])
        gone = sorted(set(range(1, told["events"] + 1)) - set(found)) if told["whole"] else []
        for version in gone:
            yield "event-dropped", stream, f"event {version} of the stream is missing"
        if not gone and (len(found) != told["events"] or len(set(found)) != len(found)):
            yield "event-dropped", stream, f"there are {len(found)} events, not {told['events']}"
    for stream in versions:
        yield "event-added", stream, "the manifest does not tell of this stream"


def text_findings(entries: list[Json], lines: list[bytes]) -> Findings:
    """The stored texts against the leaves that stand for them."""
    leaves = [hash_leaf(line).hex() for line in lines]
    there, expected = set(leaves), {entry["leaf"]: entry for entry in entries}
    lacking = {entry["event_id"]: entry for entry in entries if entry["leaf"] not in there}
    for number, (line, leaf) in enumerate(zip(lines, leaves, strict=True)):
        entry = expected.get(leaf)
        if entry and told_by(line, entry) != entry:
            yield "event-altered", f"event {entry['position']}", "proofs.json says something else of it than its text"
        if entry:
            continue
        entry = lacking.pop(id_of(line), None)
        if entry is None and len(lines) == len(entries):
            entry = lacking.pop(entries[number]["event_id"], None)
        if entry is None:
            yield "event-added", "events.ndjson", f"line {number + 1} is no event of this bundle"
        else:
            yield altered(line, entry)
    for entry in lacking.values():
        yield (
            "event-dropped",
            f"event {entry['position']}",
            f"version {entry['version']} of {entry['stream']} is missing",
        )
    in_order = [entry["leaf"] for entry in entries]
    if leaves != in_order and sorted(leaves) == sorted(in_order):
        moved = next(entry for entry, leaf in zip(entries, leaves, strict=True) if entry["leaf"] != leaf)
        yield (
            "event-reordered",
            f"event {moved['position']}",
            "the events stand in another order than they were recorded",
        )


def altered(line: bytes, entry: Json) -> Finding:
    told, where = told_by(line, entry), f"event {entry['position']}"
    times = [name for name in ("occurred_at", "recorded_at") if told and told[name] != entry[name]]
    if not times:
        return "event-altered", where, "its text was altered"
    return "event-redated", where, ", ".join(f"{name} is {told[name]}, it was {entry[name]}" for name in times)


def id_of(line: bytes) -> str:
    told = told_by(line, {})
    return str(told["event_id"]) if told else ""


def told_by(line: bytes, entry: Json) -> Json:
    """The entry as the stored text says it; None for a text that cannot be read."""
    try:
        event = json.loads(line)
        told = {name: event[name] for name in ("event_id", "stream", "version", "recorded_at")}
        fact = {"kind": event["fact"]["kind"], "occurred_at": event["fact"]["at"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return {**entry, **told, **fact}


def place_findings(entries: list[Json], size: int, root: bytes) -> Findings:
    """The leaves against the signed root: whether each stands in the log where the bundle says."""
    broken = [entry for entry in entries if not stands(entry, entry, size, root)]
    for entry in broken[:MOST_NAMED]:
        where = f"event {entry['position']}"
        if any(stands(entry, other, size, root) for other in broken[:MOST_NAMED]):
            yield "event-reordered", where, "it stands elsewhere in the signed log"
        else:
            yield "event-altered", where, "the signed log has no such event there: altered, re-dated or moved"


def stands(entry: Json, place: Json, size: int, root: bytes) -> bool:
    path = [bytes.fromhex(each) for each in place["path"]]
    index = place["position"] - 1
    return 0 <= index < size and root_from_path(bytes.fromhex(entry["leaf"]), index, size, path) == root


def content_findings(files: Files, case: str | None, heads: Heads) -> Findings:
    """What is told beside the events, against the events; and the case, if the bundle is of one, by the rules."""
    entries = read_json(files, "proofs.json")["events"]
    lines = files["events.ndjson"].split(b"\n")[:-1]
    events = [{"position": entry["position"], **json.loads(line)} for entry, line in zip(entries, lines, strict=True)]
    if read_json(files, "amounts.json") != reckoned(events):
        yield "amounts-differ", "amounts.json", "the commission does not follow from the events and the policy"
    if read_json(files, "case.json") != summary(events):
        yield "case-differs", "case.json", "what is told of the case does not follow from the events"
    if case is not None:
        yield from case_findings([each for each in events if is_heard(each["stream"], case)], heads)
    sealed = set(re.findall(rb'"(sealed\.1\.[\w.=-]+)"', files["events.ndjson"]))
    if "personal.json" in files:
        untied = [token for token in read_json(files, "personal.json") if token.encode() not in sealed]
        if untied:
            yield "personal-untied", "personal.json", f"{len(untied)} values belong to no event of the bundle"


def is_heard(stream: str, case: str) -> bool:
    """Whether a history is of that case, or of no case at all."""
    return stream == f"case/{case}" or not stream.startswith("case/")


def check(files: Files, key: Key | None = None, witnesses: Witnesses = ()) -> list[Finding]:
    """Everything that does not hold, as `(code, where, message)`; nothing if all does. `key` as `read_key` gives it."""
    found: list[Finding] = []
    heads: Heads = {}
    try:
        manifest = manifest_of(files)
        key = key or read_key(str(manifest.get("key")))
        found += file_findings(files, manifest, key)
        if not any(code in ("file-missing", "file-unknown") for code, _, _ in found):
            found += head_findings(files, manifest, key, heads, witnesses)
            if manifest["size"] in heads:
                events_found = list(event_findings(files, manifest, heads[manifest["size"]]))
                found += events_found or content_findings(files, manifest["case"], heads)
    except Unsound as error:
        found.append(error.finding)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        found.append(("file-altered", "bundle", f"something in it is not as bundles have it ({type(error).__name__})"))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check an evidence bundle of the sales ledger.")
    parser.add_argument("bundle", help="the bundle, a zip file")
    parser.add_argument("--key", help="the key known to be the ledger's: name+id+key, or a file that holds it")
    parser.add_argument(
        "--heads", action="append", default=[], help="the heads that a witness keeps, a file; may be repeated"
    )
    asked = parser.parse_args(arguments)
    try:
        key = read_key(key_text(asked.key)) if asked.key else None
        witnesses = [(name, read_bytes(name)) for name in asked.heads]
    except (OSError, ValueError, binascii.Error) as error:
        return say(2, f"Cannot check: the key or the heads are not usable: {error}")
    try:
        with Path(asked.bundle).open("rb") as file:
            files = unpacked(file)
    except OSError as error:
        return say(2, f"Cannot check: {error}")
    except Unsound as error:
        return say(1, "FAILS {}: {}: {}".format(*error.finding))
    found = check(files, key, witnesses)
    if found:
        return say(1, *("FAILS {}: {}: {}".format(*each) for each in found))
    manifest = json.loads(files["manifest.json"])
    said = [
        f"{sum(each['events'] for each in manifest['streams'].values())} events, a signed head of {manifest['size']}: all holds."
    ]
    if key is None:
        said.append(
            f"Signed by {manifest['key']}. Compare that with the key you know: nothing in here proves whose it is."
        )
    if files["verify_bundle.py"] != read_bytes(__file__):
        said.append("The copy of this program in the bundle is another version than the one that ran.")
    return say(0, *said)


def key_text(given: str) -> str:
    return read_bytes(given).decode() if Path(given).exists() else given


def read_bytes(name: str) -> bytes:
    with Path(name).open("rb") as file:
        return file.read(MOST_BYTES)


def say(code: int, *lines: str) -> int:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
