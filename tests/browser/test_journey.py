"""The CVEC from end to end in the browser, against the demonstration's bank: with script, without, and going wrong."""

import contextlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Error, expect

from messervices.foundations.documents.models import Document
from messervices.foundations.payments.models import Attempt, Capture, Order
from messervices.foundations.students.models import Person
from tests import world
from tests.browser.look import Watch, axe
from tests.browser.scene import Scene
from tests.browser.walk import CERTIFICATE, SUMMARY, Student, control, wait_for
from tests.live import aside

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def outcome(person: Person) -> tuple[int, int]:
    """Give how many certificates and how many charges somebody has."""
    return aside(
        lambda: (Document.objects.filter(person=person).count(), Capture.objects.filter(person_id=person.pk).count())
    )


def is_certified(who: Student, person: Person, charges: int = 1) -> None:
    """Expect the certificate's page, one certificate, and so many charges."""
    who.page.wait_for_url(f"**{CERTIFICATE}", timeout=20_000)
    who.heading("Voici votre attestation", "Here is your certificate")
    assert outcome(person) == (1, charges)


@pytest.mark.parametrize(("language", "script"), [("fr", True), ("en", False)], ids=["with script", "without"])
def test_from_nothing_to_a_sealed_certificate(scene: Scene, language: str, script: bool, tmp_path: Path) -> None:
    who = scene.newcomer(language, script=script, accept_downloads=True)
    watch = Watch(who.page)
    address = f"lina.{language}@etudiant.example"
    who.open("/")
    who.sign_up(address, "une phrase assez longue")
    who.tell_identity("Benali-d’Arc")
    who.open("/")
    who.press("Obtenir mon attestation", "Get my certificate")
    who.choose_city("versail" if script else "78000", "Versailles")
    who.heading("Crous de Versailles", "Crous de Versailles")
    who.leave_for_the_bank()
    assert (axe(who.page) if script else []) == [], "the bank’s page"
    who.pay("accepted")
    who.page.wait_for_url(f"**{CERTIFICATE}", timeout=20_000)
    who.heading("C’est fait, Lina", "Lina")
    with who.page.expect_download() as coming:
        who.press("Télécharger", "Download")
    file = tmp_path / "attestation.pdf"
    coming.value.save_as(file)
    content = file.read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"/ByteRange" in content, "it is sealed"
    number = coming.value.suggested_filename.removesuffix(".pdf")
    assert re.fullmatch(r"VER6[A-Z]{6}\d{2}", number)
    mail = who.mail_to(address, "/cvec/2026-2027/attestation")
    assert mail.files == (f"{number}.pdf",)
    assert watch.said == []
    person = aside(lambda: Person.objects.get(birth_name="Benali-d’Arc", documents__number=number))
    assert outcome(person) == (1, 1)


def test_a_scholar_has_the_certificate_at_once_and_reads_why(scene: Scene) -> None:
    who, person = scene.somebody(boursier=True)
    who.heading("Vous êtes exonéré", "You are exempt")
    who.press("Obtenir mon attestation", "Get my certificate")
    is_certified(who, person, charges=0)
    expect(who.page.locator("main")).to_contain_text("Bourse sur critères sociaux")


def test_a_refused_card_is_said_and_another_try_pays_once(scene: Scene) -> None:
    who, person = scene.somebody()
    who.leave_for_the_bank()
    who.pay("refused")
    who.heading("Votre banque a refusé le paiement", "Your bank refused the payment")
    assert outcome(person) == (0, 0)
    who.press("Réessayer", "Try again")
    who.page.wait_for_url(f"{scene.site.bank}/**")
    who.pay("accepted")
    is_certified(who, person)
    tries = aside(
        lambda: list(Attempt.objects.filter(person_id=person.pk).order_by("rank").values_list("status", flat=True))
    )
    assert tries == ["refused", "captured"]


def test_three_d_secure_refused_debits_nothing(scene: Scene) -> None:
    who, person = scene.somebody(language="en")
    who.leave_for_the_bank()
    who.pay("challenge_refused")
    who.heading("", "Your bank refused the payment")
    assert outcome(person) == (0, 0)


def test_an_abandoned_payment_is_resumed_and_paid_once(scene: Scene) -> None:
    who, person = scene.somebody()
    who.leave_for_the_bank()
    who.page.locator("button.quiet").click()
    who.heading("Vous avez quitté la banque avant de payer", "")
    who.press("Réessayer", "")
    who.page.wait_for_url(f"{scene.site.bank}/**")
    who.pay("accepted")
    is_certified(who, person)


@pytest.mark.parametrize("card", ["notice_after", "notice_twenty"])
def test_the_certificate_comes_by_the_banks_word_after_the_return_and_once(scene: Scene, card: str) -> None:
    who, person = scene.somebody()
    who.leave_for_the_bank()
    who.pay(card)
    is_certified(who, person)


@pytest.mark.parametrize("card", ["notice_never", "notice_late"])
def test_a_bank_that_says_nothing_is_asked_while_the_student_waits(scene: Scene, card: str) -> None:
    who, person = scene.somebody()
    control(scene.site.bank, "hour", seconds=600)
    who.leave_for_the_bank()
    who.pay(card)
    who.heading("Nous attendons la réponse de la banque", "")
    is_certified(who, person)
    if card == "notice_late":
        control(scene.site.bank, "clock", seconds=1801)
        number = aside(lambda: Attempt.objects.get(person_id=person.pk).number)
        wait_for(lambda: _told(scene.site.bank, number), "the late word")
        assert outcome(person) == (1, 1)


def _told(bank: str, number: str) -> bool:
    return all(notice["state"] == "sent" for notice in control(bank, "payments", order_id=number)[0]["notices"])


def test_another_amount_is_no_certificate_and_an_agent_is_asked(scene: Scene) -> None:
    who, person = scene.somebody()
    who.leave_for_the_bank()
    who.pay("other_amount")
    who.heading("Un agent vérifie votre paiement", "")
    assert outcome(person) == (0, 0)


def test_a_bank_that_is_down_debits_nothing_and_may_be_tried_again(scene: Scene) -> None:
    who, person = scene.somebody()
    who.leave_for_the_bank()
    who.pay("outage")
    control(scene.site.bank, "down", seconds=0)
    who.open(SUMMARY)
    who.press("Voir où en est le paiement", "")
    who.heading("Votre paiement est commencé", "")
    who.press("Reprendre à la banque", "")
    who.page.wait_for_url(f"{scene.site.bank}/**")
    who.pay("accepted")
    is_certified(who, person)


def test_a_double_click_begins_one_payment(scene: Scene) -> None:
    who, person = scene.somebody()
    who.button("Aller à la page de la banque", "").dblclick()
    who.page.wait_for_url(f"{scene.site.bank}/**")
    who.pay("accepted")
    is_certified(who, person)
    assert aside(lambda: Attempt.objects.filter(person_id=person.pk).count()) == 1


def test_two_tabs_lead_to_the_same_payment_and_one_charge(scene: Scene) -> None:
    who, person = scene.somebody()
    other = Student(who.page.context.new_page(), scene.site, "fr", has_script=True)
    other.open(SUMMARY)
    who.leave_for_the_bank()
    other.leave_for_the_bank()
    assert who.page.url == other.page.url
    who.pay("accepted")
    is_certified(who, person)
    other.page.reload()
    other.page.wait_for_url(f"**{CERTIFICATE}", timeout=20_000)
    assert outcome(person) == (1, 1)


def test_the_back_button_after_paying_pays_nothing_again(scene: Scene) -> None:
    who, person = scene.somebody()
    who.leave_for_the_bank()
    who.pay("accepted")
    is_certified(who, person)
    for _step in range(4):
        who.page.go_back()
        who.page.wait_for_load_state()
    who.open(SUMMARY)
    is_certified(who, person)
    assert aside(lambda: Order.objects.filter(person=person).count()) == 1


def test_a_form_that_expired_keeps_what_was_typed(scene: Scene) -> None:
    who, _person = scene.somebody()
    who.open("/me/identity")
    who.page.fill("[name=usual_name]", "L’Éloigné")
    kept = [cookie for cookie in who.page.context.cookies() if cookie["name"] != settings.CSRF_COOKIE_NAME]
    who.page.context.clear_cookies()
    who.page.context.add_cookies(kept)
    who.press("Enregistrer et continuer", "")
    who.heading("La page était restée ouverte trop longtemps", "")
    who.press("Envoyer à nouveau", "")
    who.page.wait_for_url(scene.site.url + "/")
    assert aside(lambda: Person.objects.filter(usual_name="L’Éloigné").count()) == 1


def test_a_session_that_ended_meanwhile_keeps_what_was_typed_behind_the_sign_in(scene: Scene) -> None:
    who, person = scene.somebody()
    who.open("/me/identity")
    who.page.fill("[name=usual_name]", "Revenante")
    kept = [cookie for cookie in who.page.context.cookies() if cookie["name"] != settings.SESSION_COOKIE_NAME]
    who.page.context.clear_cookies()
    who.page.context.add_cookies(kept)
    who.press("Enregistrer et continuer", "")
    who.heading("Se connecter", "")
    who.page.fill("[name=login]", aside(lambda: world.user_of(person).email))
    who.page.fill("[name=password]", world.PASSWORD)
    who.page.locator("main form button:not([type=button])").first.click()
    who.heading("Qui vous êtes", "")
    expect(who.page.locator("[name=usual_name]")).to_have_value("Revenante")


def test_a_connection_lost_between_two_pages_loses_nothing_typed(scene: Scene) -> None:
    who, _person = scene.somebody()
    who.open("/me/identity")
    who.page.fill("[name=usual_name]", "Perdue-en-Route")
    who.page.context.set_offline(True)
    with contextlib.suppress(Error):
        who.press("Enregistrer et continuer", "")
        who.page.wait_for_load_state()
    who.page.context.set_offline(False)
    who.open("/me/identity")
    expect(who.page.locator("[name=usual_name]")).to_have_value("Perdue-en-Route")
    expect(who.page.locator("[data-kept-note]")).to_be_visible()
    who.press("Enregistrer et continuer", "")
    who.page.wait_for_url(scene.site.url + "/")
    assert aside(lambda: Person.objects.filter(usual_name="Perdue-en-Route").count()) == 1
