from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from messervices.foundations.accounts import rules, selectors
from messervices.foundations.accounts.models import EmailChange, Session, User
from messervices.foundations.accounts.tests.factories import PASSWORD, UserFactory
from messervices.foundations.accounts.tests.test_entrance import path_of, sign_in
from messervices.foundations.audit.models import Deed
from messervices.kernel import clock

pytestmark = pytest.mark.django_db
OTHER = "une autre phrase longue"


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def signed_in(client, user):
    sign_in(client, user.email)
    return client


class TestPassword:
    def test_it_changes_ends_the_other_devices_keeps_this_one_and_tells_the_owner(self, signed_in, user, mails):
        other = Client()
        sign_in(other, user.email)
        response = signed_in.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": OTHER})
        assert response.headers["Location"] == reverse("account_home")
        assert signed_in.get(reverse("account_home")).status_code == 200
        assert other.get(reverse("account_home")).status_code == 302
        assert Session.objects.filter(user=user).count() == 1
        assert [mail.kind for mail in mails] == ["notice"]
        assert Deed.objects.filter(verb="accounts.change_password", actor_id=user.pk).count() == 1

    def test_the_present_one_is_asked_and_its_guesses_are_counted(self, signed_in):
        data = {"oldpassword": "faux et encore faux", "password1": OTHER}
        for _ in range(rules.PASSWORD_ACCOUNT.limit):
            assert signed_in.post(reverse("account_change_password"), data).status_code == 200
        assert signed_in.post(reverse("account_change_password"), data | {"oldpassword": PASSWORD}).status_code == 429

    def test_a_first_one_is_set_where_there_is_none(self, client, user, mails):
        user.set_unusable_password()
        user.save()
        client.force_login(user)
        assert client.get(reverse("account_change_password")).headers["Location"] == reverse("account_set_password")
        client.post(reverse("account_set_password"), {"password1": OTHER})
        assert User.objects.get(pk=user.pk).check_password(OTHER)
        assert [mail.kind for mail in mails] == ["notice"]


class TestProvingOneself:
    def test_signing_in_is_proof_for_five_minutes(self, signed_in):
        assert signed_in.get(reverse("account_email")).status_code == 200

    def test_after_that_the_password_is_asked_and_the_way_goes_on(self, user):
        client = Client()
        with time_machine.travel(clock.now()) as traveller:
            sign_in(client, user.email)
            traveller.shift(timedelta(minutes=6))
            asked = client.get(reverse("account_email"))
            assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
            before = client.session.session_key
            page = client.get(asked.headers["Location"])
            assert page.status_code == 200
            wrong = client.post(asked.headers["Location"], {"password": "faux et encore faux"})
            assert wrong.status_code == 200
            back = client.post(asked.headers["Location"], {"password": PASSWORD, "next": reverse("account_email")})
            assert back.headers["Location"] == reverse("account_email")
            assert client.get(reverse("account_email")).status_code == 200
            assert client.session.session_key != before, "a proof renews the key of the session"
            assert Session.objects.filter(user=user).count() == 1

    def test_what_was_typed_before_the_proof_is_done_after_it(self, user):
        client = Client()
        with time_machine.travel(clock.now()) as traveller:
            sign_in(client, user.email)
            client.get(reverse("account_email"))
            traveller.shift(timedelta(minutes=6))
            asked = client.post(reverse("account_email"), {"email": "nouvelle@etudiant.example"})
            client.post(asked.headers["Location"], {"password": PASSWORD, "next": reverse("account_email")})
            assert EmailChange.objects.get().new_email == "nouvelle@etudiant.example"

    def test_a_stranger_is_sent_to_sign_in(self, client):
        for name in (
            "account_home",
            "account_email",
            "account_change_password",
            "account_sessions",
            "mfa_list_webauthn",
        ):
            assert reverse("account_login") in client.get(reverse(name)).headers["Location"]


class TestAddress:
    def ask(self, client, new="nouvelle@etudiant.example"):
        return client.post(reverse("account_email"), {"email": new})

    def test_two_buttons_in_two_mailboxes_change_it(self, signed_in, user, mails):
        old = user.email
        self.ask(signed_in)
        page = signed_in.get(reverse("account_email")).content.decode()
        assert "nouvelle@etudiant.example" in page
        links = [path_of(mail.params["url"]) for mail in mails]
        stranger = Client()
        assert "Laisser partir cette adresse" in stranger.get(links[0]).content.decode()
        assert User.objects.get(pk=user.pk).email == old, "reading a link does nothing"
        assert "C’est noté" in stranger.post(links[0]).content.decode()
        assert "reste le lien envoyé à la nouvelle" in signed_in.get(reverse("account_home")).content.decode()
        assert "Votre adresse a changé" in signed_in.post(links[1]).content.decode()
        assert User.objects.get(pk=user.pk).email == "nouvelle@etudiant.example"
        assert signed_in.get(reverse("account_home")).status_code == 200, "the session that confirms goes on"
        assert stranger.get(links[1]).status_code == 410

    def test_a_device_that_is_not_the_one_that_confirms_is_signed_out(self, signed_in, user, mails):
        self.ask(signed_in)
        for mail in list(mails):
            Client().post(path_of(mail.params["url"]))
        assert signed_in.get(reverse("account_home")).status_code == 302

    def test_the_page_says_the_same_for_an_address_that_has_an_account(self, signed_in, mails):
        free = self.ask(signed_in).headers["Location"], signed_in.get(reverse("account_email")).content.decode()
        taken_address = UserFactory().email
        taken = self.ask(signed_in, taken_address).headers["Location"], signed_in.get(reverse("account_email"))
        assert free[0] == taken[0]
        assert "Deux messages sont en route" in free[1]
        assert "Deux messages sont en route" in taken[1].content.decode()

    def test_it_can_be_given_up(self, signed_in, user):
        self.ask(signed_in)
        signed_in.post(reverse("account_email_keep"))
        assert not EmailChange.objects.exists()

    def test_it_is_not_asked_all_day_long(self, signed_in, mails):
        for n in range(rules.EMAIL_CHANGE_ACCOUNT.limit):
            assert self.ask(signed_in, f"n{n}@etudiant.example").status_code == 302
        assert self.ask(signed_in, "n9@etudiant.example").status_code == 429
        assert len(mails) == 2 * rules.EMAIL_CHANGE_ACCOUNT.limit

    @pytest.mark.parametrize("typed", ["", "pas une adresse", "a@b", "x" * 250 + "@etudiant.example"])
    def test_what_is_no_address_is_said_to_be_none(self, signed_in, typed):
        assert self.ask(signed_in, typed).status_code == 200
        assert not EmailChange.objects.exists()

    def test_ones_own_is_said_to_be_ones_own(self, signed_in, user):
        assert "déjà votre adresse" in self.ask(signed_in, user.email.upper()).content.decode()

    def test_a_dead_link_is_told_calmly_whichever_way_it_is_taken(self, client):
        link = reverse("account_email_confirm", args=["rien"])
        assert client.get(link).status_code == 410
        assert client.post(link).status_code == 409


class TestDevices:
    FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

    def test_they_are_named_as_they_name_themselves_and_no_key_is_shown(self, user):
        client = Client(headers={"User-Agent": self.FIREFOX})
        sign_in(client, user.email)
        page = client.get(reverse("account_sessions")).content.decode()
        assert "Firefox sur Linux" in page
        assert "celui-ci" in page
        assert client.session.session_key not in page

    def test_one_is_ended_at_once(self, signed_in, user):
        other = Client()
        sign_in(other, user.email)
        line = next(one for one in selectors.sessions_of(user, signed_in.session.session_key) if not one.is_current)
        signed_in.post(reverse("account_sessions"), {"end": line.mark})
        assert other.get(reverse("account_home")).status_code == 302
        assert signed_in.get(reverse("account_home")).status_code == 200

    def test_all_others_are_ended_at_once(self, signed_in, user):
        for _ in range(2):
            sign_in(Client(), user.email)
        signed_in.post(reverse("account_sessions"), {"end": "others"})
        assert Session.objects.filter(user=user).count() == 1

    def test_ending_ones_own_is_leaving(self, signed_in, user):
        mark = rules.limit_key("session", signed_in.session.session_key)
        assert signed_in.post(reverse("account_sessions"), {"end": mark}).headers["Location"] == reverse(
            "account_login"
        )
        assert not Session.objects.filter(user=user).exists()

    def test_nobody_ends_anothers(self, signed_in):
        stranger = UserFactory()
        theirs = Client()
        sign_in(theirs, stranger.email)
        signed_in.post(reverse("account_sessions"), {"end": rules.limit_key("session", theirs.session.session_key)})
        assert theirs.get(reverse("account_home")).status_code == 200

    def test_last_seen_is_written_now_and_then_and_not_at_each_page(self, user, django_assert_max_num_queries):
        client = Client()
        with time_machine.travel(clock.now()) as traveller:
            sign_in(client, user.email)
            first = Session.objects.get(user=user).seen_at
            traveller.shift(timedelta(minutes=5))
            client.get(reverse("account_logout"))
            assert Session.objects.get(user=user).seen_at == first
            traveller.shift(timedelta(minutes=6))
            client.get(reverse("account_logout"))
            assert Session.objects.get(user=user).seen_at > first
