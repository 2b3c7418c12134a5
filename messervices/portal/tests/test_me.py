"""What the platform knows, what happened, who looked, what was written."""

from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from messervices.foundations.audit import actions as audit
from messervices.foundations.notifications.models import Message
from messervices.foundations.notifications.states import MailStatus
from messervices.kernel.actor import Actor
from messervices.portal.tests.factories import NOW, UserFactory, known_student, signed_in

pytestmark = pytest.mark.django_db

PAGES = ("/me/", "/me/history", "/me/reads", "/me/messages")


@pytest.fixture
def words(tmp_path: Path, settings: object) -> str:
    """A kind of message whose words exist for the test only."""
    folder = tmp_path / "portal_test" / "mail"
    folder.mkdir(parents=True)
    (folder / "hello.subject").write_text("Bonjour {{ name }}")
    (folder / "hello.txt").write_text("Ligne un.\n\nLigne {{ name }}.")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]  # type: ignore[attr-defined]
    loaders = settings.TEMPLATES[0]["OPTIONS"]["loaders"][0][1]  # type: ignore[attr-defined]
    options = {
        **settings.TEMPLATES[0]["OPTIONS"],  # type: ignore[attr-defined]
        "loaders": ["django.template.loaders.filesystem.Loader", *loaders],
    }
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": options}]  # type: ignore[attr-defined]
    return "portal_test.hello"


def a_message(person_id: int, kind: str, name: str = "Lina") -> Message:
    return Message.objects.create(
        person_id=person_id, kind=kind, params={"name": name}, created_at=NOW, mail_status=MailStatus.NONE
    )


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_me_is_for_its_student_only(client: Client, path: str) -> None:
    assert client.get(path)["Location"].startswith("/account/login")
    assert signed_in(UserFactory.create()).get(path)["Location"] == reverse("portal:identity")
    assert signed_in(known_student()).get(path).status_code == 200
    assert signed_in(UserFactory.create(establishment=True)).get(path).status_code == 403


def test_every_fact_shows_its_value_source_and_date() -> None:
    html = signed_in(known_student(ine="061234567AB")).get("/me/").content.decode()
    for shown in ("Benali", "Lina Sarah", "Saint-Germain-en-Laye, France", "Algérie", "Madame", "0612 3456 7AB"):
        assert shown in html
    assert html.count("Vous, 28") >= 7


def test_who_looked_is_told_with_office_reason_and_date() -> None:
    user = known_student()
    agent = Actor(kind="agent", user_id=1, label="M. Duval", crous_ids=(26,))
    with transaction.atomic():
        audit.record_read(
            by=agent, person_id=user.person_id or 0, crous_id=26, what="desk.person", reason="Conflit d’INE", now=NOW
        )
    html = signed_in(user).get("/me/reads").content.decode()
    for shown in ("M. Duval", "Conflit d’INE", "Crous", "28\u00a0août 2026"):
        assert shown in html
    assert "M. Duval" not in signed_in(known_student()).get("/me/reads").content.decode()


def test_a_reason_of_the_platform_is_told_in_the_language_of_the_page() -> None:
    user = known_student()
    by, why = Actor(kind="agent", user_id=1, label="M. Duval", crous_ids=(26,)), "Téléchargement d’un document"
    audit.record_read(
        by=by, person_id=user.person_id or 0, crous_id=26, what="documents.document:1", reason=why, now=NOW
    )
    client = signed_in(user)
    assert why in client.get("/me/reads").content.decode()
    client.cookies["language"] = "en"
    assert "Download of a document" in client.get("/me/reads").content.decode()


def test_a_message_is_read_when_it_is_opened(words: str) -> None:
    user = known_student()
    message = a_message(user.person_id or 0, words)
    client = signed_in(user)
    assert "1 message non lu" in client.get("/me/messages").content.decode()
    assert "Bonjour Lina" in client.get("/").content.decode()
    client.head(f"/me/messages/{message.pk}")
    assert Message.objects.get(pk=message.pk).read_at is None
    html = client.get(f"/me/messages/{message.pk}").content.decode()
    assert "<p>Ligne Lina.</p>" in html
    assert Message.objects.get(pk=message.pk).read_at is not None
    assert "Tout est lu" in client.get("/me/messages").content.decode()


def test_somebody_elses_message_does_not_exist(words: str) -> None:
    message = a_message(known_student().person_id or 0, words)
    assert signed_in(known_student()).get(f"/me/messages/{message.pk}").status_code == 404


def test_the_words_of_a_message_are_escaped(words: str) -> None:
    user = known_student()
    message = a_message(user.person_id or 0, words, name="<script>alert(1)</script>")
    client = signed_in(user)
    for path in ("/", "/me/messages", f"/me/messages/{message.pk}"):
        assert "<script>alert" not in client.get(path).content.decode()
