import json
import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import reverse

from messervices.foundations.accounts import rules
from messervices.foundations.accounts.models import User
from messervices.foundations.accounts.tests.factories import SECRET, UserFactory
from messervices.foundations.accounts.tests.test_entrance import path_of, sign_in
from messervices.foundations.audit.models import Deed
from messervices.kernel import clock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """What waits for a commit happens at once: a test's transaction has none, and emptying tables takes long."""
    monkeypatch.setattr("django.db.transaction.on_commit", lambda function, **_options: function())


def code_of(secret=SECRET):
    """The code an application shows now."""
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(secret, counters[len(counters) // 2]))


def passkey(user, name="Mac – Safari"):
    """A passkey as it stands in the database; it cannot sign."""
    return Authenticator.objects.create(user=user, type="webauthn", data={"name": name, "credential": {}})


def enter(user):
    """Sign in with password and code."""
    client = Client()
    sign_in(client, user.email)
    client.post(reverse("mfa_authenticate"), {"code": code_of()})
    return client


class TestTheCodeAtSignIn:
    def test_the_password_alone_opens_nothing(self, client):
        user = UserFactory(code=True)
        assert sign_in(client, user.email).headers["Location"] == reverse("mfa_authenticate")
        assert client.get(reverse("account_home")).status_code == 302
        assert client.get(reverse("mfa_authenticate")).status_code == 200

    def test_the_right_code_opens_whatever_spaces_are_typed(self, client):
        user = UserFactory(code=True)
        sign_in(client, user.email)
        code = code_of()
        assert client.post(reverse("mfa_authenticate"), {"code": f" {code[:3]} {code[3:]} "}).headers["Location"] == "/"
        assert client.session["_auth_user_id"] == str(user.pk)

    def test_a_code_serves_once_even_in_another_process(self):
        user = UserFactory(code=True)
        with time_machine.travel(clock.now(), tick=False):
            code = code_of()
            for client, opened in ((Client(), True), (Client(), False)):
                sign_in(client, user.email)
                from django.core.cache import cache

                cache.clear()  # another process remembers nothing
                client.post(reverse("mfa_authenticate"), {"code": code})
                assert ("_auth_user_id" in client.session) is opened

    def test_guesses_are_counted_by_account_wherever_they_come_from(self, client):
        user = UserFactory(code=True)
        sign_in(client, user.email)
        for _ in range(rules.CODE_SHORT.limit):
            client.post(reverse("mfa_authenticate"), {"code": "000000"})
        response = client.post(reverse("mfa_authenticate"), {"code": code_of()})
        assert "Réessayez à partir de" in response.content.decode()
        elsewhere = Client(REMOTE_ADDR="203.0.113.5")
        sign_in(elsewhere, user.email)
        elsewhere.post(reverse("mfa_authenticate"), {"code": code_of()})
        assert "_auth_user_id" not in elsewhere.session


class TestSettingUpACode:
    def test_scanning_and_typing_sets_it_up_gives_recovery_codes_and_tells_the_owner(self, client, mails):
        user = UserFactory()
        sign_in(client, user.email)
        page = client.get(reverse("mfa_activate_totp")).content.decode()
        secret = client.session["mfa.totp.secret"]
        assert "data:image/svg+xml" in page
        assert " ".join(re.findall("....", secret)) in page
        assert client.post(reverse("mfa_activate_totp"), {"code": "000000"}).status_code == 200
        response = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
        assert response.headers["Location"] == reverse("mfa_view_recovery_codes")
        codes = client.get(response.headers["Location"])
        assert len(codes.context["unused_codes"]) == 8
        assert [mail.kind for mail in mails] == ["notice"]
        assert secret not in str(Authenticator.objects.get(user=user, type="totp").data)
        verbs = Deed.objects.filter(actor_id=user.pk).values_list("verb", flat=True)
        assert list(verbs) == ["accounts.add_factor", "accounts.add_factor"]

    def test_recovery_codes_replace_the_code_once_each(self):
        user = UserFactory(code=True)
        client = enter(user)
        client.post(reverse("mfa_generate_recovery_codes"))
        code = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]
        text = client.get(reverse("mfa_download_recovery_codes"))
        assert code in text.content.decode()
        assert "attachment" in text.headers["Content-Disposition"]
        for opened in (True, False):
            other = Client()
            sign_in(other, user.email)
            other.post(reverse("mfa_authenticate"), {"code": code})
            assert ("_auth_user_id" in other.session) is opened

    def test_a_student_may_take_it_away_after_proving_it(self):
        user = UserFactory(code=True)
        client, other = enter(user), Client()
        other.force_login(user)
        assert client.get(reverse("mfa_deactivate_totp")).status_code == 200
        client.post(reverse("mfa_deactivate_totp"))
        assert not Authenticator.objects.filter(user=user).exists()
        assert Deed.objects.filter(verb="accounts.remove_factor", actor_id=user.pk).exists()
        assert other.get(reverse("account_home")).status_code == 302, "the device that was lost is signed out"
        assert client.get(reverse("account_home")).status_code == 200

    def test_an_old_session_proves_itself_by_the_code_and_not_by_the_password(self):
        user = UserFactory(code=True)
        with time_machine.travel(clock.now()) as traveller:
            client = enter(user)
            traveller.shift(timedelta(minutes=6))
            asked = client.get(reverse("account_email")).headers["Location"]
            assert asked.startswith(reverse("mfa_reauthenticate"))
            assert client.get(asked).status_code == 200
            back = client.get(reverse("account_reauthenticate"))
            assert back.headers["Location"].startswith(reverse("mfa_reauthenticate"))
            client.post(asked, {"code": code_of(), "next": reverse("account_email")})
            assert client.get(reverse("account_email")).status_code == 200


class TestTheFirstFactorOfABareAccount:
    def test_its_making_is_a_proof_so_that_the_recovery_codes_are_shown_at_once(self, client, mails):
        client.post(reverse("account_signup_by_passkey"), {"email": "nouvelle@etudiant.example"})
        client.post(path_of(mails[-1].params["url"]))
        before = client.session.session_key
        client.get(reverse("mfa_activate_totp"))
        response = client.post(reverse("mfa_activate_totp"), {"code": code_of(client.session["mfa.totp.secret"])})
        assert client.get(response.headers["Location"]).status_code == 200
        assert client.session.session_key != before


class TestAgents:
    def test_an_agent_without_factor_reaches_nothing_but_setting_one_up(self, client):
        user = UserFactory(agent=True)
        sign_in(client, user.email)
        for path in ("/desk/", "/", "/cvec/", reverse("account_email"), reverse("account_home")):
            assert client.get(path).headers["Location"] == reverse("mfa_activate_totp"), path
        assert client.get(reverse("mfa_activate_totp")).status_code == 200
        assert client.get(reverse("mfa_add_webauthn")).status_code == 200

    def test_setting_it_up_opens_the_desk_in_the_same_session(self, client):
        user = UserFactory(agent=True)
        sign_in(client, user.email)
        client.get(reverse("mfa_activate_totp"))
        client.post(reverse("mfa_activate_totp"), {"code": code_of(client.session["mfa.totp.secret"])})
        response = client.get(reverse("account_home"))
        assert response.status_code == 200
        assert response.wsgi_request.actor.rights == {"desk:student:read"}
        assert response.wsgi_request.actor.scope.crous == (24,)

    def test_before_it_is_set_up_the_session_has_no_right_and_sees_nobody(self, client):
        user = UserFactory(agent=True)
        sign_in(client, user.email)
        actor = client.get(reverse("mfa_activate_totp")).wsgi_request.actor
        assert (actor.rights, actor.scope.crous, actor.national) == (frozenset(), (), False)

    def test_signing_in_with_the_code_leads_to_the_desk(self):
        user = UserFactory(agent=True, code=True)
        client = Client()
        sign_in(client, user.email)
        response = client.post(reverse("mfa_authenticate"), {"code": code_of()})
        assert response.headers["Location"] == "/desk/"

    def test_the_last_factor_cannot_be_taken_away_by_page_or_by_post(self):
        user = UserFactory(agent=True, code=True)
        client = enter(user)
        page = client.get(reverse("mfa_deactivate_totp")).content.decode()
        assert "dernier moyen" in page
        client.post(reverse("mfa_deactivate_totp"))
        assert Authenticator.objects.filter(user=user, type="totp").exists()
        key = passkey(user)
        client.post(reverse("mfa_deactivate_totp"))
        assert not Authenticator.objects.filter(user=user, type="totp").exists()
        client.post(reverse("mfa_remove_webauthn", args=[key.pk]))
        assert Authenticator.objects.filter(pk=key.pk).exists()

    def test_fifteen_idle_minutes_end_the_session_and_the_way_back_is_kept(self):
        user = UserFactory(agent=True, code=True)
        with time_machine.travel(clock.now()) as traveller:
            client = enter(user)
            for _ in range(4):
                traveller.shift(timedelta(minutes=10))
                assert client.get(reverse("account_home")).status_code == 200
            traveller.shift(timedelta(minutes=16))
            response = client.get(reverse("account_home") + "?a=1")
            assert response.headers["Location"] == f"{reverse('account_login')}?next=%2Faccount%2F%3Fa%3D1&over=1"
            assert "_auth_user_id" not in client.session
            assert "session d’agent" in client.get(response.headers["Location"]).content.decode()

    def test_eight_hours_end_it_however_busy(self):
        user = UserFactory(agent=True, code=True)
        with time_machine.travel(clock.now()) as traveller:
            client = enter(user)
            for _ in range(8 * 6):
                traveller.shift(timedelta(minutes=10) - timedelta(seconds=1))
                assert client.get(reverse("account_home")).status_code == 200
            traveller.shift(timedelta(minutes=2))
            assert client.get(reverse("account_home")).status_code == 302

    def test_a_student_is_not_hurried(self):
        user = UserFactory()
        with time_machine.travel(clock.now()) as traveller:
            client = Client()
            sign_in(client, user.email)
            traveller.shift(timedelta(hours=20))
            assert client.get(reverse("account_home")).status_code == 200


class TestPasskeys:
    def test_the_last_passkey_of_an_account_without_password_stays(self, client):
        user = UserFactory()
        user.set_unusable_password()
        user.save()
        client.force_login(user)
        first, second = passkey(user), passkey(user, "iPhone – Safari")
        session = client.session
        session["account_authentication_methods"] = [
            {"method": "mfa", "at": clock.now().timestamp(), "reauthenticated": True, "type": "webauthn", "id": 1}
        ]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
        client.post(reverse("mfa_remove_webauthn", args=[first.pk]))
        assert "dernier moyen" in client.get(reverse("mfa_remove_webauthn", args=[second.pk])).content.decode()
        client.post(reverse("mfa_remove_webauthn", args=[second.pk]))
        assert list(Authenticator.objects.values_list("pk", flat=True)) == [second.pk]
        assert "iPhone" in client.get(reverse("mfa_list_webauthn")).content.decode()
        client.post(reverse("mfa_edit_webauthn", args=[second.pk]), {"name": "Mon téléphone"})
        assert Authenticator.objects.get(pk=second.pk).data["name"] == "Mon téléphone"

    def test_nobody_touches_anothers(self, client):
        theirs = passkey(UserFactory())
        sign_in(client, UserFactory().email)
        for name in ("mfa_remove_webauthn", "mfa_edit_webauthn"):
            assert client.get(reverse(name, args=[theirs.pk])).status_code == 404
            assert client.post(reverse(name, args=[theirs.pk])).status_code == 404

    def test_making_one_asks_for_a_key_that_opens_by_itself_and_a_check_of_who_holds_the_device(self, client):
        sign_in(client, UserFactory().email)
        page = client.get(reverse("mfa_add_webauthn")).content.decode()
        options = json.loads(re.search(r'data-options="([^"]+)"', page)[1].replace("&quot;", '"'))["publicKey"]
        assert options["authenticatorSelection"]["userVerification"] == "required"
        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert options["rp"] == {"id": "testserver", "name": "MesServices"}
        assert client.session["mfa.webauthn.state"]["user_verification"] == "required"

    def test_the_challenge_of_a_sign_in_is_given_as_json_and_names_no_account(self, client):
        passkey(UserFactory())
        url = reverse("mfa_login_webauthn")
        answer = client.get(url, headers={"Accept": "application/json"}).json()["publicKey"]
        assert answer["userVerification"] == "required"
        assert not answer.get("allowCredentials")
        assert client.get(url).headers["Location"] == reverse("account_login")

    NONSENSE = (
        "", "{}", "[]", "null", "x", '{"id": 1}', '{"id": "AA", "rawId": "AA"}', '{"response": {"userHandle": "AA"}}',
        """{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"userHandle": "MQ", "clientDataJSON": "AA",
        "authenticatorData": "AA", "signature": "AA", "attestationObject": "oA"}}""",
    )  # fmt: skip

    @pytest.mark.parametrize("credential", NONSENSE)
    def test_an_answer_that_is_none_is_refused_calmly(self, client, credential):
        client.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"})
        response = client.post(reverse("mfa_login_webauthn"), {"credential": credential})
        assert response.headers["Location"] == reverse("account_login")
        assert not User.objects.filter(last_login__isnull=False).exists()
        assert "_auth_user_id" not in client.session

    @pytest.mark.parametrize("credential", NONSENSE)
    def test_a_key_that_is_none_is_not_added(self, client, credential):
        user = UserFactory()
        sign_in(client, user.email)
        client.get(reverse("mfa_add_webauthn"))
        response = client.post(reverse("mfa_add_webauthn"), {"credential": credential, "name": "x"})
        assert response.status_code == 200
        assert not Authenticator.objects.filter(user=user).exists()

    @pytest.mark.parametrize("credential", NONSENSE)
    def test_nor_does_it_pass_the_second_step(self, client, credential):
        user = UserFactory(code=True)
        sign_in(client, user.email)
        client.get(reverse("mfa_authenticate"))
        assert client.post(reverse("mfa_authenticate"), {"credential": credential}).status_code == 200
        assert "_auth_user_id" not in client.session
