"""The addresses: a grant takes files in, a signed address gives them out, each to one account alone."""

import io
import re
import time
from datetime import timedelta
from unittest import mock

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from PIL import Image

from messervices.foundations.accounts.models import User
from messervices.foundations.audit import actions as audit
from messervices.foundations.audit.models import Read
from messervices.foundations.audit.states import OPEN_FILE
from messervices.foundations.documents import actions, selectors
from messervices.foundations.documents.models import Paper, Upload
from messervices.foundations.documents.providers import jail
from messervices.foundations.documents.selectors import Place, folder_of
from messervices.foundations.documents.states import SHOWN
from messervices.foundations.documents.tests import honest
from messervices.foundations.documents.tests.factories import (
    OTHER,
    PICTURES,
    STAY,
    SUBJECT,
    grant_of,
    hand_in,
    proof,
    withdraw,
)  # fmt: skip
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import PersonFactory, UserFactory, student, user_of
from messervices.kernel import clock
from messervices.kernel.actor import Actor
from messervices.kernel.errors import ProviderUnavailable

pytestmark = pytest.mark.django_db
SCRIPT = {"HTTP_HX_REQUEST": "true"}
BACK = "/cvec/2026-2027/"


def sign_in(client: Client, user: User) -> Client:
    """Open a session, with a second factor."""
    client.force_login(user)
    session = client.session
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [{"method": name, "at": 0} for name in ("password", "mfa")]
    session.save()
    return client


@pytest.fixture
def lina() -> Person:
    return PersonFactory()


@pytest.fixture
def browser(lina: Person) -> Client:
    return sign_in(Client(), user_of(lina))


def folder(person: Person, **how: object) -> list[Place]:
    said = {
        "subject": SUBJECT, "person_id": person.pk, "crous_id": 26, "slots": [STAY, OTHER], "return_path": BACK,
    } | how  # fmt: skip
    return folder_of(student(user_of(person)), **said)  # type: ignore[arg-type]  # handed on


def given(name: str, content: bytes, kind: str = "application/octet-stream") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, kind)


def page(answer: HttpResponse) -> str:
    return answer.content.decode()


def part(person: Person, **how: object) -> str:
    request = RequestFactory().get("/")
    request.csp_nonce = "n"  # type: ignore[attr-defined]  # as the middleware gives it
    return render_to_string("documents/uploads.html", {"folder": folder(person, **how)}, request)


# Taking in ------------------------------------------------------------------------------------------------------------


def test_several_files_at_once_go_into_the_slot_and_lead_back_to_the_request(browser: Client, lina: Person) -> None:
    place = folder(lina)[0]
    files = [given("recto.jpg", PICTURES[0]), given("verso.jpg", PICTURES[1])]
    answer = browser.post(place.url, {"files": files})
    assert (answer.status_code, answer["Location"]) == (302, f"{BACK}#slot-titre_sejour")
    first, second = Upload.objects.order_by("pk")
    assert (first.name, first.slot, first.identity, first.purpose) == ("recto.jpg", STAY.code, True, STAY.purpose)
    assert (first.crous_id, first.person_id, second.name) == (26, lina.pk, "verso.jpg")
    browser.post(place.url, {"files": given("recto.jpg", PICTURES[0])})
    assert Upload.objects.count() == 2


def test_a_bad_file_is_said_beside_its_name_and_does_not_stop_the_others(browser: Client, lina: Person) -> None:
    place = folder(lina)[0]
    files = [given("virus<b>.pdf", b"MZ"), given("bon.pdf", honest.pdf(), "text/html"), given("vide.pdf", b" ")]
    answer = browser.post(place.url, {"files": files})
    said = page(answer)
    assert answer.status_code == 422
    assert "virus&lt;b&gt;.pdf" in said
    assert said.count("ni un PDF ni une photo") == 2
    assert [upload.name for upload in Upload.objects.all()] == ["bon.pdf"]
    assert f"{BACK}#slot-titre_sejour" in said
    assert said.count("<h1") == 1


def test_nothing_chosen_is_said_too(browser: Client, lina: Person) -> None:
    assert browser.post(folder(lina)[0].url).status_code == 422


def test_the_script_is_answered_with_the_slot_alone(browser: Client, lina: Person) -> None:
    place = folder(lina)[0]
    answer = browser.post(place.url, {"files": given("a.png", PICTURES[0])}, **SCRIPT)
    said = page(answer)
    assert answer.status_code == 200
    assert "<html" not in said
    assert "data-waiting" in said
    assert "Vérification…" in said
    actions.check_upload(Upload.objects.get().pk, clock.now())
    asked = page(browser.get(place.url, **SCRIPT))
    assert "data-waiting" not in asked
    assert f'<img src="{reverse("documents:preview", args=[Paper.objects.get().uuid])}"' in asked
    refused = browser.post(place.url, {"files": given("b.exe", b"MZ")}, **SCRIPT)
    assert refused.status_code == 200
    assert 'role="alert"' in page(refused)


def test_a_file_is_replaced_and_withdrawn_from_its_row(browser: Client, lina: Person) -> None:
    upload = proof(lina, PICTURES[0]).upload
    grant = grant_of(upload.paper)
    swap = reverse("documents:replace", args=[grant, upload.uuid])
    assert browser.post(swap, {"file": given("b.png", PICTURES[1])}).status_code == 302
    new = Upload.objects.exclude(pk=upload.pk).get()
    assert browser.post(swap, {"file": given("c.png", PICTURES[2])}).status_code == 422
    assert browser.post(swap).status_code == 302, "nothing chosen, nothing changed"
    away = reverse("documents:withdraw", args=[grant, new.uuid])
    for _turn in range(2):
        assert browser.post(away).status_code == 302
    assert not Upload.objects.filter(status__in=SHOWN).exists()
    gone = browser.post(reverse("documents:withdraw", args=[grant, upload.uuid]), **SCRIPT)
    assert "déjà été retiré" in page(gone)


def test_a_grant_is_for_one_account_and_nobody_elses(browser: Client, lina: Person) -> None:
    url = folder(lina)[0].url
    stranger = sign_in(Client(), user_of(PersonFactory()))
    officer = sign_in(Client(), UserFactory(agent=True, rights=[OPEN_FILE]))
    for client in (stranger, officer):
        assert client.get(url).status_code == 404
        assert client.post(url, {"files": given("a.png", PICTURES[0])}).status_code == 404
    nobody = Client().get(url)
    assert nobody.status_code == 302
    assert nobody["Location"].startswith("/account/login/")
    for forged in (url[:-2], url + "x", reverse("documents:uploads", args=[signing.dumps({"person_id": lina.pk})])):
        assert browser.get(forged).status_code == 404
    assert not Upload.objects.exists()


def test_a_grant_of_yesterday_asks_to_open_the_page_again(browser: Client, lina: Person) -> None:
    url = folder(lina)[0].url
    with mock.patch("django.core.signing.time.time", return_value=time.time() + 13 * 3600):
        answer = browser.get(url)
    assert answer.status_code == 409
    assert BACK in page(answer)
    assert "Rouvrir la page" in page(answer)


def test_a_closed_folder_offers_nothing_and_takes_nothing(browser: Client, lina: Person) -> None:
    url = folder(lina)[0].url
    hand_in(lina)
    actions.close_folder(subject=SUBJECT, person_id=lina.pk, crous_id=26, now=clock.now())
    answer = browser.post(url, {"files": given("a.png", PICTURES[0])})
    assert answer.status_code == 422
    assert "Votre demande est partie" in page(answer)
    said = part(lina)
    assert "Relevé.pdf" in said
    assert "<form" not in said
    assert "<form" not in part(lina, subject="test.request:2", is_open=False)


def test_a_full_slot_says_so_and_no_longer_offers_to_add(browser: Client, lina: Person) -> None:
    url = folder(lina)[1].url
    for place in (0, 1):
        browser.post(url, {"files": given("a.png", PICTURES[place])})
    answer = browser.post(url, {"files": given("c.png", PICTURES[2])})
    assert answer.status_code == 422
    assert "déjà déposé 2 fichiers" in page(answer)
    assert "data-add" not in page(answer)


def test_the_part_of_a_page_costs_two_queries_and_speaks_both_languages(lina: Person) -> None:
    proof(lina, PICTURES[0], subject=SUBJECT)
    hand_in(lina, b"%PDF-1.7\nno\n%%EOF\n", name="cassé.pdf")
    actions.check_upload(Upload.objects.latest("pk").pk, clock.now())
    actor = student(user_of(lina))
    with CaptureQueriesContext(connection) as queries:
        places = folder_of(
            actor, subject=SUBJECT, person_id=lina.pk, crous_id=26, slots=[STAY, OTHER], return_path=BACK
        )
        assert [len(place.uploads) for place in places] == [2, 0]
    assert len(queries) == 2
    said = part(lina)
    assert "Titre de séjour" in said
    assert "il ne s’ouvre pas" in said
    assert said.count("multiple") == 2
    assert 'capture="environment"' in said
    with translation.override("en"):
        english = part(lina)
    assert "it does not open" in english
    assert "Remplacer" not in english
    assert len(re.findall(r'id="([^"]+)"', said)) == len(set(re.findall(r'id="([^"]+)"', said)))
    assert "raw" not in "".join(query["sql"].partition(" FROM ")[0] for query in queries)


# A body too large -----------------------------------------------------------------------------------------------------


def test_a_body_too_large_gets_a_calm_page_and_is_read_by_nobody(browser: Client, lina: Person, settings) -> None:
    settings.BODY_MAX_BYTES = 100_000
    url = folder(lina)[0].url
    for language, word in (("fr", "C’est trop lourd"), ("en", "That is too big")):
        browser.cookies["language"] = language
        answer = browser.post(url, {"files": given("a.jpg", bytes(200_000))})
        assert answer.status_code == 413
        assert word in page(answer)
    assert not Upload.objects.exists()


def test_more_files_than_a_form_may_hold_are_a_bad_request_not_a_crash(browser: Client, lina: Person) -> None:
    files = [given(f"{place}.png", PICTURES[0]) for place in range(30)]
    assert browser.post(folder(lina)[0].url, {"files": files}).status_code == 400


# Giving out -----------------------------------------------------------------------------------------------------------


def test_a_proof_is_given_by_an_address_of_a_minute_to_be_saved(browser: Client, lina: Person) -> None:
    paper = proof(lina, name="Relevé.exe")
    asked = browser.get(reverse("documents:paper", args=[paper.uuid]))
    assert asked.status_code == 302
    answer = browser.get(asked["Location"])
    assert answer.content == bytes(paper.content or b"")
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''Relev%C3%A9.pdf")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
    assert (answer["X-Content-Type-Options"], answer["Content-Type"]) == ("nosniff", "application/pdf")
    assert "no-store" in answer["Cache-Control"]
    with mock.patch("django.core.signing.time.time", return_value=time.time() + 61):
        late = browser.get(asked["Location"])
    assert late.status_code == 409
    assert "une minute" in page(late)
    assert not Read.objects.exists()


def test_the_address_of_a_minute_is_good_for_its_session_alone(browser: Client, lina: Person) -> None:
    address = browser.get(reverse("documents:paper", args=[proof(lina).uuid]))["Location"]
    again, stranger = sign_in(Client(), user_of(lina)), sign_in(Client(), user_of(PersonFactory()))
    for client in (again, stranger, Client()):
        assert client.get(address).status_code == 404
    assert browser.get(address[:-1] + ("A" if address[-1] != "A" else "B")).status_code == 404
    assert browser.get(address).status_code == 200


def test_a_picture_is_shown_within_the_page_and_a_pdf_never(browser: Client, lina: Person) -> None:
    picture, text = proof(lina, PICTURES[0]), proof(lina, subject="test.proof:pdf")
    answer = browser.get(reverse("documents:preview", args=[picture.uuid]), follow=True)
    assert answer["Content-Disposition"].startswith("inline")
    assert answer["Content-Type"] == "image/png"
    assert browser.get(reverse("documents:preview", args=[text.uuid])).status_code == 404


def test_what_is_not_clean_or_no_longer_there_cannot_be_read(browser: Client, lina: Person) -> None:
    waiting, paper = hand_in(lina), proof(lina)
    assert browser.get(reverse("documents:paper", args=[waiting.uuid])).status_code == 404
    address = browser.get(reverse("documents:paper", args=[paper.uuid]))["Location"]
    withdraw(paper.upload)
    assert browser.get(address).status_code == 404
    assert browser.get(reverse("documents:paper", args=[paper.uuid])).status_code == 404


def officer_of(person: Person, *, opens: bool = True, ago: timedelta = timedelta()) -> Client:
    """An agent of the person's Crous, who opened their file."""
    user = UserFactory(agent=True, rights=[OPEN_FILE])
    if opens:
        by = Actor(kind="agent", user_id=user.pk, label=user.label, crous_ids=(26,))
        audit.record_read(by=by, person_id=person.pk, crous_id=26, what="file", reason="Visite", now=clock.now() - ago)
    return sign_in(Client(), user)


def test_an_agents_reading_is_written_and_the_copy_of_an_identity_paper_is_marked(lina: Person) -> None:
    marked = proof(lina, honest.picture("JPEG"), identity=True, purpose=STAY.purpose)
    plain = proof(lina, honest.picture("PNG"), subject="test.proof:plain")
    officer = officer_of(lina)
    copy = officer.get(reverse("documents:paper", args=[marked.uuid]), follow=True).content
    shown = officer.get(reverse("documents:preview", args=[marked.uuid]), follow=True).content
    assert copy == shown != bytes(marked.content or b"")
    assert Image.open(io.BytesIO(copy)).size == (640, 480)
    free = officer.get(reverse("documents:paper", args=[plain.uuid]), follow=True).content
    assert free == bytes(plain.content or b"")
    assert list(Read.objects.exclude(what="file").order_by("pk").values_list("what", flat=True)) == [
        f"documents.paper:{marked.pk}", f"documents.paper:{marked.pk}", f"documents.paper:{plain.pk}",
    ]  # fmt: skip


def test_the_mark_says_for_whom_what_for_and_when(lina: Person) -> None:
    paper = proof(lina, identity=True, purpose=STAY.purpose)
    now = clock.now()
    with mock.patch.object(jail, "marked", return_value=b"x") as marked:
        actions.copy_for(Actor(kind="agent", user_id=1, crous_ids=(26,)), paper, now)
        actions.copy_for(Actor(kind="agent", user_id=1, national=True), paper, now)
        actions.copy_for(student(user_of(lina)), paper, now)
    said = [call.args[2] for call in marked.call_args_list]
    assert said[0].startswith("Copie pour le Crous de Versailles – exonération de CVEC – ")
    assert said[1].startswith("Copie pour le Cnous – ")
    assert len(said) == 2


def test_without_its_mark_no_copy_leaves(lina: Person) -> None:
    paper = proof(lina, identity=True)
    officer = officer_of(lina)
    with mock.patch.object(jail, "marked", side_effect=ProviderUnavailable("documents.jail")):
        assert officer.get(reverse("documents:paper", args=[paper.uuid]), follow=True).status_code == 503


def test_an_agent_who_did_not_open_the_file_meets_nothing_there(lina: Person) -> None:
    paper = proof(lina)
    address = reverse("documents:paper", args=[paper.uuid])
    for officer in (
        officer_of(lina, opens=False),
        officer_of(lina, ago=timedelta(hours=2)),
        officer_of(PersonFactory()),
    ):
        assert officer.get(address).status_code == 404
    assert not Read.objects.exclude(what="file").exists()
    assert selectors.papers_of(lina.pk).exists()
