"""Choosing a bank in the browser, and a bank that fails: the demonstration's three, with one taken down."""

from collections.abc import Iterator

import pytest

from messervices.foundations.payments.models import Attempt, RailHealth
from messervices.foundations.payments.selectors import forget_health
from messervices.foundations.students.models import Person
from tests.browser.look import axe
from tests.browser.scene import Scene
from tests.browser.test_journey import is_certified, outcome
from tests.browser.walk import SUMMARY, control
from tests.live import aside

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _all_answer(scene: Scene) -> Iterator[None]:
    """Whatever a test took down is back for the next one."""
    yield
    control(scene.site.bank, "down", seconds=0)
    aside(lambda: RailHealth.objects.all().delete())
    forget_health()


def rails_of(person: Person) -> list[tuple[str, str]]:
    return aside(
        lambda: list(Attempt.objects.filter(person_id=person.pk).order_by("rank").values_list("rail", "status"))
    )


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_the_states_own_service_takes_the_money_from_an_account(scene: Scene, script: bool) -> None:
    who, person = scene.somebody(language="en", script=script)
    who.page.check("[name=rail][value=payfip]")
    who.press("", "Go to the bank")
    who.page.wait_for_url(f"{scene.site.bank}/**")
    assert "PayFiP" in who.page.title()
    who.page.locator("form[action*=debit] button").click()
    is_certified(who, person)
    assert rails_of(person) == [("payfip", "captured")]


def test_when_the_first_bank_is_silent_another_one_takes_the_card(scene: Scene) -> None:
    who, person = scene.somebody()
    who.leave_for_the_bank()
    control(scene.site.bank, "down", house="lyra", seconds=600)
    who.open(SUMMARY)
    who.page.check("[name=rail][value=payfip]")
    who.press("Aller à la page de la banque", "")
    who.heading("La banque ne répond pas", "")
    assert axe(who.page) == []
    who.page.locator("form:has([name=leave]):has([value=card]) button").click()
    who.page.wait_for_url(f"{scene.site.bank}/**")
    assert "Stripe" in who.page.title()
    who.pay("refused")
    who.pay("accepted")  # the page stays open for another card
    is_certified(who, person)
    assert rails_of(person) == [("lyra", "abandoned"), ("stripe", "captured")]


def test_when_no_bank_answers_the_page_is_calm_and_nothing_is_lost(scene: Scene) -> None:
    who, person = scene.somebody()
    control(scene.site.bank, "down", seconds=600)
    who.page.check("[name=rail][value=payfip]")
    who.press("Aller à la page de la banque", "")
    who.heading("La banque ne répond pas", "")
    assert axe(who.page) == []
    control(scene.site.bank, "down", seconds=0)
    who.press("Réessayer dans un instant", "")
    who.page.wait_for_url(f"{scene.site.bank}/**")
    assert outcome(person) == (0, 0)
    who.page.locator("form[action*=debit] button").click()
    is_certified(who, person)
