"""The demonstration year: who is there, and what they did before one came to look."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from messervices.demo import rules
from messervices.demo.actions import walk
from messervices.demo.actions.keep_books import keep_books
from messervices.demo.actions.open_people import open_sign_in, read_some_files
from messervices.demo.rules import Standing
from messervices.demo.states import SIGN_INS, UVSQ
from messervices.foundations.accounts.actions.open_account import open_account
from messervices.foundations.accounts.models import User
from messervices.foundations.crous import selectors as crous
from messervices.foundations.students.rules import Identity
from messervices.kernel.academic_year import AcademicYear

STEPS = len(SIGN_INS) + rules.OTHERS + 2
"""How many steps ``load`` yields, for a progress bar."""


@dataclass(frozen=True, slots=True)
class Season:
    """The year that is going on, the one before, and when people act in them (before ``now``, inside the campaigns)."""

    now: datetime
    year: AcademicYear | None
    opens_at: datetime
    last_opens_at: datetime | None

    def this_year(self, place: int) -> datetime:
        """An instant of this campaign, for the ``place``-th of about fifty people."""
        return self.opens_at + (self.now - self.opens_at) * (place + 1) / 60

    def last_year(self, place: int) -> datetime | None:
        """An instant of last year's campaign; ``None`` when there was none."""
        return self.last_opens_at + timedelta(days=40 + place, hours=3) if self.last_opens_at else None


def season_of(now: datetime) -> Season:
    """Find the campaigns around an instant."""
    year = crous.current_year("cvec", now)
    window = crous.window_of("cvec", year, now=now) if year else None
    before = crous.window_of("cvec", year.previous) if year else None
    opens_at = window.opens_at if window and window.opens_at and window.opens_at < now else now - timedelta(days=60)
    is_open = bool(window and now in window)
    return Season(now, year if is_open else None, opens_at, before.opens_at if before else None)


def load(now: datetime) -> Iterator[str]:
    """Load everybody, one step after the other; says what each step did. Running it again changes nothing."""
    season = season_of(now)
    accounts = {}
    for one in SIGN_INS:
        accounts[one.key] = open_sign_in(one, season.opens_at)
        yield one.email
    _walk_sign_ins(accounts, season)
    for number in range(rules.OTHERS):
        yield _walk_other(rules.other(number), number, season)
    walk.deposit_list(accounts["establishment"], UVSQ, now)
    for key in ("versailles", "lyon"):
        read_some_files(accounts[key], key, now)
    yield "files opened by agents"
    keep_books(now)
    yield "accounts kept"


def _walk_sign_ins(accounts: dict[str, User], season: Season) -> None:
    """Bring the students one may sign in as to where they stand."""
    walk.tell_identity(
        accounts["boursier"],
        Identity("Morel", "Hugo", date(2006, 2, 17), "FR", "FR", "", "M", "35238", "Rennes", rules.nne(90)),
        season.this_year(0),
    )
    walk.tell_identity(
        accounts["foreign"],
        Identity("Chen", "Mei", date(2005, 8, 9), "CN", "CN", "", "F", "", "Chengdu", ""),
        season.this_year(1),
    )
    walk.tell_identity(
        accounts["asking"],
        Identity("Garcia", "Inès, Pilar", date(2007, 6, 5), "FR", "FR", "", "F", "31555", "Toulouse", rules.nne(92)),
        season.this_year(2),
    )
    certified, last = accounts["certified"], season.last_year(0)
    walk.tell_identity(
        certified,
        Identity(
            "Fontaine", "Clara, Jeanne", date(2004, 11, 23), "FR", "FR", "", "F", "44109", "Nantes", rules.nne(91)
        ),
        last or season.this_year(2),
    )
    if season.year is None:
        return
    walk.give_bourse(accounts["boursier"], season.year, season.this_year(3))
    walk.ask_a_relative(accounts["asking"], season.year, "78297", season.this_year(3), season.now)
    if last:
        walk.acknowledge(certified, season.year.previous, "78646", last, pay=True)
    walk.acknowledge(certified, season.year, "78646", season.this_year(4), pay=True)


def _walk_other(other: rules.Other, number: int, season: Season) -> str:
    """Bring one of the further students to where they stand; nobody signs in as them, so they have no password."""
    this, last = season.this_year(number + 5), season.last_year(number + 1)
    before = other.standing in (Standing.PAID_BOTH, Standing.EXEMPT_BEFORE)
    user = open_account(email=other.email, password=None, now=last if before and last else this)
    walk.tell_identity(user, _identity(other), last if before and last else this)
    year = season.year
    if year is None or other.standing == Standing.IDENTITY:
        return other.email
    if last and other.standing == Standing.EXEMPT_BEFORE:
        walk.give_bourse(user, year.previous, last)
    if last and before:
        walk.acknowledge(user, year.previous, other.commune, last, pay=True)
    if other.standing == Standing.EXEMPT:
        walk.give_bourse(user, year, this)
    if other.standing == Standing.CITY:
        walk.choose_city(user, year, other.commune, this)
    elif other.standing in (Standing.PAID, Standing.PAID_BOTH, Standing.EXEMPT, Standing.TO_PAY):
        walk.acknowledge(user, year, other.commune, this, pay=other.standing != Standing.TO_PAY)
    return other.email


def _identity(other: rules.Other) -> Identity:
    return Identity(
        birth_name=other.birth_name,
        first_names=other.first_names,
        birth_on=other.birth_on,
        birth_country="FR",
        nationality="FR",
        civility=other.civility,
        birth_commune=other.birth_commune,
        birth_place=other.birth_place,
        ine=other.ine,
    )
