"""What is kept, as people read it: values, places, sources, Crous, deeds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from messervices.foundations.crous import selectors as crous
from messervices.foundations.students.states import Civility, FactKind
from messervices.kernel import manifest
from messervices.look.words import day


@dataclass(frozen=True, slots=True)
class Happened:
    """One deed of a person's timeline, in words."""

    at: datetime
    title: str
    text: str
    state: str = "done"
    fam: str = "help"


def offices_of(crous_ids: Iterable[int]) -> str:
    """Name the Crous that follow a person."""
    return ", ".join(crous.crous_of(one).name for one in crous_ids if one) or _("Aucun Crous pour le moment")


def value_in_words(kind: str, value: Any) -> str:
    """Say the value of a fact: a date as a date, a country by its name, yes or no."""
    language = (get_language() or "fr")[:2]
    if value in ("", None):
        return _("non renseigné")
    if isinstance(value, bool):
        return _("Oui") if value else _("Non")
    if kind == FactKind.BIRTH_ON:
        return str(day(value))
    if kind == FactKind.CIVILITY:
        return str(Civility(value).label)
    if kind == FactKind.NATIONALITY:
        return crous.country_name(value, language)
    if isinstance(value, dict):
        return _parts_in_words(kind, value, language)
    return str(value)


def _parts_in_words(kind: str, value: dict[str, Any], language: str) -> str:
    """A place: its name, its postcode or code, its country when it is abroad."""
    if kind == FactKind.BIRTH_PLACE:
        country = value.get("country", "")
        abroad = crous.country_name(country, language) if country not in ("", "FR") else ""
        return ", ".join(part for part in (value.get("place", ""), abroad) if part) or _("non renseigné")
    return str(value.get("label") or value.get("name") or value.get("place") or ", ".join(map(str, value.values())))


def source_in_words(source: str) -> str:
    """Say where a fact comes from: the person, an agent of a Crous, a service of the platform, a registry."""
    room, _sep, rest = source.partition(":")
    if room == "student":
        return _("La personne")
    if room == "agent":
        office = crous.crous_of(int(rest)).name if rest.isdigit() and int(rest) else _("réseau national")
        return _("Agent, %(office)s") % {"office": office}
    titles = {service.slug: str(service.title) for service in manifest.services()}
    return titles.get(room, source)
