from datetime import UTC, datetime

import pytest
import time_machine
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from messervices.demo import mailbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def box(settings, tmp_path):
    settings.DEMO_MAILBOX = tmp_path / "mail"
    return settings.DEMO_MAILBOX


def send(subject="Votre lien", text="Ouvrez http://testserver/account/confirm/abc/ puis revenez.", files=()):
    message = EmailMultiAlternatives(subject, text, "a@messervices.example", ["lina@etudiant.example"])
    message.attach_alternative("<p>Bonjour</p>", "text/html")
    for name, content, media_type in files:
        message.attach(name, content, media_type)
    return mailbox.Backend().send_messages([message])


def test_a_mail_becomes_one_whole_file(box):
    assert send() == 1
    assert [path.suffix for path in box.iterdir()] == [".eml"]


def test_they_are_listed_newest_first_with_accents_and_all():
    with time_machine.travel(datetime(2026, 9, 1, 8, tzinfo=UTC)) as traveller:
        send("Première")
        traveller.shift(60)
        send("Deuxième")
    found = mailbox.newest()
    assert [one.subject for one in found] == ["Deuxième", "Première"]
    assert found[0].at == datetime(2026, 9, 1, 8, 1, tzinfo=UTC) or found[0].at.minute == 1
    assert found[0].to == "lina@etudiant.example"
    assert found[0].html.strip() == "<p>Bonjour</p>"


def test_two_mails_of_one_instant_are_two():
    with time_machine.travel(datetime(2026, 9, 1, 8, tzinfo=UTC), tick=False):
        send("Une")
        send("Deux")
    assert len(mailbox.newest()) == 2


def test_links_can_be_followed_and_what_is_no_link_is_text(client):
    send(text="<script>alert(1)</script> http://testserver/account/confirm/abc/")
    page = client.get(reverse("demo:mail", args=[mailbox.newest()[0].name])).content.decode()
    assert 'href="http://testserver/account/confirm/abc/"' in page
    assert "<script>alert" not in page


def test_attachments_are_downloads(client):
    send(files=[("VER6.pdf", b"%PDF-1.7", "application/pdf")])
    found = mailbox.newest()[0]
    assert found.files == ("VER6.pdf",)
    response = client.get(reverse("demo:attachment", args=[found.name, 0]))
    assert response.content == b"%PDF-1.7"
    assert response.headers["Content-Disposition"] == 'attachment; filename="VER6.pdf"'
    assert client.get(reverse("demo:attachment", args=[found.name, 1])).status_code == 404


@pytest.mark.parametrize("name", ["nothing", "..", "%2e%2e%2fsecret", "20260901080000000000-abcdefabcdef"])
def test_no_other_file_can_be_read(client, box, name):
    box.parent.joinpath("secret.eml").write_text("Subject: secret")
    assert client.get(f"/demo/mail/{name}/").status_code == 404
    assert mailbox.mail("../secret") is None


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_empty_box_and_a_full_one_are_shown(client, language):
    client.cookies["language"] = language
    assert client.get(reverse("demo:mails")).status_code == 200
    send()
    assert "lina@etudiant.example" in client.get(reverse("demo:mails")).content.decode()
