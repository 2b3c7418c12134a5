"""Money that leaves, at the desk: confirmed by a second person, signed by two, followed; each reading written."""

from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from messervices.desk.tests.factories import at_desk
from messervices.foundations.accounts.actions.open_account import add_code_factor
from messervices.foundations.accounts.models import User
from messervices.foundations.audit.models import Read
from messervices.foundations.payments.models import Refund
from messervices.foundations.payments.tests.factories import OrderFactory, pay_twice, sold
from messervices.foundations.payouts import actions
from messervices.foundations.payouts.actions import write_files
from messervices.foundations.payouts.models import BankAnswer, Payout, Run
from messervices.foundations.payouts.tests.factories import (
    IBANS,
    LYON,
    NOW,
    agent,
    cooled,
    drafted,
    give_back,
    hear,
    order,
    pain_002,
    paying_out,
    ready,
    released,
    sent,
    sign,
    student,
    tell,
)  # fmt: skip
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel import clock

pytestmark = pytest.mark.django_db
ALL = ["desk:file:open", "payouts:payout:see", "payouts:payout:approve", "payouts:run:prepare", "payouts:run:sign"]
LIST = reverse("desk:payouts")


@pytest.fixture(autouse=True)
def _service() -> Any:
    with paying_out() as service:
        yield service


def desk(client: Client, **traits: Any) -> User:
    """An agent who may do everything with payouts, signed in, proven just now."""
    user = at_desk(client, **({"rights": ALL} | traits))
    client.cookies["language"] = "fr"
    name = django_settings.SESSION_COOKIE_NAME
    store = import_module(django_settings.SESSION_ENGINE).SessionStore(client.cookies[name].value)
    store["account_authentication_methods"] = [
        {"method": method, "at": clock.now().timestamp(), "reauthenticated": True} for method in ("password", "mfa")
    ]
    store.save()
    return user


def text(answer: Any) -> str:
    return answer.content.decode().replace("\xa0", " ").replace("\u202f", " ")


def do(client: Client, payout: Payout, deed: str, **typed: str) -> Any:
    return client.post(reverse("desk:payout_do", args=[payout.uuid, deed]), typed, follow=True)


def test_an_empty_desk_says_so_everywhere(client: Client, django_assert_max_num_queries) -> None:
    desk(client)
    with django_assert_max_num_queries(9):
        page = text(client.get(LIST))
    for said in ("Rien à confirmer", "Rien n’est prêt", "Aucun lot", "Rien n’est revenu", "Rien n’attend"):
        assert said in page, said


def test_a_second_person_reads_why_reads_the_iban_and_confirms(client: Client) -> None:
    payout = order(tell(PersonFactory(), IBANS["fr"]), amount_cents=900_00)
    desk(client)
    assert "montant élevé, coordonnées bancaires récentes" in text(client.get(LIST))
    page = text(client.get(reverse("desk:payout", args=[payout.uuid])))
    assert "FR •••• 0189" in page
    assert IBANS["fr"] not in page.replace(" ", "")
    assert Read.objects.get(person_id=payout.person_id).what == "payout"
    assert IBANS["fr"] in text(do(client, payout, "iban")).replace(" ", "")
    assert Read.objects.filter(person_id=payout.person_id, what="iban").count() == 1
    assert "Confirmé" in text(do(client, payout, "approve"))
    assert "C’était déjà fait" in text(do(client, payout, "approve"))
    payout.refresh_from_db()
    assert payout.status == "ready"


def test_who_ordered_it_is_told_that_another_must_confirm(client: Client) -> None:
    user = desk(client)
    payout = order(cooled(), amount_cents=900_00, by=agent(user.pk))
    answer = do(client, payout, "approve")
    assert answer.status_code == 409
    assert "une autre personne doit confirmer" in text(answer)


def test_a_refusal_wants_a_reason(client: Client) -> None:
    payout = order(cooled(), amount_cents=900_00)
    desk(client)
    assert do(client, payout, "refuse", reason=" ").status_code == 422
    assert "Annulé" in text(do(client, payout, "refuse", reason="Montant à revoir avec le service."))
    payout.refresh_from_db()
    assert payout.status == "cancelled"


def test_a_blocked_account_is_lifted_by_one_and_confirmed_by_another(client: Client) -> None:
    details = cooled()
    details.person.crous_ids = [26]
    details.person.save(update_fields=["crous_ids"])
    payout = order(details)
    actions.freeze_own_details(by=student(details.person), now=NOW)
    desk(client)
    assert "Le compte est bloqué" in text(client.get(reverse("desk:payout", args=[payout.uuid])))
    assert "Débloqué" in text(do(client, payout, "lift", reason="Vue à l’accueil avec sa carte."))
    assert "une autre personne doit confirmer" in text(do(client, payout, "approve"))
    desk(client)
    assert "Confirmé" in text(do(client, payout, "approve"))


def test_a_run_is_prepared_signed_by_two_and_leaves(client: Client) -> None:
    ready(2)
    desk(client)
    assert "210,00 €" in text(client.get(LIST))
    page = client.post(reverse("desk:payout_prepare"), {"crous": "26"}, follow=True)
    assert "Les fichiers s’écrivent" in text(page)
    run = Run.objects.get()
    write_files(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    here, signing = reverse("desk:payout_run", args=[run.pk]), reverse("desk:payout_run_do", args=[run.pk, "sign"])
    digest = bytes(run.digest).hex()
    assert "Signer ce lot" in text(client.get(here))
    assert client.post(signing, {"digest": "0" * 64}, follow=True).status_code == 409
    assert "Signé." in text(client.post(signing, {"digest": digest}, follow=True))
    assert "Vous avez déjà signé" in text(client.post(signing, {"digest": digest}, follow=True))
    assert "Vous avez signé" in text(client.get(here))
    desk(client)
    client.post(signing, {"digest": digest})
    run.refresh_from_db()
    assert run.status == "released"
    assert "Aucun virement n’est prêt" in text(
        client.post(reverse("desk:payout_prepare"), {"crous": "26"}, follow=True)
    )


def test_a_signature_wants_a_fresh_proof(client: Client) -> None:
    ready()
    run = drafted()
    add_code_factor(user=at_desk(client, rights=ALL), secret="JBSWY3DPEHPK3PXP", now=NOW)
    answer = client.post(reverse("desk:payout_run_do", args=[run.pk, "sign"]), {"digest": bytes(run.digest).hex()})
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not run.signatures.exists()


def test_a_file_is_taken_said_to_be_at_the_bank_or_not(client: Client) -> None:
    ready()
    run = released()
    file = run.files.get()
    desk(client)
    taken = client.post(reverse("desk:payout_run_do", args=[run.pk, "take"]), {"file": file.pk})
    assert taken["Content-Type"] == "application/xml"
    assert file.pk in taken["Content-Disposition"]
    assert taken.content.startswith(b"<?xml")
    drop = client.post(reverse("desk:payout_run_do", args=[run.pk, "drop"]), {"reason": "À refaire entièrement."})
    assert drop.status_code == 409
    said = client.post(reverse("desk:payout_run_do", args=[run.pk, "handed"]), {"file": file.pk}, follow=True)
    assert "à la banque" in text(said)
    assert client.post(reverse("desk:payout_run_do", args=[run.pk, "take"]), {"file": "MSVOTHER"}).status_code == 404
    assert client.post(reverse("desk:payout_run_do", args=[run.pk, "nothing"]), {}).status_code == 404


def test_a_file_that_the_bank_did_not_take_gives_its_payouts_back(client: Client) -> None:
    ready()
    run = released()
    file = run.files.get().pk
    desk(client)
    client.post(reverse("desk:payout_run_do", args=[run.pk, "take"]), {"file": file})
    where = reverse("desk:payout_run_do", args=[run.pk, "not_taken"])
    assert client.post(where, {"file": file, "reason": ""}).status_code == 422
    client.post(where, {"file": file, "reason": "Le portail l’a refusé."})
    assert Payout.objects.get().status == "ready"


def test_a_run_is_given_up_with_a_reason(client: Client) -> None:
    ready()
    run = drafted()
    desk(client)
    where = reverse("desk:payout_run_do", args=[run.pk, "drop"])
    assert client.post(where, {"reason": ""}).status_code == 422
    assert "Abandonné" in text(client.post(where, {"reason": "Un virement est à revoir."}, follow=True))


def test_what_came_back_says_why_and_may_be_ordered_again(client: Client) -> None:
    payout = ready()[0]
    sent()
    give_back(f"{payout.number}-1", "AM04")
    desk(client)
    assert "n’était pas assez approvisionné" in text(client.get(LIST))
    assert "Relancé" in text(do(client, payout, "again", reason="Le compte est approvisionné."))
    payout.refresh_from_db()
    assert payout.status == "ready"


def test_an_answer_is_handed_in_and_one_that_nothing_explains_is_filed(client: Client) -> None:
    ready()
    run = sent()
    raw = pain_002(run.files.get().pk, lines={"NOBODY-1": ("RJCT", "AC04")})
    desk(client)

    def hand_in(content: bytes) -> str:
        upload = SimpleUploadedFile("answer.xml", content, content_type="application/xml")
        return text(client.post(reverse("desk:payout_hand_in"), {"file": upload}, follow=True))

    assert "Réponse reçue" in hand_in(raw)
    assert "déjà là" in hand_in(raw)
    assert "Ce fichier est vide" in hand_in(b"")
    answer = BankAnswer.objects.get()
    actions.read_answer(answer_id=str(answer.pk), now=NOW)
    where = reverse("desk:payout_answer", args=[answer.pk])
    assert "1 virement inconnu" in text(client.get(where))
    assert client.post(where, {"reason": ""}).status_code == 422
    assert "C’est classé" in text(client.post(where, {"reason": "Vu avec la banque."}, follow=True))


def test_the_pile_of_the_home_counts_what_waits(client: Client) -> None:
    order(cooled(), amount_cents=900_00)
    ready()
    drafted()
    desk(client)
    page = client.get(reverse("desk:home")).content.decode()
    assert reverse("desk:payouts") in page
    assert '<span class="badge warn">2</span>' in page


def test_another_crous_and_who_has_no_right_find_nothing(client: Client) -> None:
    payout = order(cooled(), amount_cents=900_00)
    ready()
    run = drafted()
    hear(pain_002("MSVNOBODY", group="RJCT"))
    desk(client, crous_ids=[LYON])
    assert payout.number not in text(client.get(LIST))
    for name, args in (("payout", payout.uuid), ("payout_run", run.pk), ("payout_answer", BankAnswer.objects.get().pk)):
        assert client.get(reverse(f"desk:{name}", args=[args])).status_code == 404
    assert client.post(reverse("desk:payout_prepare"), {"crous": "26"}).status_code == 404
    desk(client, rights=["payouts:payout:see"])
    assert client.get(LIST).status_code == 200
    for name, args in (("payout_do", [payout.uuid, "approve"]), ("payout_prepare", []), ("payout_hand_in", [])):
        assert client.post(reverse(f"desk:{name}", args=args)).status_code == 403
    assert "Signer ce lot" not in text(client.get(reverse("desk:payout_run", args=[run.pk])))
    at_desk(client)
    assert client.get(LIST).status_code == 403


def test_a_surplus_that_the_card_refused_is_moved_from_its_page(client: Client) -> None:
    with sold():
        refund = pay_twice(OrderFactory())
    Refund.objects.update(status="failed", ended_at=NOW)
    desk(client, rights=[*ALL, "payments:event:close", "payments:refund:retry"])
    where = reverse("desk:refund_transfer", args=[refund.pk])
    assert "il vient de lui être demandé" in text(client.post(where, follow=True))
    cooled(refund.capture.order.person)
    assert "par virement" in text(client.post(where, follow=True))
    assert Payout.objects.get().amount_cents == 105_00


def test_signed_by_a_first_agent_it_waits_for_the_other(client: Client) -> None:
    ready()
    run = drafted()
    sign(run, agent(7))
    desk(client)
    page = text(client.get(reverse("desk:payout_run", args=[run.pk])))
    assert "Agent 7" in page
    assert "Signer ce lot" in page
