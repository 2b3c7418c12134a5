import threading
from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client

from messervices.foundations.accounts import actions, rules, selectors
from messervices.foundations.accounts.actions.change_email import (
    ask_email_change,
    confirm_email_change,
    drop_email_change,
)
from messervices.foundations.accounts.actions.end_sessions import end_other_sessions, end_session
from messervices.foundations.accounts.actions.open_account import add_code_factor, choose_language, open_account
from messervices.foundations.accounts.actions.tidy import tidy
from messervices.foundations.accounts.models import EmailChange, Limit, Session, User
from messervices.foundations.accounts.tests.factories import SECRET, UserFactory
from messervices.foundations.audit.models import Deed
from messervices.kernel.errors import Refusal

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
LINK = "http://testserver/account/email/confirm/TOKEN/"


def tokens(mails):
    """The two tokens, by the address they were sent to."""
    return {mail.to: mail.params["url"].split("/")[-2] for mail in mails if "url" in mail.params}


@pytest.mark.django_db
class TestLimits:
    def test_all_of_a_limit_may_be_used_at_once_and_no_more(self):
        assert [actions.take("k", 3, 60, NOW) for _ in range(4)] == [True, True, True, False]

    def test_one_comes_back_as_time_goes_by(self):
        for _ in range(3):
            actions.take("k", 3, 60, NOW)
        assert not actions.take("k", 3, 60, NOW + timedelta(seconds=19))
        assert actions.take("k", 3, 60, NOW + timedelta(seconds=20))
        assert not actions.take("k", 3, 60, NOW + timedelta(seconds=21))

    def test_a_refused_try_uses_nothing(self):
        for _ in range(50):
            actions.take("k", 3, 60, NOW)
        assert actions.take("k", 3, 60, NOW + timedelta(seconds=20))

    def test_what_is_given_back_may_be_used_again(self):
        rate = rules.Rate(2, 60)
        assert actions.take_rate(rate, NOW, "a")
        assert actions.take_rate(rate, NOW, "a")
        actions.give_back(rate, "a")
        assert actions.take_rate(rate, NOW, "a")

    def test_one_limit_says_nothing_of_another(self):
        rate = rules.Rate(1, 60)
        assert actions.take_rate(rate, NOW, "a", 1)
        assert actions.take_rate(rate, NOW, "a", 2)

    def test_it_is_told_when_to_try_again(self):
        rate = rules.Rate(2, 60)
        assert selectors.seconds_to_wait(rate, NOW, "a") == 0
        for _ in range(2):
            actions.insist(rate, NOW, "a")
        with pytest.raises(actions.TooMany) as met:
            actions.insist(rate, NOW, "a")
        assert met.value.wait == 30
        assert "10 h 01" in met.value.messages[0].replace("\xa0", " ")

    def test_the_table_names_nobody_and_is_not_in_the_journal(self):
        actions.take_rate(rules.SIGN_IN_ACCOUNT, NOW, "sign_in", "lina@etudiant.example")
        assert "lina" not in Limit.objects.get().key
        with connection.cursor() as cursor:
            cursor.execute("select relpersistence from pg_class where relname = 'accounts_limit'")
            assert cursor.fetchone()[0] == "u"

    def test_taking_is_one_query(self, django_assert_num_queries):
        with django_assert_num_queries(1):
            actions.take("k", 3, 60, NOW)


@pytest.mark.django_db(transaction=True)
def test_of_sixteen_at_once_exactly_three_get_through_a_limit_of_three():
    barrier, won = threading.Barrier(16), []

    def run():
        barrier.wait()
        won.append(actions.take("race", 3, 3600, NOW))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won.count(True) == 3


@pytest.mark.django_db
class TestChangeOfAddress:
    def ask(self, user, new="nouvelle@etudiant.example"):
        return ask_email_change(user=user, new_email=new, link=LINK, now=NOW)

    def test_both_addresses_are_written_to_and_nothing_changes_yet(self, mails):
        user = UserFactory()
        self.ask(user, " Nouvelle@Etudiant.example ")
        assert [(mail.to, mail.kind) for mail in mails] == [
            (user.email, "change_old"),
            ("nouvelle@etudiant.example", "change_new"),
        ]
        assert User.objects.get(pk=user.pk).email == user.email

    def test_tokens_are_kept_as_hashes_only(self, mails):
        user = UserFactory()
        change = self.ask(user)
        for token in tokens(mails).values():
            assert token not in (change.old_token_hash, change.new_token_hash)
            assert len(token) >= 43

    @pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
    def test_it_changes_once_both_said_yes_in_either_order(self, mails, order):
        user = UserFactory()
        old = user.email
        self.ask(user)
        sent = tokens(mails)
        by_side = {"old": sent[old], "new": sent["nouvelle@etudiant.example"]}
        *_, done = confirm_email_change(token=by_side[order[0]], current="", now=NOW)
        assert not done
        assert User.objects.get(pk=user.pk).email == old
        *_, done = confirm_email_change(token=by_side[order[1]], current="", now=NOW)
        assert done
        user.refresh_from_db()
        assert user.email == "nouvelle@etudiant.example"
        assert list(EmailAddress.objects.filter(user=user).values_list("email", "verified", "primary")) == [
            ("nouvelle@etudiant.example", True, True)
        ]
        assert [mail.to for mail in mails if mail.kind == "changed_email"] == [old, user.email]
        assert Deed.objects.filter(verb="accounts.change_email", actor_id=user.pk).count() == 1

    @pytest.mark.parametrize("side", [0, 1])
    def test_one_mailbox_alone_changes_nothing_however_often(self, mails, side):
        user = UserFactory()
        self.ask(user)
        token = list(tokens(mails).values())[side]
        for _ in range(3):
            *_, done = confirm_email_change(token=token, current="", now=NOW)
            assert not done
        assert User.objects.get(pk=user.pk).email == user.email

    def test_the_other_sessions_end_and_the_current_one_goes_on(self, mails):
        user = UserFactory()
        phone, laptop = Client(), Client()
        phone.force_login(user)
        laptop.force_login(user)
        self.ask(user)
        for token in tokens(mails).values():
            confirm_email_change(token=token, current=laptop.session.session_key, now=NOW)
        assert list(Session.objects.values_list("session_key", flat=True)) == [laptop.session.session_key]

    def test_a_link_dies_after_a_day(self, mails):
        user = UserFactory()
        self.ask(user)
        with pytest.raises(Refusal, match="link_dead"):
            confirm_email_change(token=tokens(mails)[user.email], current="", now=NOW + timedelta(hours=24))

    def test_a_new_wish_kills_the_links_of_the_one_before(self, mails):
        user = UserFactory()
        self.ask(user)
        first = tokens(mails)[user.email]
        self.ask(user, "autre@etudiant.example")
        with pytest.raises(Refusal, match="link_dead"):
            confirm_email_change(token=first, current="", now=NOW)
        assert EmailChange.objects.filter(user=user).count() == 1

    def test_giving_up_kills_both_links(self, mails):
        user = UserFactory()
        self.ask(user)
        drop_email_change(user=user)
        for token in tokens(mails).values():
            with pytest.raises(Refusal, match="link_dead"):
                confirm_email_change(token=token, current="", now=NOW)

    def test_an_address_that_has_an_account_is_told_and_never_taken(self, mails):
        owner, user = UserFactory(language="en"), UserFactory()
        self.ask(user, owner.email)
        assert [(mail.to, mail.kind, mail.language) for mail in mails] == [
            (user.email, "change_old", "fr"),
            (owner.email, "change_taken", "en"),
        ]
        *_, done = confirm_email_change(token=tokens(mails)[user.email], current="", now=NOW)
        assert not done

    def test_an_address_taken_between_the_two_links_is_refused_and_nothing_changes(self, mails):
        user = UserFactory()
        self.ask(user)
        sent = tokens(mails)
        confirm_email_change(token=sent[user.email], current="", now=NOW)
        UserFactory(email="nouvelle@etudiant.example")
        with pytest.raises(Refusal, match="email_taken"):
            confirm_email_change(token=sent["nouvelle@etudiant.example"], current="", now=NOW)
        assert User.objects.get(pk=user.pk).email == user.email

    def test_ones_own_address_is_no_change(self):
        user = UserFactory()
        with pytest.raises(Refusal, match="same_email"):
            self.ask(user, user.email.upper())

    def test_a_token_of_nobody_is_refused(self):
        with pytest.raises(Refusal, match="link_dead"):
            confirm_email_change(token="nothing", current="", now=NOW)


@pytest.mark.django_db
class TestSessions:
    def test_one_is_ended_by_its_mark_and_only_ones_own(self):
        user, other = UserFactory(), UserFactory()
        mine, theirs = Client(), Client()
        mine.force_login(user)
        theirs.force_login(other)
        mark = rules.limit_key("session", theirs.session.session_key)
        assert not end_session(user=user, mark=mark)
        assert end_session(user=other, mark=mark)
        assert not end_session(user=other, mark=mark)
        assert Session.objects.filter(user=user).count() == 1

    def test_all_others_are_ended_at_once(self):
        user = UserFactory()
        clients = [Client() for _ in range(3)]
        for client in clients:
            client.force_login(user)
        assert end_other_sessions(user=user, current=clients[0].session.session_key) == 2
        assert end_other_sessions(user=user, current=clients[0].session.session_key) == 0


@pytest.mark.django_db
class TestOpening:
    def test_an_account_is_opened_once_with_a_confirmed_address(self):
        first = open_account(email="Agent@crous.example", password="un mot de passe long", now=NOW, kind="agent")
        again = open_account(email="agent@CROUS.example", password="autre", now=NOW, kind="agent")
        assert first == again
        assert first.check_password("un mot de passe long")
        assert EmailAddress.objects.get(user=first).verified
        assert Deed.objects.filter(verb="accounts.create_account", subject=f"accounts.user:{first.pk}").count() == 1

    def test_a_code_application_is_added_once_and_its_secret_is_sealed(self):
        user = UserFactory()
        add_code_factor(user=user, secret=SECRET, now=NOW)
        add_code_factor(user=user, secret=SECRET, now=NOW)
        factor = user.authenticator_set.get()
        assert SECRET not in str(factor.data)
        assert selectors.ways_of(user).has_code
        assert Deed.objects.filter(verb="accounts.add_factor", actor_id=user.pk).count() == 1

    def test_a_language_we_do_not_speak_is_not_kept(self):
        user = UserFactory()
        choose_language(user=user, language="xx")
        assert User.objects.get(pk=user.pk).language == "fr"
        choose_language(user=user, language="en")
        assert User.objects.get(pk=user.pk).language == "en"


@pytest.mark.django_db
def test_what_has_had_its_time_is_forgotten_and_nothing_else():
    old = datetime.now(UTC) - timedelta(days=8)
    kept, confirmed, forgotten = UserFactory(confirmed=False), UserFactory(), UserFactory(confirmed=False)
    User.objects.filter(pk__in=[confirmed.pk, forgotten.pk]).update(created_at=old)
    actions.take("gone", 1, 60, NOW - timedelta(hours=1))
    actions.take("used", 1, 60, NOW)
    ask_email_change(user=confirmed, new_email="a@etudiant.example", link=LINK, now=NOW - timedelta(days=2))
    Client().force_login(kept)
    Session.objects.update(expire_date=old)
    User.objects.filter(pk=kept.pk).update(last_login=None)
    assert tidy(NOW) == {"limits": 1, "sessions": 1, "changes": 1, "accounts": 2}
    assert set(User.objects.values_list("pk", flat=True)) == {kept.pk, confirmed.pk}
    assert sum(tidy(NOW).values()) == 0
