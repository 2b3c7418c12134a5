"""Every table is behind a forced policy, or stands here with the reason why it need not be."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.utils import ProgrammingError

from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel.isolation import _Policy
from messervices.kernel.scope import NOBODY, Scope, acting_as

pytestmark = pytest.mark.django_db

OPEN = {
    "account_emailaddress": "read with the account, by its own e-mail or user; allauth's, which knows no scope",
    "account_emailconfirmation": "allauth's, unused: our links are signed and need no row",
    "accounts_emailchange": "what computes the scope is not isolated: read by user or by a hashed token",
    "accounts_limit": "keys are hashes; nobody is named",
    "accounts_session": "what computes the scope is not isolated: read by the cookie's key",
    "accounts_user": "what computes the scope is not isolated: read by session or e-mail",
    "audit_installation": "one random number that names the installation in its anchors",
    "audit_head": "the heads of the chains of hashes; nobody is named",
    "cash_returnfile": "a bank’s file: references and sums, nobody is named; its lines are isolated",
    "catalogue_announcement": "public texts",
    "catalogue_catalogueentry": "public texts",
    "crous_agent": "who works where: reference data of the network",
    "crous_amount": "public figures",
    "crous_certificatestate": "public words",
    "crous_commune": "public places",
    "crous_communekey": "public places",
    "crous_crous": "public offices",
    "crous_departement": "public places",
    "crous_establishment": "public places",
    "crous_referent": "who answers for an establishment: reference data of the network",
    "crous_role": "bundles of rights",
    "crous_window": "public dates",
    "cvec_affiliation": "which establishment files for which: no person stands there",
    "cvec_apikey": "hashes of the keys of establishments' programs",
    "cvec_beneficiary": "classes of establishments",
    "cvec_check": "an establishment's own history; the number is masked and no person stands there",
    "cvec_crousshare": "sums of the Crous; no person stands there",
    "cvec_nominee": "whom an establishment names, by their professional address: reference data once accepted",
    "cvec_registration": "an establishment that asks for access: no person stands there",
    "cvec_shareterms": "public parameters of a year",
    "cvec_sharing": "a sharing out as a whole: sums, and who decided",
    "django_content_type": "Django's list of models",
    "django_migrations": "Django's list of migrations",
    "auth_group": "Django's, unused: roles are crous_role",
    "auth_group_permissions": "Django's, unused",
    "auth_permission": "Django's, unused",
    "ledger_account": "paths of accounts; nobody is named. The application may only call ledger_post",
    "ledger_balance": "sums by account; nobody is named",
    "ledger_transfer": "amounts and keys of a bank; nobody is named. The application may only call ledger_post",
    "mfa_authenticator": "read by its user alone; allauth's, which knows no scope",
    "notifications_deadaddress": "keyed digests of addresses; nobody is named",
    "notifications_outgoingmail": "a mail on its way to an address, emptied as it leaves; written and sent by machines",
    "payments_railhealth": "which banks answer; nobody is named",
    "procrastinate_events": "the queue's own; arguments are numbers",
    "procrastinate_jobs": "the queue's own; arguments are numbers",
    "procrastinate_periodic_defers": "the queue's own",
    "procrastinate_workers": "the queue's own",
}
"""Tables without a policy, each with its reason."""


def rows(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def tables() -> dict[str, tuple[str, bool, bool, int]]:
    """Owner, row security on, forced, and number of policies of every table there is."""
    found = rows(
        "select c.relname, pg_get_userbyid(c.relowner), c.relrowsecurity, c.relforcerowsecurity,"
        " (select count(*) from pg_policy p where p.polrelid = c.oid)"
        " from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')"
    )
    return {name: rest for name, *rest in found}


def declared() -> set[str]:
    """The tables whose model says that it is isolated."""
    return {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if any(isinstance(constraint, _Policy) for constraint in model._meta.constraints)
    }


def unguarded() -> list[str]:
    """Say which tables have neither a policy nor a reason."""
    wrong = []
    for name, (_owner, on, forced, policies) in tables().items():
        if name in OPEN:
            continue
        if not (on and forced and policies == 1):
            wrong.append(f"{name}: row security {on}, forced {forced}, {policies} policies")
        elif name not in declared():
            wrong.append(f"{name}: its model does not say Isolated")
    return wrong


def test_every_table_is_forced_behind_one_policy_or_says_why_not() -> None:
    assert not unguarded(), "give the model an Isolated constraint, or the table a reason in OPEN"
    assert len(declared()) >= 14
    assert not declared() - set(tables()), "declared, but the table is not there"


def test_no_reason_is_kept_for_a_table_that_is_gone_or_isolated() -> None:
    assert not set(OPEN) - set(tables())
    assert not set(OPEN) & declared()


def test_control_a_table_that_joins_two_by_itself_is_caught() -> None:
    """What a many-to-many field without a model of its own would make."""
    with connection.cursor() as cursor:
        cursor.execute("set role msv_owner")
        cursor.execute("create table students_person_friends (id bigint, person_id bigint)")
        cursor.execute("set role msv_app")
    assert unguarded() == ["students_person_friends: row security False, forced False, 0 policies"]


def test_control_a_policy_switched_off_is_caught() -> None:
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set role msv_owner")
        cursor.execute("alter table students_person no force row level security")
        cursor.execute("set role msv_app")
    assert unguarded() == ["students_person: row security True, forced False, 1 policies"]


def test_no_model_joins_two_tables_by_itself() -> None:
    automatic = [
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        if model._meta.auto_created and not model._meta.label.startswith("auth.")
    ]
    assert not automatic, "write the joining model by hand: it needs a policy of its own"


def test_tables_belong_to_the_owner_and_tests_run_as_the_application() -> None:
    assert {owner for owner, *_rest in tables().values()} == {"msv_owner"}
    me = "select current_user, rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user"
    assert rows(me) == [("msv_app", False, False, False)]
    assert rows("select rolsuper or rolbypassrls from pg_roles where rolname in ('msv_owner', 'msv_worker')") == [
        (False,), (False,),
    ]  # fmt: skip


def test_no_function_runs_as_its_owner_past_the_policies() -> None:
    definers = rows(
        "select proname, proowner::regrole::text from pg_proc where pronamespace = 'public'::regnamespace and prosecdef"
    )
    assert all(owner == "msv_owner" for _name, owner in definers), "the owner is held by FORCE, a superuser is not"
    views = rows("select viewname from pg_views where schemaname = 'public'")
    views += rows("select matviewname from pg_matviews where schemaname = 'public'")
    assert not views, "a view sees as its owner: give it security_invoker, and a line here"


@pytest.mark.parametrize(
    "statement",
    [
        "alter table students_person no force row level security",
        "drop policy person_isolated on students_person",
        "create policy all_of_them on students_person using (true)",
        "truncate students_fact",
        "update ledger_transfer set amount_cents = 1",
        "delete from ledger_transfer",
        "update audit_deed set reason = ''",
        "delete from audit_deed",
        "delete from documents_document",
        "create table mine (id int)",
    ],
)
def test_the_application_may_not(statement: str) -> None:
    PersonFactory()
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), connection.cursor() as cursor:
        cursor.execute(statement)


def test_without_a_scope_there_is_nobody_and_a_bad_one_is_an_error() -> None:
    PersonFactory()
    assert Person.objects.count() == 1
    with acting_as(NOBODY):
        assert Person.objects.count() == 0
    with acting_as(Scope("agent", crous=(12,))):
        assert Person.objects.count() == 0
