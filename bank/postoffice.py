"""The demonstration post office: takes cash for a notice at its counter, and tells of it once a day in a return file.

It knows nothing of the platform: a bar code says whom the money is for, under which reference, and how much; the postal
fee is its own. A file is delivered over HTTP, signed, or fetched by hand; it can be spoiled on purpose.
"""

import hashlib
import hmac
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bank.book import Book, make
from bank.settings import Settings
from bank.teller import Refused

FEE = 500
"""Cents that a post office keeps on each notice."""

OFFICE = "750019"
ZONE = ZoneInfo("Europe/Paris")
SCHEMA = """
create table if not exists taking (
    id integer primary key, at real not null, day text not null, reference text not null, amount integer not null,
    fee integer not null, operation text not null unique, file integer);
create table if not exists return_file (
    id integer primary key, number integer not null, day text not null, kind text not null, content blob not null,
    made_at real not null, answer text not null default '');
"""
_CREDITOR, _REFERENCE, _CODE = 6, 20, 34


@dataclass(frozen=True, slots=True)
class Taking:
    """Money taken at the counter: ``amount`` for the creditor, ``fee`` for the post office, in cents."""

    id: int
    at: float
    day: str
    reference: str
    amount: int
    fee: int
    operation: str
    file: int | None


@dataclass(frozen=True, slots=True)
class ReturnFile:
    """A file that was made: ``kind`` right or how it was spoiled; ``answer`` what its delivery gave."""

    id: int
    number: int
    day: str
    kind: str
    content: bytes
    made_at: float
    answer: str


def _cut(rows: list[bytes]) -> bytes:
    return b"".join(rows)[: -len(rows[-1]) - len(rows[-2]) // 2]


def _doubled(rows: list[bytes]) -> bytes:
    return b"".join([*rows[:2], *rows[1:]])


def _reordered(rows: list[bytes]) -> bytes:
    return b"".join([rows[0], *reversed(rows[1:-1]), rows[-1]]) if len(rows) > len("HDT") else _doubled(rows)


def _altered(rows: list[bytes]) -> bytes:
    return b"".join(rows).replace(b";500;", b";600;", 1)


SPOILED: dict[str, Callable[[list[bytes]], bytes]] = {
    "cut": _cut, "doubled": _doubled, "reordered": _reordered, "altered": _altered,
}  # fmt: skip
KINDS = ("right", *SPOILED)


class PostOffice:
    """Every deed is one transaction of the bank's book."""

    def __init__(self, book: Book, settings: Settings) -> None:
        """Make the tables if they are not there."""
        self.book, self.settings = book, settings
        with book.writing() as db:
            db.executescript(SCHEMA)

    def take(self, code: str, handed: int, *, short: int = 0) -> Taking:
        """Take cash for a notice: ``code`` is the 34 digits of its bar code, ``handed`` the cents on the counter.

        ``short`` cents less than what was handed over are told (a counter at fault, for the tests). Raises
        ``Refused``: ``code`` (no notice, or a slip of a digit), ``creditor``, ``sum`` (not amount and fee exactly).
        """
        digits = "".join(code.split())
        if not (len(digits) == _CODE and digits.isascii() and digits.isdecimal()):
            raise Refused("code")
        creditor, reference = digits[:_CREDITOR], digits[_CREDITOR : _CREDITOR + _REFERENCE]
        amount = int(digits[_CREDITOR + _REFERENCE :])
        if int(reference) % 97 != 1 or not amount:
            raise Refused("code")
        if creditor != self.settings.eficash_creditor:
            raise Refused("creditor")
        if handed != amount + FEE:
            raise Refused("sum")
        now = self.book.now()
        with self.book.writing() as db:
            rank = db.execute("select coalesce(max(id), 0) + 1 from taking").fetchone()[0]
            row = db.execute(
                "insert into taking (at, day, reference, amount, fee, operation) values (?, ?, ?, ?, ?, ?) returning *",
                (now, self._day(now).isoformat(), reference, amount - short, FEE, f"EFI{int(now * 1000):013d}N{rank}"),
            ).fetchone()
        return make(Taking, row)  # type: ignore[no-any-return]  # a value of this class

    def close(self, kind: str = "right") -> ReturnFile:
        """Make the return file of what was taken since the last right one. A spoiled file does not use up a number."""
        now = self.book.now()
        with self.book.writing() as db:
            number = db.execute("select count(*) + 1 from return_file where kind = 'right'").fetchone()[0]
            rows = db.execute("select * from taking where file is null order by id").fetchall()
            takings, day = [make(Taking, row) for row in rows], self._day(now).isoformat()
            content = self.write(takings, number, day, self.settings.eficash_creditor)
            if kind in SPOILED:
                content = SPOILED[kind](content.splitlines(keepends=True))
            else:
                db.execute("update taking set file = ? where file is null", (number,))
            row = db.execute(
                "insert into return_file (number, day, kind, content, made_at) values (?, ?, ?, ?, ?) returning *",
                (number, self._day(now).isoformat(), kind if kind in SPOILED else "right", content, now),
            ).fetchone()
        return make(ReturnFile, row)  # type: ignore[no-any-return]  # as above

    def deliver(self, file_id: int) -> str:
        """Post a file to the creditor, signed; give what was answered. May be done as often as one likes."""
        found = self.file(file_id)
        if found is None:
            raise Refused("unknown")
        instant = str(int(self.book.now()))
        mac = hmac.new(self.settings.eficash_secret.encode(), instant.encode() + b"." + found.content, hashlib.sha256)
        request = urllib.request.Request(self.settings.return_url, data=found.content, method="POST")  # noqa: S310 - the creditor's own address
        request.add_header("Content-Type", "text/csv; charset=us-ascii")
        request.add_header("Eficash-Signature", f"t={instant},v1={mac.hexdigest()}")
        answer = _answer(request)
        with self.book.writing() as db:
            db.execute("update return_file set answer = ? where id = ?", (answer, file_id))
        return answer

    @property
    def deeds(self) -> dict[str, Callable[[dict[str, Any]], Any]]:
        """What the control side may ask: take cash, make and deliver the day's file."""
        return {"cash": self._asked_to_take, "return_file": self._asked_for_file}

    def _asked_to_take(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Take ``handed`` cents for ``code``; ``short`` of some when the counter is at fault."""
        return asdict(self.take(str(asked["code"]), int(asked["handed"]), short=int(asked.get("short", 0))))

    def _asked_for_file(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Make a file of a ``kind`` (right), deliver it, tell what was answered."""
        made = self.close(str(asked.get("kind", "right")))
        return {"id": made.id, "number": made.number, "answer": self.deliver(made.id)}

    def file(self, file_id: int) -> ReturnFile | None:
        """Give a file."""
        return next((one for one in self.files() if one.id == file_id), None)

    def files(self) -> list[ReturnFile]:
        """List the files, the latest first."""
        with self.book.reading() as db:
            return [make(ReturnFile, row) for row in db.execute("select * from return_file order by id desc limit 100")]

    def taking(self, taking_id: int) -> Taking | None:
        """Give what was taken, for its ticket."""
        with self.book.reading() as db:
            row = db.execute("select * from taking where id = ?", (taking_id,)).fetchone()
        return make(Taking, row) if row else None

    def waiting(self) -> list[Taking]:
        """List what was taken and not told of yet."""
        with self.book.reading() as db:
            return [make(Taking, row) for row in db.execute("select * from taking where file is null order by id")]

    def _day(self, now: float) -> date:
        return datetime.fromtimestamp(now, UTC).astimezone(ZONE).date()

    @staticmethod
    def write(takings: list[Taking], number: int, day: str, creditor: str) -> bytes:
        """Write a right file: head, a line a taking, and the last line with its totals and its mark."""
        rows = [f"H;EFICASH;1;{creditor};{number};{day}"]
        rows += [
            f"D;{rank};{one.day};{OFFICE};{one.reference};{one.amount};{one.fee};{one.operation}"
            for rank, one in enumerate(takings, 1)
        ]
        said = "".join(f"{row}\r\n" for row in rows).encode("ascii")
        amount, fees = sum(one.amount for one in takings), sum(one.fee for one in takings)
        return said + f"T;{len(takings)};{amount};{fees};{hashlib.sha256(said).hexdigest()}\r\n".encode("ascii")


def _answer(request: urllib.request.Request) -> str:
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - as above
            return f"{response.status} {response.read(200).decode(errors='replace')}"
    except urllib.error.HTTPError as error:
        with error:
            return f"{error.code} {error.read(200).decode(errors='replace')}"
    except (OSError, TimeoutError) as error:
        return f"no answer: {type(error).__name__}"
