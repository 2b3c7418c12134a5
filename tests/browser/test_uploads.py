"""Handing in files on a phone, in the browser: several at once, their progress, their verdicts, others instead."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from messervices.foundations.documents.selectors import uploads_of
from messervices.foundations.documents.tests import honest
from messervices.foundations.documents.tests.factories import grant_of, withdraw
from tests.browser.look import axe
from tests.browser.people import Visitors
from tests.live import aside

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """What a student chooses on a phone."""
    made = {
        "IMG_0042.HEIC": honest.picture("HEIF", (1200, 900)),
        "titre.pdf": honest.pdf(2),
        "photo.jpg": honest.photo_of_a_phone(),
        "programme.pdf": b"MZ\x90\0 not a paper",
        "film.mov": bytes(11 * 1024 * 1024),
        "secret.pdf": honest.pdf(61),
    }
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in made}


def emptied(visitors: Visitors) -> str:
    """Take away what stands in the slot, and give its address."""
    paper = visitors.world.versailles.paper

    def take_away() -> str:
        for upload in uploads_of(paper.upload.folder.subject, paper.person_id).exclude(pk=paper.upload_id):
            withdraw(upload)
        return f"/documents/hand-in/{grant_of(paper)}"

    return aside(take_away)


@pytest.fixture
def context(visitors: Visitors) -> BrowserContext:
    return visitors.of("paid", "fr")


@pytest.fixture
def page(visitors: Visitors, context: BrowserContext) -> Iterator[Page]:
    """The slot, on a phone."""
    opened = context.new_page()
    opened.set_viewport_size(PHONE)
    opened.goto(visitors.site.url + emptied(visitors))
    yield opened
    opened.close()


def row(page: Page, name: str) -> Locator:
    """A file of the slot."""
    return page.locator("[data-files] > li", has_text=name)


def test_several_files_at_once_are_sent_checked_shown_replaced_and_taken_back(
    page: Page, visitors: Visitors, files: dict[str, Path]
) -> None:
    chosen = [files[name] for name in ("IMG_0042.HEIC", "titre.pdf", "programme.pdf", "film.mov", "secret.pdf")]
    page.get_by_label("Ajouter un ou plusieurs fichiers").set_input_files(chosen)
    expect(page.get_by_text("Vérification…")).to_have_count(3)
    expect(page.get_by_role("alert").filter(has_text="programme.pdf")).to_contain_text("ni un PDF ni une photo")
    expect(page.get_by_role("alert").filter(has_text="film.mov")).to_contain_text("10 Mo au plus")
    expect(page.locator("[data-status]")).to_have_text(re.compile("Vérification en cours"))
    visitors.site.do_the_work()
    expect(page.get_by_text("Vérification…")).to_have_count(0, timeout=15_000)
    expect(row(page, "IMG_0042.jpg")).to_contain_text("Vérifié")
    expect(row(page, "titre.pdf")).to_contain_text("2 pages")
    expect(row(page, "secret.pdf")).to_contain_text("trop de pages")
    expect(page.get_by_role("alert")).to_have_count(2)
    picture = page.locator("[data-files] img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("(one) => one.naturalWidth") > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert axe(page) == []
    swap = row(page, "secret.pdf")
    swap.get_by_text("Remplacer", exact=False).first.click()
    swap.locator("input[type=file]").set_input_files(files["photo.jpg"])
    expect(row(page, "photo.jpg")).to_contain_text("Vérification…")
    expect(row(page, "secret.pdf")).to_have_count(0)
    visitors.site.do_the_work()
    expect(row(page, "photo.jpg")).to_contain_text("Vérifié", timeout=15_000)
    row(page, "titre.pdf").get_by_role("button", name="Retirer").click()
    expect(row(page, "titre.pdf")).to_have_count(0)
    page.get_by_role("button", name="Fermer").first.click()
    expect(page.get_by_role("alert")).to_have_count(1)
    with page.expect_download() as saved:
        page.get_by_role("link", name="IMG_0042.jpg").click()
    assert saved.value.suggested_filename == "IMG_0042.jpg"


def test_a_network_that_is_cut_says_so_beside_the_file_and_the_next_try_works(
    page: Page, visitors: Visitors, files: dict[str, Path]
) -> None:
    page.route("**/hand-in/**", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    add = page.get_by_label("Ajouter un ou plusieurs fichiers")
    add.set_input_files(files["photo.jpg"])
    expect(page.get_by_role("alert")).to_contain_text("L’envoi a été coupé")
    page.unroute("**/hand-in/**")
    add.set_input_files(files["photo.jpg"])
    expect(row(page, "photo.jpg")).to_contain_text("Vérification…")
    visitors.site.do_the_work()


def test_without_script_the_same_is_done_by_plain_forms(visitors: Visitors, files: dict[str, Path]) -> None:
    address = visitors.site.url + emptied(visitors)
    with_script = visitors.of("paid", "fr")
    plain = with_script.browser.new_context(java_script_enabled=False, viewport=PHONE)
    plain.add_cookies(with_script.cookies())
    page = plain.new_page()
    try:
        page.goto(address)
        page.get_by_label("Ajouter un ou plusieurs fichiers").set_input_files(
            [files["photo.jpg"], files["programme.pdf"]]
        )
        page.get_by_role("button", name="Déposer").click()
        expect(page.get_by_role("alert")).to_contain_text("programme.pdf")
        expect(row(page, "photo.jpg")).to_contain_text("Vérification…")
        visitors.site.do_the_work()
        page.goto(address)
        expect(row(page, "photo.jpg")).to_contain_text("Vérifié")
        row(page, "photo.jpg").get_by_role("button", name="Retirer").click()
        page.goto(address)
        expect(row(page, "photo.jpg")).to_have_count(0)
    finally:
        plain.close()
