from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from messervices.foundations.accounts import middleware, selectors
from messervices.foundations.accounts.apps import proxies_are_counted
from messervices.foundations.accounts.tests.factories import UserFactory


@pytest.mark.django_db
def test_what_somebody_signed_in_was_shown_is_not_kept_and_the_rest_is(client: Client) -> None:
    assert "no-store" not in client.get("/").get("Cache-Control", "")
    client.force_login(UserFactory())
    for url in ("/", "/nowhere"):
        assert client.get(url)["Cache-Control"] == "private, no-store"


@pytest.mark.django_db
def test_a_page_that_says_how_it_is_kept_is_left_alone() -> None:
    user = UserFactory()
    request: Any = RequestFactory().get("/")
    request.session = SimpleNamespace(get=lambda *_: user.pk, user=None, seen_at=None, touch=lambda _now: None)
    request.user = user
    answer = middleware.ActingMiddleware(lambda _r: HttpResponse(headers={"Cache-Control": "max-age=60"}))(request)
    assert answer["Cache-Control"] == "max-age=60"


@pytest.mark.parametrize(("trusted", "network"), [(0, "10.0.0.1"), (1, "192.0.2.7"), (2, "198.51.100.9")])
def test_the_proxies_that_are_counted_are_believed_and_no_other(settings: Any, trusted: int, network: str) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = trusted
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="6.6.6.6,198.51.100.9,192.0.2.7")
    assert selectors.network(request) == selectors.rules.network_of(network)


@pytest.mark.parametrize(
    ("header", "trusted", "warnings"),
    [(None, 0, 0), (("HTTP_X_FORWARDED_PROTO", "https"), 0, 1), (("HTTP_X_FORWARDED_PROTO", "https"), 1, 0)],
)
def test_a_proxy_that_nobody_counted_is_warned_of(settings: Any, header: Any, trusted: int, warnings: int) -> None:
    settings.SECURE_PROXY_SSL_HEADER, settings.ALLAUTH_TRUSTED_PROXY_COUNT = header, trusted
    assert len(proxies_are_counted()) == warnings
