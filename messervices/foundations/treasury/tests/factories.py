"""Money in the situations that tests speak of, and the bank's files about it."""

import hashlib
import io
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from bank import letters
from bank.letters import Booking, Deal, Part, Remittance
from messervices.foundations.ledger.selectors import assert_books_balance
from messervices.foundations.payments.models import Attempt, Capture, OutsideEvent, Refund
from messervices.foundations.payments.tests.factories import OrderFactory
from messervices.foundations.treasury import actions
from messervices.foundations.treasury.invariants import invariants
from messervices.foundations.treasury.models import BankAccount, Contract, Entry, File, Mismatch, Settlement
from messervices.foundations.treasury.states import CONFIRM, IMPORT, RESOLVE, SEE, SET_ACCOUNT
from messervices.kernel.actor import Actor

VERSAILLES, LYON = 26, 12
DAY = date(2026, 8, 24)  # a Monday
TODAY = date(2026, 9, 14)
NOW = datetime(2026, 9, 14, 12, 0, tzinfo=UTC)
IBAN = {VERSAILLES: "FR7610071780000000200002633", LYON: "FR7610071780000000200001226"}
CONTRACT = {VERSAILLES: "2000026", LYON: "2000012"}
RATE = 350
RIGHTS = frozenset({SEE, IMPORT, RESOLVE, CONFIRM, SET_ACCOUNT})
ACCOUNTANT = Actor("agent", 71, "I. Compte, Crous de Versailles", crous_ids=(VERSAILLES,), rights=RIGHTS)
SECOND = Actor("agent", 72, "J. Visa, Crous de Versailles", crous_ids=(VERSAILLES,), rights=RIGHTS)
OF_LYON = Actor("agent", 73, "K. Compte, Crous de Lyon", crous_ids=(LYON,), rights=RIGHTS)
_serial = itertools.count(1)


def account(crous_id: int = VERSAILLES, **changes: Any) -> BankAccount:
    """A bank account of a Crous."""
    given = {"label": "Compte de dépôt", "source": "Convention", "opened_on": date(2020, 1, 1), "set_at": NOW} | changes
    iban = given.pop("iban", IBAN[crous_id])
    return BankAccount.objects.get_or_create(crous_id=crous_id, iban=iban, defaults=given)[0]


def contract(crous_id: int = VERSAILLES, **changes: Any) -> Contract:
    """A contract of a rail that pays into it, at 0.350 % a payment."""
    given = {
        "rail": "lyra", "number": CONTRACT[crous_id], "rate": RATE, "source": "Contrat", "set_at": NOW,
        "account": account(crous_id), "crous_id": crous_id,
    }  # fmt: skip
    return Contract.objects.create(**given | changes)


def captured(
    cents: int = 105_00, *, on: date = DAY, crous_id: int = VERSAILLES, rail: str = "lyra", tx_id: str = ""
) -> Capture:
    """Money that a rail took, booked as payments book it."""
    serial = next(_serial)
    at = datetime(on.year, on.month, on.day, 10, 0, tzinfo=UTC)
    order = OrderFactory(
        crous_id=crous_id, amount_cents=cents, created_at=at, status="paid", captured_cents=cents, paid_at=at,
        number=f"X{serial:09d}",
    )  # fmt: skip
    attempt = Attempt.objects.create(
        order=order, person_id=order.person_id, crous_id=crous_id, rail=rail, rank=1, number=f"{order.number}-1",
        bank_ref=f"{serial:06d}"[-6:], begun_on=on, amount_cents=cents, language="fr", status="captured", begun_at=at,
        ended_at=at,
    )  # fmt: skip
    tx_id = tx_id or hashlib.sha256(order.number.encode()).hexdigest()[:32]
    event = OutsideEvent.objects.create(
        rail=rail, kind="notice", raw=order.number.encode(), sha256=hashlib.sha256(order.number.encode()).digest(),
        verdict="good", facts={"number": attempt.number}, status="done", effect="captured", received_at=at, read_at=at,
        attempt=attempt, person_id=order.person_id, crous_id=crous_id,
    )  # fmt: skip
    capture = Capture.objects.create(
        order=order, attempt=attempt, event=event, person_id=order.person_id, crous_id=crous_id, rail=rail,
        rail_tx_id=tx_id, amount_cents=cents, surplus=False, taken_at=at, booked_at=at,
    )  # fmt: skip
    _post(f"capture:{rail}:{tx_id}", f"psp:{rail}:receivable", order.credit_account, cents, at)
    return capture


def given_back(capture: Capture, *, on: date) -> Refund:
    """The same money, given back by the rail."""
    at = datetime(on.year, on.month, on.day, 11, 0, tzinfo=UTC)
    refund = Refund.objects.create(
        capture=capture, person_id=capture.person_id, crous_id=capture.crous_id, amount_cents=capture.amount_cents,
        reason="already_paid", status="given", rail_tx_id=f"back{capture.rail_tx_id[:28]}", queued_at=at, ended_at=at,
    )  # fmt: skip
    _post(
        f"refund:{capture.rail}:{capture.rail_tx_id}", f"payments:surplus:{capture.rail}",
        f"psp:{capture.rail}:receivable", capture.amount_cents, at,
    )  # fmt: skip
    return refund


def _post(key: str, debit: str, credit: str, cents: int, at: datetime) -> None:
    from messervices.foundations.ledger.actions import post

    with transaction.atomic():
        post(key=key, debit=debit, credit=credit, amount_cents=cents, at=at, reason="CVEC 2026-2027")


def fee(cents: int) -> int:
    """What a payment costs by the contract of these tests."""
    return (2 * cents * RATE + 100_000) // 200_000 if cents > 0 else 0


def part(of: Capture | Refund, **changes: Any) -> Part:
    """A line of a settlement about money of ours."""
    if isinstance(of, Refund):
        return Part("refund", of.rail_tx_id, of.ended_at.date(), -of.amount_cents, 0, attempt="", **changes)
    given = {"kind": "payment", "tx_id": of.rail_tx_id, "day": of.taken_at.date(), "cents": of.amount_cents}
    given = given | {"fee": fee(of.amount_cents)} | changes
    return Part(**given)


def remittance(
    parts: Iterable[Part], *, day: date = DAY + timedelta(days=1), crous_id: int = VERSAILLES, **changes: Any
) -> Remittance:
    """A settlement of the day after."""
    given = {
        "rail": "lyra", "contract": CONTRACT[crous_id], "reference": f"R{day:%Y%m%d}-{crous_id}", "day": day,
        "credit_on": day + timedelta(days=1), "parts": tuple(parts),
    }  # fmt: skip
    return Remittance(**given | changes)


def credit(of: Remittance, **changes: Any) -> Booking:
    """The bank's credit of a settlement."""
    given = {
        "cents": of.net, "booked": of.credit_on, "ref": f"B{of.reference}",
        "deals": (Deal(of.net, end_to_end=of.reference, text=f"REMISE CB {of.reference}"),),
    }  # fmt: skip
    return Booking(**given | changes)


def statement(
    bookings: Sequence[Booking], *, day: date = DAY + timedelta(days=2), opening: int = 0, crous_id: int = VERSAILLES,
    **changes: Any,
) -> bytes:  # fmt: skip
    """A statement of a day."""
    given = {"iban": IBAN[crous_id], "number": f"S{day:%Y%m%d}", "day": day, "opening": opening, "bookings": bookings}
    return b"".join(letters.statement(**given | changes))


def keep(content: bytes, *, by: Actor = ACCOUNTANT, crous_id: int = VERSAILLES, name: str = "fichier.xml") -> File:
    """Import a file."""
    return actions.keep_file(by=by, crous_id=crous_id, name=name, source=io.BytesIO(content), now=NOW)


def load(content: bytes, **how: Any) -> File:
    """Import a file and read it to its end."""
    file = keep(content, **how)
    actions.read_file(file_id=file.pk, now=NOW)
    file.refresh_from_db()
    return file


def match(crous_id: int = VERSAILLES, now: datetime = NOW) -> int:
    """Match what came."""
    return actions.match(crous_id=crous_id, now=now)


def breaches() -> list[str]:
    """Name the invariants that do not hold."""
    found = []
    for invariant in invariants():
        with connection.cursor() as cursor:
            cursor.execute(invariant.sql)
            if cursor.fetchone()[0]:
                found.append(invariant.name)
    return found


def assert_whole() -> None:
    """The books balance, and tell one story with the bank's files."""
    assert_books_balance()
    assert breaches() == []


@dataclass(frozen=True, slots=True)
class Money:
    """What ``followed`` made at a Crous; the entry is the one that nothing explains."""

    entry: Entry
    mismatch: Mismatch
    file: File
    settlement: Settlement


def money_of(crous_id: int) -> Money:
    """Find it again."""
    return Money(
        entry=Entry.objects.get(crous_id=crous_id, match=""),
        mismatch=Mismatch.objects.get(crous_id=crous_id, kind="unknown_reference"),
        file=File.objects.get(crous_id=crous_id, kind="statement"),
        settlement=Settlement.objects.get(crous_id=crous_id),
    )


def followed(crous_id: int, mark: str) -> None:
    """A Crous that follows its money: an account, a settlement that was credited, and an entry that nothing explains.

    ``mark`` stands in whatever is written by hand.
    """
    by = Actor("agent", 70, f"I. Compte {mark}", crous_ids=(crous_id,), rights=RIGHTS)
    account(crous_id, label=f"Compte {mark}")
    contract(crous_id)
    captures = list(Capture.objects.filter(crous_id=crous_id, rail="lyra", surplus=False).order_by("pk"))
    day = max(capture.taken_at.date() for capture in captures)
    settled = remittance([part(one) for one in captures], day=day, crous_id=crous_id)
    deals = (Deal(50_00, end_to_end=f"X{crous_id}", text=f"VIREMENT {mark}"),)
    bookings = [credit(settled), Booking(50_00, day - timedelta(days=3), f"U-{mark}", deals=deals)]
    load(letters.settlements([settled]), by=by, crous_id=crous_id, name=f"remise-{mark}.csv")
    content = statement(bookings, day=settled.credit_on, crous_id=crous_id, number=f"S-{mark}")
    load(content, by=by, crous_id=crous_id, name=f"releve-{mark}.xml")
    match(crous_id)
