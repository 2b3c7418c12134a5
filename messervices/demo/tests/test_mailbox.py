from datetime import UTC, datetime

import pytest
import time_machine
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from messervices.demo import mailbox
from messervices.foundations.notifications.models import Message, Sms
from messervices.foundations.notifications.providers.answer import Answer, Said
from messervices.foundations.students.tests.factories import NOW, PersonFactory, user_of

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


def test_a_mail_handed_over_twice_is_one(box):
    message = EmailMultiAlternatives("Une", "x", "a@b.example", ["c@d.example"], headers={"Message-ID": "<1@x>"})
    assert mailbox.Backend().send_messages([message, message]) == 2
    assert len(mailbox.newest()) == 1
    assert mailbox.Backend.idempotent


def test_an_sms_is_carried_once_and_can_be_asked_about():
    carrier = mailbox.Sms()
    assert carrier.ask("sms-1") == Answer(Said.LATER)
    for _turn in range(2):
        answer = carrier.send(to="+33612345678", text="MesServices : x", reference="sms-1")
        assert answer.said == Said.TAKEN
    assert carrier.ask("sms-1") == answer
    (found,) = mailbox.newest()
    assert (found.to, found.text, found.reference) == ("+33612345678", "MesServices : x", "sms-1")


def test_the_page_of_a_mail_shows_it_in_a_frame_with_its_headers(client):
    send()
    found = mailbox.newest()[0]
    answer = client.get(reverse("demo:mail", args=[found.name]))
    page = answer.content.decode()
    assert f'src="{reverse("demo:html", args=[found.name])}"' in page
    assert 'sandbox="allow-top-navigation-by-user-activation"' in page
    assert "frame-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "Message-ID" in page


def test_the_html_of_a_mail_may_do_nothing_but_be_looked_at_by_us(client):
    send()
    answer = client.get(reverse("demo:html", args=[mailbox.newest()[0].name]))
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "sandbox allow-top-navigation-by-user-activation" in policy
    assert "script" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "<p>Bonjour</p>" in answer.content.decode()


def test_a_mail_without_html_and_an_sms_have_no_frame(client):
    mailbox.Sms().send(to="+33612345678", text="MesServices <b> http://testserver/me/", reference="sms-1")
    name = mailbox.newest()[0].name
    assert client.get(reverse("demo:html", args=[name])).status_code == 404
    page = client.get(reverse("demo:mail", args=[name])).content.decode()
    assert "iframe" not in page
    assert "&lt;b&gt;" in page
    assert 'href="http://testserver/me/"' in page
    assert client.get(reverse("demo:attachment", args=[name, 0])).status_code == 404


def test_the_list_is_filtered_by_person_sms_included(client, django_assert_num_queries):
    person = PersonFactory()
    message = Message.objects.create(
        person=person, kind="desk.ine_kept", created_at=NOW, mail_status="none", urgent=True
    )
    Sms.objects.create(message=message, person=person, status="sent", sent_at=NOW, reference="sms-9", created_at=NOW)
    send("Pour Lina")
    mailbox.Sms().send(to="+33612345678", text="Pour lui", reference="sms-9")
    with django_assert_num_queries(2):
        everything = client.get(reverse("demo:mails")).content.decode()
    assert "Pour Lina" in everything
    assert "Pour lui" in everything
    email = user_of(person).email
    assert f'<option value="{email}">' in everything
    his = client.get(reverse("demo:mails"), {"to": email}).content.decode()
    assert "Pour lui" in his
    assert "Pour Lina" not in his
    assert "Pour Lina" in client.get(reverse("demo:mails"), {"to": "nobody@x.example"}).content.decode()
