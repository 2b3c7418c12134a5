"""The control side, for tests and benchmarks: set behaviours, move the bank's clock, pay without a browser."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from bank import cards, notices
from bank.book import HOUSES, Book, Payment
from bank.notices import Postman
from bank.teller import Refused, Teller


class Control:
    """``handle(deed, asked)`` answers JSON. An unknown deed or a missing field raises ``KeyError``."""

    def __init__(self, book: Book, teller: Teller, postman: Postman) -> None:
        """Keep the three."""
        self.book, self.teller, self.postman = book, teller, postman
        self.deeds: dict[str, Callable[[dict[str, Any]], Any]] = {
            "payments": self.payments,
            "plan": self.plan,
            "clock": self.clock,
            "hour": self.hour,
            "down": self.down,
            "resend": self.resend,
            "pay": self.pay,
            "wipe": self.wipe,
        }

    def handle(self, deed: str, asked: dict[str, Any]) -> Any:
        """Do one."""
        return self.deeds[deed](asked)

    def payments(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """List payments, with their notices and refunds: all, or those of ``order_id``."""
        where: dict[str, Any] = {"order_id": str(asked["order_id"])} if "order_id" in asked else {}
        return [self._told(payment) for payment in self.book.payments(**where)]

    def plan(self, asked: dict[str, Any]) -> dict[str, str]:
        """Choose the notices (``notice``: a key of PLANS) of ``order_id``, or of the next new payment without one."""
        name = str(asked["notice"])
        if name not in notices.PLANS:
            raise KeyError(name)
        self.book.set_switch(f"plan:{asked['order_id']}" if asked.get("order_id") else "plan:next", name)
        return {"notice": name}

    def clock(self, asked: dict[str, Any]) -> dict[str, float]:
        """Put the bank's clock forward by ``seconds``: late notices become due, open pages old."""
        forward = float(self.book.switch("forward", "0")) + float(asked["seconds"])
        self.book.set_switch("forward", str(forward))
        self.teller.expire_old()
        return {"forward": forward}

    def hour(self, asked: dict[str, Any]) -> dict[str, float]:
        """Say how many seconds an hour of waiting lasts, from the next payment on."""
        self.book.set_switch("hour_seconds", str(float(asked["seconds"])))
        return {"hour_seconds": self.book.hour_seconds}

    def down(self, asked: dict[str, Any]) -> dict[str, bool]:
        """Have a ``house``, or all of them, be out of service for ``seconds``; 0 to be back."""
        house = str(asked.get("house", ""))
        if house not in {"", *HOUSES}:
            raise KeyError(house)
        self.teller.go_down(float(asked["seconds"]), house)
        return {name: self.teller.is_down(name) for name in HOUSES}

    def resend(self, asked: dict[str, Any]) -> dict[str, int]:
        """Send the notices of ``order_id`` again, ``times`` (1), of ``kind`` right, forged or other_amount."""
        payment = self._payment(asked)
        self.teller.send_again(payment.id, times=int(asked.get("times", 1)), kind=str(asked.get("kind", "right")))
        return {"sent": self.postman.deliver_now(payment.id)}

    def pay(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Play the cardholder: send the shop's ``form`` (or take ``order_id``), use a ``card`` by name, type the code.

        ``code`` replaces the right code; ``card`` "abandon" gives up, "debit" takes from an account (PayFiP). Notices
        due at once are sent before answering.
        """
        payment = self.teller.receive(asked["form"]) if "form" in asked else self._payment(asked)
        name = str(asked.get("card", "accepted"))
        if name == "abandon":
            payment = self.teller.abandon(payment.token)
        elif name == "debit":
            payment = self.teller.take_from_account(payment.token)
        else:
            payment = self.teller.try_card(payment.token, cards.BY_NAME[name].number)
            if payment.state == "challenge":
                payment = self.teller.answer_code(payment.token, str(asked.get("code", cards.CODE)))
        self.postman.deliver_now(payment.id)
        return self._told(payment)

    def wipe(self, _asked: dict[str, Any]) -> dict[str, bool]:
        """Forget everything."""
        with self.book.writing() as db:
            for table in ("notice", "refund", "payment", "answer", "switch", "told", "credit", "closing"):
                db.execute(f"delete from {table}")  # noqa: S608 - names of ours
        return {"wiped": True}

    def _payment(self, asked: dict[str, Any]) -> Payment:
        payment = self.book.payment(order_id=str(asked["order_id"]))
        if payment is None:
            raise Refused("unknown")
        return payment

    def _told(self, payment: Payment) -> dict[str, Any]:
        told = asdict(payment)
        told.pop("form")
        told["notices"] = [asdict(notice) for notice in self.book.notices(payment.id)]
        told["refunds"] = [asdict(refund) for refund in self.book.refunds(payment.id)]
        return told
