"""Passkeys with Chromium's own virtual authenticator, and the keyboard in the field that searches a commune."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from messervices.foundations.accounts.models import User
from tests import live
from tests.browser.people import Visitors
from tests.browser.walk import Student, Worker
from tests.live import aside

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture(scope="module")
def worker(site: live.Site) -> Iterator[Worker]:
    """Mails leave."""
    found = Worker()
    found.start()
    yield found
    found.stop()


def telephone(page: Page) -> CDPSession:
    """Give the browser a telephone that makes passkeys and recognises its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


@pytest.mark.usefixtures("worker")
def test_an_account_by_passkey_is_made_left_and_entered_again(site: live.Site, chromium: Browser) -> None:
    context = chromium.new_context(locale="fr-FR")
    context.set_default_timeout(15_000)
    who = Student(context.new_page(), site, "fr", has_script=True)
    telephone(who.page)
    address = "par.cle@etudiant.example"
    who.open("/account/signup/passkey/")
    who.page.fill("[name=email]", address)
    who.page.locator("main form button:not([type=button])").first.click()
    who.heading("Regardez vos e-mails", "")
    link = re.search(r"https?://\S+/account/confirm/\S+", who.mail_to(address, "/account/confirm/").text)
    assert link
    who.page.goto(link[0])
    who.press("Confirmer et créer ma clé d’accès", "")
    who.heading("Créer une clé d’accès", "")
    who.press("Créer ma clé sur cet appareil", "")
    expect(who.page.locator("body")).to_contain_text("Votre clé d’accès est enregistrée")
    user = aside(lambda: User.objects.get(email=address))
    assert not user.has_usable_password()
    who.open("/account/logout/")
    who.page.locator("main form button:not([type=button])").first.click()
    who.open("/account/login/")
    who.press("Se connecter avec une clé d’accès", "")
    who.page.wait_for_url(site.url + "/")
    who.open("/account/")
    expect(who.page.locator("main")).to_contain_text(address)
    context.close()


def test_a_commune_is_chosen_by_keyboard_alone(visitors: Visitors) -> None:
    page = visitors.of("payer", "fr").new_page()
    page.goto(f"{visitors.site.url}/cvec/2026-2027/city")
    field = page.locator("main [role=combobox]")
    field.fill("")
    field.press_sequentially("saint germ")
    expect(page.get_by_role("option").first).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    field.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    expect(chosen).to_have_count(1)
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    field.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")
    assert field.get_attribute("aria-activedescendant") is None
    field.press("ArrowDown")
    expect(page.get_by_role("option").first).to_be_visible()
    field.press("ArrowUp")
    last = page.locator("main [role=option]").last
    expect(last).to_have_attribute("aria-selected", "true")
    name = last.locator("span").first.inner_text()
    field.press("Enter")
    expect(field).to_have_value(name)
    expect(page).to_have_url(re.compile("/city$"))
    field.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    page.keyboard.press("Enter")
    page.wait_for_url("**/summary")
    page.close()


def test_the_first_tab_leads_past_the_menu(visitors: Visitors) -> None:
    page = visitors.of("paid", "fr").new_page()
    page.goto(f"{visitors.site.url}/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")
    page.close()


def test_a_menu_closes_by_escape_and_gives_the_focus_back(visitors: Visitors) -> None:
    page = visitors.of("paid", "fr").new_page()
    page.goto(f"{visitors.site.url}/")
    summary = page.locator("details.menu > summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.menu")).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("details.menu")).not_to_have_attribute("open", "")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.close()
