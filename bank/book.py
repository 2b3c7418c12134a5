"""The bank's book: one SQLite file, written before anything is answered, so that a kill loses nothing."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from bank.settings import Settings

SCHEMA = """
create table if not exists payment (
    id integer primary key, token text not null unique, site text not null, day text not null, trans_id text not null,
    trans_date text not null, order_id text not null, amount integer not null, form text not null,
    state text not null default 'open', card text not null default '', refusal text not null default '',
    challenge text not null default '', tries integer not null default 0, plan text not null default '',
    taken integer not null default 0, tx_uuid text not null unique, opened_at real not null, finished_at real,
    house text not null default 'lyra', lasts real not null default 900, unique (site, day, trans_id));
create index if not exists payment_order on payment (order_id);
create table if not exists notice (
    id integer primary key, payment_id integer not null references payment, due_at real not null, kind text not null,
    source text not null, state text not null default 'due', tries integer not null default 0,
    answer text not null default '', sent_at real);
create index if not exists notice_due on notice (due_at) where state = 'due';
create table if not exists refund (
    id integer primary key, payment_id integer not null references payment, uuid text not null unique,
    amount integer not null check (amount > 0), at real not null);
create table if not exists answer (key text primary key, asked text not null, body text not null);
create table if not exists switch (name text primary key, value text not null);
"""
SINCE = (("house", "text not null default 'lyra'"), ("lasts", "real not null default 900"))
"""Columns that a book made by an older bank has not."""

HOUSES = ("lyra", "stripe", "payfip")
"""The banks that this one plays."""


@dataclass(frozen=True, slots=True)
class Payment:
    """One form, session or operation that reached one of the banks (``house``); its page stays open ``lasts`` seconds.

    ``state``: open, challenge, waiting, authorised, refused, abandoned, expired. ``taken``: cents authorised.
    ``plan``: which notices it gets, when a test or a card chose. ``challenge``: what 3-D Secure said (Y, N, U).
    """

    id: int
    token: str
    site: str
    day: str
    trans_id: str
    trans_date: str
    order_id: str
    amount: int
    form: str
    state: str
    card: str
    refusal: str
    challenge: str
    tries: int
    plan: str
    taken: int
    tx_uuid: str
    opened_at: float
    finished_at: float | None
    house: str
    lasts: float

    @property
    def sent(self) -> dict[str, str]:
        """The fields of the form, as the shop sent them."""
        return json.loads(self.form)  # type: ignore[no-any-return]  # what was kept is a form: words

    @property
    def is_finished(self) -> bool:
        """Whether the cardholder has nothing more to do here."""
        return self.state not in {"open", "challenge"}


@dataclass(frozen=True, slots=True)
class Notice:
    """A server-to-server notice: ``kind`` right, forged or other_amount; ``source`` as in vads_url_check_src."""

    id: int
    payment_id: int
    due_at: float
    kind: str
    source: str
    state: str
    tries: int
    answer: str
    sent_at: float | None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back on a payment."""

    id: int
    payment_id: int
    uuid: str
    amount: int
    at: float


class Book:
    """Opens one short connection a task: threads share the file, never a connection."""

    def __init__(self, settings: Settings) -> None:
        """Make the file if it is not there; notices cut in the middle of sending are due again."""
        settings.folder.mkdir(parents=True, exist_ok=True)
        self.path = settings.folder / "bank.sqlite"
        self.settings = settings
        with self.writing() as db:
            db.executescript(SCHEMA)
        with self.writing() as db:
            known = {row["name"] for row in db.execute("pragma table_info(payment)")}
            for name, kind in SINCE:
                if name not in known:
                    db.execute(f"alter table payment add column {name} {kind}")
        with self.writing() as db:
            db.execute("update notice set state = 'due' where state = 'sending'")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the book alone until the end of the block, then keep everything or nothing."""
        db = sqlite3.connect(self.path, timeout=20, isolation_level=None)
        db.row_factory = sqlite3.Row
        try:
            db.execute("pragma journal_mode = wal")
            db.execute("begin immediate")
            yield db
            if db.in_transaction:
                db.execute("commit")
        finally:
            db.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read."""
        db = sqlite3.connect(self.path, timeout=20, isolation_level=None)
        db.row_factory = sqlite3.Row
        try:
            yield db
        finally:
            db.close()

    def now(self) -> float:
        """Give the bank's time in seconds since 1970: the platform's clock, plus what a test put it forward by."""
        return time.time() + self.settings.clock_offset + float(self.switch("forward", "0"))

    @property
    def hour_seconds(self) -> float:
        """How many seconds an hour of waiting lasts here."""
        return float(self.switch("hour_seconds", str(self.settings.hour_seconds)))

    def switch(self, name: str, default: str = "") -> str:
        """Read a switch."""
        with self.reading() as db:
            row = db.execute("select value from switch where name = ?", (name,)).fetchone()
        return str(row["value"]) if row else default

    def set_switch(self, name: str, value: str) -> None:
        """Set a switch."""
        with self.writing() as db:
            db.execute("insert or replace into switch (name, value) values (?, ?)", (name, value))

    def payment(self, **where: Any) -> Payment | None:
        """Find one payment by columns of ours (never by names from outside)."""
        found = self.payments(**where)
        return found[0] if found else None

    def payments(self, *, limit: int = 200, **where: Any) -> list[Payment]:
        """List payments, the newest first."""
        with self.reading() as db:
            return [make(Payment, row) for row in _select(db, "payment", where, limit)]

    def notices(self, payment_id: int) -> list[Notice]:
        """List the notices of a payment, in the order they are due."""
        with self.reading() as db:
            rows = db.execute("select * from notice where payment_id = ? order by due_at, id", (payment_id,))
            return [make(Notice, row) for row in rows]

    def refunds(self, payment_id: int) -> list[Refund]:
        """List what was given back on a payment."""
        with self.reading() as db:
            rows = db.execute("select * from refund where payment_id = ? order by id", (payment_id,))
            return [make(Refund, row) for row in rows]


def _select(db: sqlite3.Connection, table: str, where: dict[str, Any], limit: int) -> list[sqlite3.Row]:
    condition = " and ".join(f"{column} = ?" for column in where) or "1"
    text = f"select * from {table} where {condition} order by id desc limit ?"  # noqa: S608 - our own names
    return db.execute(text, (*where.values(), limit)).fetchall()


def make(kind: Any, row: sqlite3.Row) -> Any:
    """Make a value of a row."""
    return kind(**{field.name: row[field.name] for field in fields(kind)})
