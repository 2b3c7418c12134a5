"""A site with its bank and its worker, and the browsers opened on it: where whole journeys are played."""

from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, Page

from messervices.foundations.ledger.selectors import assert_books_balance
from messervices.foundations.students.models import Person
from messervices.kernel.invariants import all_invariants
from messervices.services.cvec.tests.factories import student
from tests import live, world
from tests.browser.walk import SUMMARY, Student
from tests.live import aside

_QUICK = "{ const wait = setTimeout; window.setTimeout = (deed, ms, ...more) => wait(deed, ms / 8, ...more); }"
"""Pages that wait ask eight times as often as in life: the journeys are the same, and nobody sits before them."""


@dataclass
class Scene:
    """The site with its bank and its worker, and the browsers opened on it."""

    site: live.Site
    chromium: Browser
    pages: list[Page] = field(default_factory=list)

    def newcomer(self, language: str = "fr", *, script: bool = True, **options: Any) -> Student:
        """Somebody whom the site has never seen."""
        context = self.chromium.new_context(java_script_enabled=script, locale=f"{language}-FR", **options)
        context.set_default_timeout(15_000)
        context.add_init_script(_QUICK)
        page = context.new_page()
        self.pages.append(page)
        return Student(page, self.site, language, has_script=script)

    def somebody(self, *, boursier: bool = False, language: str = "fr", script: bool = True) -> tuple[Student, Person]:
        """A student who said who they are and where they study, before the summary of their CVEC."""

        def make() -> tuple[Person, str]:
            with world.whole():
                person = student(boursier=boursier)
                user = world.user_of(person)
                user.language = language
                user.set_password(world.PASSWORD)
                user.save()
                EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
            client = Client(SERVER_NAME="localhost")
            world.enter(client, user)
            return person, client.cookies[settings.SESSION_COOKIE_NAME].value

        person, key = aside(make)
        who = self.newcomer(language, script=script)
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": key, "url": self.site.url}
        who.page.context.add_cookies([cookie])
        who.open(SUMMARY)
        return who, person


def all_is_well() -> None:
    """The books balance, and nothing is that must not be."""
    assert_books_balance()
    with connection.cursor() as cursor:
        for room, invariant in all_invariants():
            cursor.execute(invariant.sql)
            assert cursor.fetchone()[0] == 0, f"{room}: {invariant.name}"
