"""A student's notice on screen, on a phone, on paper, in both languages; and nobody else's."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from barcode.charsets.code128 import CODES, START_CODES, STOP
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from messervices.foundations.cash import actions, rules
from messervices.foundations.cash.models import Notice
from messervices.foundations.cash.providers.barcode import QUIET, barcode_svg
from messervices.foundations.cash.tests.factories import CREDITOR, issue, read, return_file, settle_all, took
from messervices.foundations.notifications.models import Message
from messervices.foundations.notifications.providers.letter import compose
from messervices.foundations.payments.tests.factories import FakeService, OrderFactory, begin, notice, tell
from messervices.foundations.students.tests.factories import PersonFactory, user_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]
PAGES = ("notice", "on_phone", "sheet")


@pytest.fixture
def made() -> Notice:
    """A notice made now by the machine's clock: the pages read it."""
    now = timezone.now()
    return issue(OrderFactory(created_at=now), now)


@pytest.fixture
def browser(made: Notice, client: Client) -> Client:
    """Its student, signed in, in French."""
    client.force_login(user_of(made.person))
    client.cookies["language"] = "fr"
    return client


def at(name: str, made: Notice) -> str:
    return reverse(f"cash:{name}", args=[made.uuid])


def body(browser: Client, name: str, made: Notice) -> str:
    answer = browser.get(at(name, made))
    assert answer.status_code == 200
    return answer.content.decode().replace("\xa0", " ")


@pytest.mark.parametrize("name", PAGES)
def test_each_page_says_how_much_how_and_until_when(browser: Client, made: Notice, name: str) -> None:
    page = body(browser, name, made)
    assert rules.grouped(made.reference) in page
    assert CREDITOR in page
    for sum_ in ("105,00 €", "5,00 €", "110,00 €"):
        assert sum_ in page
    assert 'role="img" aria-label="Code-barres à scanner au guichet' in page
    assert re.search(r'<svg class="barcode"[^>]*viewBox="0 0 \d+ 48"[^>]*><path d="M10 0h2v48h-2z', page)


@pytest.mark.parametrize("name", PAGES)
def test_each_page_speaks_english(browser: Client, made: Notice, name: str) -> None:
    browser.cookies["language"] = "en"
    page = body(browser, name, made)
    for sum_ in ("€105.00", "€5.00", "€110.00"):
        assert sum_ in page
    assert not re.search(r"guichet|bureau de poste|espèces", page)


@pytest.mark.parametrize(("name", "most"), [("notice", 8), ("on_phone", 8), ("sheet", 8), ("pdf", 8)])
def test_each_page_takes_few_queries(
    browser: Client, made: Notice, name: str, most: int, django_assert_max_num_queries: Any
) -> None:
    browser.get(at(name, made))
    with django_assert_max_num_queries(most):
        browser.get(at(name, made))


def test_the_notice_is_a_pdf_that_screen_readers_read_and_is_always_the_same(browser: Client, made: Notice) -> None:
    first, again = browser.get(at("pdf", made)), browser.get(at("pdf", made))
    assert first["Content-Type"] == "application/pdf"
    assert first["Content-Disposition"] == f'attachment; filename="avis-{made.order.number}.pdf"'
    assert first.content == again.content
    with pikepdf.open(BytesIO(first.content)) as pdf:
        assert len(pdf.pages) == 1, "one sheet"
        assert bool(pdf.Root.MarkInfo.Marked)
        assert str(pdf.Root.Lang) == "fr-FR"
        said = bytes(pdf.Root.Metadata.read_bytes()).decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in said
    assert "Avis de paiement en espèces à La Poste" in said


def test_the_bar_code_is_what_a_scanner_reads(made: Notice) -> None:
    text = rules.barcode_text(CREDITOR, made.reference, made.amount_cents)
    box, path = barcode_svg(text)
    bars = [(int(x), int(width)) for x, width in re.findall(r"M(\d+) 0h(\d+)v48h-\d+z", path)]
    wide = int(box.split()[2])
    modules = ["0"] * wide
    for x, width in bars:
        modules[x : x + width] = "1" * width
    inside = "".join(modules[QUIET : wide - QUIET])
    assert "1" not in "".join(modules[:QUIET]) + "".join(modules[wide - QUIET :])
    assert _read(inside) == text


def _read(modules: str) -> str:
    """Read a Code 128 back, by the tables of the standard as python-barcode has them: widths, check sum, set C."""
    table = {code: value for value, code in enumerate(CODES)}
    assert modules.endswith(f"{STOP}11")
    values = [table[modules[i : i + 11]] for i in range(0, len(modules) - 13, 11)]
    assert values[0] == START_CODES["C"]
    *data, said = values[1:]
    assert said == (values[0] + sum(rank * value for rank, value in enumerate(data, 1))) % 103
    return "".join(f"{value:02d}" for value in data)


@pytest.mark.parametrize("name", [*PAGES, "pdf", "cancel"])
def test_somebody_elses_notice_is_none(client: Client, made: Notice, name: str) -> None:
    call = client.post if name == "cancel" else client.get
    assert call(at(name, made)).status_code == 302
    client.force_login(user_of(PersonFactory()))
    assert call(at(name, made)).status_code == 404
    made.refresh_from_db()
    assert made.status == "open"


def test_another_means_cancels_the_notice_and_leads_back_to_the_service(browser: Client, made: Notice) -> None:
    for _turn in range(2):
        answer = browser.post(at("cancel", made))
        assert (answer.status_code, answer["Location"]) == (302, made.order.return_path)
    page = body(browser, "notice", made)
    assert "Cet avis n’est plus à payer" in page
    assert "vous avez choisi un autre moyen" in page
    assert made.reference not in page.replace(" ", "")
    for name in ("on_phone", "sheet", "pdf"):
        assert browser.get(at(name, made)).status_code == 404, "it is not to be shown at a counter"


def test_once_paid_the_notice_leads_to_what_was_bought(browser: Client, made: Notice, service: FakeService) -> None:
    read(return_file(took(made)))
    settle_all(timezone.now())
    assert browser.get(at("notice", made))["Location"] == made.order.return_path


def test_after_the_last_day_the_page_says_to_wait_for_the_post(browser: Client, made: Notice) -> None:
    Notice.objects.filter(pk=made.pk).update(valid_until=timezone.now() - timedelta(hours=1))
    assert "La date limite est passée" in body(browser, "notice", made)


def test_a_card_begun_meanwhile_is_said(browser: Client, made: Notice, service: FakeService) -> None:
    tell(notice(begin(made.order).number))
    assert "un autre paiement a été commencé" in body(browser, "notice", made)


@pytest.mark.parametrize(
    ("kind", "language", "subject", "sentence"),
    [
        ("cash.notice", "fr", "Votre avis de paiement à La Poste", "dans n’importe quel bureau de poste"),
        ("cash.notice", "en", "Your notice to pay at a post office", "at any post office"),
        ("cash.expired", "fr", "est périmé", "Ne versez plus rien"),
        ("cash.expired", "en", "is out of date", "Pay nothing more"),
    ],
)
def test_the_messages_are_read_in_both_languages(
    *, made: Notice, kind: str, language: str, subject: str, sentence: str
) -> None:
    actions.expire_notice(notice_id=made.pk, now=made.valid_until)
    written = Message.objects.get(kind=kind)
    letter = compose(
        kind=kind, params=written.params, language=language, first_name="Lina", link=written.link, crous=""
    )
    assert subject in letter.subject
    for whole in (letter.text, letter.html):
        assert sentence in whole
        assert made.reference not in whole


def test_the_name_on_the_sheet_is_the_students(browser: Client, made: Notice) -> None:
    assert escape(made.person.display_name) in body(browser, "sheet", made)
