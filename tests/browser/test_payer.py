"""A relative pays by a link: the student in one browser, who pays in another, as on telephones; and going wrong."""

import re

import pytest
from playwright.sync_api import Page, expect

from messervices.foundations.payments.models import Attempt, PayerLink
from messervices.foundations.students.models import Person
from messervices.services.cvec.models import Acquittement
from tests.browser.look import Watch, axe, faults
from tests.browser.scene import Scene
from tests.browser.walk import CERTIFICATE, SUMMARY, Student, wait_for
from tests.live import aside

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
PHONE = {"width": 390, "height": 844}
ADDRESS = re.compile(r"http://\S+/pay/link/[a-z2-7]{26}")


def on_the_phone(who: Student) -> Watch:
    """Give them a telephone's screen, and listen."""
    who.page.set_viewport_size(PHONE)
    return Watch(who.page)


def looks_right(page: Page, what: str) -> None:
    """Expect nothing that axe would say, and a page no wider than the screen."""
    assert axe(page) == [], what
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, what


def prepare_link(who: Student) -> str:
    """From the summary to the link; give its address."""
    who.press("Préparer le lien", "Prepare the link")
    who.heading("Votre lien est prêt", "Your link is ready")
    found = ADDRESS.search(who.page.input_value("textarea"))
    assert found
    return found[0]


def relative(scene: Scene, address: str, language: str = "fr", *, script: bool = True) -> Student:
    """Somebody who opens the address on their telephone."""
    who = scene.newcomer(language, script=script, reduced_motion="reduce")
    who.page.set_viewport_size(PHONE)
    who.page.goto(address)
    return who


def go_to_the_bank(who: Student) -> None:
    """Accept."""
    who.press("Payer 105,00", "Pay €105.00")
    if not who.has_script:
        who.press("Aller à la page de la banque", "Go to the bank")
    who.page.wait_for_url(f"{who.site.bank}/**")


def link_of(person: Person) -> PayerLink:
    return aside(lambda: PayerLink.objects.filter(person_id=person.pk).order_by("-pk")[0])


def test_a_mother_abroad_pays_for_her_daughter(scene: Scene) -> None:
    daughter, person = scene.somebody()
    watch = on_the_phone(daughter)
    looks_right(daughter.page, "the choice of means")
    address = prepare_link(daughter)
    looks_right(daughter.page, "the link")
    clock = daughter.page.locator("[role=timer]")
    expect(clock).to_contain_text(re.compile(r"4[78] h \d\d min \d\d s"))
    before = clock.text_content()
    expect(clock).not_to_have_text(before or "")
    mother = relative(scene, address, "en")
    heard = Watch(mother.page)
    mother.heading("", "asks you to pay €105.00")
    looks_right(mother.page, "the payer’s page")
    go_to_the_bank(mother)
    daughter.heading("Votre proche est en train de payer", "")
    mother.pay("accepted")
    mother.page.wait_for_url(re.compile(r"/pay/link/[a-z2-7]{26}$"), timeout=20_000)
    mother.heading("", "Thank you, it is paid")
    looks_right(mother.page, "the thanks")
    daughter.page.wait_for_url(f"**{CERTIFICATE}", timeout=20_000)
    daughter.heading("Voici votre attestation", "")
    expect(daughter.page.locator("main")).to_contain_text("un proche")
    mother.page.fill("[name=to]", "mother@example.org")
    mother.page.fill("[name=name]", "Maria Benali")
    mother.press("", "Send me the receipt")
    expect(mother.page.locator("body")).to_contain_text("on its way")
    mail = mother.mail_to("mother@example.org", "Maria Benali")
    assert "105.00" in mail.text
    mother.page.fill("[name=to]", "mother@example.org")
    mother.page.fill("[name=name]", "Maria Benali")
    mother.press("", "See and print")
    mother.heading("", "Payment receipt")
    looks_right(mother.page, "the receipt")
    assert aside(lambda: Acquittement.objects.get(person=person).by_third_party)
    assert watch.said == []
    assert [said for said in heard.said if scene.site.bank not in said] == []


def test_all_of_it_without_script(scene: Scene) -> None:
    son, person = scene.somebody(script=False)
    son.page.set_viewport_size(PHONE)
    address = prepare_link(son)
    expect(son.page.locator("main time")).to_be_visible()
    expect(son.page.locator("[role=timer]")).to_be_hidden()
    father = relative(scene, address, script=False)
    go_to_the_bank(father)
    father.pay("accepted")
    father.heading("Merci, c’est payé", "")
    son.open(SUMMARY)
    son.page.wait_for_url(f"**{CERTIFICATE}")
    assert aside(lambda: Acquittement.objects.get(person=person).by_third_party)


def test_the_link_is_mailed_refused_with_a_word_and_made_anew(scene: Scene) -> None:
    student, person = scene.somebody()
    on_the_phone(student)
    prepare_link(student)
    student.page.get_by_text("Le faire envoyer par MesServices").click()
    student.page.fill("[name=to]", "tante@example.org")
    student.press("Envoyer le lien", "")
    mail = student.mail_to("tante@example.org", "/pay/link/")
    found = ADDRESS.search(mail.text)
    assert found
    assert "mot de passe" in mail.text
    aunt = relative(scene, found[0])
    aunt.press("Refuser", "")
    looks_right(aunt.page, "refusing")
    aunt.page.fill("[name=word]", "Demande à ton oncle")
    aunt.press("Refuser", "")
    aunt.heading("vous ne payez pas", "")
    student.heading("Votre proche a refusé", "")
    expect(student.page.locator("main")).to_contain_text("Demande à ton oncle")
    looks_right(student.page, "a refusal")
    aunt.page.goto(found[0])
    aunt.heading("Il n’y a rien à payer avec ce lien", "")
    looks_right(aunt.page, "a link that is over")
    student.press("Préparer un nouveau lien", "")
    student.heading("Votre lien est prêt", "")
    assert link_of(person).status == "open"


def test_two_relatives_at_once_the_second_waits_and_pays_when_the_first_gave_up(scene: Scene) -> None:
    student, person = scene.somebody()
    address = prepare_link(student)
    first, second = relative(scene, address), relative(scene, address)
    go_to_the_bank(first)
    second.press("Payer 105,00", "")
    second.heading("Quelqu’un est en train de payer", "")
    looks_right(second.page, "waiting for another")
    first.page.get_by_role("button", name=re.compile("Abandonner")).click()
    second.heading("vous demande de payer", "")
    go_to_the_bank(second)
    second.pay("accepted")
    second.heading("Merci, c’est payé", "")
    first.page.goto(address)
    first.heading("Il n’y a rien à payer avec ce lien", "")
    student.page.wait_for_url(f"**{CERTIFICATE}", timeout=20_000)
    assert aside(lambda: Attempt.objects.filter(person_id=person.pk).count()) == 2


def test_a_student_who_pays_after_all_closes_the_link(scene: Scene) -> None:
    student, person = scene.somebody()
    address = prepare_link(student)
    uncle = relative(scene, address)
    student.press("Payer moi-même par carte", "")
    student.page.wait_for_url(f"{student.site.bank}/**")
    uncle.press("Payer 105,00", "")
    uncle.heading("Il n’y a rien à payer avec ce lien", "")
    student.pay("accepted")
    student.page.wait_for_url(f"**{CERTIFICATE}", timeout=20_000)
    assert not aside(lambda: Acquittement.objects.get(person=person).by_third_party)
    assert wait_for(lambda: link_of(person).status == "cancelled", "the link to be closed")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_pages_of_the_payer_at_every_width_and_in_both_themes(scene: Scene, language: str) -> None:
    student, _person = scene.somebody()
    payer = relative(scene, prepare_link(student), language)
    found = faults(payer.page, language, colours=language == "fr")
    go_to_the_bank(payer)
    payer.pay("accepted")
    payer.heading("Merci, c’est payé", "Thank you, it is paid")
    found += faults(payer.page, language, colours=language == "fr")
    assert found == []
