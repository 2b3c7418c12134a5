import pytest
from cryptography.fernet import InvalidToken
from django.test import RequestFactory

from messervices.foundations.accounts.adapter import Adapter, Factors
from messervices.foundations.accounts.tests.factories import UserFactory


def test_a_sealed_secret_says_nothing_and_opens_under_the_key_of_before(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "first", []
    sealed = Factors().encrypt("JBSWY3DP")
    assert "JBSWY3DP" not in sealed
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "second", ["first"]
    assert Factors().decrypt(sealed) == "JBSWY3DP"
    assert Factors().decrypt(Factors().encrypt("X")) == "X"


def test_a_sealed_secret_does_not_open_under_another_key(settings):
    sealed = Factors().encrypt("JBSWY3DP")
    settings.SECRET_KEY = "another"
    with pytest.raises(InvalidToken):
        Factors().decrypt(sealed)


def test_nothing_is_answered_as_json():
    request = RequestFactory().post("/", headers={"Accept": "application/json", "X-Requested-With": "XMLHttpRequest"})
    assert not Adapter(request).is_ajax(request)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "home"), [({}, "/"), ({"agent": True}, "/desk/"), ({"kind": "establishment"}, "/cvec/space/")]
)
def test_everybody_lands_where_their_work_is(fields, home):
    request = RequestFactory().get("/")
    request.user = UserFactory(**fields)
    assert Adapter(request).get_login_redirect_url(request) == home


@pytest.mark.django_db
def test_a_notice_is_in_the_language_of_its_reader_and_names_no_address(mails):
    user = UserFactory(language="en")
    request = RequestFactory().get("/")
    adapter = Adapter(request)
    adapter.request = request
    adapter.send_notification_mail("account/email/password_changed", user)
    assert (mails[0].language, mails[0].params["sentence"]) == ("en", "The password of your account was changed.")
    assert user.email not in mails[0].subject + mails[0].text
    adapter.send_notification_mail("account/email/something_new_of_allauth", user)
    assert len(mails) == 1
