"""An establishment from end to end in the browser: access asked, given, a list deposited, read, corrected."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from messervices.demo.mailbox import Mail, newest
from messervices.foundations.accounts.models import User
from messervices.kernel import clock
from messervices.services.cvec.models import RollEntry
from messervices.services.cvec.tests.rolls import AUTUMN, HEADER, UVSQ, certified, line_of
from tests import live, world
from tests.browser.look import Watch, axe
from tests.browser.walk import Worker, wait_for
from tests.live import Site, aside

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture(scope="module")
def autumn(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker) -> Iterator[Site]:
    """A site in September, with its worker."""
    offset = AUTUMN - datetime.now(UTC)
    later = mock.patch.object(clock, "_offset", return_value=offset)
    with django_db_blocker.unblock(), live.running(tmp_path_factory.mktemp("mail")) as site, later:
        worker = Worker()
        worker.start()
        yield site
        worker.stop()


def browser_of(chromium: Browser, site: Site, user: User | None, *, script: bool = True) -> BrowserContext:
    """The browser of somebody who is signed in, or of nobody, on a phone."""
    context = chromium.new_context(java_script_enabled=script, viewport={"width": 390, "height": 844}, locale="fr-FR")
    context.set_default_timeout(15_000)
    if user is not None:
        client = Client(SERVER_NAME="localhost")
        aside(lambda: world.enter(client, user))
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": site.url}])
    return context


def link_to(address: str, part: str) -> str:
    """The link of the mail to an address."""

    def look() -> Mail | None:
        return next((mail for mail in newest() if mail.to == address and part in mail.text), None)

    found = re.search(r"https?://\S*" + re.escape(part) + r"\S*", wait_for(look, f"a mail to {address}").text)
    assert found
    return found[0]


def ask_for_access(page: Page, site: Site, mark: str) -> None:
    """Fill in the demand; both persons, whose addresses bear ``mark``, follow their link."""
    page.goto(f"{site.url}/cvec/register")
    page.get_by_role("combobox", name="Établissement").fill(UVSQ)
    page.get_by_role("listbox").get_by_role("option").first.click()
    for n, name in enumerate(("Irène Joliot", "Boris Vian")):
        page.get_by_label("Prénom et nom").nth(n).fill(name)
        page.get_by_label("Adresse e-mail professionnelle").nth(n).fill(f"{mark}{n}@uvsq.example")
    page.get_by_role("button", name="Envoyer les deux liens").click()
    expect(page.get_by_role("heading", name="Deux e-mails sont partis")).to_be_visible()
    for n in range(2):
        page.goto(link_to(f"{mark}{n}@uvsq.example", "/cvec/register/"))
        page.get_by_role("button", name="Confirmer mon adresse").click()
        expect(page.get_by_role("heading", name="Votre adresse est confirmée")).to_be_visible()


def accept(page: Page, site: Site) -> None:
    """The Crous accepts."""
    page.goto(f"{site.url}/desk/")
    page.get_by_role("link", name="Établissements : accès et rattachements").click()
    page.get_by_role("link", name="Université de Versailles").click()
    page.get_by_role("button", name="Accepter").click()
    expect(page.get_by_text("L’accès est ouvert")).to_be_visible()


def referent_of(address: str) -> User:
    """The account that was opened, with a password as its owner has chosen it."""
    user = User.objects.get(email=address)
    assert EmailAddress.objects.get(user_id=user.pk).verified
    return user


def deposit(page: Page, file: Path) -> None:
    """Deposit a file and wait for its report."""
    page.get_by_label("Fichier CSV").set_input_files(file)
    page.get_by_role("button", name="Déposer").click()
    page.wait_for_url("**/lists/*/")
    for _turn in range(40):
        if page.get_by_role("heading", name="Résultat").is_visible():
            return
        page.wait_for_timeout(250)
        if not page.get_by_role("heading", name="Résultat").is_visible():
            page.reload()
    raise AssertionError("no report came")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_a_referent_uploads_reads_the_report_and_sends_a_corrected_file(
    autumn: Site, chromium: Browser, tmp_path: Path, script: bool
) -> None:
    def people() -> tuple[list, User]:
        agent = world._agent(f"accueil{script}@crous.example", "Mme Roche", world.VERSAILLES, "manager")
        return certified(3), agent

    files, agent = aside(people)
    desk = browser_of(chromium, autumn, agent)
    asking = browser_of(chromium, autumn, None)
    mark = "scripted" if script else "plain"
    ask_for_access(asking.new_page(), autumn, mark)
    accept(desk.new_page(), autumn)
    assert link_to(f"{mark}0@uvsq.example", "/cvec/space/")
    own = browser_of(chromium, autumn, aside(lambda: referent_of(f"{mark}0@uvsq.example")), script=script)
    page = own.new_page()
    watch = Watch(page)
    page.goto(f"{autumn.url}/cvec/space/")
    page.get_by_role("link", name=re.compile("Déposer un fichier|Listes déposées")).first.click()
    liste = tmp_path / "liste.csv"
    lines = [HEADER, line_of(files[0]), line_of(files[1]), line_of(files[2], cvec_number="VER6KQTRMB00")]
    liste.write_text("\r\n".join(lines), encoding="cp1252", newline="")
    deposit(page, liste)
    expect(page.get_by_role("heading", name="Lignes refusées")).to_be_visible()
    expect(page.get_by_text("une faute de frappe s’y est glissée").first).to_be_visible()
    assert (axe(page) if script else []) == []
    with page.expect_download() as coming:
        page.get_by_role("link", name="Télécharger les lignes refusées").click()
    refused = tmp_path / "refused.csv"
    coming.value.save_as(refused)
    content = refused.read_text("utf-8-sig").replace("VER6KQTRMB00", files[2].document.number)
    refused.write_text(content, encoding="utf-8", newline="")
    page.goto(f"{autumn.url}/cvec/space/{UVSQ}/lists/")
    deposit(page, refused)
    expect(page.get_by_role("heading", name="Aucune ligne refusée")).to_be_visible()
    page.get_by_role("link", name="Voir les étudiants").click()
    for file in files:
        expect(page.get_by_role("rowheader", name=file.person.birth_name)).to_be_visible()
    listed = aside(lambda: RollEntry.objects.filter(acquittement__in=files, until=None).count())
    assert listed == 3
    assert watch.said == []
    for context in (desk, asking, own):
        context.close()
