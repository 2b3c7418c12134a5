"""What the accountant of a Crous follows: each page in so many queries, each deed once, nobody else's money."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messervices.desk.tests.factories import AgentFactory, at_desk, sign_in
from messervices.foundations.accounts.models import User
from messervices.foundations.audit.models import Read
from messervices.foundations.ledger import selectors as ledger
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.payments.models import Capture
from messervices.foundations.students.models import Person
from messervices.foundations.treasury import actions
from messervices.foundations.treasury.models import BankAccount, Contract, Entry, File, Mismatch, Settlement, Statement
from messervices.foundations.treasury.tests.factories import (
    DAY,
    LYON,
    NOW,
    RIGHTS,
    TODAY,
    VERSAILLES,
    Booking,
    Deal,
    account,
    assert_whole,
    captured,
    contract,
    credit,
    letters,
    load,
    match,
    part,
    remittance,
    statement,
)
from messervices.kernel import clock

pytestmark = pytest.mark.django_db
REASON = "Vu avec la banque."


@pytest.fixture(autouse=True)
def _in_september(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def agent(client: Client) -> User:
    return at_desk(client, rights=sorted(RIGHTS | {"desk:file:open"}))


@pytest.fixture
def settled() -> Settlement:
    """Two captures in a settlement that the bank credited, a third one that is in none, an unknown credit."""
    contract()
    captures = [captured(), captured(91_00)]
    captured(on=DAY - timedelta(days=20))
    one = remittance([part(capture) for capture in captures])
    load(letters.settlements([one]), name="remise.csv")
    unknown = Booking(
        50_00, one.credit_on, "UNEXPLAINED-1", deals=(Deal(50_00, end_to_end="X9", text="VIREMENT INCONNU"),)
    )
    load(statement([credit(one), unknown]), name="releve.xml")
    match()
    actions.close_days(now=NOW)
    return Settlement.objects.get()


def page(client: Client, name: str, *args: object, query: str = "") -> str:
    answer = client.get(reverse(f"desk:{name}", args=args) + query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode().replace("\xa0", " ").replace("\u202f", " ")


def test_the_whole_is_seen_at_a_glance(client: Client, agent: User, settled: Settlement) -> None:
    body = page(client, "treasury")
    assert "Référence inconnue sur le compte" in body
    assert "Cherchez d’où vient la somme" in body
    assert "Encaissé, dans aucune remise" in body
    assert "le grand livre dit autre chose" not in body
    assert "releve.xml" in body
    assert '<span class="badge warn">2</span>' in page(client, "home")


def test_a_file_is_brought_read_and_followed(client: Client, agent: User) -> None:
    account()
    content = statement([Booking(50_00, DAY, "UNEXPLAINED-1")])
    url = reverse("desk:treasury_files")
    for _ in range(2):
        answer = client.post(url, {"file": SimpleUploadedFile("../releve.xml", content, "text/xml")})
        assert answer.status_code == 302
    file = File.objects.get()
    assert answer["Location"] == reverse("desk:treasury_file", args=[file.uuid])
    assert "contrôlé de bout en bout" in page(client, "treasury_file", file.uuid)
    state = reverse("desk:treasury_file_state", args=[file.uuid])
    assert client.get(f"{state}?shown=kept-0").status_code == 204
    actions.read_file(file_id=file.pk, now=NOW)
    assert client.get(f"{state}?shown=kept-0").json() == {"url": reverse("desk:treasury_file", args=[file.uuid])}
    assert "enregistré" in page(client, "treasury_file", file.uuid)
    assert "Ligne 1" in page(client, "treasury_statement", Statement.objects.get().pk)


def test_a_refused_file_says_why_and_where(client: Client, agent: User) -> None:
    account()
    file = load(statement([Booking(50_00, DAY, "UNEXPLAINED-1")]).replace(b">50.00<", b">50.01<", 1))
    body = page(client, "treasury_file", file.uuid)
    assert "Refusé en entier" in body
    assert "Le solde d’ouverture et les lignes" in body or "Les totaux annoncés" in body


@pytest.mark.parametrize("content", [None, b""])
def test_no_file_is_said_beside_the_field(client: Client, agent: User, content: bytes | None) -> None:
    data = {} if content is None else {"file": SimpleUploadedFile("x.xml", content)}
    answer = client.post(reverse("desk:treasury_files"), data)
    assert answer.status_code == 422
    assert not File.objects.exists()


def test_a_mismatch_is_explained_once_and_a_large_one_by_two(
    client: Client, agent: User, settled: Settlement, settings
) -> None:
    settings.TREASURY_SECOND_PERSON_CENTS = 60_00
    small, large = (Mismatch.objects.get(kind=kind) for kind in ("unknown_reference", "missing_at_bank"))
    assert "Cherchez d’où vient la somme" in page(client, "treasury_mismatch", small.pk)
    assert client.post(reverse("desk:treasury_mismatch", args=[small.pk]), {"reason": " "}).status_code == 422
    for _ in range(2):
        answer = client.post(reverse("desk:treasury_mismatch", args=[small.pk]), {"reason": REASON}, follow=True)
    assert "C’était déjà fait" in answer.content.decode()
    assert balance("bank:suspense:versailles") == 0
    client.post(reverse("desk:treasury_mismatch", args=[large.pk]), {"reason": REASON})
    assert "Une autre personne doit confirmer" in page(client, "treasury_mismatch", large.pk)
    decide = reverse("desk:treasury_decide", args=[large.pk])
    client.post(decide, {"step": "confirm"})
    large.refresh_from_db()
    assert large.status == "proposed"
    second = Client()
    sign_in(second, AgentFactory(rights=sorted(RIGHTS)))
    assert "Confirmer en second" in page(second, "treasury_mismatch", large.pk)
    for _ in range(2):
        assert second.post(decide, {"step": "confirm"}).status_code == 302
    large.refresh_from_db()
    assert large.status == "resolved"
    assert_whole()


def test_a_proposal_is_put_back_to_work_with_a_reason(
    client: Client, agent: User, settled: Settlement, settings
) -> None:
    settings.TREASURY_SECOND_PERSON_CENTS = 1
    mismatch = Mismatch.objects.get(kind="unknown_reference")
    client.post(reverse("desk:treasury_mismatch", args=[mismatch.pk]), {"reason": REASON})
    decide = reverse("desk:treasury_decide", args=[mismatch.pk])
    client.post(decide, {"step": "withdraw", "reason": ""})
    mismatch.refresh_from_db()
    assert mismatch.status == "proposed"
    client.post(decide, {"step": "withdraw", "reason": "Trop vite."})
    mismatch.refresh_from_db()
    assert mismatch.status == "open"


def test_the_queue_is_filtered_and_goes_on(client: Client, agent: User, settled: Settlement) -> None:
    assert "Référence inconnue sur le compte" in page(client, "treasury_mismatches")
    only = page(client, "treasury_mismatches", query="?kind=missing_at_bank")
    assert only.count("data-l=") < page(client, "treasury_mismatches").count("data-l=")
    assert "Rien à cet endroit" in page(client, "treasury_mismatches", query="?status=resolved")
    assert "Rien à cet endroit" in page(client, "treasury_mismatches", query="?after=2030-01-01.1&kind=zz&status=zz")


def test_a_day_is_read_and_printed(client: Client, agent: User, settled: Settlement) -> None:
    body = page(client, "treasury_sheet", query=f"?day={DAY}")
    assert "196,00 €" in body
    assert "close" in body
    assert "Journée close" in page(client, "treasury_sheet", query=f"?day={DAY}&paper=1")
    assert "en cours" in page(client, "treasury_sheet")
    assert "Rien ce jour-là" in page(client, "treasury_sheet", query="?day=2020-01-01")
    assert page(client, "treasury_sheet", query="?day=2999-01-01")


def test_days_are_drawn_beside_last_years_each_with_its_table(client: Client, agent: User) -> None:
    captured(40_00, on=DAY.replace(year=2025))
    captured(105_00)
    captured(60_00, on=TODAY - timedelta(days=2), rail="stripe")
    actions.close_days(now=NOW)
    body = page(client, "treasury_period", query="?days=30")
    assert body.count("Les mêmes chiffres en tableau") >= 5  # all rails, each rail, refunds, what the service counts
    for shown in ("24 août 2026", "105,00 €", "40,00 €", "60,00 €", "CVEC acquittées"):
        assert shown in body
    assert "24 août 2026" not in page(client, "treasury_period", query="?days=zz")


def test_accounts_that_must_clear_say_what_waits_and_the_ledger_agrees(
    client: Client, agent: User, settled: Settlement
) -> None:
    body = page(client, "treasury_transits", query="?account=suspense&rail=")
    assert "UNEXPLAINED-1" in body
    assert "d’accord" in body
    assert "bank:suspense:versailles" in page(client, "treasury_books")


@pytest.mark.parametrize("kind", ["order", "capture", "line", "transfer"])
def test_a_euro_is_followed_to_the_click_and_the_reading_is_written(
    client: Client, agent: User, settled: Settlement, kind: str
) -> None:
    capture = Capture.objects.order_by("pk")[0]
    line = settled.rows.get(capture=capture)
    moved = ledger.transfers_under([f"capture:lyra:{capture.rail_tx_id}"])[0].pk
    pk = {"order": capture.order_id, "capture": capture.pk, "line": line.pk, "transfer": moved}[kind]
    body = page(client, "treasury_follow", kind, pk)
    steps = ("Le clic", "Une tentative", "Encaissé", "Dans une remise", "Sur le compte bancaire")
    places = [body.index(word) for word in steps]
    assert places == sorted(places)
    assert capture.order.number in body
    read = Read.objects.get()
    assert (read.person_id, read.agent_id, read.what) == (
        capture.person_id, agent.pk, f"treasury.order:{capture.order_id}",
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["entry", "settlement"])
def test_what_holds_several_names_nobody_and_writes_no_reading(
    client: Client, agent: User, settled: Settlement, kind: str
) -> None:
    pk = settled.pk if kind == "settlement" else Entry.objects.get(match="settlement").pk
    body = page(client, "treasury_follow", kind, pk)
    assert "Elle en contient plusieurs" in body
    assert Capture.objects.order_by("pk")[0].rail_tx_id in body
    assert not Read.objects.exists()


def test_what_nothing_explains_shows_where_it_stands(client: Client, agent: User, settled: Settlement) -> None:
    body = page(client, "treasury_follow", "entry", Entry.objects.get(match="").pk)
    assert "Sur le compte bancaire" in body
    assert client.get(reverse("desk:treasury_follow", args=["entry", 10**9])).status_code == 404
    assert client.get(reverse("desk:treasury_follow", args=["nothing", 1])).status_code == 404


@pytest.mark.parametrize("what", ["sheets", "mismatches", "transits", "entries"])
def test_exports_say_the_same_in_both_forms(client: Client, agent: User, settled: Settlement, what: str) -> None:
    query = f"?from={DAY - timedelta(days=60)}&to={TODAY}"
    answer = client.get(reverse("desk:treasury_export", args=[what, "csv"]) + query)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    answer = client.get(reverse("desk:treasury_export", args=[what, "xlsx"]) + query)
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    cells = list(book.active.iter_rows(values_only=True))
    assert len(rows) == len(cells) > 1
    assert list(cells[0]) == rows[0]
    for person in {capture.order.person for capture in Capture.objects.select_related("order__person")}:
        assert person.birth_name not in text
    assert client.get(reverse("desk:treasury_export", args=[what, "pdf"])).status_code == 404


def test_a_text_that_a_spreadsheet_would_run_stays_a_text(client: Client, agent: User) -> None:
    account()
    load(statement([Booking(50_00, DAY, "=cmd|' /C calc'!A0")]))
    text = b"".join(client.get(reverse("desk:treasury_export", args=["entries", "csv"])).streaming_content).decode()
    assert ";'=cmd" in text


def test_accounts_and_contracts_are_declared_changed_and_closed(client: Client, agent: User) -> None:
    new = reverse("desk:treasury_account_new")
    typed = {
        "iban": "FR76 3000 6000 0112 3456 7890 189", "label": "Dépôt", "source": "Convention", "opened_on_day": "1",
        "opened_on_month": "9", "opened_on_year": "2026",
    }  # fmt: skip
    assert client.post(new, typed | {"iban": "FR00"}).status_code == 422
    assert client.post(new, typed).status_code == 302
    made = BankAccount.objects.get()
    assert made.crous_id == VERSAILLES
    deal = {
        "rail": "lyra", "number": "2000026", "account": str(made.pk), "rate": "350", "fixed_cents": "0",
        "settled_within_days": "4", "within_days": "3", "matched_by": "reference", "source": "Contrat",
    }  # fmt: skip
    url = reverse("desk:treasury_contract")
    for rate in ("350", "350", "400"):
        assert client.post(url, deal | {"rate": rate}).status_code == 302
    assert list(Contract.objects.order_by("pk").values_list("rate", flat=True)) == [350, 400]
    assert Contract.objects.filter(superseded_at=None).count() == 1
    assert "2000026" in page(client, "treasury_accounts")
    assert "400" in page(client, "treasury_contract", query="?number=2000026")
    closing = {"reason": "Fermé", "closed_on_day": "10", "closed_on_month": "9", "closed_on_year": "2026"}
    for _ in range(2):
        assert client.post(reverse("desk:treasury_account", args=[made.pk]), closing).status_code == 302
    assert "fermé" in page(client, "treasury_accounts")


def test_another_crous_finds_nothing_here(client: Client, settled: Settlement) -> None:
    at_desk(client, lyon=True, rights=sorted(RIGHTS))
    entry, mismatch, file = Entry.objects.first(), Mismatch.objects.first(), File.objects.first()
    capture = Capture.objects.first()
    assert entry is not None and mismatch is not None and file is not None and capture is not None  # noqa: PT018 - the world has them
    for name, *args in (
        ("treasury_file", file.uuid), ("treasury_file_state", file.uuid), ("treasury_mismatch", mismatch.pk),
        ("treasury_statement", entry.statement_id), ("treasury_settlement", settled.pk),
        ("treasury_account", BankAccount.objects.get().pk), ("treasury_follow", "entry", entry.pk),
        ("treasury_follow", "order", capture.order_id), ("treasury_follow", "settlement", settled.pk),
    ):  # fmt: skip
        assert client.get(reverse(f"desk:{name}", args=args)).status_code == 404, name
    for name in ("treasury", "treasury_mismatches", "treasury_files", "treasury_transits", "treasury_books"):
        body = page(client, name)
        assert "UNEXPLAINED-1" not in body
        assert "releve.xml" not in body
        assert client.get(reverse(f"desk:{name}") + f"?crous={VERSAILLES}").status_code == 404
    assert client.post(reverse("desk:treasury_mismatch", args=[mismatch.pk]), {"reason": REASON}).status_code == 404
    assert not Read.objects.exists()


def test_the_national_desk_chooses_a_crous(client: Client, settled: Settlement) -> None:
    at_desk(client, cnous=True)
    assert "Crous de Versailles" in page(client, "treasury", query=f"?crous={VERSAILLES}")
    assert "Référence inconnue" in page(client, "treasury", query=f"?crous={VERSAILLES}")
    assert "Tout va ensemble" in page(client, "treasury", query=f"?crous={LYON}")
    assert client.get(reverse("desk:treasury") + "?crous=99").status_code == 404


@pytest.mark.parametrize("rights", [[], ["desk:file:open"], ["treasury:book:see"]])
def test_each_deed_asks_its_right(client: Client, settled: Settlement, rights: list[str]) -> None:
    at_desk(client, rights=rights)
    mismatch = Mismatch.objects.get(kind="unknown_reference")
    may_see = 200 if "treasury:book:see" in rights else 403
    assert client.get(reverse("desk:treasury")).status_code == may_see
    assert client.post(reverse("desk:treasury_mismatch", args=[mismatch.pk]), {"reason": REASON}).status_code == 403
    file = SimpleUploadedFile("x.xml", b"x")
    assert client.post(reverse("desk:treasury_files"), {"file": file}).status_code == 403
    assert client.get(reverse("desk:treasury_account_new")).status_code == 403
    assert Mismatch.objects.get(pk=mismatch.pk).status == "open"


QUERIES = {
    "treasury": 8, "treasury_mismatches": 5, "treasury_files": 4, "treasury_sheet": 5, "treasury_period": 9,
    "treasury_transits": 5, "treasury_books": 6, "treasury_accounts": 5,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_a_page_asks_no_more_than_so_much_whatever_it_holds(
    client: Client, agent: User, settled: Settlement, name: str
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured_queries:
            page(client, name)
        return len(captured_queries)

    asked()
    before = asked()
    for turn in range(3):
        one = remittance([part(captured())], day=DAY + timedelta(days=3 + turn))
        load(letters.settlements([one]), name=f"remise-{turn}.csv")
    match()
    assert asked() == before
    assert before <= QUERIES[name]


@pytest.mark.parametrize(
    ("name", "of", "most"),
    [
        ("treasury_file", lambda: File.objects.first().uuid, 7),
        ("treasury_statement", lambda: Statement.objects.get().pk, 6),
        ("treasury_settlement", lambda: Settlement.objects.get().pk, 7),
        ("treasury_mismatch", lambda: Mismatch.objects.first().pk, 5),
    ],
)
@pytest.mark.usefixtures("agent", "settled")
def test_a_page_about_one_thing_asks_little(client: Client, name: str, of: Callable[[], object], most: int) -> None:
    page(client, name, of())
    with CaptureQueriesContext(connection) as asked:
        page(client, name, of())
    assert len(asked) <= most


def test_the_way_of_a_euro_is_found_in_so_many_queries(client: Client, agent: User, settled: Settlement) -> None:
    capture = Capture.objects.order_by("pk")[0]
    page(client, "treasury_follow", "capture", capture.pk)
    with CaptureQueriesContext(connection) as asked:
        page(client, "treasury_follow", "capture", capture.pk)
    assert len(asked) <= 20


def test_a_payment_in_a_file_leads_to_its_way_for_who_may_see_it(
    client: Client, agent: User, settled: Settlement
) -> None:
    capture = Capture.objects.order_by("pk")[0]
    person = capture.order.person
    Person.objects.filter(pk=person.pk).update(crous_ids=[VERSAILLES])
    way = reverse("desk:treasury_follow", args=["order", capture.order_id])
    for rights, shown in ((RIGHTS | {"desk:file:open"}, True), ({"desk:file:open"}, False)):
        at_desk(client, rights=sorted(rights))
        client.post(reverse("desk:open", args=[person.uuid]), {"reason": "payment"})
        assert (way in page(client, "file_payments", person.uuid)) is shown
