"""Somebody says where their money is to go. Kept sealed; the account before stays in the history."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from messervices.foundations.audit.actions import record
from messervices.foundations.crous.models import Establishment, Referent
from messervices.foundations.payouts import rules
from messervices.foundations.payouts.actions.notices import tell_of_new_details
from messervices.foundations.payouts.actions.weigh import hold, is_here, weigh
from messervices.foundations.payouts.models import BankDetails, Payout
from messervices.foundations.payouts.providers import registry, safe
from messervices.foundations.payouts.rules import Typed
from messervices.foundations.payouts.selectors import typed_refusal
from messervices.foundations.payouts.states import HERE, PayoutStatus
from messervices.foundations.students.models import Person
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import acting_as, current, of_establishment

PLACE = ("payouts_bankdetails", "iban_sealed")


@action
def tell_own_details(*, iban: str, holder: str, by: Actor, now: datetime, establishment_uai: str = "") -> BankDetails:
    """The front door: a student for themselves, a referent for their establishment. See ``tell_details``."""
    person_id = None if establishment_uai else by.person_id
    return tell_details(
        iban=iban, holder=holder, person_id=person_id, establishment_uai=establishment_uai, by=by, now=now
    )


@inside_action
def tell_details(
    *, iban: str, holder: str, by: Actor, now: datetime, person_id: int | None = None, establishment_uai: str = ""
) -> BankDetails:
    """Keep where a person's, or an establishment's, money is to go. The same account and holder again change nothing.

    Whoever calls has made sure that the one who tells proved who they are just now (``views.proven``). Nothing goes to
    a new account before its cooling-off ends, but by a second agent's word. Payouts not yet in a file follow; those
    that came back because of the account are ordered again. Raises ``Refusal``: ``not_yours``, ``no_holder``, and what
    ``selectors.typed_refusal`` says of an IBAN.
    """
    _refuse_stranger(by, person_id, establishment_uai)
    plain, name = rules.plain_iban(iban), rules.sepa_text(holder, rules.LONGEST_NAME)
    judged = rules.judge_iban(plain, registry.sepa_countries())
    if judged != Typed.RIGHT:
        raise typed_refusal(judged, plain)
    if not name:
        raise Refusal("no_holder", _("Écrivez le nom du titulaire en lettres latines, comme sur votre RIB."))
    with acting_as(of_establishment(establishment_uai) if establishment_uai else current()):
        owner = _owner(person_id, establishment_uai)
        known = BankDetails.objects.select_for_update(of=("self",)).filter(
            person=owner.person, establishment=owner.establishment, superseded_at=None
        ).first()  # fmt: skip
        print_ = safe.fingerprint(plain)
        if known is not None and bytes(known.fingerprint) == print_ and known.holder == name:
            return known
        if known is not None:
            known.superseded_at = now
            known.save(update_fields=["superseded_at"])
        details = _kept(owner, plain, name, by, now)
        _follow(details, now)
        record(
            by=by,
            verb="payouts.tell_details",
            subject=f"payouts.details:{details.pk}",
            person_id=person_id,
            crous_id=details.crous_id or None,
            now=now,
        )
        tell_of_new_details(details, changed=known is not None, now=now)
    return details


def _refuse_stranger(by: Actor, person_id: int | None, establishment_uai: str) -> None:
    """A student tells for themselves, a referent for their establishment; nobody else tells for anybody."""
    if bool(establishment_uai) == (person_id is not None):
        msg = "bank details are a person's, or an establishment's"
        raise ValueError(msg)
    own = by.person_id is not None and by.person_id == person_id
    answers_for = bool(establishment_uai) and Referent.objects.filter(
        user_id=by.user_id or 0, establishment_id=establishment_uai, until=None
    ).exists()  # fmt: skip
    if not own and not answers_for:
        raise Refusal("not_yours", _("Chacun donne ses propres coordonnées bancaires, et personne d’autre."))


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose account it is: one of the two."""

    person: Person | None = None
    establishment: Establishment | None = None

    def is_called(self, holder: str) -> bool:
        """Whether the holder's name is likely the owner's."""
        if self.person is not None:
            names = (self.person.birth_name, self.person.usual_name)
            return rules.resembles(holder, names, self.person.first_names)
        own = self.establishment
        return own is not None and rules.resembles_establishment(holder, (own.name, own.short_name, own.acronym))

    @property
    def crous_id(self) -> int:
        """The Crous of the establishment's seat; 0 for a person, who is followed."""
        seat = self.establishment and self.establishment.commune
        return seat.departement.crous_id or 0 if seat else 0


def _owner(person_id: int | None, establishment_uai: str) -> Owner:
    """Lock the owner, so that two accounts told at once come one after the other."""
    if person_id is not None:
        return Owner(Person.objects.select_for_update(of=("self",)).get(pk=person_id))
    return Owner(None, Establishment.objects.select_for_update(of=("self",)).get(pk=establishment_uai))


def _kept(owner: Owner, iban: str, holder: str, by: Actor, now: datetime) -> BankDetails:
    key, bank = uuid.uuid4(), registry.bank_of(iban)
    return BankDetails.objects.create(
        pk=key,
        person=owner.person,
        establishment=owner.establishment,
        crous_id=owner.crous_id,
        iban_sealed=safe.seal(iban.encode(), safe.about(PLACE[0], key, PLACE[1])),
        fingerprint=safe.fingerprint(iban),
        country=iban[:2],
        last_four=iban[-4:],
        bank=bank.name,
        bic=bank.bic,
        holder=holder,
        resembles=owner.is_called(holder),
        told_at=now,
        told_by_id=by.user_id,
        usable_from=now + timedelta(hours=settings.PAYOUT_COOLING_HOURS),
    )


def _follow(details: BankDetails, now: datetime) -> None:
    """Lead what is still to be paid to the new account: as doubtful as the account is new."""
    owed = Payout.objects.select_for_update(of=("self",)).filter(
        person=details.person_id, establishment=details.establishment_id, status__in=HERE
    )  # fmt: skip
    for payout in owed.order_by("pk"):
        payout.details = details
        if is_here(payout):
            hold(payout, weigh(payout, now))
        elif registry.return_code(payout.return_code).whose == "payee" and payout.status == PayoutStatus.RETURNED:
            hold(payout, weigh(payout, now), step="order_again")
        else:
            payout.save(update_fields=["details"])


def iban_of(details: BankDetails) -> str:
    """Open the IBAN: for a file, and for who confirms a payout; never for a log, an address or a message."""
    return open_iban(details.iban_sealed, details.pk)


def open_iban(sealed: bytes | memoryview, key: object) -> str:
    """Open the IBAN of a row by its key, for whoever reads rows without making objects of them."""
    return safe.unseal(sealed, safe.about(PLACE[0], key, PLACE[1])).decode()
