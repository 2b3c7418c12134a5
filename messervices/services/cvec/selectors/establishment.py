"""What is known of an establishment: who asks access for it, for whom it files, which keys it holds."""

from datetime import datetime

from messervices.foundations.accounts import rules as accounts
from messervices.foundations.crous.models import Establishment
from messervices.foundations.crous.selectors import Kept
from messervices.kernel.actor import Actor
from messervices.services.cvec import rules
from messervices.services.cvec.models import Affiliation, ApiKey, Nominee, Registration
from messervices.services.cvec.states import RegistrationStatus


def crous_id_of(establishment: Establishment) -> int:
    """The Crous of an establishment's city; 0 for a school abroad, which the national desk follows."""
    commune = establishment.commune
    return (commune.departement.crous_id or 0) if commune else 0


def _read_uais() -> dict[str, str]:
    known: dict[str, str] = {}
    for uai, former in Establishment.objects.values_list("uai", "former_uais"):
        known.update(dict.fromkeys(former, uai))
    return known | {uai: uai for uai in Establishment.objects.values_list("uai", flat=True)}


current_uais = Kept(_read_uais)
"""Every UAI that the reference data knows, former ones too, with the one in use today. No query, as a rule."""


def daughters_of(uai: str) -> list[Affiliation]:
    """The establishments that one files for, and those that wait for the Crous, by name."""
    rows = Affiliation.objects.filter(mother_id=uai, until=None).select_related("daughter__commune")
    return list(rows.order_by("daughter__search_key"))


def filed_uais(uai: str) -> list[str]:
    """The UAI that an establishment may name in its lists: its own, and its validated daughters'."""
    in_force = Affiliation.objects.filter(mother_id=uai, until=None, since__isnull=False)
    return [uai, *in_force.values_list("daughter_id", flat=True)]


def keys_of(uai: str) -> list[ApiKey]:
    """The keys of an establishment that still open, latest first."""
    return list(ApiKey.objects.filter(establishment_id=uai, ended_at=None).order_by("-made_at"))


def key_by_secret(secret: str) -> ApiKey | None:
    """The key that a program signs with, if it still opens (one query)."""
    digest = accounts.token_hash(secret)
    return ApiKey.objects.filter(token_hash=digest, ended_at=None).select_related("establishment").first()


def nominee_by_token(token: str, now: datetime) -> Nominee | None:
    """The person whose link this is, with the demand; ``None`` when it is none of ours, or too old."""
    rows = Nominee.objects.select_related("registration__establishment")
    fresh = rows.filter(registration__asked_at__gt=now - rules.CONFIRM_WITHIN)
    return fresh.filter(token_hash=accounts.token_hash(token)).first()


def registrations_waiting(actor: Actor) -> list[Registration]:
    """The demands that wait for the agent's Crous, oldest first; the national desk sees all."""
    rows = Registration.objects.filter(status=RegistrationStatus.WAITING).select_related("establishment__commune")
    seen = rows if actor.national else rows.filter(crous_id__in=actor.crous_ids)
    return list(seen.order_by("submitted_at"))


def affiliations_waiting(actor: Actor) -> list[Affiliation]:
    """The daughters declared later on that wait for the agent's Crous, oldest first."""
    rows = Affiliation.objects.filter(since=None, until=None).select_related("mother", "daughter")
    seen = rows if actor.national else rows.filter(crous_id__in=actor.crous_ids)
    return list(seen.order_by("declared_at"))


def demands_waiting(actor: Actor) -> int:
    """How many answers establishments wait for (two queries): the desk's queue."""
    return len(registrations_waiting(actor)) + len(affiliations_waiting(actor))


def registration_at_desk(actor: Actor, pk: int) -> Registration | None:
    """A demand at the agent's Crous, both addresses confirmed, with its establishment."""
    rows = Registration.objects.exclude(status=RegistrationStatus.CONFIRMING).select_related("establishment__commune")
    seen = rows if actor.national else rows.filter(crous_id__in=actor.crous_ids)
    return seen.filter(pk=pk).first()


def affiliation_at_desk(actor: Actor, pk: int) -> Affiliation | None:
    """A daughter declared at the agent's Crous."""
    rows = Affiliation.objects.select_related("mother", "daughter")
    return (rows if actor.national else rows.filter(crous_id__in=actor.crous_ids)).filter(pk=pk).first()


def establishments_named(uais: list[str]) -> list[Establishment]:
    """The establishments of those UAI, by name."""
    return list(Establishment.objects.filter(pk__in=uais).select_related("commune").order_by("search_key"))
