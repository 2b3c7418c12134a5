"""The Crous answers an establishment: access for the two persons and its daughters, or no, with the reason."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from messervices.foundations.accounts.actions.open_account import account_for
from messervices.foundations.accounts.models import User
from messervices.foundations.accounts.states import Kind
from messervices.foundations.audit import actions as audit
from messervices.foundations.crous import actions as crous
from messervices.foundations.crous import selectors as crous_read
from messervices.foundations.notifications import actions as notifications
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.services.cvec import rules
from messervices.services.cvec.models import Affiliation, Nominee, Registration
from messervices.services.cvec.states import REGISTRATION_STEPS, Right

_REASON = "Demande de l’établissement acceptée"


def refuse_unless_admitting(by: Actor, crous_id: int) -> None:
    """Raise ``Refusal("not_allowed")`` for an agent whose Crous does not follow the establishment."""
    if by.kind != "system" and not rules.may_admit(
        Right.ADMIT, by.rights, national=by.national, crous_ids=by.crous_ids, crous_id=crous_id
    ):
        raise Refusal("not_allowed", _("Cet établissement n’est pas suivi par votre Crous."))


@action
def accept_registration(*, by: Actor, registration_id: int, daughters: Sequence[str], now: datetime) -> Registration:
    """Give both persons their own access; they take the place of the former referents. Twice accepts once.

    ``daughters`` are those of the demand that are validated; the others are left out. Raises ``Refusal``:
    ``not_allowed``, ``step_closed``, ``email_of_another``, ``daughter_taken``.
    """
    demand = _locked(registration_id)
    refuse_unless_admitting(by, demand.crous_id)
    if demand.is_decided and demand.status == REGISTRATION_STEPS.steps["accept"][1]:
        return demand
    _decide(demand, "accept", "", by=by, now=now)
    nominees = list(demand.nominees.all())
    users = [_account_of(nominee, now) for nominee in nominees]
    for held in crous_read.referents_of(demand.establishment_id):
        if held.user_id not in {user.pk for user in users}:
            crous.remove_referent(by=by, referent_id=held.pk, reason=_REASON, now=now)
    for nominee, user in zip(nominees, users, strict=True):
        crous.add_referent(by=by, user=user, uai=demand.establishment_id, reason=_REASON, now=now)
        nominee.user_id = user.pk
        nominee.save(update_fields=["user_id"])
        _write(nominee, demand, "cvec/mail/admitted", now, known=user.has_usable_password())
    for uai in demand.daughters:
        if uai in daughters:
            affiliate(demand, uai, by=by, now=now)
    _record(demand, "cvec.accept_registration", by=by, now=now, daughters=list(daughters))
    return demand


@action
def refuse_registration(*, by: Actor, registration_id: int, reason: str, now: datetime) -> Registration:
    """Say no, with the reason, which both persons read. Twice refuses once.

    Raises ``Refusal``: ``not_allowed``, ``step_closed``.
    """
    demand = _locked(registration_id)
    refuse_unless_admitting(by, demand.crous_id)
    if demand.is_decided and demand.status == REGISTRATION_STEPS.steps["refuse"][1]:
        return demand
    _decide(demand, "refuse", reason, by=by, now=now)
    for nominee in demand.nominees.all():
        _write(nominee, demand, "cvec/mail/not_admitted", now, reason=reason)
    _record(demand, "cvec.refuse_registration", by=by, now=now)
    return demand


def _locked(registration_id: int) -> Registration:
    return Registration.objects.select_for_update(of=("self",)).select_related("establishment").get(pk=registration_id)


def _decide(demand: Registration, step: str, reason: str, *, by: Actor, now: datetime) -> None:
    demand.status = REGISTRATION_STEPS.target(step, demand.status)
    demand.decided_at, demand.decided_by_id, demand.decided_by_label = now, by.user_id, by.label
    demand.reason = reason
    demand.save(update_fields=["status", "decided_at", "decided_by_id", "decided_by_label", "reason"])


def _account_of(nominee: Nominee, now: datetime) -> User:
    """The account of an address, opened without a password when there is none yet."""
    user = account_for(
        email=nominee.email, password=None, now=now, kind=Kind.ESTABLISHMENT, language=nominee.language,
        label=nominee.name,
    )  # fmt: skip
    if user.kind != Kind.ESTABLISHMENT:
        raise Refusal(
            "email_of_another",
            _("L’adresse du référent %(slot)s est celle d’un autre compte. Demandez une adresse professionnelle.")
            % {"slot": nominee.slot},
        )
    return user


def affiliate(demand: Registration, uai: str, *, by: Actor, now: datetime) -> None:
    """Put in force that an establishment files for another. Raises ``Refusal("daughter_taken")``."""
    row, _made = Affiliation.objects.get_or_create(
        mother_id=demand.establishment_id, daughter_id=uai, until=None,
        defaults={"crous_id": demand.crous_id, "declared_at": demand.asked_at},
    )  # fmt: skip
    put_in_force(row, by=by, now=now)


def put_in_force(row: Affiliation, *, by: Actor, now: datetime) -> None:
    """Date the beginning of an affiliation, once. Raises ``Refusal("daughter_taken")`` when another mother has it."""
    if row.since is not None:
        return
    row.since, row.decided_by_label = now, by.label
    try:
        with transaction.atomic():
            row.save(update_fields=["since", "decided_by_label"])
    except IntegrityError as taken:
        raise Refusal(
            "daughter_taken",
            _("L’établissement %(uai)s est déjà rattaché à un autre.") % {"uai": row.daughter_id},
        ) from taken


def _write(nominee: Nominee, demand: Registration, template: str, now: datetime, **params: object) -> None:
    url = f"{settings.SITE_URL}{reverse('cvec:space')}"
    said = {"establishment": demand.establishment.name, "first_name": nominee.name, "url": url}
    notifications.queue_mail(
        to=nominee.email, language=nominee.language, template=template, params=said | params, now=now
    )


def _record(demand: Registration, verb: str, *, by: Actor, now: datetime, **details: object) -> None:
    audit.record(
        by=by, verb=verb, subject=f"crous.establishment:{demand.establishment_id}", now=now, crous_id=demand.crous_id,
        reason=demand.reason, details={"registration": demand.pk, **details},
    )  # fmt: skip
