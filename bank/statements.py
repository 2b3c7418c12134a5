"""Where the money lands: at each closing of an account, the settlement of its cards, its statement and its notice.

Everything is drawn from the bank's own book; a closing can get one thing wrong on purpose (``spoil.KINDS``). What a
spoiled closing leaves out comes with the next one.
"""

import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from bank import letters
from bank.book import Book, make
from bank.letters import DEBIT, RETURN, Booking, Deal, Part, Remittance
from bank.settings import Settings
from bank.spoil import KINDS, Books, spoil
from bank.teller import Refused

SCHEMA = """
create table if not exists closing (
    id integer primary key, account text not null, number integer not null, day text not null, kind text not null,
    opening integer not null, ending integer not null, at real not null, entries integer not null,
    lines integer not null, statement blob not null, notice blob not null, settlement blob not null,
    unique (account, number));
create table if not exists told (
    source text primary key, account text not null, closing integer not null references closing);
create table if not exists credit (
    reference text primary key, account text not null, cents integer not null, booked integer references closing);
"""
"""``told``: what a settlement or a statement has told of already; ``credit``: what a settlement announced."""

ZONE = ZoneInfo("Europe/Paris")
RATE = 350
"""What a card payment costs: thousandths of a per cent, rounded half up to the cent."""

FILES = {
    "statement": ("camt053-{tail}-{number}.xml", "application/xml"),
    "notice": ("camt054-{tail}-{number}.xml", "application/xml"),
    "settlement": ("remises-{tail}-{number}.csv", "text/csv; charset=utf-8"),
}


@dataclass(frozen=True, slots=True)
class Closing:
    """One closing of an account: what was told, and what was got wrong (``kind``, empty when nothing was)."""

    id: int
    account: str
    number: int
    day: str
    kind: str
    opening: int
    ending: int
    at: float
    entries: int
    lines: int
    statement: bytes
    notice: bytes
    settlement: bytes

    def name_of(self, which: str) -> str:
        """Give the name under which a file is downloaded."""
        return FILES[which][0].format(tail=self.account[-6:], number=self.number)


def fee_of(cents: int) -> int:
    """Give what a payment costs; giving back costs nothing."""
    return (2 * cents * RATE + 100_000) // 200_000 if cents > 0 else 0


def iban_of(contract: str) -> str:
    """Give the account of a card contract: its last three digits are those of the account, at the demonstration bank.

    Raises ``Refused("unknown")`` for what is no contract.
    """
    if not (contract.isascii() and contract.isdecimal() and len(contract) == len("2000026")):
        raise Refused("unknown")
    place, account = (19999, 1), int(contract[-3:])
    key = 97 - (89 * place[0] + 15 * place[1] + 3 * account) % 97
    inside = f"{place[0]:05d}{place[1]:05d}{account:011d}{key:02d}"
    check = 98 - int(f"{inside}152700") % 97
    return f"FR{check:02d}{inside}"


class Statements:
    """Every closing is one transaction of the bank's book."""

    def __init__(self, book: Book, settings: Settings) -> None:
        """Make the tables if they are not there."""
        self.book, self.settings = book, settings
        with book.writing() as db:
            db.executescript(SCHEMA)

    @property
    def deeds(self) -> dict[str, Callable[[dict[str, Any]], Any]]:
        """What the control side may ask: close an account."""
        return {"close": self._asked_to_close}

    def _asked_to_close(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Close the account of a ``contract``, with a mistake of a ``kind`` if one is named."""
        made = self.close(str(asked["contract"]), str(asked.get("kind", "")))
        return {
            "id": made.id, "number": made.number, "statement": made.statement.decode(),
            "notice": made.notice.decode(), "settlement": made.settlement.decode(),
        }  # fmt: skip

    def contracts(self) -> list[str]:
        """List the contracts under which something was paid, and that of cash."""
        with self.book.reading() as db:
            rows = db.execute("select distinct json_extract(form, '$.vads_contracts') as said from payment").fetchall()
        found = {str(row["said"] or "").removeprefix("CB=") for row in rows} - {""}
        return sorted(found | {self.settings.eficash_contract})

    def closings(self, limit: int = 30) -> list[Closing]:
        """List the closings, the latest first."""
        with self.book.reading() as db:
            rows = db.execute("select * from closing order by id desc limit ?", (limit,)).fetchall()
        return [make(Closing, row) for row in rows]

    def closing(self, closing_id: int) -> Closing:
        """Give a closing. Raises ``Refused("unknown")``."""
        with self.book.reading() as db:
            row = db.execute("select * from closing where id = ?", (closing_id,)).fetchone()
        if row is None:
            raise Refused("unknown")
        return make(Closing, row)  # type: ignore[no-any-return]  # a value of this class

    def close(self, contract: str, kind: str = "") -> Closing:
        """Close an account now: all that happened since the last time.

        Raises ``Refused``: ``unknown`` contract or kind; ``nothing`` when there is no settlement to get wrong.
        """
        account = iban_of(contract)
        if kind and kind not in KINDS:
            raise Refused("unknown")
        now = self.book.now()
        today = datetime.fromtimestamp(now, UTC).astimezone(ZONE).date()
        with self.book.writing() as db:
            last = db.execute("select * from closing where account = ? order by number desc", (account,)).fetchone()
            number, opening = (last["number"] + 1, last["ending"]) if last else (1, 0)
            day = _Day(account, contract, number, today, kind, opening, now)
            books, sources = self._books(db, day)
            return self._keep(db, day, _wrong(kind, books) if kind else books, sources)

    def _books(self, db: sqlite3.Connection, day: "_Day") -> tuple[Books, dict[str, str]]:
        """Say what a closing without a mistake would tell, and where each booking comes from, by its reference."""
        parts = tuple(_parts(db, day.contract))
        reference = f"REM{day.contract}N{day.number:05d}"
        settled = Remittance("lyra", day.contract, reference, day.today, day.today, parts)
        waiting = db.execute(
            "select reference, cents from credit where account = ? and booked is null order by reference",
            (day.account,),
        )
        due = [(row["reference"], row["cents"]) for row in waiting]
        due += [(settled.reference, settled.net)] if parts else []
        bookings = [
            Booking(net, day.today, f"C{ref}", deals=(Deal(net, end_to_end=ref, text=f"REMISE CB {ref}"),))
            for ref, net in due
            if net
        ]
        moves = _moves(db, day)
        if day.contract == self.settings.eficash_contract:
            moves += _cash(db, self.settings.eficash_creditor, day.today)
        sources = {booking.ref: source for source, booking in moves}
        bookings += [booking for _source, booking in moves]
        return Books((settled,) if parts else (), tuple(bookings)), sources

    def _keep(self, db: sqlite3.Connection, day: "_Day", books: Books, sources: dict[str, str]) -> Closing:
        """Write a closing: its files, and what it told of."""
        opening = day.opening + books.gap_cents
        name = f"{day.account[-6:]}-{day.number:05d}"
        common: dict[str, Any] = {"iban": day.account, "day": day.today, "bookings": books.bookings}
        statement = b"".join(letters.statement(number=f"S{name}", opening=opening, sequence=day.number, **common))
        notice = b"".join(letters.notice(number=f"N{name}", **common))
        settlement = letters.settlements(books.remittances) if books.remittances else b""
        row = db.execute(
            "insert into closing (account, number, day, kind, opening, ending, at, entries, lines, statement, notice,"
            " settlement) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning *",
            (
                day.account, day.number, day.today.isoformat(), day.kind, opening,
                opening + sum(one.cents for one in books.bookings), day.at, len(books.bookings),
                sum(len(one.parts) for one in books.remittances), statement, notice, settlement,
            ),
        ).fetchone()  # fmt: skip
        told = {f"card:{part.tx_id}" for one in books.remittances for part in one.parts}
        told |= {sources[one.ref] for one in books.bookings if one.ref in sources}
        db.executemany(
            "insert or ignore into told (source, account, closing) values (?, ?, ?)",
            [(source, day.account, row["id"]) for source in sorted(told)],
        )
        for one in books.remittances:
            db.execute("insert into credit values (?, ?, ?, null)", (one.reference, day.account, one.net))
        for booking in books.bookings:
            for deal in booking.deals:
                db.execute(
                    "update credit set booked = ? where reference = ? and account = ?",
                    (row["id"], deal.end_to_end, day.account),
                )
        return make(Closing, row)  # type: ignore[no-any-return]  # a value of this class


@dataclass(frozen=True, slots=True)
class _Day:
    account: str
    contract: str
    number: int
    today: date
    kind: str
    opening: int
    at: float


def _wrong(kind: str, books: Books) -> Books:
    """Get one thing wrong; a settlement that has nothing left is not sent."""
    try:
        wrong = spoil(kind, books, Random(secrets.randbits(64)))  # noqa: S311 - no secret is drawn
    except IndexError:
        raise Refused("nothing") from None
    remittances = tuple(one for one in wrong.remittances if one.parts)
    return Books(remittances, tuple(one for one in wrong.bookings if one.cents), wrong.gap_cents)


def _parts(db: sqlite3.Connection, contract: str) -> list[Part]:
    """List what cards paid and got back under a contract, that no settlement told of."""
    rows = db.execute(
        "select p.tx_uuid as uuid, 'payment' as kind, p.taken as cents, p.finished_at as at, p.order_id as number"
        "  from payment p where p.house = 'lyra' and p.state = 'authorised' and p.taken > 0"
        "   and json_extract(p.form, '$.vads_contracts') = :said"
        " union all select r.uuid, 'refund', -r.amount, r.at, p.order_id from refund r"
        "  join payment p on p.id = r.payment_id where p.house = 'lyra'"
        "   and json_extract(p.form, '$.vads_contracts') = :said order by at",
        {"said": f"CB={contract}"},
    ).fetchall()
    told = {row["source"] for row in db.execute("select source from told where source like 'card:%'")}
    return [
        Part(row["kind"], row["uuid"], _day(row["at"]), row["cents"], fee_of(row["cents"]), attempt=row["number"])
        for row in rows
        if f"card:{row['uuid']}" not in told
    ]


def _moves(db: sqlite3.Connection, day: _Day) -> list[tuple[str, Booking]]:
    """List the transfers that left the account or came back, and that no statement told of."""
    found = []
    rows = db.execute(
        "select * from movement where account = ? and due_at <= ? and 'move:' || id not in (select source from told)"
        " order by id",
        (day.account, day.at),
    ).fetchall()
    for row in rows:
        ref, cents, value = f"M{row['id']:08d}", row["cents"], _day(row["due_at"])
        if cents < 0:
            deals = tuple(
                Deal(-one["cents"], end_to_end=one["number"])
                for one in db.execute(
                    "select number, cents from transfer where message_id = ? and fate not like 'reject:%' order by id",
                    (row["reference"],),
                )
            )
            booking = Booking(cents, day.today, ref, DEBIT, value, deals, row["reference"])
        else:
            deals = (Deal(cents, end_to_end=row["reference"], reason=row["code"]),)
            booking = Booking(cents, day.today, ref, RETURN, value, deals)
        found.append((f"move:{row['id']}", booking))
    return found


def _cash(db: sqlite3.Connection, creditor: str, today: date) -> list[tuple[str, Booking]]:
    """List the files of the post office that no statement told of: one credit each, for whatever they hold."""
    rows = db.execute(
        "select file, sum(amount) as cents from taking where file is not null"
        " and 'cash:' || file not in (select source from told) group by file order by file"
    ).fetchall()
    return [
        (
            f"cash:{row['file']}",
            Booking(row["cents"], today, f"E{row['file']:08d}", deals=(
                Deal(row["cents"], end_to_end=f"EFICASH-{creditor}-{row['file']}", text="LA POSTE EFICASH"),
            )),
        )
        for row in rows
    ]  # fmt: skip


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).astimezone(ZONE).date()
