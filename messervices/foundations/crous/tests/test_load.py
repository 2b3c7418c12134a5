"""The reference data: whole, dated, loaded again without a change, and never over what the desk decided."""

import re
from importlib import import_module
from importlib.util import find_spec
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command

from messervices.foundations.audit.models import Deed
from messervices.foundations.crous import actions, selectors
from messervices.foundations.crous.management.commands.load_reference import all_steps
from messervices.foundations.crous.models import (
    Agent,
    Amount,
    CertificateState,
    Commune,
    CommuneKey,
    Crous,
    Departement,
    Establishment,
    Role,
    Window,
)
from messervices.foundations.crous.states import Certainty
from messervices.foundations.crous.tests.factories import LYON, NATIONAL, NOW, YEAR, UserFactory
from messervices.kernel import manifest
from messervices.kernel.period import Period

pytestmark = pytest.mark.django_db


def load() -> str:
    said = StringIO()
    call_command("load_reference", stdout=said)
    return said.getvalue()


def test_everything_is_there() -> None:
    counts = {model: model.objects.count() for model in (Crous, Departement, Commune, Establishment, CertificateState)}
    assert list(counts.values()) == [26, 109, 35_014, 244, 6]


@pytest.mark.parametrize("model", [Crous, Departement, Commune, Establishment, CertificateState, Window, Amount, Role])
def test_every_row_says_its_source_its_certainty_and_its_day(model) -> None:
    rows = model.objects.all()
    assert rows.exists()
    assert not rows.filter(source="").exists()
    assert not rows.exclude(certainty__in=Certainty.values).exists()


def test_loading_again_changes_nothing_and_says_so() -> None:
    before = Deed.objects.count()
    said = load()
    assert "communes: 35,014 rows, unchanged" in said
    assert "Reference data: 0 changes" in said
    assert Deed.objects.count() == before


def test_every_room_brings_its_steps_lower_rooms_first() -> None:
    names = [step.name for step in all_steps()]
    assert names.index("crous") < names.index("communes") < names.index("catalogue entries")


def test_a_row_that_drifted_is_brought_level_and_found_by_its_name_again() -> None:
    Commune.objects.filter(pk="35288").update(name="Ailleurs", search_key="ailleurs")
    CommuneKey.objects.filter(commune="35288").delete()
    Crous.objects.filter(pk=1).update(name="Autre")
    said = load()
    assert "communes: 35,014 rows, 1 changed" in said
    assert "crous: 26 rows, 1 changed" in said
    assert selectors.communes_like("malo")[0].code == "35288"
    assert set(Deed.objects.filter(verb="crous.load_reference").values_list("subject", flat=True)) >= {
        "reference:crous",
        "reference:communes",
    }


def test_what_the_desk_set_is_kept_when_the_files_are_loaded_again() -> None:
    actions.set_amount(
        by=NATIONAL, kind="cvec", year=YEAR, amount_cents=107_00, source="Décret", certainty="sourced", reason="x",
        now=NOW,
    )  # fmt: skip
    actions.set_window(
        by=NATIONAL, service="cvec", year=YEAR, crous_id=None, period=Period(NOW, None), source="Décision",
        certainty="sourced", reason="x", now=NOW,
    )  # fmt: skip
    said = load()
    assert re.search(r"^amounts: \d+ rows, 1 kept as set at the desk", said, re.MULTILINE)
    assert re.search(r"^windows: \d+ rows, 1 kept as set at the desk", said, re.MULTILINE)
    assert selectors.amount_of("cvec", YEAR) == 107_00
    assert selectors.window_of("cvec", YEAR) == Period(NOW, None)


def test_a_new_file_supersedes_what_an_older_file_said_and_overwrites_nothing() -> None:
    Amount.objects.filter(kind="cvec", year=YEAR).update(amount_cents=1_00)
    assert re.search(r"^amounts: \d+ rows, 1 changed", load(), re.MULTILINE)
    assert [row.amount_cents for row in selectors.amount_history("cvec", YEAR)] == [105_00, 1_00]


def test_a_role_changed_by_the_files_reaches_its_holders_unless_the_desk_composed_it() -> None:
    user = UserFactory(agent=True)
    actions.grant_role(by=NATIONAL, user=user, role_code="adviser", crous_id=LYON, reason="Arrivée", now=NOW)
    Role.objects.filter(code="adviser").update(rights=["old:old:old"])
    assert "roles: 4 rows, 1 changed" in load()
    user.refresh_from_db()
    assert "old:old:old" not in user.rights
    assert user.rights
    Role.objects.filter(code="adviser").update(rights=["desk:file:open"], shipped=False)
    assert "roles: 4 rows, 1 kept as set at the desk" in load()
    assert Agent.objects.get(user=user).role.rights == ["desk:file:open"]


def test_every_right_of_a_shipped_role_is_known_to_the_platform() -> None:
    known = {right.code for service in manifest.services() for right in service.rights}
    for config in apps.get_app_configs():
        if config.name.startswith("messervices.") and find_spec(f"{config.name}.states"):
            known |= {str(right) for right in getattr(import_module(f"{config.name}.states"), "RIGHTS", {})}
    rooms = {right.split(":")[0] for right in known}
    shipped = {right for role in Role.objects.all() for right in role.rights}
    assert {right for right in shipped if right.split(":")[0] in rooms} <= known


def test_the_crous_of_every_departement_that_has_an_academie_is_known() -> None:
    assert not Departement.objects.exclude(academie_code="").filter(crous=None).exists()
    assert set(Departement.objects.filter(crous=None).values_list("code", flat=True)) == {
        "975", "984", "986", "987", "988", "989",
    }  # fmt: skip
