"""The accountant's year: accounts and contracts of the 26 Crous, and what their bank said of the payments so far.

At one Crous three things do not fit, on purpose, so that the desk has something to show. Payments that a visitor makes
are settled by the demonstration bank, into other accounts. Run again, it changes nothing.
"""

import io
from datetime import date, datetime, timedelta
from itertools import groupby

from django.conf import settings

from messervices.demo import papers
from messervices.demo.papers import Booked, Settled, Taken
from messervices.foundations.crous import selectors as crous
from messervices.foundations.payments.models import Capture
from messervices.foundations.treasury import actions as treasury
from messervices.foundations.treasury import rules
from messervices.foundations.treasury.models import BankAccount, File
from messervices.foundations.treasury.states import IMPORT, SET_ACCOUNT, MatchedBy
from messervices.kernel.actor import Actor

ODD = "versailles"
"""Where something does not fit."""
_WHY = "Convention de démonstration"
_RATE = 350
_SETTLED_AFTER, _SEEN_AFTER = timedelta(days=1), timedelta(days=3)
_PAST = 900
"""Added to a Crous's number: its account of the time before a visitor came."""


def keep_books(now: datetime) -> int:
    """Declare accounts, import what the bank would have sent, match it, close the days. Gives how many files came."""
    files = 0
    for one in crous.crous_list():
        by = Actor("agent", None, "Démonstration", crous_ids=(one.pk,), rights=frozenset({IMPORT, SET_ACCOUNT}))
        files += _keep(by, one.pk, one.slug, now)
    treasury.close_days(now=now)
    return files


def _keep(by: Actor, crous_id: int, slug: str, now: datetime) -> int:
    opened_on = date(now.year - 1, 1, 1)
    account = treasury.set_account(
        by=by, crous_id=crous_id, iban=papers.iban(crous_id), label="Compte de dépôt au Trésor", source=_WHY,
        opened_on=opened_on, now=now,
    )  # fmt: skip
    number = settings.LYRA_CONTRACTS[crous_id]
    _contract(by, account, number, now)
    if slug == ODD:
        _contract(by, account, settings.EFICASH_CREDITOR, now, rail="eficash")
    if File.objects.filter(crous_id=crous_id).exists():
        return 0
    settled = _settled(crous_id, slug, now)
    if not settled:
        return 0
    past = treasury.set_account(
        by=by, crous_id=crous_id, iban=papers.iban(_PAST + crous_id), label="Compte de l’an dernier", source=_WHY,
        opened_on=opened_on, now=now,
    )  # fmt: skip
    contract = f"1900{_PAST + crous_id}"
    _contract(by, past, contract, now)
    booked = [Booked(one.reference, one.day, one.net, f"REMISE CB {one.reference}") for one in settled]
    day = settled[-1].day
    if slug == ODD:
        booked.append(Booked("VRT-7731", day, 105_00, "VIREMENT CVEC SANS REFERENCE"))
    _load(by, crous_id, "remises.csv", papers.settlements(contract, settled), now)
    _load(by, crous_id, "releve.xml", papers.statement(f"R{crous_id:02d}-1", past.iban, day, booked), now)
    treasury.match(crous_id=crous_id, now=now)
    return 2


def _contract(by: Actor, account: BankAccount, number: str, now: datetime, *, rail: str = "lyra") -> None:
    treasury.set_contract(
        by=by, account_id=account.pk, rail=rail, number=number, rate=_RATE if rail == "lyra" else None, fixed_cents=0,
        within_days=2, settled_within_days=2, matched_by=MatchedBy.REFERENCE, source=_WHY, now=now,
    )  # fmt: skip


def _load(by: Actor, crous_id: int, name: str, content: bytes, now: datetime) -> None:
    kept = treasury.keep_file(by=by, crous_id=crous_id, name=name, source=io.BytesIO(content), now=now)
    treasury.read_file(file_id=kept.pk, now=now)


def _settled(crous_id: int, slug: str, now: datetime) -> list[Settled]:
    """What was paid by card long enough ago, settled the day after; where it is odd, one is left out, one is dearer."""
    captures = Capture.objects.filter(crous_id=crous_id, rail="lyra", booked_at__lt=now - _SEEN_AFTER)
    taken = [
        Taken(one.rail_tx_id, one.taken_at.date(), one.amount_cents, rules.fee_expected(one.amount_cents, _RATE, 0))
        for one in captures.order_by("taken_at", "pk")
    ]
    if slug == ODD and len(taken) > len("odd"):
        first, _left_out, *others = taken
        taken = [Taken(first.tx_id, first.day, first.cents, first.fee + 12), *others]
    days = groupby(taken, key=lambda one: one.day)
    return [
        Settled(f"REM{crous_id:02d}{day:%y%m%d}", day + _SETTLED_AFTER, tuple(paid)) for day, paid in days
    ]  # fmt: skip
