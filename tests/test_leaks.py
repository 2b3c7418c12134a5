"""Nobody's number, name or address leaves its place: whole journeys with canaries, then a look at every other place."""

import logging
import re
from collections.abc import Callable, Iterator
from unittest import mock

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from messervices.foundations.accounts.models import User
from messervices.foundations.documents.models import Document
from messervices.foundations.payments.models import Attempt, Order
from messervices.foundations.payments.tests.factories import notice
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel import jobs
from messervices.portal import selectors as portal
from tests import world
from tests.leaks import (
    E_MAIL,
    FIRST_NAME,
    IBAN,
    INE,
    NAME,
    NEW_E_MAIL,
    PASSWORD,
    USUAL_NAME,
    Browser,
    Ears,
    found_in,
    leaks_at_rest,
)
from tests.world import PDF, VERSAILLES, _agent, browser_of, work_off

pytestmark = pytest.mark.django_db

YEAR = "/cvec/2026-2027"
IDENTITY = {
    "birth_name": NAME, "usual_name": USUAL_NAME, "first_names": FIRST_NAME, "birth_on_day": "14",
    "birth_on_month": "3", "birth_on_year": "2008", "birth_country": "FR", "birth_commune": "Versailles (78000)",
    "birth_commune-pick": "78646", "birth_commune-asked": "Versailles (78000)", "nationality": "FR", "ine": INE,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _in_august(settings) -> Iterator[None]:
    settings.LYRA_API_URL = "http://127.0.0.1:9/"
    with world.in_august():
        with connection.cursor() as cursor:
            cursor.execute("delete from procrastinate_jobs")
        yield


def queued() -> str:
    """Everything that waits in the queue, before it is done."""
    with connection.cursor() as cursor:
        cursor.execute("select string_agg(task_name || args::text, ' ') from procrastinate_jobs")
        return cursor.fetchone()[0] or ""


def link(address: str, part: str) -> str:
    """The link of the last mail to an address."""
    letters = [letter for letter in mail.outbox if letter.to == [address] and part in letter.body]
    found = re.search(r"https?://[^/\s]+(" + re.escape(part) + r"\S*)", letters[-1].body)
    assert found
    return found[1]


def sign_up(browser: Browser) -> None:
    """Make the account, badly first; follow the link; forget the password; sign in."""
    browser.post("/account/signup/", {"email": E_MAIL, "password1": "court"})
    browser.post("/account/signup/", {"email": E_MAIL, "password1": PASSWORD})
    assert not found_in("queue", queued())
    work_off()
    browser.get(link(E_MAIL, "/account/confirm/"))
    browser.post(link(E_MAIL, "/account/confirm/"))
    browser.post("/account/logout/")
    browser.post("/account/login/", {"login": E_MAIL, "password": f"{PASSWORD} non"})
    browser.post("/account/password/reset/", {"email": E_MAIL})
    work_off()
    browser.get(link(E_MAIL, "/account/password/reset/"), follow=True)
    browser.post("/account/login/", {"login": E_MAIL, "password": PASSWORD})
    assert browser.get("/account/").status_code == 200


def get_certificate(browser: Browser) -> Document:
    """Tell who one is, badly first; choose the city, pay, and read every page of one's own."""
    browser.post("/me/identity", IDENTITY | {"birth_on_month": "13"})
    browser.post("/me/identity", IDENTITY)
    person = Person.objects.get(birth_name=NAME)
    browser.get(f"{YEAR}/city")
    browser.post(f"{YEAR}/city", {"city": f"{NAME}-sur-Mer"})
    browser.post(f"{YEAR}/city", {"city": "Versailles (78000)"})
    browser.get(f"{YEAR}/summary")
    browser.post(f"{YEAR}/pay", follow=True)
    order = Order.objects.get(person=person)
    browser.post(reverse("pay:go", args=[order.uuid]))
    browser.get(reverse("pay:back", args=[order.uuid]), follow=True)
    bank = Client()
    number = Attempt.objects.get(order=order).number
    said = notice(number)
    bank.generic("POST", "/api/payments/lyra/notification", said, content_type="application/x-www-form-urlencoded")
    forged = said.replace(b"AUTHORISED", b"REFUSED")
    bank.generic("POST", "/api/payments/lyra/notification", forged, content_type="application/x-www-form-urlencoded")
    assert not found_in("queue", queued())
    work_off()
    for path in ("/", "/me/", "/me/identity", "/me/history", "/me/reads", "/me/messages", f"{YEAR}/attestation"):
        assert browser.get(path).status_code == 200, path
    for path in (f"{YEAR}/attestation/phone", f"{YEAR}/receipt", "/account/sessions/"):
        assert browser.get(path).status_code == 200, path
    document = Document.objects.get(person=person)
    assert browser.get(reverse("documents:document", args=[document.uuid])).status_code == 200
    return document


def change_address(browser: Browser) -> None:
    """Ask for another address, and confirm it from both mailboxes."""
    browser.post("/account/email/", {"email": NEW_E_MAIL})
    work_off()
    for address in (E_MAIL, NEW_E_MAIL):
        browser.get(link(address, "/account/email/confirm/"))
        browser.post(link(address, "/account/email/confirm/"))
    work_off()
    assert User.objects.filter(email=NEW_E_MAIL).exists()


def verify(document: Document) -> None:
    """An establishment asks, rightly and wrongly, by page, by QR and by the API."""
    browser = Browser()
    for letters in (NAME[:5], "AAAAA"):
        browser.post("/cvec/verify", {"number": document.number, "letters": letters})
        browser.get(f"/api/attestation/{document.number}", {"etudiant": letters})
    browser.get(document.contents["verify_url"].partition("//")[2].partition("/")[2].join(("/", "")))


def read_at_the_desk(person: Person) -> Browser:
    """An agent searches by everything, opens, corrects, and writes too much in a reason."""
    agent = _agent("agent.canari@crous.example", "M. Duval", VERSAILLES, "manager", "adviser")
    browser = Browser()
    world.enter(browser, agent)
    for text in (NAME, f"{FIRST_NAME} {NAME}", INE, NEW_E_MAIL, USUAL_NAME, IBAN):
        assert browser.post("/desk/search", {"q": text}, follow=True).status_code == 200
    browser.post(reverse("desk:open", args=[person.uuid]), {"reason": "other", "words": f"Virement sur {IBAN} attendu"})
    for part in ("file", "file_facts", "file_payments", "file_papers", "file_messages", "file_timeline", "file_reads"):
        assert browser.get(reverse(f"desk:{part}", args=[person.uuid])).status_code == 200
    proof = SimpleUploadedFile(f"acte de {NAME}.pdf", PDF, "application/pdf")
    address = reverse("desk:correct", args=[person.uuid, "first_names"])
    asked = {"value": f"{FIRST_NAME} Ada", "reason": "L’acte de naissance porte ces prénoms.", "proof": proof}
    preview = browser.post(address, asked)
    browser.post(address, preview.context["typed"])
    work_off()
    return browser


def break_things() -> None:
    """Have a page, a row and a job break with somebody's name in their mouth."""
    browser = browser_of(None)
    with mock.patch.object(portal, "search", side_effect=RuntimeError(f"no {NAME}, {INE}, {IBAN}, {E_MAIL}")):
        assert browser.get("/search?q=cvec").status_code == 500

    def refused_by_the_database(*_args: object) -> None:
        with transaction.atomic():
            PersonFactory(birth_name=NAME, ine=INE, birth_on="1800-01-01")

    with mock.patch.object(portal, "search", side_effect=refused_by_the_database):
        assert browser.get("/search?q=cvec").status_code == 500
    for path in (f"/{NAME}", f"/account/confirm/{E_MAIL}/", f"/cvec/verify/{INE}", f"/api/attestation/{NAME}"):
        assert browser.get(path).status_code in {200, 400, 404, 410}


def test_whole_journeys_leave_no_canary_anywhere() -> None:
    ears, browser = Ears(), Browser()
    with ears.listening():
        sign_up(browser)
        document = get_certificate(browser)
        change_address(browser)
        verify(document)
        agent = read_at_the_desk(document.person)
        break_things()
    assert mail.outbox
    hits = [*ears.leaks(), *browser.leaks(), *agent.leaks(), *leaks_at_rest()]
    assert not hits, "\n".join(sorted(set(hits)))


def _log() -> None:
    logging.getLogger("messervices.anything").info("a file of %s", NAME)


def _log_number() -> None:
    logging.getLogger("procrastinate.worker").warning("number %s", INE)


def _job() -> None:
    with transaction.atomic():
        jobs.enqueue("foundations.payments.tasks.read_inbox", event_id=INE)


def _subject() -> None:
    mail.send_mail(f"Pour {NAME}", "", None, ["a@b.example"])


def _cache() -> None:
    cache.set("last", {"ine": INE})


def _session() -> None:
    browser = browser_of(User.objects.create_user("seance@fuite.example", PASSWORD))
    session = browser.session
    session[f"draft of {NAME}"] = 1
    session.save()


def _deed() -> None:
    from messervices.foundations.audit.actions import record
    from messervices.kernel.actor import Actor

    record(by=Actor.system("test"), verb="test.leak", subject=f"students.person:{INE}", now=world.NOW)


@pytest.mark.parametrize("plant", [_log, _log_number, _job, _subject, _cache, _session, _deed])
def test_control_a_planted_canary_is_found(plant: Callable[[], None]) -> None:
    ears = Ears()
    with ears.listening():
        logging.getLogger("messervices.requests").info("request")
        assert ears.leaks() + leaks_at_rest() == []
        plant()
    cache_hits = ears.leaks() + leaks_at_rest()
    cache.clear()
    assert cache_hits


def test_control_a_canary_in_an_address_or_a_cookie_is_found() -> None:
    browser = Browser()
    for path in ("/", "/services", "/help", "/cvec/", "/legal"):
        browser.get(path)
    assert browser.leaks() == []
    browser.get("/search", {"q": f"{INE[:4]} {INE[4:]}"})
    assert browser.leaks()
    browser.addresses = browser.addresses[:20]
    assert browser.leaks() == []
    browser.cookies["said"] = NAME.upper()
    assert browser.leaks()
