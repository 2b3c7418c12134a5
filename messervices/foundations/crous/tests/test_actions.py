"""Dates, amounts, roles and referents: each deed once, dated, audited, and the same again changes nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest

from messervices.foundations.audit.models import Deed
from messervices.foundations.crous import actions, selectors
from messervices.foundations.crous.models import Agent, Amount, Role, Window
from messervices.foundations.crous.tests.factories import (
    LYON,
    NATIONAL,
    NOW,
    OF_LYON,
    VERSAILLES,
    YEAR,
    UserFactory,
    WindowFactory,
)
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.period import Period

pytestmark = pytest.mark.django_db
MAY, JUNE, JULY, SEPTEMBER = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6, 7, 9))
SOURCE = {"source": "Décision du 2 avril 2026", "certainty": "sourced"}


def set_window(**changes: Any) -> Window:
    asked = {
        "by": NATIONAL,
        "service": "trial",
        "year": YEAR,
        "crous_id": None,
        "period": Period(MAY, SEPTEMBER),
        "reason": "Calendrier arrêté",
        "now": NOW,
    } | SOURCE
    return actions.set_window(**asked | changes)


def set_amount(**changes: Any) -> Amount:
    asked = {
        "by": NATIONAL,
        "kind": "trial",
        "year": YEAR,
        "amount_cents": 105_00,
        "reason": "Décret",
        "now": NOW,
    } | SOURCE
    return actions.set_amount(**asked | changes)


def refused(code: str):
    return pytest.raises(Refusal, check=lambda refusal: refusal.code == code)


def verbs() -> list[str]:
    """List what was done, but for the loading of the reference data before the tests."""
    done = Deed.objects.exclude(verb="crous.load_reference").order_by("id")
    return list(done.values_list("verb", flat=True))


# Dates and amounts ----------------------------------------------------------------------------------------------


def test_dates_set_twice_are_set_once() -> None:
    first, again = set_window(), set_window()
    assert again.pk == first.pk
    assert verbs() == ["crous.set_window"]
    assert (first.set_by_id, first.set_by_label, first.shipped) == (NATIONAL.user_id, "Cnous", False)


def test_new_dates_take_the_place_of_the_old_which_stay_readable() -> None:
    old = set_window()
    assert selectors.window_of("trial", YEAR) == Period(MAY, SEPTEMBER)
    new = set_window(period=Period(JUNE, SEPTEMBER), reason="Ouverture reportée")
    old.refresh_from_db()
    assert (old.superseded_at, old.opens_at, new.superseded_at) == (NOW, MAY, None)
    assert selectors.window_of("trial", YEAR) == Period(JUNE, SEPTEMBER)
    deed = Deed.objects.latest("id")
    assert (deed.reason, deed.actor_label) == ("Ouverture reportée", "Cnous")
    assert deed.details["before"] == [["2026-05-01 00:00:00+00:00", "2026-09-01 00:00:00+00:00"]]


def test_a_campaign_is_opened_again_beside_the_period_it_had() -> None:
    set_window(period=Period(MAY, JUNE))
    again = set_window(period=Period(JULY, SEPTEMBER), replaces=())
    assert set_window(period=Period(JULY, SEPTEMBER), replaces=()).pk == again.pk
    assert len(verbs()) == 2
    assert selectors.open_years("trial", datetime(2026, 7, 2, tzinfo=UTC)) == [YEAR]
    set_window(period=Period(JULY, SEPTEMBER))  # now the only period again
    assert Window.objects.filter(service="trial", superseded_at=None).count() == 1


def test_dates_that_overlap_or_run_backwards_are_refused() -> None:
    set_window(period=Period(MAY, JULY))
    with refused("dates_overlap"):
        set_window(period=Period(JUNE, SEPTEMBER), replaces=())
    with refused("dates_reversed"):
        set_window(period=Period(JULY, JUNE))
    assert Window.objects.filter(service="trial").count() == 1


def test_a_crous_may_have_dates_of_its_own() -> None:
    set_window()
    set_window(crous_id=LYON, period=Period(JUNE, JULY))
    assert selectors.window_of("trial", YEAR, LYON) == Period(JUNE, JULY)
    assert selectors.window_of("trial", YEAR, VERSAILLES) == Period(MAY, SEPTEMBER)


@pytest.mark.parametrize("by", [OF_LYON, Actor(kind="agent", user_id=1, national=True), Actor.anonymous()])
def test_only_the_national_desk_with_the_right_sets_dates_and_amounts(by: Actor) -> None:
    for deed in (set_window, set_amount):
        with refused("not_allowed"):
            deed(by=by)
    assert verbs() == []


def test_a_change_without_a_reason_is_refused() -> None:
    for deed in (set_window, set_amount):
        with refused("reason_missing"):
            deed(reason=" ")


def test_an_amount_set_twice_is_set_once_and_a_new_one_supersedes_it() -> None:
    first, again = set_amount(), set_amount()
    assert again.pk == first.pk
    assert selectors.amount_of("trial", YEAR) == 105_00
    set_amount(amount_cents=107_00)
    assert selectors.amount_of("trial", YEAR) == 107_00
    assert [row.amount_cents for row in selectors.amount_history("trial", YEAR)] == [107_00, 105_00]
    assert Deed.objects.latest("id").details == {
        "kind": "trial",
        "year": "2026-2027",
        "before": 105_00,
        "after": 107_00,
    }
    with refused("amount_negative"):
        set_amount(amount_cents=-1)


def test_an_edit_takes_few_queries(django_assert_max_num_queries) -> None:
    WindowFactory()
    with django_assert_max_num_queries(8):
        set_window(period=Period(JUNE, JULY))
    with django_assert_max_num_queries(7):
        set_amount()


# Roles ----------------------------------------------------------------------------------------------------------


def grant(user: Any, role_code: str = "adviser", crous_id: int | None = LYON, **changes: Any) -> Agent:
    asked = {
        "by": NATIONAL,
        "user": user,
        "role_code": role_code,
        "crous_id": crous_id,
        "reason": "Arrivée",
        "now": NOW,
    }
    return actions.grant_role(**asked | changes)


def test_a_role_granted_twice_is_held_once_and_stands_on_the_account() -> None:
    user = UserFactory(agent=True)
    assert grant(user).pk == grant(user).pk
    user.refresh_from_db()
    assert user.crous_ids == [LYON]
    assert user.rights == sorted(Role.objects.get(code="adviser").rights)
    assert not user.national
    assert verbs() == ["crous.grant_role"]
    grant(user, crous_id=VERSAILLES)
    user.refresh_from_db()
    assert user.crous_ids == [LYON, VERSAILLES]


def test_a_national_role_reaches_every_crous_and_no_other_role_may() -> None:
    user = UserFactory(agent=True)
    grant(user, "national_administrator", None)
    user.refresh_from_db()
    assert (user.national, user.crous_ids) == (True, [])
    for role_code, crous_id in (("national_administrator", LYON), ("adviser", None)):
        with refused("role_place"):
            grant(UserFactory(agent=True), role_code, crous_id)


def test_rights_held_at_one_crous_never_reach_another() -> None:
    user = UserFactory(agent=True)
    grant(user, "manager", LYON)
    with refused("rights_would_spread"):
        grant(user, "adviser", VERSAILLES)
    user.refresh_from_db()
    assert user.crous_ids == [LYON]


def test_roles_are_for_agents_and_nobody_grants_or_ends_their_own() -> None:
    with refused("not_an_agent"):
        grant(UserFactory())
    with refused("role_unknown"):
        grant(UserFactory(agent=True), "king")
    user = UserFactory(agent=True)
    held = grant(user)
    rights = frozenset(["crous:role:grant"])
    herself = Actor(kind="agent", user_id=user.pk, rights=rights, national=True)
    with refused("own_role"):
        grant(user, "manager", by=herself)
    with refused("own_role"):
        actions.end_role(by=herself, agent_id=held.pk, reason="Départ", now=NOW)


def test_a_role_ended_twice_ends_once_and_leaves_the_account_without_rights() -> None:
    user = UserFactory(agent=True)
    held = grant(user)
    for _ in range(2):
        ended = actions.end_role(by=NATIONAL, agent_id=held.pk, reason="Départ", now=NOW)
    user.refresh_from_db()
    assert (user.crous_ids, user.rights, user.national) == ([], [], False)
    assert ended.until == NOW
    assert verbs() == ["crous.grant_role", "crous.end_role"]
    assert [row.until for row in selectors.roles_of(user.pk)] == [NOW]
    assert grant(user).pk != held.pk  # and may come back


def test_a_role_composed_anew_reaches_all_who_hold_it() -> None:
    users = [UserFactory(agent=True), UserFactory(agent=True)]
    for user in users:
        grant(user)
    asked = {
        "by": NATIONAL, "code": "adviser", "label_fr": "Gestionnaire", "label_en": "Adviser", "national": False,
        "rights": ["desk:file:open"], "reason": "Moins", "now": NOW,
    }  # fmt: skip
    for _ in range(2):
        role = actions.define_role(**asked)
    assert (role.shipped, role.set_by_id) == (False, NATIONAL.user_id)
    for user in users:
        user.refresh_from_db()
        assert user.rights == ["desk:file:open"]
    assert verbs().count("crous.define_role") == 1
    with refused("role_held"):
        actions.define_role(**asked | {"national": True})
    made = actions.define_role(**asked | {"code": "reader", "label_fr": "Lecteur", "label_en": "Reader"})
    assert made.pk != role.pk


def test_the_desk_lists_who_is_in_office() -> None:
    user = UserFactory(agent=True)
    grant(user)
    assert [row.user.pk for row in selectors.agents_in_office(LYON)] == [user.pk]
    assert selectors.agents_in_office(VERSAILLES) == []
    assert ("adviser", "Gestionnaire") in selectors.role_choices()


@pytest.mark.parametrize("by", [OF_LYON, Actor.anonymous()])
def test_only_the_national_desk_gives_and_takes_roles(by: Actor) -> None:
    user = UserFactory(agent=True)
    held = grant(user)
    with refused("not_allowed"):
        grant(user, "manager", by=by)
    with refused("not_allowed"):
        actions.end_role(by=by, agent_id=held.pk, reason="", now=NOW)
    with refused("not_allowed"):
        actions.define_role(
            by=by, code="x", label_fr="X", label_en="X", national=False, rights=[], reason="", now=NOW
        )  # fmt: skip


# Referents ------------------------------------------------------------------------------------------------------

LYON_1, VERSAILLES_UVSQ = "0691774D", "0781944P"


def register(user: Any, uai: str = LYON_1, **changes: Any) -> Any:
    asked = {"by": OF_LYON, "user": user, "uai": uai, "reason": "Convention", "now": NOW}
    return actions.register_referent(**asked | changes)


def test_a_referent_registered_twice_answers_once() -> None:
    user = UserFactory(establishment=True)
    assert register(user).pk == register(user).pk
    assert verbs() == ["crous.register_referent"]
    assert [one.uai for one in selectors.establishments_of_referent(user.pk)] == [LYON_1]


def test_an_establishment_names_two_referents_and_a_third_waits_for_a_place() -> None:
    first = register(UserFactory(establishment=True))
    register(UserFactory(establishment=True))
    third = UserFactory(establishment=True)
    with refused("referents_full"):
        register(third)
    for _ in range(2):
        actions.end_referent(by=OF_LYON, referent_id=first.pk, reason="Départ", now=NOW)
    assert register(third).slot == first.slot
    assert [row.slot for row in selectors.referents_of(LYON_1)] == [1, 2]
    assert verbs().count("crous.end_referent") == 1


def test_a_desk_registers_referents_of_its_own_crous_only() -> None:
    user = UserFactory(establishment=True)
    assert selectors.establishment_of(VERSAILLES_UVSQ).commune.departement.crous_id == VERSAILLES
    with refused("not_allowed"):
        register(user, VERSAILLES_UVSQ)
    held = register(user, VERSAILLES_UVSQ, by=NATIONAL)
    with refused("not_allowed"):
        actions.end_referent(by=OF_LYON, referent_id=held.pk, reason="", now=NOW)
    with refused("not_an_establishment"):
        register(UserFactory())
    abroad = selectors.establishment_of("1260001S")
    assert register(user, abroad.uai, by=NATIONAL).establishment_id == abroad.uai
