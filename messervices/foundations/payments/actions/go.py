"""The student leaves for the bank, and comes back."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from messervices.foundations.payments import rules
from messervices.foundations.payments.actions.ask import ask_bank
from messervices.foundations.payments.actions.link import ByLink, accept_link, close_other_means
from messervices.foundations.payments.models import Attempt, Order
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.rail import BankForm, Handover
from messervices.foundations.payments.selectors import live_attempt, order_of
from messervices.foundations.payments.states import ATTEMPT_STEPS, LIVE, AttemptStatus, OrderStatus, RailName
from messervices.kernel import crash
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

_REF_SIGNS = "0123456789abcdefghijklmnopqrstuvwxyz"
_DRAWS = 5


@dataclass(frozen=True, slots=True)
class Gone:
    """Where the student goes: to the bank with ``form``, or, without one, to the page that says what is known."""

    order: Order
    form: BankForm | None = None


def go_to_bank(
    *,
    uuid: UUID,
    person_id: int,
    language: str,
    back_url: str,
    notice_url: str,
    now: datetime,
    by_link: ByLink | None = None,
) -> Gone:
    """Take somebody to the bank: a new try, or the one under way again. Never two live tries, never paid twice.

    The student (``person_id``), or with ``by_link`` who got the student's link: a try is gone on with by who began it.
    A student who pays closes the link that they had sent; who comes second by a link waits.

    Double click, two tabs and the back button all end here: the same try gives the same form, which the bank knows by
    its number. An older try is asked about first, outside any transaction. Raises ``Order.DoesNotExist`` for somebody
    else's order, ``Refusal`` for a cancelled one, ``ProviderUnavailable`` when the bank does not answer.
    """
    order = order_of(uuid, person_id)
    if order.status == OrderStatus.CANCELLED:
        raise Refusal("order_cancelled", _("Cette demande n’est plus à payer. Rien n’a été débité."))
    if order.status == OrderStatus.PAID:
        return Gone(order)
    attempt = live_attempt(order.pk)
    if attempt is not None and by_link is None and attempt.link_id is not None:
        ask_bank(attempt_id=attempt.pk, now=now)  # somebody else's: the bank is asked before it is given up
        move = rules.Move.BEGIN
    else:
        move = rules.first_move(attempt.status if attempt else None, attempt.begun_at if attempt else None, now)
    if move == rules.Move.ASK and attempt is not None:
        move = rules.move_after(ask_bank(attempt_id=attempt.pk, now=now), attempt.begun_at, now)
    if move == rules.Move.WAIT:
        return Gone(order)
    tried = _begin(order_id=order.pk, language=language, now=now, by_link=by_link)
    if tried is None:
        return Gone(order)
    handover = Handover(
        number=tried.number,
        bank_ref=tried.bank_ref,
        amount_cents=tried.amount_cents,
        begun_at=tried.begun_at,
        label=order.label,
        language=tried.language,
        back_url=back_url,
        notice_url=notice_url,
    )
    return Gone(order, rail_named(tried.rail).begin(handover))


@action
def _begin(*, order_id: int, language: str, now: datetime, by_link: ByLink | None) -> Attempt | None:
    """Give the live try of an open order, made now if there is none. ``None``: settled meanwhile, or not theirs.

    The order's lock puts two tabs in a row; the database's own rule (one live try) stands behind it.
    """
    order = Order.objects.select_for_update(of=("self",)).get(pk=order_id)
    if order.status != OrderStatus.OPEN:
        return None
    live = live_attempt(order.pk)
    if by_link is not None:
        if not accept_link(order=order, live=live, by_link=by_link, language=language, now=now):
            return None
    elif live is None or live.link_id is not None:
        close_other_means(order=order, live=live, by=Actor(kind="student", person_id=order.person_id), now=now)
        live = None
    if live is not None:
        return live if live.status != AttemptStatus.DOUBTFUL else None
    crash.point("payments.before_attempt")
    for _turn in range(_DRAWS):
        attempt = _insert(order, language, now, by_link.link_id if by_link else None)
        if attempt is not None:
            crash.point("payments.after_attempt")
            return attempt
    msg = "no free reference at the bank"
    raise RuntimeError(msg)


def _draw() -> str:
    """Draw the six signs that the bank wants unique in a day."""
    return "".join(secrets.choice(_REF_SIGNS) for _ in range(6))


def _insert(order: Order, language: str, now: datetime, link_id: int | None) -> Attempt | None:
    """Write a try under a reference drawn at random; ``None`` when another try of the day has it (1 in 10 million)."""
    rank = Attempt.objects.filter(order=order).count() + 1
    fields: dict[str, Any] = {
        "order_id": order.pk,
        "link_id": link_id,
        "person_id": order.person_id,
        "crous_id": order.crous_id,
        "rail": RailName.LYRA.value,
        "rank": rank,
        "number": f"{order.number}-{rank}",
        "bank_ref": _draw(),
        "begun_on": now.astimezone(UTC).date(),
        "amount_cents": order.amount_cents,
        "language": language if language == "en" else "fr",
        "status": AttemptStatus.BEGUN.value,
        "detail": "",
        "begun_at": now,
        "ask_at": rules.next_question_at(0, now),
        "asked": 0,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into payments_attempt ({', '.join(fields)}) values ({', '.join(['%s'] * len(fields))})"  # noqa: S608 - names written above
            " on conflict (rail, begun_on, bank_ref) do nothing returning id",
            list(fields.values()),
        )
        row = cursor.fetchone()
    return Attempt(id=row[0], **fields) if row else None


@action
def note_return(*, order_id: int, now: datetime, link_id: int | None = None) -> None:
    """Note that the browser came back from the bank. It proves nothing, and books nothing: the outcome is unknown.

    ``link_id``: it is the browser of who pays by that link; without one, the student's.
    """
    tries = Attempt.objects.select_for_update().filter(order_id=order_id, link_id=link_id, status__in=LIVE)
    attempt = tries.first()
    if attempt is None or attempt.status != AttemptStatus.BEGUN:
        return
    attempt.status = ATTEMPT_STEPS.target("come_back", attempt.status)
    attempt.returned_at = now
    attempt.save(update_fields=["status", "returned_at"])
