"""Every page of this room is ours, in both languages, and holds nothing that the content policy would stop."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
from django.views.generic.base import TemplateResponseMixin

from messervices.foundations.accounts import urls
from messervices.foundations.accounts.tests.factories import OUTBOX, UserFactory, Written
from messervices.foundations.accounts.tests.test_entrance import path_of, sign_in, sign_up

pytestmark = pytest.mark.django_db

OPEN = ["account_login", "account_signup", "account_signup_by_passkey", "account_email_verification_sent",
        "account_reset_password", "account_reset_password_done", "account_reset_password_from_key_done",
        "account_inactive"]  # fmt: skip
OWN = ["account_home", "account_change_password", "account_email", "account_sessions", "account_logout",
       "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn"]  # fmt: skip
MAILS = {
    "confirm": {"url": "https://x.example/1"},
    "exists": {
        "sign_in_url": "https://x.example/1",
        "reset_url": "https://x.example/2",
        "confirm_url": "https://x.example/3",
    },
    "unknown": {"url": "https://x.example/1"},
    "reset": {"url": "https://x.example/1"},
    "notice": {"url": "https://x.example/1", "sentence": "Ceci a changé.", "at": "2026-09-01T08:00:00+00:00"},
    "change_old": {"url": "https://x.example/1", "new_email": "a@etudiant.example"},
    "change_new": {"url": "https://x.example/1"},
    "change_taken": {},
    "changed_email": {"at": "2026-09-01T08:00:00+00:00"},
}


def check(response, language, path=""):
    text = response.content.decode()
    assert response.status_code == 200, (path, response.status_code)
    assert f'<html lang="{language}"' in text, path
    assert not re.search(r"\sstyle=|\son\w+=\"|<style|<script(?![^>]*(src|application/json))", text), path
    assert "{{" not in text, path
    assert "{%" not in text, path
    return text


def test_every_view_shows_a_template_of_ours():
    for pattern in urls.urlpatterns:
        view = getattr(pattern.callback, "view_class", None)
        if view and issubclass(view, TemplateResponseMixin) and view.template_name:
            assert pattern.name == "mfa_login_webauthn" or view.template_name.startswith("accounts/"), pattern.name
            if pattern.name != "mfa_login_webauthn":
                get_template(view.template_name)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", OPEN)
def test_pages_for_everybody(client, language, name):
    client.cookies["language"] = language
    check(client.get(reverse(name)), language, name)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", OWN)
def test_pages_for_who_is_signed_in(client, language, name):
    sign_in(client, UserFactory().email)
    client.cookies["language"] = language
    text = check(client.get(reverse(name)), language, name)
    if language == "en":
        assert not re.search(r"\b(votre|vous|mot de passe)\b", text.lower()), "a sentence is not translated"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_that_need_a_link(client, mails, language):
    client.cookies["language"] = language
    sign_up(client)
    check(client.get(reverse("account_email_verification_sent")), language)
    link = path_of(mails[-1].params["url"])
    check(client.get(link), language)
    elsewhere = Client()
    elsewhere.cookies["language"] = language
    check(elsewhere.get(link), language)
    elsewhere.post(reverse("account_reset_password"), {"email": "lina.benali@etudiant.example"})
    check(elsewhere.get(path_of(mails[-1].params["url"]), follow=True), language)
    check(elsewhere.get("/account/password/reset/1-xx/"), language)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_of_factors(client, language):
    user = UserFactory()
    sign_in(client, user.email)
    client.cookies["language"] = language
    key = Authenticator.objects.create(user=user, type="webauthn", data={"name": "Mac", "credential": {}})
    for name, args in (("mfa_list_webauthn", []), ("mfa_remove_webauthn", [key.pk]), ("mfa_edit_webauthn", [key.pk])):
        check(client.get(reverse(name, args=args)), language, name)
    client.post(reverse("mfa_generate_recovery_codes"))
    check(client.get(reverse("mfa_view_recovery_codes")), language)
    check(client.get(reverse("mfa_generate_recovery_codes")), language)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", MAILS)
def test_each_link_of_a_mail_is_a_button_and_no_address_stands_in_the_subject(kind, language):
    mail = Written("a@etudiant.example", language, kind, MAILS[kind])
    for url in (value for value in MAILS[kind].values() if value.startswith("https:")):
        if not (kind == "exists" and url.endswith("1")):
            assert f" >> {url}\n" in f"{mail.text}\n"
    assert "@" not in mail.subject
    assert len(mail.subject.splitlines()) == 1
    if language == "en":
        assert not re.search(r"\b(votre|vous|mot de passe)\b", (mail.subject + mail.text).lower())


def test_every_mail_that_the_room_writes_is_among_those_looked_at():
    assert OUTBOX == []
    found = {path.stem for path in (get_template("accounts/mail/confirm.txt").origin.name,) for path in _siblings(path)}
    assert found == set(MAILS)


def _siblings(path):
    from pathlib import Path

    return Path(path).parent.glob("*.subject")
