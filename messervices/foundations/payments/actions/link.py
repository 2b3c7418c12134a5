"""A payer's link: made by the student, accepted or refused by who got it, closed in time. Never two ways of paying.

Whoever touches a link locks its order first, so that accepting, cancelling and paying otherwise stand in a row; and the
bank is asked before a payment under way is given up for another.
"""

import uuid as uuids
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from messervices.foundations.accounts import actions as accounts
from messervices.foundations.accounts.rules import Rate
from messervices.foundations.audit.actions import record
from messervices.foundations.notifications.actions import notify, queue_mail
from messervices.foundations.payments import rules, selectors
from messervices.foundations.payments.actions.ask import ask_bank
from messervices.foundations.payments.actions.leave import withdraw
from messervices.foundations.payments.models import Attempt, Order, PayerLink
from messervices.foundations.payments.states import (
    ATTEMPT_STEPS,
    LINK_LIVE,
    LINK_STEPS,
    LIVE,
    AttemptStatus,
    OrderStatus,
)
from messervices.kernel import clock
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

GUESS_NETWORK = Rate(20, 60)
"""Secrets that are none, asked by one network. Who holds a true one is always answered."""

MAIL_PERSON = Rate(6, 24 * 3600)
MAIL_PAYER = Rate(3, 24 * 3600)
"""Links that a student has us send, and receipts that a payer has us send, in a day."""

_PAYER = Actor(kind="anonymous", label="payer")


@dataclass(frozen=True, slots=True)
class ByLink:
    """Who pays by a link: which one, and what their browser holds, so that a second payer waits."""

    link_id: int
    payer_key: str


# The student ---------------------------------------------------------------------------------------------------


def open_link(*, uuid: UUID, person_id: int, by: Actor, now: datetime, renew: bool = False) -> PayerLink | None:
    """Give the link by which somebody else may pay an order, made now if there is none; ``None`` once it is paid.

    Twice gives the same link; ``renew`` closes it and makes another, with its whole time. Another way of paying that
    was begun is given up first, the bank having been asked: not an action, the network stands before its transaction.
    Raises ``Order.DoesNotExist`` for somebody else's order, ``Refusal`` for one that is no longer to be paid or while
    the bank is deciding, ``ProviderUnavailable`` when the bank does not answer.
    """
    order = selectors.order_of(uuid, person_id)
    held = selectors.live_link(order.pk)
    if held is None or renew:
        _make_way(order.pk, now)
    return _open(order_id=order.pk, by=by, now=now, renew=renew)


def cancel_link(*, uuid: UUID, person_id: int, by: Actor, now: datetime) -> bool:
    """Close an order's link: nobody can pay by it any more. Gives whether one was closed now.

    Somebody may be at the bank: it is asked first. Raises as ``open_link`` does.
    """
    order = selectors.order_of(uuid, person_id)
    if selectors.live_link(order.pk) is None:
        return False
    _make_way(order.pk, now)
    return _cancel(order_id=order.pk, by=by, now=now)


def mail_link(*, uuid: UUID, person_id: int, to: str, language: str, by: Actor, now: datetime) -> None:
    """Send the link to an address, which is not kept once the mail has left. ``language`` is who reads it's.

    Raises ``Refusal`` without a live link, or when the person had too many sent today.
    """
    standing = selectors.link_standing_of(uuid, person_id)
    if not standing.is_live or not standing.address or standing.link is None:
        raise Refusal("link_over", _("Ce lien ne sert plus. Faites-en un nouveau avant de l’envoyer."))
    if not accounts.take_rate(MAIL_PERSON, now, "payments.link.mail", person_id):
        raise Refusal(
            "too_many", _("Vous avez déjà fait envoyer plusieurs e-mails aujourd’hui. Copiez le lien et envoyez-le.")
        )
    _mail(standing, to=to, language=language, by=by, now=now)


def _make_way(order_id: int, now: datetime) -> None:
    """Have the bank say what became of the try under way, if there is one, and close its page if it is unpaid."""
    attempt = selectors.live_attempt(order_id)
    if attempt is not None and ask_bank(attempt_id=attempt.pk, now=now) in rules.STILL_OPEN:
        withdraw(attempt, now)


@action
def _open(*, order_id: int, by: Actor, now: datetime, renew: bool) -> PayerLink | None:
    order = Order.objects.select_for_update(of=("self",)).get(pk=order_id)
    if order.status == OrderStatus.PAID:
        return None
    if order.status == OrderStatus.CANCELLED:
        raise Refusal("order_cancelled", _("Cette demande n’est plus à payer. Rien n’a été débité."))
    link, at = selectors.live_link(order_id), clock.by_database()
    if link is not None and not renew and at < link.expires_at:
        return link
    live = selectors.live_attempt(order_id)
    close_other_means(order=order, live=live, by=by, now=now, late=link is not None and at >= link.expires_at)
    made = uuids.uuid4()
    link = PayerLink.objects.create(
        uuid=made,
        order=order,
        person_id=order.person_id,
        crous_id=order.crous_id,
        token_hash=rules.secret_hash(rules.link_token(str(made), settings.SECRET_KEY)),
        opened_at=at,
        expires_at=at + selectors.link_lasts(at),
    )
    _record(link, "payments.open_link", by=by, now=now)
    return link


@action
def _cancel(*, order_id: int, by: Actor, now: datetime) -> bool:
    order = Order.objects.select_for_update(of=("self",)).get(pk=order_id)
    if selectors.live_link(order_id) is None:
        return False
    close_other_means(order=order, live=selectors.live_attempt(order_id), by=by, now=now)
    return True


@inside_action
def close_other_means(*, order: Order, live: Attempt | None, by: Actor, now: datetime, late: bool = False) -> None:
    """Close whatever way of paying an order has, before another begins. The order is locked, the bank was asked.

    Its try at the bank (``live``) is given up, and still asked about until its form is dead: money that comes all the
    same is the order's when the student began it, and goes back when somebody else did by a link. Raises
    ``Refusal("payment_under_way")`` while the bank is deciding.
    """
    if live is not None:
        if live.status != AttemptStatus.BEGUN:
            raise Refusal(
                "payment_under_way",
                _("Un paiement est en cours à la banque. Attendez sa réponse : vous ne paierez pas deux fois."),
            )
        live.status, live.ended_at = ATTEMPT_STEPS.target("abandon", live.status), now
        live.save(update_fields=["status", "ended_at"])
    close_link(order_id=order.pk, step="expire" if late else "cancel", by=by, now=now)


@inside_action
def close_link(*, order_id: int, step: str, by: Actor, now: datetime) -> PayerLink | None:
    """End the live link of an order, which is locked; give it, or ``None`` when there is none."""
    link = selectors.live_link(order_id)
    if link is not None:
        link.status, link.ended_at = LINK_STEPS.target(step, link.status), clock.by_database()
        link.save(update_fields=["status", "ended_at"])
        _record(link, f"payments.{step}_link", by=by, now=now)
    return link


@action
def _mail(standing: selectors.LinkStanding, *, to: str, language: str, by: Actor, now: datetime) -> None:
    """Queue the mail: the secret stands in its row until it has left, as that of every link that is mailed."""
    link, order = standing.link, standing.order
    assert link is not None  # noqa: S101 - the caller looked
    queue_mail(
        to=to,
        language=language,
        template="payments/mail/payer_link",
        params={
            "first_name_asking": order.person.first_names.split(" ", maxsplit=1)[0].strip(","),
            "label": order.label,
            "amount_cents": order.amount_cents,
            "until": link.expires_at.isoformat(),
            "url": standing.address,
            "relayed": True,
        },
        now=now,
    )
    _record(link, "payments.mail_link", by=by, now=now)


# Who got the link ----------------------------------------------------------------------------------------------


@inside_action
def accept_link(*, order: Order, live: Attempt | None, by_link: ByLink, language: str, now: datetime) -> bool:
    """Accept a link in the transaction that begins its payment; give whether this payer may go to the bank.

    The order is locked; the database's clock decides at this very moment. ``False``: another one is paying, wait.
    Raises ``Refusal("link_over")`` for a link that ended, or whose end has passed.
    """
    link = PayerLink.objects.select_for_update().get(pk=by_link.link_id, order=order)
    key_hash = rules.secret_hash(by_link.payer_key)
    if live is not None and link.status in LINK_LIVE:  # begun in time: it may be gone on with, by who began it
        return live.link_id == link.pk and link.payer_key_hash == key_hash
    at = clock.by_database()
    if link.status not in LINK_LIVE or at >= link.expires_at:
        raise Refusal("link_over", _("Ce lien ne sert plus."))
    link.status = LINK_STEPS.target("accept", link.status)
    link.accepted_at, link.payer_key_hash, link.language = at, key_hash, language if language == "en" else "fr"
    link.save(update_fields=["status", "accepted_at", "payer_key_hash", "language"])
    _record(link, "payments.accept_link", by=_PAYER, now=now)
    return True


@action
def refuse_link(*, link_id: int, word: str, now: datetime) -> bool:
    """Who got the link will not pay: the student is told, with their word. Gives whether it was refused now.

    ``False`` when the link has ended, or ends now. Raises ``Refusal("payment_under_way")`` while somebody is paying.
    """
    found = PayerLink.objects.get(pk=link_id)
    order = Order.objects.select_for_update(of=("self",)).get(pk=found.order_id)
    link = PayerLink.objects.select_for_update().get(pk=link_id)
    if link.status not in LINK_LIVE or clock.by_database() >= link.expires_at:
        return False
    if selectors.live_attempt(order.pk) is not None:
        raise Refusal("payment_under_way", _("Un paiement est en cours avec ce lien. Attendez sa réponse."))
    link.status = LINK_STEPS.target("refuse", link.status)
    link.ended_at, link.word = clock.by_database(), " ".join(word.split())[:200]
    link.save(update_fields=["status", "ended_at", "word"])
    _record(link, "payments.refuse_link", by=_PAYER, now=now)
    _tell(link, order, "payments.link_refused", now=now, word=link.word)
    return True


@action
def mail_receipt(
    *, link_id: int, receipt: selectors.PayerReceipt, to: str, name: str, language: str, now: datetime
) -> None:
    """Send a payer their receipt. Address and name are not kept once the mail has left."""
    queue_mail(
        to=to,
        language=language,
        template="payments/mail/payer_receipt",
        params={
            "name": name,
            "student": receipt.first_name,
            "label": receipt.label,
            "number": receipt.number,
            "office": receipt.crous,
            "amount_cents": receipt.amount_cents,
            "tx_id": receipt.rail_tx_id,
            "paid_at": receipt.paid_at.isoformat(),
        },
        now=now,
    )


# Time ----------------------------------------------------------------------------------------------------------


def expire_link(*, link_id: int, now: datetime) -> bool:
    """End a link whose time has passed; give whether it ended now. Run twice, it ends once.

    A payment begun by it in time may still end well: the bank is asked first, and the link waits for its last word.
    Raises ``ProviderUnavailable`` when the bank does not answer: nothing ends then.
    """
    link = PayerLink.objects.get(pk=link_id)
    if link.status not in LINK_LIVE:
        return False
    attempt = selectors.live_attempt(link.order_id)
    if attempt is not None:
        ask_bank(attempt_id=attempt.pk, now=now)
    return _expire(link_id=link_id, now=now)


@action
def _expire(*, link_id: int, now: datetime) -> bool:
    found = PayerLink.objects.get(pk=link_id)
    order = Order.objects.select_for_update(of=("self",)).get(pk=found.order_id)
    link = PayerLink.objects.select_for_update().get(pk=link_id)
    if link.status not in LINK_LIVE or clock.by_database() < link.expires_at:
        return False
    if Attempt.objects.filter(link=link, status__in=LIVE).exists():
        return False
    close_link(order_id=order.pk, step="expire", by=Actor.system("job:payments"), now=now)
    _tell(link, order, "payments.link_expired", now=now)
    return True


def _record(link: PayerLink, verb: str, *, by: Actor, now: datetime) -> None:
    record(
        by=by,
        verb=verb,
        subject=f"payments.link:{link.pk}",
        person_id=link.person_id,
        crous_id=link.crous_id,
        now=now,
    )


def _tell(link: PayerLink, order: Order, kind: str, *, now: datetime, **params: Any) -> None:
    """Write to the student; the message leads to where they chose how to pay."""
    notify(
        person_id=link.person_id,
        crous_id=link.crous_id,
        kind=kind,
        params={"label": order.label, "amount_cents": order.amount_cents, **params},
        link=order.return_path,
        now=now,
    )
