"""What a page says when something is wrong: each error beside its field and in one list; else a calm page."""

from unittest import mock

import pytest
from playwright.sync_api import Page

from messervices.foundations.accounts.rules import Rate
from messervices.portal import selectors as portal
from messervices.services.cvec.actions import check
from tests.browser.look import Watch, axe, faults
from tests.browser.people import Visitors

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

FORMS = [
    ("anonymous", "/account/signup/", ["email", "password1"]),
    ("anonymous", "/account/login/", ["login", "password"]),
    ("anonymous", "/account/password/reset/", ["email"]),
    ("anonymous", "/cvec/verify", ["number", "letters"]),
    ("newcomer", "/me/identity", ["birth_name", "first_names", "birth_on_day", "nationality"]),
    ("paid", "/account/password/", ["oldpassword", "password1"]),
    ("payer", "/cvec/2026-2027/city", ["city"]),
    ("agent", "/desk/network/announcements/new", []),
    ("national", "/desk/network/windows/new", []),
    ("national", "/desk/network/amounts/new", []),
    ("national", "/desk/network/entries/new", []),
    ("national", "/desk/network/roles/new", ["code"]),
]

_FIELDS = """() => [...document.querySelectorAll("main [aria-invalid=true]")].map((field) => ({
  name: field.name,
  said: (field.getAttribute("aria-describedby") || field.closest("fieldset")?.getAttribute("aria-describedby") || "")
    .split(" ").filter(Boolean).map((id) => document.getElementById(id)?.textContent.trim() ?? `no ${id}`),
}))"""
_LINKS = """() => [...document.querySelectorAll("main a[href^='#']")].map((link) => ({
  text: link.textContent.trim(), there: !!document.getElementById(link.hash.slice(1)),
  focusable: document.getElementById(link.hash.slice(1))?.matches("input, select, textarea, [tabindex]") ?? false,
}))"""


def send_empty(page: Page) -> None:
    """Empty the form and send it."""
    form = page.locator("main form[method=post]").first
    for field in form.locator("input:not([type=hidden]):not([type=checkbox]):not([type=radio]):not([type=file])").all():
        if field.is_visible() and field.is_editable():
            field.fill("")
    form.locator("button:not([type=button])").first.click()
    page.wait_for_load_state()


@pytest.mark.parametrize(("who", "path", "wanted"), FORMS, ids=[path for _who, path, _wanted in FORMS])
def test_each_error_is_beside_its_field_and_linked_from_a_list(
    visitors: Visitors, who: str, path: str, wanted: list[str]
) -> None:
    page = visitors.of(who, "fr").new_page()
    watch = Watch(page)
    page.goto(visitors.site.url + path)
    send_empty(page)
    wrong = page.evaluate(_FIELDS)
    assert set(wanted) <= {field["name"] for field in wrong}
    assert wrong
    for field in wrong:
        assert field["said"], field
        assert all(said and not said.startswith("no ") for said in field["said"]), field
    links = page.evaluate(_LINKS)
    assert links, "a list of the errors, each a link to its field"
    assert all(link["there"] and link["focusable"] and link["text"] for link in links), links
    assert axe(page) == []
    assert watch.said == []
    page.close()


def seen(visitors: Visitors, path: str, status: int) -> list[str]:
    """Open a page of the error kind in both languages; give its faults."""
    found = []
    for language in ("fr", "en"):
        page = visitors.of("payer", language).new_page()
        watch = Watch(page)
        answer = page.goto(visitors.site.url + path)
        assert answer is not None
        assert answer.status == status
        found += [*faults(page, language), *watch.said]
        page.close()
    return found


def test_the_page_of_an_address_that_is_none(visitors: Visitors) -> None:
    assert seen(visitors, "/nowhere", 404) == []


def test_the_page_of_something_that_broke(visitors: Visitors) -> None:
    with mock.patch.object(portal, "search", side_effect=RuntimeError("broken on purpose")):
        assert seen(visitors, "/search?q=cvec", 500) == []


def test_the_page_of_too_many_tries(visitors: Visitors) -> None:
    number = visitors.world.versailles.document.number
    with mock.patch.object(check, "CHECK_NUMBER", Rate(1, 600)):
        for _turn in range(2):
            page = visitors.of("anonymous", "fr").new_page()
            page.goto(f"{visitors.site.url}/cvec/verify")
            page.fill("[name=number]", number)
            page.fill("[name=letters]", "XXXXX")
            page.locator("main form button:not([type=button])").first.click()
            page.wait_for_load_state()
            said = page.locator("main").inner_text()
            found = faults(page, "fr")
            page.close()
    assert "Trop d’essais" in said
    assert found == []


def test_the_page_of_a_right_that_is_missing(visitors: Visitors) -> None:
    page = visitors.of("agent", "fr").new_page()
    answer = page.goto(f"{visitors.site.url}/desk/network/windows/")
    assert answer is not None
    assert answer.status == 403
    assert faults(page, "fr") == []
    page.close()


def test_the_page_of_a_bank_that_does_not_answer(visitors: Visitors) -> None:
    """An older try is asked about before another begins; the bank of these tests answers nobody."""
    page = visitors.of("doubtful", "fr").new_page()
    page.goto(f"{visitors.site.url}/cvec/2026-2027/summary")
    assert "Un paiement est peut-être en cours" in page.locator("main").inner_text()
    assert faults(page, "fr") == []
    page.close()
