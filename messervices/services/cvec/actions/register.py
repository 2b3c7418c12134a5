"""An establishment asks for access: it names two persons, and each confirms their address by a link."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from messervices.foundations.accounts import rules as accounts
from messervices.foundations.audit import actions as audit
from messervices.foundations.crous.models import Establishment
from messervices.foundations.notifications import actions as notifications
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.services.cvec import selectors
from messervices.services.cvec.models import Nominee, Registration
from messervices.services.cvec.states import REGISTRATION_STEPS, RegistrationStatus


@dataclass(frozen=True, slots=True)
class Named:
    """A person whom an establishment names; ``phone`` may be empty."""

    name: str
    email: str
    phone: str = ""


@action
def ask_registration(
    *,
    by: Actor,
    establishment: Establishment,
    persons: Sequence[Named],
    daughters: Sequence[str],
    language: str,
    link: str,
    now: datetime,
) -> Registration:
    """Note what an establishment asks, and write to the two persons; nothing is asked of the Crous until both said yes.

    ``daughters`` are UAI that the reference data knows; ``link`` is the absolute address of the page that confirms,
    with ``TOKEN`` where the token goes. Asking again begins again: the former links stay good until they are too old.
    Raises ``Refusal("registration_waiting")`` when one waits at the Crous already.
    """
    if Registration.objects.filter(establishment=establishment, status=RegistrationStatus.WAITING).exists():
        raise Refusal("registration_waiting", _("Une demande de cet établissement attend déjà la réponse du Crous."))
    made = Registration.objects.create(
        establishment=establishment,
        crous_id=selectors.crous_id_of(establishment),
        asked_at=now,
        daughters=[uai for uai in dict.fromkeys(daughters) if uai != establishment.pk],
    )
    for slot, person in enumerate(persons, 1):
        token = secrets.token_urlsafe(32)
        email = person.email.strip().lower()
        Nominee.objects.create(
            registration=made, slot=slot, name=person.name, email=email, phone=person.phone, language=language,
            token_hash=accounts.token_hash(token),
        )  # fmt: skip
        notifications.queue_mail(
            to=email, language=language, template="cvec/mail/nominee", now=now,
            params={
                "establishment": establishment.name, "first_name": person.name, "url": link.replace("TOKEN", token),
            },
        )  # fmt: skip
    _record(made, "cvec.ask_registration", by=by, now=now)
    return made


@action
def confirm_nominee(*, by: Actor, token: str, now: datetime) -> Nominee:
    """One of the two followed their link: noted, and handed to the Crous once both have. Twice confirms once.

    Raises ``Refusal``: ``link_dead``, or ``registration_waiting`` when another demand of theirs was first.
    """
    found = selectors.nominee_by_token(token, now)
    if found is None:
        raise Refusal("link_dead", _("Ce lien ne marche plus : il a plus de sept jours, ou il est incomplet."))
    demand = Registration.objects.select_for_update().select_related(None).get(pk=found.registration_id)
    nominee = Nominee.objects.get(pk=found.pk)
    if nominee.confirmed_at is None:
        nominee.confirmed_at = now
        nominee.save(update_fields=["confirmed_at"])
        _record(demand, "cvec.confirm_nominee", by=by, now=now, slot=nominee.slot)
    still = Nominee.objects.filter(registration=demand, confirmed_at=None).exists()
    if not still and demand.status == RegistrationStatus.CONFIRMING:
        demand.status, demand.submitted_at = REGISTRATION_STEPS.target("submit", demand.status), now
        try:
            with transaction.atomic():
                demand.save(update_fields=["status", "submitted_at"])
        except IntegrityError as taken:
            raise Refusal(
                "registration_waiting", _("Une autre demande de cet établissement attend déjà la réponse du Crous.")
            ) from taken
    nominee.registration = demand
    return nominee


def _record(demand: Registration, verb: str, *, by: Actor, now: datetime, **details: object) -> None:
    audit.record(
        by=by, verb=verb, subject=f"crous.establishment:{demand.establishment_id}", now=now, crous_id=demand.crous_id,
        details={"registration": demand.pk, **details},
    )  # fmt: skip
