"""A service has somebody paid; a second agent confirms what is doubtful; what is not to be paid is cancelled."""

import secrets
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from messervices.foundations.audit.actions import record
from messervices.foundations.ledger.actions import mirror, post
from messervices.foundations.payouts.actions.follow import tell_service
from messervices.foundations.payouts.actions.notices import tell_of_payout
from messervices.foundations.payouts.actions.weigh import details_of, hold, is_here, weigh, weigh_all
from messervices.foundations.payouts.models import BankDetails, Payout
from messervices.foundations.payouts.rules import may_leave, only_time_is_missing
from messervices.foundations.payouts.selectors import payable_account, service_of
from messervices.foundations.payouts.states import APPROVE, PAYOUT_STEPS, PayoutStatus
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O 1 I L U: numbers are read aloud at the desk
_LENGTH = 10


def _number() -> str:
    return "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))


def order_key(number: str) -> str:
    """The key of the transfer that a payout's order is in the ledger."""
    return f"payout:{number}:order"


@inside_action
def order_payout(
    *,
    kind: str,
    reference: str,
    crous_id: int,
    amount_cents: int,
    debit_account: str,
    label: str,
    details_id: UUID,
    by: Actor,
    now: datetime,
    person_id: int | None = None,
    establishment_uai: str = "",
) -> Payout:
    """Have somebody paid, once for a ``kind`` and ``reference``, however often and from however many sides it is asked.

    ``kind`` is in the service's ``on_payout``; ``debit_account`` is the ledger's path the money comes from; ``label``
    is read by the payee and stands on their bank statement. Debits that account, credits ``payouts:payable:<crous>``.
    Ready at once when nothing speaks against it, else it waits for time to pass or for a second person. Raises
    ``Refusal``: ``details_not_theirs``, ``details_replaced``, ``ordered_otherwise`` (the same thing, another amount).
    """
    service_of(kind)
    details = details_of(details_id)
    if details.person_id != person_id or (details.establishment_id or "") != establishment_uai:
        raise Refusal("details_not_theirs", _("Ces coordonnées bancaires ne sont pas celles de la personne à payer."))
    known = _known(kind, reference)
    if known is None and details.superseded_at is not None:
        raise Refusal("details_replaced", _("Ces coordonnées bancaires ont été remplacées. Reprenez les nouvelles."))
    payout, made = (known, False) if known else _made(
        Payout(
            number=_number(), kind=kind, reference=reference, person_id=person_id,
            establishment_id=establishment_uai or None, crous_id=crous_id, details=details, amount_cents=amount_cents,
            debit_account=debit_account, label=label, ordered_at=now, ordered_by_id=by.user_id,
        )
    )  # fmt: skip
    if not made:
        same = (payout.person_id, payout.establishment_id or "", payout.crous_id, payout.amount_cents)
        if same != (person_id, establishment_uai, crous_id, amount_cents):
            raise Refusal("ordered_otherwise", _("Un virement d’un autre montant est déjà décidé pour cela."))
        return payout
    hold(payout, weigh(payout, now))
    post(
        key=order_key(payout.number), debit=debit_account, credit=payable_account(crous_id),
        amount_cents=amount_cents, at=now, reason=label,
    )  # fmt: skip
    _note(payout, "payouts.order_payout", by, now, details={"amount_cents": amount_cents})
    return payout


def _known(kind: str, reference: str) -> Payout | None:
    live = Payout.objects.select_for_update(of=("self",)).filter(kind=kind, reference=reference)
    return live.exclude(status=PayoutStatus.CANCELLED).first()


def _made(payout: Payout) -> tuple[Payout, bool]:
    """Write the payout; when another writes the same at the same instant, wait for it and give theirs."""
    try:
        with transaction.atomic():
            payout.save(force_insert=True)
    except IntegrityError:
        known = _known(payout.kind, payout.reference)
        if known is None:
            raise
        return known, False
    return payout, True


def _note(
    payout: Payout, verb: str, by: Actor, now: datetime, *, reason: str = "", details: dict[str, int] | None = None
) -> None:
    record(
        by=by, verb=verb, subject=f"payouts.payout:{payout.pk}", person_id=payout.person_id, crous_id=payout.crous_id,
        reason=reason, details=details, now=now,
    )  # fmt: skip


def _locked(payout_id: int) -> Payout:
    return Payout.objects.select_for_update(of=("self",)).get(pk=payout_id)


def _refuse_unless_second(by: Actor, payout: Payout, details: BankDetails) -> None:
    """A second person: with the right, of the Crous, who neither ordered, nor told, nor unblocked, nor is paid."""
    if not by.may(APPROVE) or payout.crous_id not in by.scope.crous:
        raise Refusal("not_allowed", _("Vos droits ne vous permettent pas de faire cela."))
    if by.person_id is not None and by.person_id == payout.person_id:
        raise Refusal("own_file", _("Vous ne pouvez pas décider de votre propre dossier."))
    if by.user_id in {payout.ordered_by_id, details.told_by_id, details.lifted_by_id}:
        raise Refusal(
            "second_person",
            _("Vous avez déjà décidé quelque chose de ce virement : une autre personne doit confirmer."),
        )


@action
def approve(*, payout_id: int, by: Actor, now: datetime) -> Payout:
    """A second agent confirms a payout that waits: it may leave, for the reasons they have seen.

    Raises ``Refusal``: ``not_allowed``, ``own_file``, ``second_person``, ``details_frozen``, ``step_closed``.
    """
    payout = _locked(payout_id)
    details = details_of(payout.details_id)
    _refuse_unless_second(by, payout, details)
    weighed = weigh(payout, now)
    if weighed.frozen:
        raise Refusal(
            "details_frozen",
            _("Ces coordonnées bancaires sont bloquées. Vérifiez l’identité de la personne, puis débloquez-les."),
        )
    payout.status = PAYOUT_STEPS.target("approve", payout.status)
    payout.why, payout.approved_at, payout.approved_by_id = weighed.why, now, by.user_id
    payout.save(update_fields=["status", "why", "approved_at", "approved_by_id"])
    _note(payout, "payouts.approve_payout", by, now)
    return payout


@action
def refuse(*, payout_id: int, by: Actor, reason: str, now: datetime) -> Payout:
    """An agent who may confirm says no: the money goes back where it came from. Raises ``Refusal`` as ``approve``."""
    payout = _locked(payout_id)
    if not by.may(APPROVE) or payout.crous_id not in by.scope.crous:
        raise Refusal("not_allowed", _("Vos droits ne vous permettent pas de faire cela."))
    if by.person_id is not None and by.person_id == payout.person_id:
        raise Refusal("own_file", _("Vous ne pouvez pas décider de votre propre dossier."))
    return cancel(payout_id=payout.pk, by=by, reason=reason, now=now)


@inside_action
def cancel(*, payout_id: int, by: Actor, reason: str, now: datetime) -> Payout:
    """Withdraw a payout that is in no file: its transfer is mirrored, its service and its payee are told.

    Raises ``Refusal``: ``reason_missing``, ``step_closed``.
    """
    if not reason.strip():
        raise Refusal("reason_missing", _("Dites pourquoi : la personne lira ce motif."))
    payout = _locked(payout_id)
    payout.status = PAYOUT_STEPS.target("cancel", payout.status)
    payout.cancelled_at, payout.cancel_reason = now, reason.strip()[:500]
    payout.save(update_fields=["status", "cancelled_at", "cancel_reason"])
    mirror(key=order_key(payout.number), at=now, reason=payout.label)
    _note(payout, "payouts.cancel_payout", by, now, reason=payout.cancel_reason)
    tell_service(payout, "cancelled", reason=payout.cancel_reason, at=now, by=by, now=now)
    tell_of_payout(payout, "cancelled", {"reason": payout.cancel_reason}, now)
    return payout


@action
def order_again(*, payout_id: int, by: Actor, reason: str, now: datetime) -> Payout:
    """An agent has a payout that came back leave again, to the account now in force. Raises ``Refusal``."""
    payout = _locked(payout_id)
    if not by.may(APPROVE) or payout.crous_id not in by.scope.crous:
        raise Refusal("not_allowed", _("Vos droits ne vous permettent pas de faire cela."))
    if not reason.strip():
        raise Refusal("reason_missing", _("Dites pourquoi : la personne lira ce motif."))
    hold(payout, weigh(payout, now), step="order_again")
    _note(payout, "payouts.order_again", by, now, reason=reason.strip())
    return payout


@inside_action
def weigh_again(payouts: list[Payout], now: datetime) -> list[Payout]:
    """Weigh locked payouts anew; give those that may leave. Those that may not any more wait, and lose their consent.

    What waited for time alone becomes ready; what was confirmed stays so while nothing new speaks against it.
    """
    weighed = weigh_all(payouts, now)
    leaving = []
    for payout in payouts:
        found = weighed[payout.pk]
        confirmed = payout.why if payout.approved_at else None
        if payout.status == PayoutStatus.READY and may_leave(found.why, confirmed, frozen=found.frozen):
            leaving.append(payout)
        elif is_here(payout) and (payout.why != found.why or payout.status == PayoutStatus.READY or found.frozen):
            hold(payout, found)
            leaving += [payout] if payout.status == PayoutStatus.READY else []
    return leaving


@action
def end_cooling(*, now: datetime, most: int = 500) -> int:
    """Let go the payouts whose account has cooled off and against which nothing else speaks; give how many."""
    waiting = Payout.objects.select_for_update(of=("self",), skip_locked=True).filter(
        status=PayoutStatus.WAITING, details__usable_from__lte=now, why__contains=["recent"]
    )  # fmt: skip
    payouts = [payout for payout in waiting.order_by("pk")[:most] if only_time_is_missing(payout.why)]
    return len(weigh_again(payouts, now))
