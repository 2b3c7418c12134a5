"""What happens at the bank: a form comes in, a card is tried, a code is asked, money is given back."""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Mapping

from bank import cards, crash, notices
from bank.book import HOUSES, Book, Payment, Refund, make
from bank.form import faults, is_signed
from bank.settings import Settings

SESSION_SECONDS = 15 * 60
"""An open card page of Lyra's is given up after this."""
DEBIT = "debit"
"""What stands in the place of a card when PayFiP takes the money from an account."""
CODE_TRIES = 3


class Refused(Exception):  # noqa: N818 - the bank says no: an answer, not an error
    """The bank does not take this: ``code`` for the page, ``fields`` at fault."""

    def __init__(self, code: str, fields: list[str] | None = None) -> None:
        """Keep both."""
        super().__init__(code)
        self.code, self.fields = code, fields or []


class Teller:
    """Every deed is one transaction of the book; done twice, it is done once."""

    def __init__(self, book: Book, settings: Settings) -> None:
        """Keep the book."""
        self.book, self.settings = book, settings

    def receive(self, form: Mapping[str, str]) -> Payment:
        """Take a form. The same ``vads_trans_id`` on the same day at the same shop is the same payment: resumed.

        Raises ``Refused``: ``signature``, ``fields``, or ``trans_id`` when the number was used for another payment.
        """
        if not is_signed(form, self.settings.keys):
            raise Refused("signature")
        wrong = faults(form, site_id=self.settings.site_id, mode=self.settings.mode, now=self.book.now())
        if wrong:
            raise Refused("fields", wrong)
        self.expire_old()
        day = form["vads_trans_date"][:8]
        where = (form["vads_site_id"], day, form["vads_trans_id"])
        with self.book.writing() as db:
            self._open(db, form, where)
            row = db.execute("select * from payment where site = ? and day = ? and trans_id = ?", where).fetchone()
        payment: Payment = make(Payment, row)
        if (payment.amount, payment.order_id) != (int(form["vads_amount"]), form.get("vads_order_id", "")):
            raise Refused("trans_id")
        return payment

    def _open(self, db: sqlite3.Connection, form: Mapping[str, str], where: tuple[str, str, str]) -> None:
        """Write a new payment, unless this number is known. The transaction's uuid is the same after every replay."""
        fields = {name: value for name, value in form.items() if name.startswith("vads_")}
        order_id = form.get("vads_order_id", "")
        self._write(
            db, "lyra", where, date=form["vads_trans_date"], order_id=order_id, amount=int(form["vads_amount"]),
            form=fields, lasts=SESSION_SECONDS,
        )  # fmt: skip

    def open(
        self, house: str, *, site: str, trans_id: str, order_id: str, amount: int, form: dict[str, str], lasts: float
    ) -> Payment:
        """Take what a server of the shop asks for: the same ``trans_id`` is the same payment."""
        where = (site, house, trans_id)
        with self.book.writing() as db:
            self._write(db, house, where, date="", order_id=order_id, amount=amount, form=form, lasts=lasts)
            row = db.execute("select * from payment where site = ? and day = ? and trans_id = ?", where).fetchone()
        return make(Payment, row)  # type: ignore[no-any-return]  # make() gives the type it is asked for

    def _write(
        self,
        db: sqlite3.Connection,
        house: str,
        where: tuple[str, str, str],
        *,
        date: str,
        order_id: str,
        amount: int,
        form: dict[str, str],
        lasts: float,
    ) -> None:
        db.execute(
            "insert or ignore into payment (token, site, day, trans_id, trans_date, order_id, amount, form, tx_uuid, "
            "opened_at, plan, house, lasts) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                secrets.token_urlsafe(16),
                *where,
                date,
                order_id,
                amount,
                json.dumps(form, sort_keys=True),
                hashlib.sha256("/".join(where).encode()).hexdigest()[:32],
                self.book.now(),
                _next_plan(db, order_id),
                house,
                lasts,
            ),
        )

    def try_card(self, token: str, number: str) -> Payment:
        """Try a card on an open payment. Raises ``Refused``: ``card`` when it is no test card, ``outage``."""
        card = cards.BY_NUMBER.get(cards.digits(number))
        if card is None:
            raise Refused("card")
        if card.outage_seconds:
            payment = self.book.payment(token=token)
            self.go_down(card.outage_seconds, payment.house if payment else "")
            raise Refused("outage")
        with self.book.writing() as db:
            payment = self._locked(db, token)
            if payment.state != "open":
                return payment
            db.execute("update payment set card = ? where id = ?", (card.number, payment.id))
            if card.challenge == "none":
                self._decide(db, payment, card, challenge="Y")
            else:
                db.execute("update payment set state = 'challenge' where id = ?", (payment.id,))
            return self._locked(db, token)

    def answer_code(self, token: str, code: str) -> Payment:
        """Check the code of the 3-D Secure page. Raises ``Refused("code")`` while tries are left."""
        with self.book.writing() as db:
            payment = self._locked(db, token)
            if payment.state != "challenge":
                return payment
            card = cards.BY_NUMBER[payment.card]
            right = cards.digits(code) == cards.CODE
            if right and card.challenge == "asked":
                self._decide(db, payment, card, challenge="Y")
            elif payment.house == "stripe" and (right or payment.tries + 1 >= CODE_TRIES):
                db.execute("update payment set state = 'open', refusal = '05', tries = 0 where id = ?", (payment.id,))
            elif right or payment.tries + 1 >= CODE_TRIES:
                self._finish(db, payment, "refused", plan=card.notice, challenge="N")
            else:
                db.execute("update payment set tries = tries + 1 where id = ?", (payment.id,))
            after = self._locked(db, token)
        if after.state == "challenge":
            raise Refused("code")
        return after

    def take_from_account(self, token: str) -> Payment:
        """Take the money from an account by direct debit: PayFiP alone offers it."""
        with self.book.writing() as db:
            payment = self._locked(db, token)
            if payment.house != "payfip":
                raise Refused("unknown")
            if payment.state == "open":
                db.execute("update payment set card = ? where id = ?", (DEBIT, payment.id))
                self._finish(db, self._locked(db, token), "authorised", plan="before")
            return self._locked(db, token)

    def abandon(self, token: str) -> Payment:
        """The cardholder gives up."""
        with self.book.writing() as db:
            payment = self._locked(db, token)
            if not payment.is_finished:
                self._finish(db, payment, "abandoned", plan="before")
            return self._locked(db, token)

    def expire_old(self) -> None:
        """Give up the pages that were left open too long, and say so to the shop."""
        with self.book.writing() as db:
            rows = db.execute(
                "select * from payment where state in ('open', 'challenge') and opened_at + lasts < ?",
                (self.book.now(),),
            ).fetchall()
            for row in rows:
                self._finish(db, make(Payment, row), "expired", plan="before")

    def give_back(self, tx_uuid: str, amount: int) -> Refund:
        """Give money back. Raises ``Refused``: ``unknown``, or ``too_much`` when more than was taken."""
        with self.book.writing() as db:
            row = db.execute("select * from payment where tx_uuid = ? and state = 'authorised'", (tx_uuid,)).fetchone()
            if row is None:
                raise Refused("unknown")
            payment = make(Payment, row)
            done = db.execute("select coalesce(sum(amount), 0) from refund where payment_id = ?", (payment.id,))
            if not 0 < amount <= payment.taken - done.fetchone()[0]:
                raise Refused("too_much")
            rank = db.execute("select count(*) from refund where payment_id = ?", (payment.id,)).fetchone()[0]
            uuid = hashlib.sha256(f"{tx_uuid}/refund/{rank}".encode()).hexdigest()[:32]
            row = db.execute(
                "insert into refund (payment_id, uuid, amount, at) values (?, ?, ?, ?) returning *",
                (payment.id, uuid, amount, self.book.now()),
            ).fetchone()
            return make(Refund, row)  # type: ignore[no-any-return]  # make() gives the type it is asked for

    def send_again(self, payment_id: int, *, times: int = 1, kind: str = "right") -> None:
        """Queue notices of a finished payment again."""
        with self.book.writing() as db:
            row = db.execute("select * from payment where id = ?", (payment_id,)).fetchone()
            if row is None or not make(Payment, row).is_finished:
                raise Refused("unknown")
            for _turn in range(times):
                db.execute(
                    "insert into notice (payment_id, due_at, kind, source) values (?, ?, ?, 'RETRY')",
                    (payment_id, self.book.now(), kind),
                )

    def go_down(self, seconds: float, house: str = "") -> None:
        """Put a house, or all of them, out of service for a while (0: back)."""
        for name in [house] if house else HOUSES:
            self.book.set_switch(f"down_until:{name}", str(self.book.now() + seconds))

    def is_down(self, house: str) -> bool:
        """Whether a house is out of service."""
        return self.book.now() < float(self.book.switch(f"down_until:{house}", "0"))

    def _decide(self, db: sqlite3.Connection, payment: Payment, card: cards.Card, *, challenge: str) -> None:
        state = {"accepted": "authorised", "waiting": "waiting"}.get(card.result, "refused")
        refusal = card.result if state == "refused" else ""
        if refusal and payment.house == "stripe":  # its page stays open for another card
            db.execute("update payment set state = 'open', refusal = ? where id = ?", (refusal, payment.id))
            return
        self._finish(db, payment, state, plan=card.notice, challenge=challenge, refusal=refusal)

    def _finish(
        self,
        db: sqlite3.Connection,
        payment: Payment,
        state: str,
        *,
        plan: str,
        challenge: str = "",
        refusal: str = "",
    ) -> None:
        """Write the end of a payment and its notices together: a kill loses both or none."""
        crash.point("bank.before_finish")
        now = self.book.now()
        chosen = payment.plan or plan
        taken = payment.amount if state == "authorised" else 0
        if taken and chosen == "other_amount":
            taken = notices.other_amount(payment.amount)
        db.execute(
            "update payment set state = ?, refusal = ?, challenge = ?, taken = ?, finished_at = ? where id = ?",
            (state, refusal, challenge, taken, now, payment.id),
        )
        notices.plan(db, payment.id, chosen, now=now, hour_seconds=self.book.hour_seconds)

    def _locked(self, db: sqlite3.Connection, token: str) -> Payment:
        row = db.execute("select * from payment where token = ?", (token,)).fetchone()
        if row is None:
            raise Refused("unknown")
        return make(Payment, row)  # type: ignore[no-any-return]  # make() gives the type it is asked for


def _next_plan(db: sqlite3.Connection, order_id: str) -> str:
    """Take the plan that a test laid for this order, or for the next payment whichever it is."""
    for name in (f"plan:{order_id}", "plan:next"):
        row = db.execute("delete from switch where name = ? returning value", (name,)).fetchone()
        if row is not None:
            return str(row["value"])
    return ""
