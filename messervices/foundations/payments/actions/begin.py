"""A try begins: written first, then asked of the bank under its number, then the bank's door is written.

An outcome that is not known leaves a try without a door. Nobody was led to the bank by it: it is begun again under the
same number, or dropped for another bank.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.urls import reverse

from messervices.foundations.payments import rules
from messervices.foundations.payments.actions.link import ByLink, accept_link, close_other_means
from messervices.foundations.payments.actions.watch import at_bank
from messervices.foundations.payments.models import Attempt, Order
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.rail import BankForm, Handover
from messervices.foundations.payments.selectors import live_attempt
from messervices.foundations.payments.states import LIVE, AttemptStatus, OrderStatus
from messervices.kernel import crash
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import ProviderUnavailable

_REF_SIGNS = "0123456789abcdefghijklmnopqrstuvwxyz"
_DRAWS = 5


@dataclass(frozen=True, slots=True)
class Traveller:
    """Who leaves for the bank: their language, where they come back, their address for a receipt, and by which link."""

    language: str
    back_url: str
    mail: str = ""
    by_link: ByLink | None = None

    @property
    def link_id(self) -> int | None:
        """The link they came by."""
        return self.by_link.link_id if self.by_link else None


@action
def begin(*, order_id: int, rail: str, traveller: Traveller, now: datetime) -> Attempt | None:
    """Give the live try of an open order, made now by ``rail`` if there is none.

    ``None``: settled meanwhile, or not theirs. The order's lock puts two tabs in a row; the database's own rule (one
    live try) stands behind it.
    """
    order = Order.objects.select_for_update(of=("self",)).get(pk=order_id)
    if order.status != OrderStatus.OPEN:
        return None
    live, by_link = live_attempt(order.pk), traveller.by_link
    if by_link is not None:
        if not accept_link(order=order, live=live, by_link=by_link, language=traveller.language, now=now):
            return None
    elif live is None or live.link_id is not None:
        close_other_means(order=order, live=live, by=Actor(kind="student", person_id=order.person_id), now=now)
        live = None
    if live is not None:
        return live if live.status != AttemptStatus.DOUBTFUL else None
    crash.point("payments.before_attempt")
    for _turn in range(_DRAWS):
        attempt = _insert(order, rail, traveller, now)
        if attempt is not None:
            crash.point("payments.after_attempt")
            return attempt
    msg = "no free reference at the bank"
    raise RuntimeError(msg)


def door_of(attempt: Attempt, label: str, traveller: Traveller, now: datetime) -> BankForm | None:
    """Give what takes the browser to the bank; ``None`` when the try ended meanwhile.

    Raises ``ProviderUnavailable`` (nobody knows whether the bank began it: ask again under the same number) and
    ``BeginRefusedByBank``.
    """
    if attempt.door_url:
        return BankForm(attempt.door_url, {}, attempt.rail_ref)
    rail = rail_named(attempt.rail)
    handover = Handover(
        number=attempt.number,
        bank_ref=attempt.bank_ref,
        amount_cents=attempt.amount_cents,
        begun_at=attempt.begun_at,
        label=label,
        language=attempt.language,
        back_url=traveller.back_url,
        notice_url=f"{settings.SITE_URL}{reverse(f'payments_api:{attempt.rail}')}",
        mail=traveller.mail,
        crous_id=attempt.crous_id,
    )
    if not rail.terms.calls:
        return rail.begin(handover)
    crash.point("payments.before_door")
    try:
        with at_bank(attempt.rail, now):
            form = rail.begin(handover)
    except ProviderUnavailable:
        held = Attempt.objects.get(pk=attempt.pk)  # the other of two clicks may have got the answer
        if held.status in LIVE and held.door_url:
            return BankForm(held.door_url, {}, held.rail_ref)
        raise
    crash.point("payments.after_door")
    return _note_door(attempt_id=attempt.pk, form=form, now=now)


@action
def _note_door(*, attempt_id: int, form: BankForm, now: datetime) -> BankForm | None:
    """Write the bank's door on a try that is still live; the first one written is the one that everybody is shown."""
    attempt = Attempt.objects.select_for_update().get(pk=attempt_id)
    if attempt.status not in LIVE:
        return None
    if not attempt.door_url:
        attempt.rail_ref, attempt.door_url, attempt.door_at = form.ref, form.action_url, now
        attempt.save(update_fields=["rail_ref", "door_url", "door_at"])
    return BankForm(attempt.door_url, {}, attempt.rail_ref)


def _draw() -> str:
    """Draw the six signs that the bank wants unique in a day."""
    return "".join(secrets.choice(_REF_SIGNS) for _ in range(6))


def _insert(order: Order, rail: str, traveller: Traveller, now: datetime) -> Attempt | None:
    """Write a try under a reference drawn at random; ``None`` when another try of the day has it (1 in 10 million)."""
    rank = Attempt.objects.filter(order=order).count() + 1
    fields: dict[str, Any] = {
        "order_id": order.pk,
        "link_id": traveller.link_id,
        "person_id": order.person_id,
        "crous_id": order.crous_id,
        "rail": rail,
        "rank": rank,
        "number": f"{order.number}-{rank}",
        "bank_ref": _draw(),
        "begun_on": now.astimezone(UTC).date(),
        "amount_cents": order.amount_cents,
        "language": traveller.language if traveller.language == "en" else "fr",
        "status": AttemptStatus.BEGUN.value,
        "detail": "",
        "begun_at": now,
        "ask_at": rules.next_question_at(0, now),
        "asked": 0,
        "rail_ref": "",
        "door_url": "",
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into payments_attempt ({', '.join(fields)}) values ({', '.join(['%s'] * len(fields))})"  # noqa: S608 - names written above
            " on conflict (rail, begun_on, bank_ref) do nothing returning id",
            list(fields.values()),
        )
        row = cursor.fetchone()
    return Attempt(id=row[0], **fields) if row else None
