"""Cash at the desk: files brought and followed, sums that nothing explains, each with its next step."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from messervices.desk.tests.factories import AgentFactory, at_desk, sign_in
from messervices.foundations.cash.actions import ACCOUNT, read_file
from messervices.foundations.cash.models import Line, ReturnFile
from messervices.foundations.cash.tests.factories import (
    Counter,
    breaches,
    issue,
    operation,
    read,
    receive,
    return_file,
    settle_all,
    took,
)
from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.payments.models import Order, Refund
from messervices.foundations.payments.tests.factories import OrderFactory, sold
from messervices.foundations.students.tests.factories import NOW

pytestmark = pytest.mark.django_db
RIGHTS = ["desk:file:open", "cash:file:import", "cash:line:decide"]
NOTE = "Le reçu du guichet porte ce numéro."


def accountant(client: Client, **changes: Any) -> Client:
    return sign_in(client, AgentFactory(rights=RIGHTS, **changes))


def page(client: Client, name: str, *args: int) -> str:
    answer = client.get(reverse(f"desk:{name}", args=args))
    assert answer.status_code == 200
    return answer.content.decode().replace("\xa0", " ")


def stray() -> Line:
    read(return_file(Counter("12345678901234567890", operation=operation())))
    return Line.objects.get()


def bring(client: Client, raw: bytes, name: str = "eficash.csv") -> Any:
    return client.post(reverse("desk:cash_files"), {"file": SimpleUploadedFile(name, raw)})


def test_a_file_is_brought_read_and_followed(client: Client) -> None:
    accountant(client)
    answer = bring(client, return_file(took(issue()), took(issue())))
    kept = ReturnFile.objects.get()
    assert answer["Location"] == reverse("desk:cash_file", args=[kept.pk])
    assert (kept.origin, kept.by_label) == ("upload", "M. Duval, Crous de Versailles")
    shown = page(client, "cash_file", kept.pk)
    assert "à contrôler" in shown
    assert (poll := re.search(r'data-poll="([^"]+)"', shown))
    assert client.get(poll[1]).status_code == 204, "nothing has moved"
    read_file(file_id=kept.pk, now=NOW)
    assert client.get(poll[1]).json() == {"url": reverse("desk:cash_file", args=[kept.pk])}
    shown = page(client, "cash_file", kept.pk)
    assert "Lignes lues : 2 sur 2" in shown
    assert "Paiements enregistrés à votre Crous : 0 sur 2" in shown
    with sold():
        settle_all()
    shown = page(client, "cash_file", kept.pk)
    assert "Paiements enregistrés à votre Crous : 2 sur 2" in shown
    assert "data-poll" not in shown
    assert "n° 1" in page(client, "cash_files")


def test_the_same_file_again_is_harmless_and_said(client: Client) -> None:
    accountant(client)
    raw = return_file(took(issue()))
    bring(client, raw)
    answer = bring(client, raw, "again.csv")
    assert "rien n’a été compté deux fois" in client.get(answer["Location"]).content.decode()
    assert ReturnFile.objects.count() == 1


def test_a_wrong_file_says_what_is_wrong_line_by_line(client: Client) -> None:
    accountant(client)
    bring(client, return_file(took(issue()), took(issue())).replace(b"D;2;", b"D;3;"))
    kept = ReturnFile.objects.get()
    read_file(file_id=kept.pk, now=NOW)
    shown = page(client, "cash_file", kept.pk)
    assert "Rien n’a été compté" in shown
    assert "Le numéro de ligne ne suit pas le précédent" in shown
    assert ">3</th>" in shown


@pytest.mark.parametrize("content", [None, b""])
def test_no_file_is_asked_for(client: Client, content: bytes | None) -> None:
    accountant(client)
    data = {} if content is None else {"file": SimpleUploadedFile("x.csv", content)}
    assert client.post(reverse("desk:cash_files"), data).status_code == 422


def test_a_file_that_is_too_long_is_refused_beside_the_field(client: Client, settings: Any) -> None:
    settings.EFICASH_FILE_MAX_BYTES = 10
    accountant(client)
    answer = bring(client, b"x" * 11)
    assert answer.status_code == 422
    assert "trop long" in answer.content.decode()


def test_a_number_that_never_came_is_shown(client: Client) -> None:
    at_desk(client, cnous=True)
    read(return_file(number=3))
    read(return_file(number=5))
    assert "Des fichiers ne sont pas arrivés" in page(client, "cash_files")


def test_the_reading_is_stopped_and_resumed(client: Client) -> None:
    at_desk(client, cnous=True)
    kept = receive(return_file(took(issue())))
    ReturnFile.objects.update(status="reading", number=1, day="2026-08-28", lines_count=1)
    move = reverse("desk:cash_move", args=[kept.pk])
    assert "Arrêter la lecture" in page(client, "cash_file", kept.pk)
    for _turn in range(2):
        assert client.post(move, {"step": "stop"}).status_code == 302
    kept.refresh_from_db()
    assert kept.status == "stopped"
    assert "Reprendre la lecture" in page(client, "cash_file", kept.pk)
    client.post(move, {"step": "resume"})
    read_file(file_id=kept.pk, now=NOW)
    kept.refresh_from_db()
    assert kept.status == "read"


def test_an_unknown_reference_waits_at_the_national_desk_and_is_matched(client: Client) -> None:
    line, order = stray(), OrderFactory()
    accountant(client)
    assert "Une référence inconnue n’est d’aucun Crous" in page(client, "cash")
    assert client.get(reverse("desk:cash_line", args=[line.pk])).status_code == 404
    at_desk(client, cnous=True)
    assert "12345678901234567890" in page(client, "cash")
    here = reverse("desk:cash_line", args=[line.pk])
    assert client.post(here, {"deed": "match", "note": NOTE}).status_code == 422, "whose order?"
    answer = client.post(here, {"deed": "match", "note": NOTE, "order_number": "NOBODY"})
    assert (answer.status_code, "Aucune commande" in answer.content.decode()) == (422, True)
    for said in ("C’est rapproché", "C’était déjà fait"):
        answer = client.post(here, {"deed": "match", "note": NOTE, "order_number": order.number}, follow=True)
        assert said in answer.content.decode()
    with sold():
        settle_all()
    assert Order.objects.get(pk=order.pk).status == "paid"
    shown = page(client, "cash_line", line.pk)
    assert order.number in shown
    assert "paiement enregistré" in shown
    assert NOTE in shown
    assert breaches() == []
    assert_books_balance()


def test_another_amount_is_given_back_to_who_had_the_notice(client: Client) -> None:
    read(return_file(took(issue(), amount_cents=104_00)))
    line = Line.objects.get()
    accountant(client)
    shown = page(client, "cash_line", line.pk)
    assert "104,00 €" in shown
    assert "105,00 €" in shown
    here = reverse("desk:cash_line", args=[line.pk])
    answer = client.post(here, {"deed": "match", "note": NOTE, "order_number": line.notice.order.number})
    assert "n’attend pas cette somme" in answer.content.decode()
    assert client.post(here, {"deed": "give_back", "note": NOTE}).status_code == 302
    with sold():
        settle_all()
    assert Refund.objects.get().amount_cents == 104_00
    assert breaches() == []


def test_a_sum_that_is_not_ours_is_closed(client: Client) -> None:
    line = stray()
    at_desk(client, cnous=True)
    assert client.post(reverse("desk:cash_line", args=[line.pk]), {"deed": "close", "note": NOTE}).status_code == 302
    assert balance(ACCOUNT) == 0
    assert "Rien à faire" in page(client, "cash_line", line.pk)


def test_a_clash_can_only_be_closed(client: Client) -> None:
    first = took(issue())
    read(return_file(first, number=1))
    read(return_file(took(issue(), operation=first.operation), number=2))
    line = Line.objects.get(status="clash")
    accountant(client)
    shown = page(client, "cash_line", line.pk)
    assert "laquelle est vraie" in shown
    assert 'value="match"' not in shown
    here = reverse("desk:cash_line", args=[line.pk])
    assert client.post(here, {"deed": "match", "note": NOTE, "order_number": "X"}).status_code == 422
    assert client.post(here, {"deed": "close", "note": NOTE}).status_code == 302


def test_what_is_late_is_shown(client: Client) -> None:
    from datetime import date

    read(return_file(took(issue(), paid_on=date(2026, 3, 2))))
    accountant(client)
    assert "En retard" in page(client, "cash")


def test_the_pile_counts_what_waits_and_is_for_who_decides(client: Client) -> None:
    read(return_file(took(issue(), amount_cents=1)))
    accountant(client)
    assert re.search(r"Espèces à La Poste</a>.*?<span class=\"badge warn\">1</span>", page(client, "home"), re.DOTALL)
    sign_in(client, AgentFactory(rights=["desk:file:open"]))
    assert "Espèces à La Poste" not in page(client, "home")
    for name in ("cash", "cash_files"):
        assert client.get(reverse(f"desk:{name}")).status_code == 403


@pytest.mark.parametrize(("name", "most"), [("cash", 8), ("cash_files", 8), ("cash_line", 8), ("cash_file", 10)])
def test_each_page_takes_few_queries(client: Client, name: str, most: int, django_assert_max_num_queries: Any) -> None:
    kept = read(return_file(*(took(issue(), amount_cents=turn) for turn in range(1, 12))))
    accountant(client)
    args = {"cash_line": [Line.objects.first().pk], "cash_file": [kept.pk]}.get(name, [])
    client.get(reverse(f"desk:{name}", args=args))
    with django_assert_max_num_queries(most):
        client.get(reverse(f"desk:{name}", args=args))


def test_the_pages_speak_english(client: Client) -> None:
    kept = read(return_file(took(issue(), amount_cents=1)))
    accountant(client)
    client.cookies["language"] = "en"
    for name, args in (
        ("cash", []),
        ("cash_files", []),
        ("cash_file", [kept.pk]),
        ("cash_line", [kept.lines.get().pk]),
    ):
        shown = client.get(reverse(f"desk:{name}", args=args)).content.decode()
        assert not re.search(r"\b(sommes?|fichier|Lignes lues|guichet)\b", shown), name
