"""The first administrator of an installation comes from a command."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from messervices.foundations.accounts.models import User
from messervices.foundations.crous.tests.factories import VERSAILLES, UserFactory

pytestmark = pytest.mark.django_db


def open_agent(email: str = "admin@cnous.example", role: str = "national_administrator", **options: str) -> str:
    said = StringIO()
    asked = {"label": "Cnous", "role": role, "reason": "Mise en service"}
    call_command("open_agent", email, stdout=said, **asked | options)
    return said.getvalue()


def test_an_account_opened_twice_is_one_account_with_one_role() -> None:
    for _ in range(2):
        assert "for the whole network" in open_agent("Admin@Cnous.example")
    user = User.objects.get(email="admin@cnous.example")
    assert user.national
    assert "crous:role:grant" in user.rights
    assert not user.has_usable_password()
    assert user.roles.count() == 1


def test_an_agent_of_a_crous_is_opened_at_that_crous() -> None:
    assert "at versailles" in open_agent("agent@crous.example", "adviser", crous="versailles")
    assert User.objects.get(email="agent@crous.example").crous_ids == [VERSAILLES]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"role": "king"}, "rôle"),
        ({"role": "adviser"}, "réseau"),
        ({"role": "adviser", "crous": "mars"}, "No Crous is called 'mars'"),
    ],
)
def test_what_makes_no_sense_is_said_and_gives_nothing(asked: dict[str, str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        open_agent(**asked)
    assert not User.objects.filter(national=True).exists()


def test_a_student_does_not_become_an_agent_by_the_way() -> None:
    user = UserFactory()
    with pytest.raises(CommandError):
        open_agent(user.email)
    user.refresh_from_db()
    assert not user.national
