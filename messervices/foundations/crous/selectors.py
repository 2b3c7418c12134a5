"""What a page or another room asks about places, dates, amounts and countries."""

import csv
import functools
import time
from collections.abc import Callable
from datetime import datetime
from importlib import resources
from typing import Any, ClassVar, Generic, TypeVar

from django.db import connection
from django.utils.translation import gettext_lazy as _

from messervices.foundations.crous import rules
from messervices.foundations.crous.models import (
    Agent,
    Amount,
    CertificateState,
    Commune,
    Crous,
    Establishment,
    Referent,
    Role,
    Window,
)
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.errors import Refusal
from messervices.kernel.money import Cents
from messervices.kernel.period import Period
from messervices.kernel.text import search_key

T = TypeVar("T")
KEPT_SECONDS = 10.0
_BEYOND = "\U0010ffff"  # sorts after every letter: a prefix p is the range from p to p + this


class Kept(Generic[T]):
    """A small table read whole and kept in this process for ten seconds; every page needs it, few edits change it.

    An edit made in this process calls ``forget``; other processes see it at most ten seconds later. ``forget_all``
    is for the tests, whose rows vanish at the end of each.
    """

    _all: ClassVar[list["Kept[Any]"]] = []

    def __init__(self, load: Callable[[], T]) -> None:
        """Remember how to read it."""
        self._load = load
        self._found: tuple[float, T] | None = None
        self._all.append(self)

    def __call__(self) -> T:
        """Give the table, read again when it is too old. The machine's own seconds: the platform's clock may be set."""
        found, instant = self._found, time.monotonic()
        if found is None or instant - found[0] > KEPT_SECONDS:
            found = self._found = (instant, self._load())
        return found[1]

    def forget(self) -> None:
        """Read again next time."""
        self._found = None

    @classmethod
    def forget_all(cls) -> None:
        """Forget every kept table of the process."""
        for kept in cls._all:
            kept.forget()


def _read_windows() -> dict[str, dict[AcademicYear, dict[int | None, list[Period]]]]:
    periods: dict[str, dict[AcademicYear, dict[int | None, list[Period]]]] = {}
    columns = ("service", "year", "crous_id", "opens_at", "closes_at")
    for service, year, crous_id, opens_at, closes_at in Window.objects.filter(superseded_at=None).values_list(*columns):
        of_year = periods.setdefault(service, {}).setdefault(year, {})
        of_year.setdefault(crous_id, []).append(Period(opens_at, closes_at))
    return periods


def _read_amounts() -> dict[tuple[str, AcademicYear], Cents]:
    rows = Amount.objects.filter(superseded_at=None).values_list("kind", "year", "amount_cents")
    return {(kind, year): Cents(cents) for kind, year, cents in rows}


windows_kept = Kept(_read_windows)
amounts_kept = Kept(_read_amounts)
_crous_kept = Kept(lambda: {crous.pk: crous for crous in Crous.objects.all()})
_states_kept = Kept(lambda: {state.code: state for state in CertificateState.objects.all()})


def window_of(
    service: str, year: AcademicYear, crous_id: int | None = None, *, now: datetime | None = None
) -> Period | None:
    """Give the period in which a service is open for a year; ``None`` when none is set. No query, as a rule.

    A Crous that has dates of its own follows them, every other the national ones. When a campaign was opened again,
    ``now`` chooses the period in force or the next one; without it, the last is given.
    """
    at = windows_kept().get(service, {}).get(year, {})
    return rules.period_meant(at.get(crous_id) or at.get(None) or [], now)


def open_years(service: str, now: datetime, crous_id: int | None = None) -> list[AcademicYear]:
    """List the years for which a service is open, latest first."""
    periods = {year: window_of(service, year, crous_id, now=now) for year in windows_kept().get(service, {})}
    return sorted((year for year, period in periods.items() if period and now in period), reverse=True)


def current_year(service: str, now: datetime, crous_id: int | None = None) -> AcademicYear | None:
    """Give the year a service is about: the latest open, else the latest that was; ``None`` before the first."""
    is_open = open_years(service, now, crous_id)
    if is_open:
        return is_open[0]
    periods = {year: window_of(service, year, crous_id, now=now) for year in windows_kept().get(service, {})}
    return max((year for year, period in periods.items() if period and not period.is_before(now)), default=None)


def amount_of(kind: str, year: AcademicYear) -> Cents | None:
    """Give an amount of a year in euro cents; ``None`` when it is not known yet. No query, as a rule."""
    return amounts_kept().get((kind, year))


def windows_in_force(service: str | None = None) -> list[Window]:
    """List the windows in force for the desk, latest year first, with the Crous and who set them."""
    rows = Window.objects.filter(superseded_at=None).select_related("crous")
    return list(
        (rows.filter(service=service) if service else rows).order_by("service", "-year", "crous_id", "opens_at")
    )


def window_history(service: str, year: AcademicYear, crous_id: int | None) -> list[Window]:
    """List every row ever set for a campaign, latest first: who changed what, when, from which source."""
    rows = Window.objects.filter(service=service, year=year, crous=crous_id)
    return list(rows.order_by("-set_at", "-id"))


def amounts_in_force() -> list[Amount]:
    """List the amounts in force for the desk, latest year first."""
    return list(Amount.objects.filter(superseded_at=None).order_by("kind", "-year"))


def amount_history(kind: str, year: AcademicYear) -> list[Amount]:
    """List every amount ever set for a kind and a year, latest first."""
    return list(Amount.objects.filter(kind=kind, year=year).order_by("-set_at", "-id"))


def crous_list() -> list[Crous]:
    """List the 26 Crous by name. No query, as a rule; the rows are shared: never change one."""
    return sorted(_crous_kept().values(), key=lambda crous: search_key(crous.name))


def crous_of(crous_id: int) -> Crous:
    """Give a Crous by its number. No query, as a rule. Raises ``KeyError``: there is no other number than 1 to 26."""
    return _crous_kept()[crous_id]


def certificate_state(code: int) -> CertificateState:
    """Give a state of the certificate (70, 71 …). No query, as a rule. Raises ``KeyError`` on an unknown code."""
    return _states_kept()[code]


_LIKE = """
    select commune_id from crous_communekey where {where}
    order by (whole and key = any(%s)) desc, population desc, commune_id limit %s
"""
_AT_PLACE = """ and (commune_id ^@ %s or commune_id in (
    select commune_id from crous_communekey where key >= %s and key < %s))"""
_SPARE = 4
"""A commune may answer by several of its keys (words, postcodes): so many rows are read for each one wanted."""


def _condition(sought: rules.Sought) -> tuple[str, list[Any]]:
    """Write one reading of what was typed as SQL; values stay apart."""
    key = sought.prefix or sought.place
    where, values = ("key = %s", [key]) if sought.exact else ("key >= %s and key < %s", [key, key + _BEYOND])
    if not sought.arrondissements:
        where += " and not arrondissement"
    elif not sought.prefix:
        where += " and not divided"  # the whole postcode names the arrondissement, not the city
    if sought.prefix and sought.place:
        return where + _AT_PLACE, [*values, sought.place, sought.place, sought.place + _BEYOND]
    return where, values


def communes_like(text: str, limit: int = 8) -> list[Commune]:
    """Find communes by name or postcode: accent-free, unfinished, inside compound names; the biggest first.

    ``malo`` and ``st-malo`` find Saint-Malo, ``saint denis 93`` the one near Paris, ``lyon 3`` the arrondissement,
    ``35400`` and ``354`` what has such a postcode. Names typed whole come first. Arrondissements only come when a
    number was typed; otherwise the city stands for them. Each comes with its département and Crous. Two queries.
    """
    readings = rules.sought(text)
    if not readings:
        return []
    conditions = [_condition(reading) for reading in readings]
    where = " or ".join(f"({sql})" for sql, _values in conditions)
    exact = [reading.prefix for reading in readings]
    with connection.cursor() as cursor:
        values = [value for _sql, of_one in conditions for value in of_one]
        cursor.execute(_LIKE.format(where=where), [*values, exact, limit * _SPARE + 24])
        codes = list(dict.fromkeys(code for (code,) in cursor.fetchall()))[:limit]
    found = Commune.objects.select_related("departement__crous").in_bulk(codes)
    return [found[code] for code in codes]


def commune_of(code: str) -> Commune | None:
    """Give a commune, with its département and Crous, by its official code; ``None`` when there is none."""
    return Commune.objects.select_related("departement__crous").filter(pk=code).first()


def crous_of_commune(code: str) -> Crous:
    """Give the Crous of a city of study. One query.

    Raises ``Refusal``: ``commune_unknown``, or ``commune_without_crous`` for the overseas collectivities that no
    Crous serves (Polynésie française, Nouvelle-Calédonie, Wallis-et-Futuna, Saint-Pierre-et-Miquelon…).
    """
    commune = commune_of(code)
    if commune is None:
        raise Refusal(
            "commune_unknown", _("Nous ne connaissons pas cette commune. Cherchez-la par son nom ou son code postal.")
        )
    if commune.departement.crous is None:
        raise Refusal(
            "commune_without_crous",
            _("Aucun Crous ne couvre %(place)s. Votre établissement vous dira quelle démarche suivre.")
            % {"place": commune.departement.name},
        )
    return commune.departement.crous


def establishment_of(uai: str) -> Establishment | None:
    """Give an establishment by its UAI, or by one it had before; spaces and small letters do not matter."""
    bare = "".join(uai.split()).upper()
    rows = Establishment.objects.select_related("commune__departement__crous")
    return rows.filter(pk=bare).first() or rows.filter(former_uais__contains=[bare]).first()


def establishments_like(text: str, limit: int = 8) -> list[Establishment]:
    """Find establishments whose name, acronym or city holds every word typed; the biggest first. One query."""
    rows = Establishment.objects.select_related("commune__departement__crous")
    words = search_key(text).split()
    if not words:
        return []
    for word in words:
        rows = rows.filter(search_key__contains=word)
    return sorted(rows, key=lambda row: (-(row.enrolled or 0), row.search_key))[:limit]


def roles() -> list[Role]:
    """List the roles, national ones first."""
    return list(Role.objects.order_by("-national", "code"))


def role_choices() -> list[tuple[str, str]]:
    """List (code, label) of the roles, for a form, in the language of the page."""
    return [(role.code, role.label) for role in roles()]


def agents_in_office(crous_id: int | None = None) -> list[Agent]:
    """List who holds which role now, at one Crous or everywhere, with their account."""
    rows = Agent.objects.filter(until=None).select_related("user", "role", "crous")
    return list((rows if crous_id is None else rows.filter(crous_id=crous_id)).order_by("crous_id", "user_id", "since"))


def roles_of(user_id: int) -> list[Agent]:
    """List the roles that an account holds and held, latest first."""
    return list(Agent.objects.filter(user_id=user_id).select_related("role", "crous").order_by("-since", "-id"))


def referents_of(uai: str) -> list[Referent]:
    """List the referents of an establishment, two at most, with their account."""
    return list(Referent.objects.filter(establishment_id=uai, until=None).select_related("user").order_by("slot"))


def establishments_of_referent(user_id: int) -> list[Establishment]:
    """List the establishments that a user answers for."""
    held = Referent.objects.filter(user_id=user_id, until=None).select_related("establishment")
    return [row.establishment for row in held.order_by("since")]


@functools.cache
def _historic_countries() -> tuple[tuple[str, str, str, str], ...]:
    text = resources.files("messervices.foundations.crous").joinpath("data/historic_countries.csv").read_text("utf-8")
    return tuple(
        (row["code"], row["name_fr"], row["name_en"], row["until"]) for row in csv.DictReader(text.splitlines())
    )


@functools.cache
def countries(language: str, *, historic: bool = True) -> tuple[tuple[str, str], ...]:
    """List (code, name) of countries in a language (``fr`` or ``en``), in its alphabetical order.

    Two-letter codes are ISO 3166-1, plus ``XK`` (Kosovo). Four-letter codes are ISO 3166-3: countries that no longer
    exist, in which people were born; leave them out (``historic=False``) where a nationality is asked.
    """
    import pycountry  # noqa: PLC0415 - two megabytes that most processes never need
    from babel import Locale  # noqa: PLC0415 - as above

    spoken = "en" if language.startswith("en") else "fr"
    names = Locale(spoken).territories
    found = [(country.alpha_2, str(names[country.alpha_2])) for country in pycountry.countries]
    found.append(("XK", str(names["XK"])))
    if historic:
        for code, french, english, until in _historic_countries():
            found.append((code, f"{english} (until {until})" if spoken == "en" else f"{french} (jusqu’en {until})"))
    return tuple(sorted(found, key=lambda pair: search_key(pair[1])))


def country_name(code: str, language: str) -> str:
    """Name a country by its code; the code itself when unknown."""
    return _country_names(language).get(code, code)


@functools.cache
def _country_names(language: str) -> dict[str, str]:
    return dict(countries(language))
