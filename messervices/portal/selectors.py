"""What the portal's pages ask. The signed-in home is one query here, beside the session's and one a service's tile."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from messervices.foundations.catalogue import selectors as catalogue
from messervices.foundations.catalogue.models import Announcement
from messervices.foundations.catalogue.rules import weight
from messervices.foundations.crous import selectors as crous
from messervices.foundations.notifications import selectors as inbox
from messervices.foundations.students import selectors as students
from messervices.foundations.students.models import Identifier
from messervices.foundations.students.states import HOLDING, IDENTITY_KINDS, Certainty, FactKind
from messervices.kernel import manifest
from messervices.kernel.actor import Actor
from messervices.kernel.text import search_key

MOST_ANNOUNCEMENTS = 2
"""Above the services: more would be a wall of warnings (look)."""


@dataclass(frozen=True, slots=True)
class Section:
    """One of the five doors."""

    slug: str
    short: str | Promise
    title: str | Promise
    hint: str | Promise
    fam: str
    icon: str


SECTIONS = (
    Section(
        "enrol",
        _("S’inscrire"),
        _("S’inscrire dans le supérieur"),
        _("Avant la rentrée : les étapes obligatoires."),
        "enrol",
        "cap",
    ),
    Section(
        "aid", _("Bourses et aides"), _("Demander une bourse ou une aide"), _("Être aidé pour étudier."), "aid", "hand"
    ),
    Section(
        "stay",
        _("Trouver un toit"),
        _("Trouver un logement"),
        _("Résidences du Crous et logements chez des particuliers."),
        "stay",
        "bed",
    ),
    Section(
        "residence", _("Ma résidence"), _("Gérer mon logement"), _("Vous habitez déjà une résidence."), "meal", "key"
    ),
    Section(
        "life", _("Autres services"), _("Autres services"), _("Manger, travailler, être accompagné."), "life", "work"
    ),
)
FAMILY = {section.slug: section.fam for section in SECTIONS}


@dataclass(frozen=True, slots=True)
class Door:
    """One service in a section: ours (``lead``), or somebody else's (``outside``)."""

    title: str | Promise
    sentence: str | Promise
    url: str
    icon: str
    fam: str
    lead: bool = False
    outside: bool = False


def sections(now: datetime) -> list[tuple[Section, list[Door]]]:
    """The five sections with their doors: our services first, then the catalogue's. No query, as a rule."""
    doors: dict[str, list[Door]] = {section.slug: [] for section in SECTIONS}
    for one in manifest.services():
        doors[one.section].append(
            Door(one.title, one.sentence, reverse(one.home_url), one.icon, FAMILY[one.section], lead=True)
        )
    for entry in catalogue.entries(now=now):
        fam = FAMILY[entry.section]
        doors[entry.section].append(Door(entry.title, entry.sentence, entry.address, entry.icon, fam, outside=True))
    return [(section, doors[section.slug]) for section in SECTIONS]


def fronts(now: datetime) -> list[manifest.Panel]:
    """What services show first to those who have not signed in."""
    panels = (manifest.call(one.front)(now) for one in manifest.services() if one.front)
    return [panel for panel in panels if panel is not None]


def announcements(actor: Actor, now: datetime) -> list[Announcement]:
    """What is to be said now to this visitor, loudest first. No query, as a rule."""
    campaigns: list[Any] = []
    if actor.kind == "student":
        campaigns = [(one.slug, year) for one in manifest.services() for year in crous.open_years(one.slug, now)]
    seen = catalogue.visible_announcements(crous_ids=actor.crous_ids, service_years=campaigns, now=now)
    return seen[:MOST_ANNOUNCEMENTS]


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of the portal that the search finds. ``keywords`` holds words of both languages."""

    url_name: str
    title: str | Promise
    sentence: str | Promise
    keywords: str


_PAGES = (
    _Page("portal:help", _("Aide et contact"), _("Qui vous répond, et comment."), "téléphone email phone support"),
    _Page("portal:fraud", _("Reconnaître une fraude"), _("Ce que nous ne demandons jamais."), "arnaque phishing scam"),
    _Page(
        "portal:me",
        _("Mes informations"),
        _("Ce que nous savons de vous, et comment le corriger."),
        "identité INE nom dossier profil profile name",
    ),
    _Page(
        "portal:reads",
        _("Qui a regardé mon dossier"),
        _("Chaque ouverture par un agent, avec sa raison."),
        "accès journal consultation log",
    ),
    _Page(
        "portal:messages", _("Mes messages"), _("Ce que le Crous vous a écrit."), "boîte courrier inbox notification"
    ),
    _Page("portal:data", _("Vos données"), _("Ce que nous gardons, et qui le voit."), "RGPD vie privée GDPR privacy"),
    _Page(
        "portal:accessibility",
        _("Accessibilité"),
        _("L’état du site et comment signaler un obstacle."),
        "handicap lecteur écran RGAA screen reader",
    ),
    _Page("portal:status", _("État des services"), _("Ce qui marche en ce moment."), "panne incident statut down"),
)


def search(text: str, now: datetime) -> list[Door]:
    """Services, catalogue entries and pages that answer, best first. Accent-free, by the beginnings of words."""
    words = search_key(text).split()
    if not words:
        return []
    found: list[tuple[int, Door]] = []
    for one in manifest.services():
        score = weight(words, str(one.title), f"{one.sentence} {one.keywords} {one.slug}")
        if score:
            door = Door(one.title, one.sentence, reverse(one.home_url), one.icon, FAMILY[one.section], lead=True)
            found.append((score + 2, door))
    for page in _PAGES:
        score = weight(words, str(page.title), f"{page.sentence} {page.keywords}")
        if score:
            found.append((score, Door(page.title, page.sentence, reverse(page.url_name), "paper", "help")))
    for place, entry in enumerate(catalogue.search(text, now=now)):
        door = Door(entry.title, entry.sentence, entry.address, entry.icon, FAMILY[entry.section], outside=True)
        found.append((max(3 - place // 4, 1), door))
    return [door for _score, door in sorted(found, key=lambda one: -one[0])]


# The signed-in home -------------------------------------------------------------------------------------------

_HOME = (
    "select portal_home(%(person)s, %(verbs)s, %(kinds)s, %(holding)s),"
    " exists(select from notifications_deadaddress where digest = %(address)s)"
)
HOME_FACTS = (FactKind.STUDY_CITY, FactKind.BOURSIER, FactKind.ESTABLISHMENT, FactKind.NATIONALITY)


@lru_cache(maxsize=1)
def told_verbs() -> list[str]:
    """Verbs that have a sentence: the others are not told to students."""
    return sorted(manifest.verbs())


@lru_cache(maxsize=1)
def _home_constants() -> dict[str, str]:
    """Lists of words as PostgreSQL writes arrays: written once, where the driver would write them at each request."""
    lists = {"verbs": told_verbs(), "kinds": HOME_FACTS, "holding": HOLDING}
    return {name: "{" + ",".join(str(word) for word in words) + "}" for name, words in lists.items()}


@lru_cache(maxsize=1024)
def _title(_language: str | None, kind: str, params: str) -> str:
    """The title of a message from its parameters as text: most students read the same few."""
    return inbox.title_of(kind, json.loads(params))


def home_of(person_id: int, email: str) -> dict[str, Any]:
    """Messages, timeline, facts and number of a person, and whether their address is dead. One query."""
    values: dict[str, Any] = {"person": person_id, "address": inbox.address_digest(email), **_home_constants()}
    with connection.cursor() as cursor:
        cursor.execute(_HOME, values)
        said, address_dead = cursor.fetchone()
    found: dict[str, Any] = json.loads(said) | {"address_dead": address_dead}
    for one in found["messages"]:
        one["title"] = _title(get_language(), one["kind"], one["params"])
    unread = found["unread"]
    found["unread_words"] = ngettext("%(n)s non lu", "%(n)s non lus", unread) % {"n": unread} if unread else ""
    for one in found["facts"]:
        one["label"] = FactKind(one["kind"]).label
        one["words"] = fact_words(one["kind"], one["value"])
    return found


def tiles_of(person_id: int, now: datetime) -> list[manifest.Tile]:
    """What each service says to this person, most urgent first. One query a service."""
    found = (manifest.call(one.tile)(person_id, now) for one in manifest.services() if one.tile)
    return sorted((tile for tile in found if tile is not None), key=lambda tile: -tile.urgency)


# What is known, in words -----------------------------------------------------------------------------------------


def source_words(source: str) -> str:
    """Where a fact comes from, in words: "Vous", a Crous, a service."""
    head, _colon, rest = source.partition(":")
    if head == "student":
        return str(_("Vous"))
    if head == "agent":
        number = int(rest) if rest.isdigit() else 0
        return crous.crous_of(number).name if number else str(_("Le réseau des Crous"))
    if head == "crous":
        return next((one.name for one in crous.crous_list() if one.slug == rest), source)
    return next((str(one.title) for one in manifest.services() if one.slug == head), source)


def country(code: str) -> str:
    """A country's name in the language of the page."""
    return crous.country_name(code, get_language() or "fr")


def fact_words(kind: str, value: Any) -> str:
    """A fact's value as a person reads it. Dates stay ISO texts: the page writes them in its language."""
    if kind == "nationality":
        return country(str(value))
    if kind == "birth_place":
        return ", ".join(part for part in (value.get("place", ""), country(value.get("country", ""))) if part)
    if kind == "civility":
        return {"F": str(_("Madame")), "M": str(_("Monsieur"))}.get(value, str(_("Non dite")))
    if isinstance(value, bool):
        return str(_("Oui")) if value else str(_("Non"))
    if isinstance(value, dict):
        named = value.get("name") or value.get("label") or value.get("number")
        return str(named) if named else ", ".join(str(part) for part in value.values() if part)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(str(part) for part in value)
    return str(value)


@dataclass(frozen=True, slots=True)
class Known:
    """One thing known of a person, ready to show."""

    kind: str
    label: str
    words: str
    is_day: bool
    source: str
    known_at: datetime | str
    verified: bool
    year: str = ""


def number_of(person_id: int) -> Identifier | None:
    """The number a person is known by today, with its source and date."""
    return Identifier.objects.filter(person_id=person_id, status__in=HOLDING).first()


def known_facts(person_id: int) -> tuple[list[Known], list[Known]]:
    """What is known of a person: their identity in its order, then the facts by year, latest first."""
    identity: dict[str, Known] = {}
    others: list[Known] = []
    for fact in students.facts_of(person_id):
        one = Known(
            kind=fact.kind,
            label=str(FactKind(fact.kind).label),
            words=fact_words(fact.kind, fact.value),
            is_day=fact.kind == FactKind.BIRTH_ON,
            source=source_words(fact.source),
            known_at=fact.known_at,
            verified=fact.certainty == Certainty.VERIFIED,
            year=str(fact.year or ""),
        )
        if fact.kind in IDENTITY_KINDS:
            identity[fact.kind] = one
        else:
            others.append(one)
    ordered = [identity[kind] for kind in IDENTITY_KINDS if kind in identity and identity[kind].words]
    return ordered, sorted(others, key=lambda one: one.year, reverse=True)
