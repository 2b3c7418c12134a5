"""Blocking an account at once, from a link that needs no sign-in; lifting the block at the desk."""

from datetime import datetime
from uuid import UUID

from django.core import signing
from django.utils.translation import gettext as _

from messervices.foundations.audit.actions import record
from messervices.foundations.payouts.actions.notices import SALT, tell_of_freeze, tell_of_lift
from messervices.foundations.payouts.actions.weigh import EVERYWHERE, hold, is_here, weigh
from messervices.foundations.payouts.models import BankDetails, Payout
from messervices.foundations.payouts.states import APPROVE, PayoutStatus
from messervices.foundations.students import selectors as students
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import acting_as


def details_by_token(token: str) -> BankDetails | None:
    """Give the account in force of whoever the link was written to; ``None`` for a link that is none of ours.

    A thief may have given another account since: the link then blocks that one.
    """
    try:
        key = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    with acting_as(EVERYWHERE):
        found = BankDetails.objects.filter(pk=key).first()
        if found is None or found.superseded_at is None:
            return found
        return BankDetails.objects.filter(
            person=found.person_id, establishment=found.establishment_id, superseded_at=None
        ).first()


@action
def freeze_by_link(*, token: str, now: datetime) -> BankDetails:
    """Block the account that a link speaks of. Twice is once. Raises ``Refusal("link_dead")``."""
    found = details_by_token(token)
    if found is None:
        raise Refusal("link_dead", _("Ce lien n’est pas complet. Ouvrez-le depuis le message, sans le recopier."))
    return freeze_details(details_id=found.pk, by=Actor.anonymous(), now=now)


@action
def freeze_own_details(*, by: Actor, now: datetime) -> BankDetails:
    """A student blocks their own account from its page. Raises ``Refusal("no_details")``."""
    found = BankDetails.objects.filter(person=by.person_id or 0, superseded_at=None).first()
    if found is None:
        raise Refusal("no_details", _("Vous n’avez donné aucune coordonnée bancaire."))
    return freeze_details(details_id=found.pk, by=by, now=now)


@inside_action
def freeze_details(*, details_id: UUID, by: Actor, now: datetime) -> BankDetails:
    """Block an account: nothing leaves for it any more, not even what is signed and not yet at the bank."""
    with acting_as(EVERYWHERE):
        details = BankDetails.objects.select_for_update(of=("self",)).get(pk=details_id)
        if details.is_frozen:
            return details
        details.frozen_at = now
        details.save(update_fields=["frozen_at"])
        here = [PayoutStatus.WAITING, PayoutStatus.READY]
        for payout in Payout.objects.select_for_update(of=("self",)).filter(details=details, status__in=here):
            hold(payout, weigh(payout, now))
        record(
            by=by,
            verb="payouts.freeze_details",
            subject=f"payouts.details:{details.pk}",
            person_id=details.person_id,
            crous_id=details.crous_id or None,
            now=now,
        )
        tell_of_freeze(details, now)
    return details


@action
def lift_freeze(*, details_id: UUID, by: Actor, reason: str, now: datetime) -> None:
    """An agent who has seen who the person is lifts the block. Whoever lifts never confirms a payout to that account.

    Raises ``Refusal``: ``not_allowed``, ``reason_missing``, ``not_frozen``.
    """
    if not by.may(APPROVE):
        raise Refusal("not_allowed", _("Vos droits ne vous permettent pas de faire cela."))
    if not reason.strip():
        raise Refusal("reason_missing", _("Dites pourquoi : la personne lira ce motif."))
    details = BankDetails.objects.select_for_update(of=("self",)).filter(pk=details_id).first()
    if details is None or not _follows(by, details):
        raise Refusal("not_allowed", _("Vos droits ne vous permettent pas de faire cela."))
    if not details.is_frozen or details.superseded_at is not None:
        raise Refusal("not_frozen", _("Ces coordonnées ne sont pas bloquées, ou ont été remplacées."))
    details.frozen_at, details.lifted_at, details.lifted_by_id = None, now, by.user_id
    details.save(update_fields=["frozen_at", "lifted_at", "lifted_by_id"])
    for payout in Payout.objects.select_for_update(of=("self",)).filter(details=details):
        if is_here(payout):
            hold(payout, weigh(payout, now))
    record(
        by=by,
        verb="payouts.lift_freeze",
        subject=f"payouts.details:{details.pk}",
        person_id=details.person_id,
        crous_id=details.crous_id or None,
        reason=reason.strip(),
        now=now,
    )
    tell_of_lift(details, now)


def _follows(by: Actor, details: BankDetails) -> bool:
    """Tell whether the agent's Crous follows the owner, who is not the agent."""
    if details.person_id is None:
        return by.national or details.crous_id in by.crous_ids
    person = students.person_by_id(details.person_id)
    followed = person is not None and (by.national or bool(set(by.crous_ids) & set(person.crous_ids)))
    return followed and by.person_id != details.person_id
