"""Language and theme."""

import pytest
from django.test import Client

from messervices.portal.tests.factories import UserFactory, signed_in

pytestmark = pytest.mark.django_db


def test_a_language_is_kept_in_the_browser_and_on_the_account() -> None:
    user = UserFactory.create()
    client = signed_in(user)
    response = client.post("/preferences", {"language": "en", "next": "/help"})
    assert (response.status_code, response["Location"]) == (302, "/help")
    assert '<html lang="en"' in client.get("/help").content.decode()
    user.refresh_from_db()
    assert user.language == "en"


def test_a_theme_is_kept_and_given_back_to_the_device(client: Client) -> None:
    client.post("/preferences", {"theme": "dark", "next": "/"})
    assert 'data-theme="dark"' in client.get("/help").content.decode()
    client.post("/preferences", {"theme": "auto", "next": "/"})
    assert "data-theme" not in client.get("/help").content.decode()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "", "\\\\evil"])
def test_one_never_leaves_the_platform(client: Client, target: str) -> None:
    assert client.post("/preferences", {"language": "en", "next": target})["Location"] == "/"


def test_another_site_changes_nothing(client: Client) -> None:
    headers = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    response = client.post("/preferences", {"language": "en", "next": "/"}, headers=headers)
    assert "language" not in response.cookies


def test_an_unknown_language_is_ignored(client: Client) -> None:
    response = client.post("/preferences", {"language": "xx", "theme": "neon", "next": "/"})
    assert "language" not in response.cookies
    assert client.get("/preferences").status_code == 405
