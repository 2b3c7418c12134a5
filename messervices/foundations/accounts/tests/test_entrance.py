import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.urls import reverse

from messervices.foundations.accounts import actions, rules
from messervices.foundations.accounts.models import Session, User
from messervices.foundations.accounts.tests.factories import PASSWORD, UserFactory
from messervices.foundations.audit.models import Deed
from messervices.kernel import clock

pytestmark = pytest.mark.django_db
NEW = "lina.benali@etudiant.example"


def path_of(url):
    return re.sub(r"^https?://[^/]+", "", url)


def sign_up(client, email=NEW, password=PASSWORD, **extra):
    return client.post(reverse("account_signup"), {"email": email, "password1": password} | extra)


def sign_in(client, email, password=PASSWORD, **extra):
    return client.post(reverse("account_login"), {"login": email, "password": password} | extra)


def without_what_varies(response):
    """The page without the token of its form, the nonce, and the address that was typed."""
    text = re.sub(r'(csrfmiddlewaretoken" value|nonce)="[^"]+"', "", response.content.decode())
    return re.sub(r"[\w.+-]+@[\w.-]+", "", text)


class TestSignUp:
    def test_it_makes_an_unconfirmed_account_in_the_language_of_the_page_and_writes_one_mail(self, client, mails):
        client.cookies["language"] = "en"
        response = sign_up(client, "Lina.Benali@Etudiant.example")
        assert response.headers["Location"] == reverse("account_email_verification_sent")
        user = User.objects.get()
        assert (user.email, user.language, user.kind) == (NEW, "en", "student")
        assert not EmailAddress.objects.get(user=user).verified
        assert [(mail.to, mail.kind, mail.language) for mail in mails] == [(NEW, "confirm", "en")]
        assert Deed.objects.filter(verb="accounts.create_account", actor_id=user.pk).count() == 1
        assert "_auth_user_id" not in client.session

    def test_the_answer_is_the_same_whether_the_address_has_an_account_or_not(self, mails):
        UserFactory(email="prise@etudiant.example")
        fresh, taken = Client(), Client()
        answers = [sign_up(fresh, "libre@etudiant.example"), sign_up(taken, "PRISE@etudiant.example")]
        assert answers[0].status_code == answers[1].status_code == 302
        assert answers[0].headers["Location"] == answers[1].headers["Location"]
        assert set(answers[0].cookies) == set(answers[1].cookies)
        pages = [client.get(answers[0].headers["Location"]) for client in (fresh, taken)]
        assert "libre@etudiant.example" in pages[0].content.decode()
        assert "prise@etudiant.example" in pages[1].content.decode()
        assert without_what_varies(pages[0]) == without_what_varies(pages[1])
        again = [client.post(reverse("account_email_verification_sent"), follow=True) for client in (fresh, taken)]
        assert without_what_varies(again[0]) == without_what_varies(again[1])
        assert [mail.kind for mail in mails] == ["confirm", "exists", "confirm", "exists"]
        assert User.objects.count() == 2

    def test_it_takes_one_hash_of_the_password_either_way(self, monkeypatch):
        UserFactory(email="prise@etudiant.example")
        hashed = []
        encode = MD5PasswordHasher.encode
        monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(1) or encode(*args))
        sign_up(Client(), "libre@etudiant.example")
        fresh = len(hashed)
        sign_up(Client(), "prise@etudiant.example")
        assert fresh == len(hashed) - fresh == 1

    def test_it_takes_the_same_page_of_errors_either_way(self):
        UserFactory(email="prise@etudiant.example")
        answers = [sign_up(Client(), email, "court") for email in ("libre@etudiant.example", "prise@etudiant.example")]
        assert without_what_varies(answers[0]) == without_what_varies(answers[1])

    @pytest.mark.parametrize("password", ["court", "1234567890123", "lina.benali@etudiant.example"])
    def test_a_password_that_is_short_or_common_or_the_address_is_refused_in_words(self, client, password):
        response = sign_up(client, password=password)
        assert response.status_code == 200
        assert 'id="id_password1_error"' in response.content.decode()
        assert not User.objects.exists()

    def test_an_unconfirmed_account_gets_its_link_again_and_the_second_password_is_worth_nothing(self, mails):
        sign_up(Client())
        thief = Client()
        sign_up(thief, password="le mot de passe du voleur")
        assert mails[-1].kind == "exists"
        link = path_of(mails[-1].params["confirm_url"])
        page = thief.get(link)
        assert "password" in page.content.decode()
        refused = thief.post(link, {"password": "le mot de passe du voleur"})
        assert refused.status_code == 200
        assert "_auth_user_id" not in thief.session
        assert thief.post(link, {"password": PASSWORD}).status_code == 302
        assert "_auth_user_id" in thief.session

    def test_a_network_that_signs_up_too_much_waits(self, client):
        for _ in range(rules.SIGN_UP_NETWORK.limit):
            actions.take_rate(rules.SIGN_UP_NETWORK, clock.now(), "sign_up", "127.0.0.0/24")
        response = sign_up(client)
        assert response.status_code == 429
        assert int(response.headers["Retry-After"]) >= 1
        assert "Rien n’est perdu" in response.content.decode()
        assert not User.objects.exists()
        assert client.get(reverse("account_signup")).status_code == 200


class TestConfirming:
    def link(self, client, mails, **extra):
        sign_up(client, **extra)
        return path_of(mails[-1].params["url"])

    def test_in_the_browser_of_the_sign_up_a_button_confirms_and_signs_in(self, client, mails):
        link = self.link(client, mails)
        page = client.get(link).content.decode()
        assert "password" not in page
        assert not EmailAddress.objects.get().verified
        response = client.post(link)
        assert response.headers["Location"] == "/"
        assert EmailAddress.objects.get().verified
        assert client.session["_auth_user_id"] == str(User.objects.get().pk)

    def test_it_goes_on_where_one_was_going(self, client, mails):
        sign_up(client, next="/cvec/")
        link = path_of(mails[-1].params["url"])
        assert client.post(link).headers["Location"] == "/cvec/"

    def test_elsewhere_the_password_is_asked(self, client, mails):
        link = self.link(client, mails)
        phone = Client()
        assert "current-password" in phone.get(link).content.decode()
        wrong = phone.post(link, {"password": "autre chose que cela"})
        assert "_auth_user_id" not in phone.session
        assert "Ce n’est pas votre mot de passe" in wrong.content.decode()
        assert not EmailAddress.objects.get().verified
        assert phone.post(link, {"password": PASSWORD}).headers["Location"] == "/"
        assert EmailAddress.objects.get().verified

    def test_the_link_opens_once(self, client, mails):
        link = self.link(client, mails)
        client.post(link)
        other = Client()
        assert other.get(link).status_code == 410
        assert other.post(link, {"password": PASSWORD}).status_code == 410
        assert "_auth_user_id" not in other.session

    def test_a_link_that_was_altered_is_dead(self, client, mails):
        link = self.link(client, mails)
        assert client.get(link[:-3] + "xx/").status_code == 410

    def test_somebody_else_signed_in_here_is_signed_out_by_the_button_and_not_by_the_link(self, client, mails):
        link = self.link(Client(), mails)
        client.force_login(UserFactory())
        client.get(link)
        assert "_auth_user_id" in client.session
        client.post(link, {"password": PASSWORD})
        assert client.session["_auth_user_id"] == str(User.objects.get(email=NEW).pk)

    def test_guesses_of_the_password_are_counted_with_those_of_the_sign_in(self, client, mails):
        link = self.link(client, mails)
        phone = Client()
        for _ in range(rules.SIGN_IN_HERE.limit):
            phone.post(link, {"password": "autre chose que cela"})
        assert phone.post(link, {"password": PASSWORD}).status_code == 429
        assert sign_in(Client(), NEW).status_code == 429


class TestSignUpByPasskey:
    def test_the_link_alone_opens_the_account_and_leads_to_making_the_key(self, client, mails):
        client.post(reverse("account_signup_by_passkey"), {"email": NEW})
        user = User.objects.get()
        assert not user.has_usable_password()
        phone = Client()
        link = path_of(mails[-1].params["url"])
        assert "créer ma clé" in phone.get(link).content.decode()
        response = phone.post(link)
        assert response.headers["Location"] == reverse("mfa_add_webauthn")
        assert phone.get(response.headers["Location"]).status_code == 200

    def test_in_the_same_browser_too(self, client, mails):
        client.post(reverse("account_signup_by_passkey"), {"email": NEW})
        response = client.post(path_of(mails[-1].params["url"]))
        assert response.headers["Location"] == reverse("mfa_add_webauthn")

    def test_the_answer_is_the_same_for_an_address_that_has_an_account(self, mails):
        UserFactory(email="prise@etudiant.example")
        url = reverse("account_signup_by_passkey")
        answers = [
            Client().post(url, {"email": email}) for email in ("libre@etudiant.example", "prise@etudiant.example")
        ]
        assert answers[0].headers["Location"] == answers[1].headers["Location"]
        assert [mail.kind for mail in mails] == ["confirm", "exists"]


class TestSignIn:
    def test_the_address_counts_whatever_its_capitals(self, client):
        user = UserFactory()
        assert sign_in(client, f" {user.email.upper()} ").headers["Location"] == "/"
        session = Session.objects.get(user=user)
        assert session.opened_at
        assert session.seen_at

    def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(self):
        user = UserFactory()
        known, unknown = (
            sign_in(Client(), user.email, "faux et encore faux"),
            sign_in(Client(), "x@etudiant.example", "f"),
        )
        assert known.status_code == unknown.status_code == 200
        assert without_what_varies(known) == without_what_varies(unknown)

    def test_too_many_guesses_close_the_door_from_here_calmly_even_to_the_right_password(self, client):
        user = UserFactory()
        for _ in range(rules.SIGN_IN_HERE.limit):
            assert sign_in(client, user.email, "faux et encore faux").status_code == 200
        response = sign_in(client, user.email)
        assert response.status_code == 429
        assert 0 < int(response.headers["Retry-After"]) <= 90
        assert "Réessayez à partir de" in response.content.decode()
        elsewhere = client.post(
            reverse("account_login"), {"login": user.email, "password": PASSWORD}, REMOTE_ADDR="203.0.113.5"
        )
        assert elsewhere.status_code == 302

    def test_an_unknown_address_is_closed_at_the_same_try(self, client):
        for _ in range(rules.SIGN_IN_HERE.limit):
            sign_in(client, "x@etudiant.example", "f")
        assert sign_in(client, "x@etudiant.example", "f").status_code == 429

    def test_a_right_password_uses_nothing_of_the_limit(self):
        user = UserFactory()
        for _ in range(rules.SIGN_IN_HERE.limit * 2):
            assert sign_in(Client(), user.email).status_code == 302

    def test_an_unconfirmed_account_gets_a_link_instead(self, client, mails):
        user = UserFactory(confirmed=False)
        response = sign_in(client, user.email)
        assert response.headers["Location"] == reverse("account_email_verification_sent")
        assert [mail.kind for mail in mails] == ["confirm"]
        assert "_auth_user_id" not in client.session

    def test_a_closed_account_is_told_so_after_the_right_password_only(self, client):
        user = UserFactory(is_active=False)
        assert sign_in(client, user.email, "faux et encore faux").status_code == 200
        assert sign_in(client, user.email).headers["Location"] == reverse("account_inactive")
        assert client.get(reverse("account_inactive")).status_code == 200

    def test_it_does_not_lead_to_another_site(self, client):
        user = UserFactory()
        assert sign_in(client, user.email, next="https://ailleurs.example/").headers["Location"] == "/"

    def test_leaving_takes_a_button_and_deletes_the_session(self, client):
        client.force_login(UserFactory())
        client.get(reverse("account_logout"))
        assert Session.objects.count() == 1
        client.post(reverse("account_logout"))
        assert not Session.objects.filter(user__isnull=False).exists()


class TestForgottenPassword:
    def ask(self, client, email):
        return client.post(reverse("account_reset_password"), {"email": email})

    def link(self, client, mails, user):
        self.ask(client, user.email)
        return client.get(path_of(mails[-1].params["url"])).headers["Location"]

    def test_the_answer_is_the_same_whether_the_address_has_an_account_or_not(self, mails):
        user = UserFactory(language="en")
        clients = Client(), Client()
        answers = [self.ask(clients[0], user.email.upper()), self.ask(clients[1], "x@etudiant.example")]
        assert answers[0].headers["Location"] == answers[1].headers["Location"]
        pages = [client.get(answers[0].headers["Location"]) for client in clients]
        assert without_what_varies(pages[0]) == without_what_varies(pages[1])
        assert [(mail.to, mail.kind, mail.language) for mail in mails] == [
            (user.email, "reset", "en"),
            ("x@etudiant.example", "unknown", "fr"),
        ]

    def test_it_changes_the_password_ends_every_session_and_tells_the_owner(self, client, mails):
        user = UserFactory()
        stolen = Client()
        stolen.force_login(user)
        link = self.link(client, mails, user)
        assert "set-password" in link
        response = client.post(link, {"password1": "une autre phrase longue"})
        assert response.headers["Location"] == reverse("account_reset_password_from_key_done")
        assert client.get(response.headers["Location"]).status_code == 200
        assert not Session.objects.filter(user=user).exists()
        assert mails[-1].kind == "notice"
        assert "par un lien reçu par e-mail" in mails[-1].text
        assert Deed.objects.filter(verb="accounts.change_password", actor_id=user.pk).count() == 1
        assert sign_in(Client(), user.email).status_code == 200
        assert sign_in(Client(), user.email, "une autre phrase longue").status_code == 302

    def test_the_link_serves_once(self, client, mails):
        user = UserFactory()
        link = self.link(client, mails, user)
        client.post(link, {"password1": "une autre phrase longue"})
        assert "Ce lien ne marche plus" in Client().get(path_of(mails[0].params["url"])).content.decode()

    def test_the_new_password_is_checked_as_at_sign_up(self, client, mails):
        link = self.link(client, mails, UserFactory())
        assert client.post(link, {"password1": "court"}).status_code == 200

    def test_it_confirms_the_address_of_whoever_signed_up_and_lost_the_first_mail(self, client, mails):
        user = UserFactory(confirmed=False)
        client.post(self.link(client, mails, user), {"password1": "une autre phrase longue"})
        assert sign_in(Client(), user.email, "une autre phrase longue").headers["Location"] == "/"

    def test_the_mailbox_alone_does_not_pass_the_second_factor(self, client, mails):
        user = UserFactory(code=True)
        client.post(self.link(client, mails, user), {"password1": "une autre phrase longue"})
        thief = Client()
        response = sign_in(thief, user.email, "une autre phrase longue")
        assert response.headers["Location"] == reverse("mfa_authenticate")
        assert "_auth_user_id" not in thief.session

    def test_an_address_is_not_flooded(self, client, mails):
        user = UserFactory()
        for _ in range(10):
            self.ask(client, user.email)
        assert len(mails) == rules.MAIL_KIND.limit

    def test_a_session_of_the_same_person_ends_too_and_the_page_holds(self, client, mails):
        user = UserFactory()
        client.force_login(user)
        link = self.link(client, mails, user)
        assert client.post(link, {"password1": "une autre phrase longue"}).status_code == 302
        assert "_auth_user_id" not in client.session
