"""Paying in cash, in the browser: the notice, the demonstration's post office, its file, the certificate, the mail."""

import re

import pytest
from playwright.sync_api import Page, expect

from messervices.foundations.cash.models import Line, Notice, ReturnFile
from messervices.foundations.notifications.models import Message
from messervices.foundations.payments.models import Refund
from messervices.services.cvec.models import Acquittement
from tests import world
from tests.browser.look import Watch, axe
from tests.browser.scene import Scene
from tests.browser.test_journey import is_certified
from tests.browser.walk import SUMMARY, Student, control, wait_for
from tests.live import aside

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
FEE = 5_00


def code_of(who: Student) -> str:
    """What the counter scans: the creditor, the reference that the page shows, the amount."""
    shown = who.page.locator("p.code").first.inner_text()
    return f"075019{re.sub(r'[^0-9]', '', shown)}00010500"


def counter(scene: Scene, who: Student, code: str, handed: str) -> Page:
    """Go to the post office with a notice and some cash."""
    page = who.page.context.new_page()
    page.goto(f"{scene.site.bank}/post-office?lang={who.language}")
    page.fill("[name=code]", code)
    page.fill("[name=handed]", handed)
    page.locator("form[action*=take] button.main").click()
    return page


@pytest.mark.parametrize(("language", "script"), [("fr", True), ("en", False)], ids=["with script", "without"])
def test_from_the_summary_to_the_counter_to_the_certificate(scene: Scene, language: str, script: bool) -> None:
    who, person = scene.somebody(language=language, script=script)
    watch = Watch(who.page)
    who.press("Payer en espèces à La Poste", "Pay in cash at a post office")
    who.heading("Payez en espèces à La Poste", "Pay in cash at a post office")
    assert (axe(who.page) if script else []) == []
    code = code_of(who)
    who.press("Afficher en grand", "Show it large")
    expect(who.page.locator("svg.barcode")).to_be_visible()
    assert (axe(who.page) if script else []) == []
    who.page.go_back()
    who.press("Imprimer une feuille", "Print a sheet")
    expect(who.page.locator("article.sheet svg.barcode")).to_be_visible()
    assert watch.said == []
    page = counter(scene, who, code, "105")
    expect(page.locator(".fault")).to_contain_text("somme exacte" if language == "fr" else "exact sum")
    page = counter(scene, who, code, "110,00")
    expect(page.locator("h1")).to_contain_text("Reçu" if language == "fr" else "receipt")
    assert (axe(page) if script else []) == [], "the post office’s receipt"
    page.locator("a.main").click()
    assert (axe(page) if script else []) == [], "the post office’s page"
    page.get_by_role("button", name=re.compile("coupé|cut")).click()
    expect(page.locator("#files + ul")).to_contain_text("201 kept")
    page.get_by_role("button", name=re.compile("^(Envoyer le fichier|Send the file)$")).click()
    wait_for(lambda: aside(lambda: Line.objects.filter(person_id=person.pk).exists()), "the file to be read")
    assert aside(lambda: list(ReturnFile.objects.order_by("pk").values_list("status", flat=True)))[-2:] == [
        "rejected", "read",
    ]  # fmt: skip
    wait_for(lambda: aside(lambda: Acquittement.objects.get(person=person).status == "paid"), "the payment")
    who.open(SUMMARY)
    is_certified(who, person)
    address = aside(lambda: world.user_of(person).email)
    assert "/cash/" in who.mail_to(address, "La Poste" if language == "fr" else "post office").text
    written = aside(
        lambda: Message.objects.filter(person=person, kind="cvec.certificate", document__isnull=False).count()
    )
    assert written == 1, "its mail leaves with whatever else comes in the minute"


def test_a_notice_given_up_for_a_card_and_paid_all_the_same_is_given_back(scene: Scene) -> None:
    who, person = scene.somebody()
    who.press("Payer en espèces à La Poste", "")
    who.heading("Payez en espèces à La Poste", "")
    code = code_of(who)
    who.press("Annuler l’avis et choisir un autre moyen", "")
    who.page.wait_for_url(f"**{SUMMARY}")
    who.leave_for_the_bank()
    who.pay("accepted")
    is_certified(who, person)
    control(scene.site.bank, "cash", code=code, handed=105_00 + FEE)
    control(scene.site.bank, "return_file")
    wait_for(lambda: aside(lambda: Refund.objects.filter(person_id=person.pk).exists()), "the surplus")
    assert aside(lambda: Notice.objects.get(person=person).status) == "cancelled"


def test_a_notice_is_found_again_on_the_home_and_the_summary(scene: Scene) -> None:
    who, _person = scene.somebody()
    who.press("Payer en espèces à La Poste", "")
    who.heading("Payez en espèces à La Poste", "")
    here = who.page.url
    who.open("/")
    expect(who.page.locator("main")).to_contain_text("Il reste à payer à La Poste")
    who.open(SUMMARY)
    who.press("Voir mon avis de paiement", "")
    assert who.page.url == here
