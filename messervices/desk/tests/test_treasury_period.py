"""A period without anything to draw: the page goes back to the last days in which something was collected."""

import pytest
from django.test import Client
from django.urls import reverse

from messervices.desk.tests.factories import at_desk
from messervices.foundations.treasury import actions, selectors
from messervices.foundations.treasury.tests.factories import DAY, NOW, RIGHTS, VERSAILLES, captured
from messervices.kernel import clock

pytestmark = pytest.mark.django_db


def test_out_of_the_campaign_the_period_ends_on_the_last_day_with_something(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    at_desk(client, rights=sorted(RIGHTS))
    assert "Aucune journée close" in client.get(reverse("desk:treasury_period")).content.decode()
    captured(105_00)
    actions.close_days(now=NOW)
    assert selectors.last_collected(VERSAILLES) == DAY
    body = client.get(reverse("desk:treasury_period")).content.decode()
    assert "Du 11 août 2026 au 24 août 2026" in body.replace("\xa0", " ")
