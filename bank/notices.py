"""Which notices a payment gets, what they say, and the thread that delivers them."""

import hashlib
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bank import cards, crash
from bank.book import Book, Notice, Payment, make
from bank.form import sign
from bank.settings import Settings

if TYPE_CHECKING:
    import sqlite3

log = logging.getLogger("bank")

HOUR = "hour"
PLANS: dict[str, tuple[tuple[float, str, str, str], ...]] = {
    # (delay, unit, kind, source); unit "hour" is scaled by the bank's hour_seconds
    "before": ((0, "", "right", "PAY"),),
    "after": ((3, "", "right", "PAY"),),
    "twenty": tuple((0, "", "right", "PAY" if turn % 2 == 0 else "RETRY") for turn in range(20)),
    "late": ((3, HOUR, "right", "PAY"),),
    "never": (),
    "forged": ((0, "", "forged", "PAY"),),
    "other_amount": ((0, "", "right", "PAY"),),
    "other_amount_said": ((0, "", "other_amount", "PAY"),),
    "waiting": ((0, "", "right", "PAY"), (1, HOUR, "authorise", "PAY")),
}
RETRY_HOURS = 0.25
LAST_TRY = 5
STATUS = {
    "authorised": "AUTHORISED",
    "waiting": "WAITING_AUTHORISATION",
    "refused": "REFUSED",
    "abandoned": "ABANDONED",
    "expired": "ABANDONED",
}
RESULT = {"authorised": "00", "waiting": "00", "refused": "05", "abandoned": "17", "expired": "17"}
_OTHER = 100


def plan(db: "sqlite3.Connection", payment_id: int, name: str, *, now: float, hour_seconds: float) -> None:
    """Write the notices of a plan, in the transaction that finished the payment."""
    for delay, unit, kind, source in PLANS[name]:
        due_at = now + delay * (hour_seconds if unit == HOUR else 1)
        db.execute(
            "insert into notice (payment_id, due_at, kind, source) values (?, ?, ?, ?)",
            (payment_id, due_at, kind, source),
        )


def other_amount(amount: int) -> int:
    """Give an amount that the shop did not ask for: a euro less, or a euro more when there is no euro to take off."""
    return amount - _OTHER if amount > _OTHER else amount + _OTHER


def body(payment: Payment, kind: str, source: str, key: str) -> bytes:
    """Write the form body of a notice: the shop's own fields, what happened, and the signature."""
    state = payment.state
    said = other_amount(payment.amount) if kind == "other_amount" else payment.taken or payment.amount
    at = datetime.fromtimestamp(payment.finished_at or payment.opened_at, UTC)
    fields = {name: value for name, value in payment.sent.items() if not name.startswith("vads_url_")}
    fields.pop("signature", None)
    fields |= {
        "vads_amount": str(said),
        "vads_effective_amount": str(said),
        "vads_effective_currency": "978",
        "vads_operation_type": "DEBIT",
        "vads_trans_status": STATUS[state],
        "vads_result": RESULT[state],
        "vads_auth_result": payment.refusal or ("00" if state in {"authorised", "waiting"} else ""),
        "vads_trans_uuid": payment.tx_uuid,
        "vads_effective_creation_date": f"{at:%Y%m%d%H%M%S}",
        "vads_card_brand": "CB",
        "vads_card_number": cards.masked(payment.card) if payment.card else "",
        "vads_threeds_enrolled": "Y" if payment.challenge else "",
        "vads_threeds_status": payment.challenge,
        "vads_payment_src": "EC",
        "vads_sequence_number": "1",
        "vads_url_check_src": source,
        "vads_hash": hashlib.sha256(f"{payment.tx_uuid}{source}".encode()).hexdigest(),
    }
    fields["signature"] = sign(fields, "0000000000000000" if kind == "forged" else key)
    return urlencode(fields).encode()


Letter = tuple[bytes, dict[str, str]]


class Postman:
    """Delivers what is due; tries again a quarter of an hour later, five times in all, as the real platform does."""

    def __init__(self, book: Book, settings: Settings, workers: int = 4) -> None:
        """Keep the book; nothing runs before ``start``."""
        self.book, self.settings = book, settings
        self.writers: dict[str, Callable[[Payment, str, str], Letter]] = {"lyra": self._letter}
        self.pool = ThreadPoolExecutor(workers, thread_name_prefix="postman")
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._rounds, name="postman", daemon=True)

    def start(self) -> None:
        """Begin the rounds."""
        self.thread.start()

    def stop(self) -> None:
        """End the rounds and wait for the letters under way."""
        self.stopping.set()
        if self.thread.is_alive():
            self.thread.join()
        self.pool.shutdown(wait=True)

    def _rounds(self) -> None:
        while not self.stopping.wait(0.2):
            for notice in self.take(limit=40):
                self.pool.submit(self.deliver, notice)

    def take(self, *, limit: int = 40, payment_id: int | None = None) -> list[Notice]:
        """Take the notices that are due (of one payment, or of all): no other thread will send them."""
        condition = "state = 'due' and due_at <= ?" + ("" if payment_id is None else " and payment_id = ?")
        values = (self.book.now(),) if payment_id is None else (self.book.now(), payment_id)
        with self.book.reading() as db:
            if not db.execute(f"select 1 from notice where {condition} limit 1", values).fetchone():  # noqa: S608 - a condition of ours
                return []
        with self.book.writing() as db:
            rows = db.execute(
                f"update notice set state = 'sending' where id in (select id from notice where {condition} "  # noqa: S608 - our own words
                "order by due_at, id limit ?) returning *",
                (*values, limit),
            ).fetchall()
        return sorted((make(Notice, row) for row in rows), key=lambda notice: (notice.due_at, notice.id))

    def deliver(self, notice: Notice) -> None:
        """Send one notice and write what was answered."""
        payment = self._payment_of(notice)
        letter, headers = self.writers[payment.house](payment, notice.kind, notice.source)
        crash.point("bank.before_notice")
        answer = post(self._address(payment), letter, headers)
        crash.point("bank.after_notice")
        with self.book.writing() as db:
            if answer.startswith("200"):
                db.execute(
                    "update notice set state = 'sent', tries = tries + 1, answer = ?, sent_at = ? where id = ?",
                    (answer, self.book.now(), notice.id),
                )
                return
            again = "due" if notice.tries + 1 < LAST_TRY else "failed"
            db.execute(
                "update notice set state = ?, tries = tries + 1, answer = ?, due_at = ? where id = ?",
                (again, answer, self.book.now() + RETRY_HOURS * self.book.hour_seconds, notice.id),
            )

    def deliver_now(self, payment_id: int) -> int:
        """Deliver what is due of one payment before answering the browser; gives how many were sent."""
        taken = self.take(payment_id=payment_id)
        list(self.pool.map(self.deliver, taken))
        return len(taken)

    def _letter(self, payment: Payment, kind: str, source: str) -> Letter:
        raw = body(payment, kind, source, self.settings.keys[0])
        return raw, {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}

    def _address(self, payment: Payment) -> str:
        if payment.house == "stripe":
            return self.settings.stripe_notice_url or self.settings.notice_url
        return payment.sent.get("urlnotif") or payment.sent.get("vads_url_check") or self.settings.notice_url

    def _payment_of(self, notice: Notice) -> Payment:
        """Read the payment; a payment that waited for its authorisation gets it with this notice."""
        if notice.kind == "authorise":
            with self.book.writing() as db:
                db.execute(
                    "update payment set state = 'authorised', taken = amount where id = ? and state = 'waiting'",
                    (notice.payment_id,),
                )
        payment = self.book.payment(id=notice.payment_id)
        assert payment is not None  # noqa: S101 - a foreign key says so
        return payment


def post(url: str, letter: bytes, headers: dict[str, str]) -> str:
    """Post a letter; give the status and the first words of the answer, or why there was none."""
    request = urllib.request.Request(url, data=letter, headers=headers, method="POST")  # noqa: S310 - the shop's own address
    request.add_header("User-Agent", "DemoBank/1")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - as above
            return f"{response.status} {response.read(200).decode(errors='replace')}"
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read(200).decode(errors='replace')}"
    except (OSError, TimeoutError) as error:
        return f"no answer: {type(error).__name__}"
