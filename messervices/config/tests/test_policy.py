"""The Content-Security-Policy of ordinary pages."""

import copy

from django.conf import settings
from django.test import Client, override_settings


def test_a_site_built_under_other_settings_has_its_own_policy(client: Client) -> None:
    """A policy kept for the process forbade the forms of every site made after the first to leave for their bank."""
    usual = client.get("/fr/nowhere/").headers["Content-Security-Policy"]
    policy = copy.deepcopy(settings.CONTENT_SECURITY_POLICY)
    policy["DIRECTIVES"]["form-action"] = ["https://bank.example"]
    with override_settings(CONTENT_SECURITY_POLICY=policy):
        other = Client().get("/fr/nowhere/").headers["Content-Security-Policy"]
    assert "https://bank.example" not in usual
    assert "form-action https://bank.example" in other


def test_each_page_has_its_own_nonce(client: Client) -> None:
    first, second = (client.get("/fr/nowhere/").headers["Content-Security-Policy"] for _turn in range(2))
    assert "nonce-" in first
    assert first != second
    assert "@nonce@" not in first
