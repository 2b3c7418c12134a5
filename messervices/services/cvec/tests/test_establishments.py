"""An establishment asks for access, its Crous answers; daughters and keys."""

import re

import pytest
from django.db import connection

from messervices.foundations.accounts.models import User
from messervices.foundations.crous.models import Referent
from messervices.foundations.notifications.models import OutgoingMail
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.services.cvec import actions, rules, selectors
from messervices.services.cvec.models import Affiliation, ApiKey, Nominee, Registration
from messervices.services.cvec.states import RegistrationStatus
from messervices.services.cvec.tests.factories import LYON, NOW, VERSAILLES, UserFactory, referent
from messervices.services.cvec.tests.rolls import INSA, LYON_1, REFERENT, UVSQ, daughter_of, school

pytestmark = pytest.mark.django_db

ADMIT, REGISTER = "cvec:establishment:admit", "crous:referent:register"
ANYBODY = Actor.anonymous()
ENSA = "0780412Z"


def agent(*crous_ids: int, rights: tuple[str, ...] = (ADMIT, REGISTER)) -> Actor:
    return Actor(
        kind="agent", user_id=5, label="Mme Roche", crous_ids=crous_ids, rights=frozenset(rights),
        national=not crous_ids,
    )  # fmt: skip


def ask(uai: str = UVSQ, emails: tuple[str, str] = ("a@uvsq.example", "B@uvsq.example"), **how) -> Registration:
    persons = [actions.Named("Irène Joliot", emails[0], "01 02"), actions.Named("Boris Vian", emails[1])]
    return actions.ask_registration(
        by=ANYBODY, establishment=school(uai), persons=persons, language="fr", link="https://x/TOKEN", now=NOW,
        **({"daughters": []} | how),
    )  # fmt: skip


def tokens() -> list[str]:
    """The secrets in the links of the mails that wait."""
    rows = OutgoingMail.objects.filter(template="cvec/mail/nominee").order_by("pk")
    return [re.sub("https://x/", "", row.params["url"]) for row in rows]


def confirmed(uai: str = UVSQ, **how) -> Registration:
    demand = ask(uai, **how)
    for token in tokens()[-2:]:
        actions.confirm_nominee(by=ANYBODY, token=token, now=NOW)
    demand.refresh_from_db()
    return demand


def test_both_persons_confirm_before_the_crous_sees_anything() -> None:
    demand = ask()
    first, second = tokens()
    assert first not in str(list(Nominee.objects.values_list("token_hash", flat=True)))
    for _twice in range(2):
        actions.confirm_nominee(by=ANYBODY, token=first, now=NOW)
    assert selectors.registrations_waiting(agent(VERSAILLES)) == []
    actions.confirm_nominee(by=ANYBODY, token=second, now=NOW)
    assert selectors.registrations_waiting(agent(VERSAILLES)) == [demand]
    assert selectors.registrations_waiting(agent()) == [demand]
    assert selectors.registrations_waiting(agent(LYON)) == []
    assert selectors.registration_at_desk(agent(LYON), demand.pk) is None


def test_a_link_too_old_or_unknown_confirms_nothing() -> None:
    ask()
    for token, now in ((tokens()[0], NOW + rules.CONFIRM_WITHIN), ("guessed", NOW)):
        with pytest.raises(Refusal, match="link_dead"):
            actions.confirm_nominee(by=ANYBODY, token=token, now=now)
    assert not Nominee.objects.exclude(confirmed_at=None).exists()


def test_one_demand_of_an_establishment_waits_at_a_time() -> None:
    late = ask()
    waiting = tokens()
    confirmed(emails=("c@uvsq.example", "d@uvsq.example"))
    actions.confirm_nominee(by=ANYBODY, token=waiting[0], now=NOW)
    with pytest.raises(Refusal, match="registration_waiting"):
        actions.confirm_nominee(by=ANYBODY, token=waiting[1], now=NOW)
    with pytest.raises(Refusal, match="registration_waiting"):
        ask()
    late.refresh_from_db()
    assert late.status == RegistrationStatus.CONFIRMING


def test_accepting_gives_each_person_their_own_access_and_replaces_the_former_ones() -> None:
    former = referent()
    demand = confirmed(daughters=[ENSA, LYON_1, UVSQ])
    assert demand.daughters == [ENSA, LYON_1], "nobody is their own daughter"
    for _twice in range(2):
        actions.accept_registration(by=agent(VERSAILLES), registration_id=demand.pk, daughters=[ENSA], now=NOW)
    held = Referent.objects.filter(establishment_id=UVSQ, until=None).order_by("slot")
    assert [row.user.email for row in held] == ["a@uvsq.example", "b@uvsq.example"]
    assert Referent.objects.get(user=former).until == NOW
    assert not User.objects.get(email="a@uvsq.example").has_usable_password()
    assert selectors.filed_uais(UVSQ) == [UVSQ, ENSA], "the daughter left out is not in force"
    assert OutgoingMail.objects.filter(template="cvec/mail/admitted").count() == 2
    with pytest.raises(Refusal, match="step_closed"):
        actions.refuse_registration(by=agent(VERSAILLES), registration_id=demand.pk, reason="x", now=NOW)


def test_a_refusal_is_read_by_both_with_its_reason() -> None:
    demand = confirmed()
    for _twice in range(2):
        actions.refuse_registration(by=agent(VERSAILLES), registration_id=demand.pk, reason="Pas de siège", now=NOW)
    mails = OutgoingMail.objects.filter(template="cvec/mail/not_admitted")
    assert [mail.params["reason"] for mail in mails] == ["Pas de siège"] * 2
    assert not Referent.objects.exists()
    with pytest.raises(Refusal, match="step_closed"):
        actions.accept_registration(by=agent(VERSAILLES), registration_id=demand.pk, daughters=[], now=NOW)


@pytest.mark.parametrize("by", [agent(LYON), agent(VERSAILLES, rights=()), agent(rights=(REGISTER,))])
def test_another_crous_and_an_agent_without_the_right_decide_nothing(by: Actor) -> None:
    demand = confirmed()
    daughter = actions.declare_daughter(by=REFERENT, mother=school(), daughter=school(INSA), now=NOW)
    with pytest.raises(Refusal, match="not_allowed"):
        actions.accept_registration(by=by, registration_id=demand.pk, daughters=[], now=NOW)
    with pytest.raises(Refusal, match="not_allowed"):
        actions.refuse_registration(by=by, registration_id=demand.pk, reason="x", now=NOW)
    with pytest.raises(Refusal, match="not_allowed"):
        actions.decide_affiliation(by=by, affiliation_id=daughter.pk, accepted=True, reason="", now=NOW)


def test_an_address_that_is_a_students_opens_no_access_and_leaves_everything_as_it_was() -> None:
    UserFactory(email="a@uvsq.example", kind="student")
    demand = confirmed()
    with pytest.raises(Refusal, match="email_of_another"):
        actions.accept_registration(by=agent(VERSAILLES), registration_id=demand.pk, daughters=[], now=NOW)
    assert not Referent.objects.exists()


def test_a_daughter_has_one_mother() -> None:
    daughter_of(LYON_1, INSA)
    row = actions.declare_daughter(by=REFERENT, mother=school(), daughter=school(INSA), now=NOW)
    assert actions.declare_daughter(by=REFERENT, mother=school(), daughter=school(INSA), now=NOW) == row
    with pytest.raises(Refusal, match="daughter_taken"):
        actions.decide_affiliation(by=agent(VERSAILLES), affiliation_id=row.pk, accepted=True, reason="", now=NOW)
    for _twice in range(2):
        actions.decide_affiliation(by=agent(VERSAILLES), affiliation_id=row.pk, accepted=False, reason="non", now=NOW)
    assert Affiliation.objects.get(pk=row.pk).until == NOW
    with pytest.raises(Refusal, match="own_daughter"):
        actions.declare_daughter(by=REFERENT, mother=school(), daughter=school(), now=NOW)


def test_a_validated_daughter_may_be_named_in_lists() -> None:
    row = actions.declare_daughter(by=REFERENT, mother=school(), daughter=school(INSA), now=NOW)
    assert selectors.filed_uais(UVSQ) == [UVSQ]
    for _twice in range(2):
        actions.decide_affiliation(by=agent(VERSAILLES), affiliation_id=row.pk, accepted=True, reason="", now=NOW)
    assert selectors.filed_uais(UVSQ) == [UVSQ, INSA]


def test_a_key_is_kept_as_a_hash_and_ends_at_once() -> None:
    key, secret = actions.make_key(by=REFERENT, establishment=school(), name="Scolarité", now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("select row_to_json(k)::text from cvec_apikey k")
        assert secret not in cursor.fetchone()[0]
    assert selectors.key_by_secret(secret) == key
    for _twice in range(2):
        actions.end_key(by=REFERENT, establishment=school(), key_id=key.pk, now=NOW)
    assert selectors.key_by_secret(secret) is None
    actions.end_key(by=REFERENT, establishment=school(LYON_1), key_id=key.pk, now=NOW)
    for _n in range(5):
        actions.make_key(by=REFERENT, establishment=school(), name="x", now=NOW)
    with pytest.raises(Refusal, match="keys_too_many"):
        actions.make_key(by=REFERENT, establishment=school(), name="x", now=NOW)
    assert ApiKey.objects.count() == 6
