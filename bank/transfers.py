"""The desk of credit transfers: takes a file of transfers (pain.001), checks it, keeps it, and answers (pain.002).

A file is known by its MsgId: the same bytes again get the same receipt, other bytes under the same name are refused.
Answers come in their own time, each with a number; whoever asks says which was the last they have. What comes back
later from another bank is a movement of the account, for the statement.
"""

import base64
import hashlib
import hmac
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

from bank.book import Book

BIGGEST = 128 * 1024 * 1024
SCHEMA = """
create table if not exists transfer_file (
    message_id text primary key, sha256 text not null, account text not null, count integer not null,
    cents integer not null, taken_at real not null);
create table if not exists transfer (
    id integer primary key, message_id text not null references transfer_file, number text not null unique,
    cents integer not null check (cents > 0), iban text not null, name text not null, fate text not null default '');
create index if not exists transfer_of on transfer (message_id);
create table if not exists transfer_answer (
    id integer primary key, message_id text not null references transfer_file, due_at real not null, number integer,
    content blob not null);
create table if not exists movement (
    id integer primary key, due_at real not null, account text not null, cents integer not null,
    reference text not null, code text not null default '');
"""
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_MAGIC = {
    "FR7619999000020000000000106": "reject:AC01",
    "FR7619999000020000000000203": "return:AC04",
    "FR7619999000020000000000397": "return:AC06",
    "FR7619999000020000000000494": "return:MS03",
    "FR7619999000020000000000591": "silent",
}
"""What becomes of a transfer to these accounts: refused at once, sent back two hours later, or never told of."""

_HOURS_TO_SETTLE, _HOURS_TO_RETURN = 1, 2


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that moved on an account: ``cents`` is negative when it left. ``reference``: a MsgId, or an EndToEndId."""

    id: int
    at: float
    account: str
    cents: int
    reference: str
    code: str


class Wrong(Exception):  # noqa: N818 - read as a fact: the file is wrong
    """The file is not taken; its argument is a reason code."""


@dataclass(frozen=True, slots=True)
class _Asked:
    number: str
    cents: int
    iban: str
    name: str


class Transfers:
    """``handle`` answers an HTTP request with (what to say, status)."""

    def __init__(self, book: Book, credentials: str) -> None:
        """Make the tables if they are not there."""
        self.book, self.credentials = book, credentials
        with book.writing() as db:
            db.executescript(SCHEMA)

    def handle(
        self, path: str, headers: dict[str, str], query: dict[str, str], body: bytes
    ) -> tuple[dict[str, Any], int]:
        """Take a file (``/sepa/transfers``) or give the answers that are due (``/sepa/answers?after=``)."""
        wanted = "Basic " + base64.b64encode(self.credentials.encode()).decode()
        if not hmac.compare_digest(headers.get("Authorization", ""), wanted):
            return {"code": "unknown"}, HTTPStatus.UNAUTHORIZED
        if path.endswith("/answers"):
            last = query.get("after", "0")
            return {"answers": self.answers(int(last) if last.isdecimal() else 0)}, HTTPStatus.OK
        try:
            receipt, is_new = self.take(body)
        except Wrong as wrong:
            status = HTTPStatus.CONFLICT if str(wrong) == "DUPL" else HTTPStatus.UNPROCESSABLE_ENTITY
            return {"code": str(wrong)}, status
        return {"receipt": receipt}, HTTPStatus.CREATED if is_new else HTTPStatus.OK

    def take(self, body: bytes) -> tuple[str, bool]:
        """Keep a file and what will become of it; give the receipt, and whether the file is new. Raises ``Wrong``."""
        digest = hashlib.sha256(body).hexdigest()
        message_id, account, asked = _read(body)
        receipt = digest[:16].upper()
        now = self.book.now()
        with self.book.writing() as db:
            known = db.execute("select sha256 from transfer_file where message_id = ?", (message_id,)).fetchone()
            if known is not None:
                if known["sha256"] != digest:
                    raise Wrong("DUPL")
                return receipt, False
            total = sum(one.cents for one in asked)
            db.execute(
                "insert into transfer_file values (?, ?, ?, ?, ?, ?)",
                (message_id, digest, account, len(asked), total, now),
            )
            db.executemany(
                "insert into transfer (message_id, number, cents, iban, name, fate) values (?, ?, ?, ?, ?, ?)",
                [(message_id, one.number, one.cents, one.iban, one.name, _MAGIC.get(one.iban, "")) for one in asked],
            )
            self._decide(db, message_id, account, asked, now)
        return receipt, True

    def _decide(self, db: Any, message_id: str, account: str, asked: list[_Asked], now: float) -> None:
        """Write at once all that will be told and moved, each with the time from which it is."""
        settled_at = now + _HOURS_TO_SETTLE * self.book.hour_seconds
        back_at = now + _HOURS_TO_RETURN * self.book.hour_seconds
        fates = [(one, *_MAGIC.get(one.iban, "").partition(":")[::2]) for one in asked]
        refused = {one.number: code for one, fate, code in fates if fate == "reject"}
        settled = [one.number for one, fate, _code in fates if fate not in {"reject", "silent"}]
        first = {one.number: ("RJCT", refused[one.number]) if one.number in refused else ("ACSP", "") for one in asked}
        answers = [(message_id, now, _status(message_id, 1, first, now))]
        if settled:
            second = dict.fromkeys(settled, ("ACSC", ""))
            answers.append((message_id, settled_at, _status(message_id, 2, second, settled_at)))
        db.executemany("insert into transfer_answer (message_id, due_at, content) values (?, ?, ?)", answers)
        moved = sum(one.cents for one in asked if one.number not in refused)
        moves = [(settled_at, account, -moved, message_id, "")] if moved else []
        moves += [(back_at, account, one.cents, one.number, code) for one, fate, code in fates if fate == "return"]
        db.executemany("insert into movement (due_at, account, cents, reference, code) values (?, ?, ?, ?, ?)", moves)

    def answers(self, last: int, most: int = 50) -> list[dict[str, Any]]:
        """Give the answers that are due and have a number above ``last``, numbering those that have just become due."""
        now = self.book.now()
        with self.book.writing() as db:
            top = db.execute("select coalesce(max(number), 0) from transfer_answer").fetchone()[0]
            due = db.execute(
                "select id from transfer_answer where number is null and due_at <= ? order by due_at, id", (now,)
            )
            for place, row in enumerate(due.fetchall(), 1):
                db.execute("update transfer_answer set number = ? where id = ?", (top + place, row["id"]))
            found = db.execute(
                "select number, content from transfer_answer where number > ? order by number limit ?", (last, most)
            )
            return [
                {"number": row["number"], "content": base64.b64encode(row["content"]).decode()}
                for row in found.fetchall()
            ]

    def movements(self, after: int = 0) -> list[Movement]:
        """List what moved on the accounts by now, after a movement's number: for whoever writes the statements."""
        with self.book.reading() as db:
            rows = db.execute(
                "select * from movement where id > ? and due_at <= ? order by id", (after, self.book.now())
            )
            return [
                Movement(row["id"], row["due_at"], row["account"], row["cents"], row["reference"], row["code"])
                for row in rows
            ]


def _read(body: bytes) -> tuple[str, str, list[_Asked]]:
    """Read a file as a bank does: MsgId, account, transfers. Raises ``Wrong`` for what it does not take."""
    if b"<!DOCTYPE" in body:
        raise Wrong("FF01")
    head: dict[str, str] = {}
    asked: list[_Asked] = []
    try:
        for tag, element in _elements(body):
            if tag == "CdtTrfTxInf":
                asked.append(_asked(element))
                element.clear()
            elif tag in {"GrpHdr", "DbtrAcct"}:
                head |= {part.tag.rpartition("}")[2]: (part.text or "").strip() for part in element.iter()}
        said = (int(head["NbOfTxs"]), _cents(head["CtrlSum"]))
    except (ET.ParseError, KeyError, ValueError):
        raise Wrong("FF01") from None
    if said != (len(asked), sum(one.cents for one in asked)) or not asked:
        raise Wrong("AM10")
    if len({one.number for one in asked}) != len(asked) or not head.get("MsgId"):
        raise Wrong("FF01")
    if not all(_is_iban(iban) for iban in (head.get("IBAN", ""), *(one.iban for one in asked))):
        raise Wrong("AC01")
    return head["MsgId"], head["IBAN"], asked


def _elements(body: bytes) -> Iterator[tuple[str, ET.Element]]:
    """Give each element as it ends, without its namespace, which must be that of the message."""
    for _event, element in ET.iterparse(io.BytesIO(body)):  # noqa: S314 - no document type was let in
        space, _, name = element.tag[1:].rpartition("}")
        if space != NAMESPACE:
            raise Wrong("FF01")
        yield name, element


def _asked(element: ET.Element) -> _Asked:
    def word(path: str) -> str:
        return (element.findtext("/".join(f"{{{NAMESPACE}}}{part}" for part in path.split("/"))) or "").strip()

    return _Asked(word("PmtId/EndToEndId"), _cents(word("Amt/InstdAmt")), word("CdtrAcct/Id/IBAN"), word("Cdtr/Nm"))


def _cents(written: str) -> int:
    found = re.fullmatch(r"(\d{1,15})\.(\d{2})", written)
    if found is None:
        raise ValueError(written)
    return int(found[1]) * 100 + int(found[2])


def _is_iban(iban: str) -> bool:
    shape = re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}", iban)
    return bool(shape) and int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1


def _status(message_id: str, turn: int, lines: dict[str, tuple[str, str]], at: float) -> bytes:
    """Write a pain.002: the status of each line, and the reason of a refusal."""
    name, kinds = escape(message_id), {status for status, _code in lines.values()}
    group = kinds.pop() if len(kinds) == 1 else "PART"
    said = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{escape(number)}</OrgnlEndToEndId><TxSts>{status}</TxSts>"
        + (f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>" if code else "")
        + "</TxInfAndSts>"
        for number, (status, code) in lines.items()
    )
    # A file of which only some lines are told of again has no status of its own.
    status = f"<GrpSts>{group}</GrpSts>" if turn == 1 else ""
    made = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03">'
        f"<CstmrPmtStsRpt><GrpHdr><MsgId>{name[:32]}-{turn}</MsgId><CreDtTm>{made}</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{name}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{status}"
        f"</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>{name}</OrgnlPmtInfId>{said}</OrgnlPmtInfAndSts>"
        "</CstmrPmtStsRpt></Document>"
    ).encode()
