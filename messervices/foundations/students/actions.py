"""Writes on persons: who they are, their numbers, what is known of them."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from messervices.foundations.accounts.models import User
from messervices.foundations.audit import actions as audit
from messervices.foundations.students import rules
from messervices.foundations.students.models import Identifier, IdentifierCase, Person
from messervices.foundations.students.states import (
    CASE_STEPS,
    HOLDING,
    IDENTIFIER_STEPS,
    CaseStatus,
    Certainty,
    FactKind,
    IdentifierStatus,
    Scheme,
)
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import EVERY, Scope, acting_as
from messervices.kernel.text import search_key

_EVERYBODY = Scope("students.claims", crous=EVERY)
"""Numbers are compared across everybody: the answer is only ever "held" or "free"."""

_RECORD_FACT = "select students_record_fact(%s, %s, %s::smallint, %s::jsonb, %s, %s, %s, %s, %s)"


@inside_action
def record_fact(
    *,
    person_id: int,
    kind: str,
    value: Any,
    source: str,
    certainty: str,
    now: datetime,
    year: AcademicYear | None = None,
    reason: str = "",
    paper_id: int | None = None,
) -> bool:
    """Write what is known, superseding what was (one query). Returns ``False`` when nothing changed.

    ``value`` is JSON; ``source`` says where it comes from (``student``, ``scholarships``, ``crous:versailles``).
    """
    which = None if year is None else year.start
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD_FACT, (person_id, kind, which, json.dumps(value), source, certainty, now, reason, paper_id)
        )
        return bool(cursor.fetchone()[0])


@action
def tell_identity(*, by: Actor, user: User, identity: rules.Identity, now: datetime) -> Person:
    """A student says who they are, once; or corrects it. Idempotent: the same answers change nothing.

    Without an INE a provisional one is given. A number that another person holds stays with them: ours is noted as
    disputed, and a case opens for an agent (see ``IdentifierCase``). Raises ``Refusal("identity_locked")`` when an
    agent has verified what the student would change.
    """
    account = User.objects.select_for_update().get(pk=user.pk)
    columns = asdict(identity)
    number = columns.pop("ine")
    columns |= _search_keys(identity.birth_name, identity.usual_name, identity.first_names)
    if account.person_id is None:
        person = _make_person(account, columns, now)
        verb = "students.tell_identity"
    else:
        person = Person.objects.select_for_update(of=("self",)).get(pk=account.person_id)
        _refuse_verified(person, columns)
        for name, value in columns.items():
            setattr(person, name, value)
        person.save(update_fields=list(columns))
        verb = "students.correct_identity"
    with acting_as(Scope(f"person:{person.pk}", person=person.pk)):
        _record_identity(person, source="student", certainty=Certainty.DECLARED, now=now)
        _hold_number(person, number, by=by, now=now)
        audit.record(by=by, verb=verb, subject=f"students.person:{person.pk}", now=now, person_id=person.pk)
    account.label = person.display_name[:200]
    account.save(update_fields=["label", "person_id"])
    user.person_id, user.label = account.person_id, account.label
    return person


def _make_person(account: User, columns: dict[str, Any], now: datetime) -> Person:
    """Insert the person in their own scope: their number is taken first, so that the policy lets them in."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval(pg_get_serial_sequence('students_person', 'id'))")
        person_id = int(cursor.fetchone()[0])
    account.person_id = person_id
    with acting_as(Scope(f"person:{person_id}", person=person_id)):
        return Person.objects.create(
            pk=person_id, crous_ids=[0], ine_status=IdentifierStatus.TO_VERIFY, created_at=now, **columns
        )


def _search_keys(birth_name: str, usual_name: str, first_names: str) -> dict[str, str]:
    """Give the two keys people are found by: "benali lina", and "roux lina" when another name is in use."""
    return {
        "search_key": search_key(f"{birth_name} {first_names}")[:900],
        "usual_key": search_key(f"{usual_name} {first_names}")[:900] if usual_name else "",
    }


def _refuse_verified(person: Person, columns: dict[str, Any]) -> None:
    """Refuse a change of what an agent has verified: the student asks, an agent corrects."""
    verified = set(person.facts.filter(superseded_at=None, certainty=Certainty.VERIFIED).values_list("kind", flat=True))
    changed = {name for name, value in columns.items() if name in FactKind.values and getattr(person, name) != value}
    if verified & changed:
        raise _locked()


def _locked() -> Refusal:
    return Refusal(
        "identity_locked",
        _(
            "Cette information a été vérifiée par un agent. "
            "Écrivez au Crous pour la faire corriger : joignez une pièce."
        ),
    )


def _record_identity(person: Person, *, source: str, certainty: str, now: datetime) -> None:
    """Write each part of the identity as a fact with its source and date."""
    values: dict[str, Any] = {
        FactKind.BIRTH_NAME: person.birth_name,
        FactKind.USUAL_NAME: person.usual_name,
        FactKind.FIRST_NAMES: person.first_names,
        FactKind.BIRTH_ON: person.birth_on.isoformat(),
        FactKind.BIRTH_PLACE: {
            "commune": person.birth_commune, "place": person.birth_place, "country": person.birth_country,
        },
        FactKind.CIVILITY: person.civility,
        FactKind.NATIONALITY: person.nationality,
    }  # fmt: skip
    for kind, value in values.items():
        record_fact(person_id=person.pk, kind=kind, value=value, source=source, certainty=certainty, now=now)


@inside_action
def _hold_number(person: Person, typed: str, *, by: Actor, now: datetime) -> None:
    """Claim the typed number for the person, or give a provisional one; keep the old ones as superseded."""
    current = person.identifiers.filter(status__in=HOLDING).first()
    reading = rules.read_ine(typed)
    if current and (current.value == reading.value or not typed):
        _show_number(person, current.value, current.status)
        return
    if current and current.status == IdentifierStatus.VERIFIED:
        raise _locked()
    if typed and person.identifiers.filter(value=reading.value, status=IdentifierStatus.DISPUTED).exists():
        return
    if typed:
        wanted = IdentifierStatus.TO_VERIFY if reading.key_ok is False else IdentifierStatus.DECLARED
        scheme, value = reading.scheme, reading.value
    else:
        wanted, scheme, value = IdentifierStatus.DECLARED, Scheme.PROVISIONAL, _next_provisional(now)
    if current and typed and _held_by_another(value):
        status = _claim(person, scheme, value, IdentifierStatus.DISPUTED, now=now)
    else:
        if current:
            _end(current, "supersede", now)
        status = _claim(person, scheme, value, wanted, now=now)
    if status == IdentifierStatus.DISPUTED:
        _open_case(person, value, by=by, now=now)
    else:
        _show_number(person, value, status)


def _held_by_another(value: str) -> bool:
    """Whether somebody holds the number; read across persons, tells nothing else."""
    with acting_as(_EVERYBODY):
        return Identifier.objects.filter(value=value, status__in=HOLDING).exists()


def _claim(person: Person, scheme: str, value: str, wanted: str, *, now: datetime, source: str = "student") -> str:
    with connection.cursor() as cursor:
        cursor.execute("select students_claim(%s, %s, %s, %s, %s, %s)", (person.pk, scheme, value, wanted, source, now))
        return str(cursor.fetchone()[0])


def _open_case(person: Person, value: str, *, by: Actor, now: datetime) -> None:
    """Open the case; the person goes on meanwhile under a provisional number."""
    disputed = person.identifiers.get(value=value, status=IdentifierStatus.DISPUTED)
    IdentifierCase.objects.create(identifier=disputed, person=person, opened_at=now)
    if not person.identifiers.filter(status__in=HOLDING).exists():
        provisional = _next_provisional(now)
        status = _claim(person, Scheme.PROVISIONAL, provisional, IdentifierStatus.DECLARED, now=now)
        _show_number(person, provisional, status)
    audit.record(by=by, verb="students.open_case", subject=f"students.person:{person.pk}", now=now, person_id=person.pk)


def _next_provisional(now: datetime) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select nextval('students_provisional_serial')")
        return rules.provisional_ine(int(cursor.fetchone()[0]), now.year)


def _show_number(person: Person, value: str, status: str) -> None:
    person.ine, person.ine_status = value, status
    person.save(update_fields=["ine", "ine_status"])


def _end(identifier: Identifier, step: str, now: datetime) -> None:
    identifier.status = IDENTIFIER_STEPS.target(step, identifier.status)
    identifier.ended_at = now
    identifier.save(update_fields=["status", "ended_at"])


@inside_action
def attach_to_crous(*, person_id: int, crous_id: int) -> None:
    """Let a Crous follow a person from now on (one query). Following twice changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update students_person set crous_ids = array_append(array_remove(crous_ids, 0), %s::int)"
            " where id = %s and not crous_ids @> array[%s::int]",
            (crous_id, person_id, crous_id),
        )


_CORRECTABLE = frozenset(
    {FactKind.BIRTH_NAME, FactKind.USUAL_NAME, FactKind.FIRST_NAMES, FactKind.BIRTH_ON, FactKind.CIVILITY,
     FactKind.NATIONALITY}
)  # fmt: skip


@inside_action
def correct_fact(
    *, by: Actor, person_id: int, kind: str, value: Any, reason: str, paper_id: int | None, now: datetime
) -> bool:
    """An agent corrects a part of the identity, with a reason and a proof; it is verified from then on.

    ``value`` is as the fact stores it: an ISO date for ``birth_on``, ``{commune, place, country}`` for
    ``birth_place``. Returns ``False`` when an agent had already written the same: nothing is changed nor recorded
    again. Raises ``Refusal`` when the kind is not one that an agent corrects, when the reason is missing, or when the
    file is the agent's own.
    """
    if kind not in _CORRECTABLE | {FactKind.BIRTH_PLACE}:
        raise Refusal("not_correctable", _("Cette information ne se corrige pas ici : elle vient d’un autre service."))
    _refuse_unreasoned(reason)
    _refuse_own_file(by, person_id)
    person = Person.objects.select_for_update(of=("self",)).get(pk=person_id)
    columns = {kind: value} if kind in _CORRECTABLE else {f"birth_{part}": value[part] for part in value}
    for column, given in columns.items():
        setattr(person, column, given)
    columns |= _search_keys(person.birth_name, person.usual_name, person.first_names)
    person.search_key, person.usual_key = columns["search_key"], columns["usual_key"]
    person.save(update_fields=list(columns))
    User.objects.filter(person_id=person_id).update(label=person.display_name[:200])
    written = record_fact(
        person_id=person_id, kind=kind, value=value, source=f"agent:{by.office_id or 0}", certainty=Certainty.VERIFIED,
        now=now, reason=reason, paper_id=paper_id,
    )  # fmt: skip
    if written:
        audit.record(
            by=by, verb="students.correct_fact", subject=f"students.person:{person_id}", now=now, person_id=person_id,
            reason=reason, details={"kind": kind, "paper": paper_id},
        )  # fmt: skip
    return written


@inside_action
def correct_number(*, by: Actor, person_id: int, typed: str, reason: str, paper_id: int | None, now: datetime) -> bool:
    """An agent verifies a person's INE, or gives them the right one, with a reason and a proof.

    Returns ``False`` when it was verified already. A number that another person holds is never taken here: both sides
    have to be heard, by a case. Raises ``Refusal``: ``not_an_ine``, ``number_held``, ``reason_missing``, ``own_file``.
    """
    _refuse_unreasoned(reason)
    _refuse_own_file(by, person_id)
    reading = rules.read_ine(typed)
    if not reading.is_ine or reading.scheme == Scheme.PROVISIONAL:
        raise Refusal(
            "not_an_ine", _("Ce n’est pas un INE : il a 11 signes, et un numéro provisoire ne se vérifie pas.")
        )
    person = Person.objects.select_for_update(of=("self",)).get(pk=person_id)
    current = person.identifiers.filter(status__in=HOLDING).first()
    if current and current.value == reading.value:
        if current.status == IdentifierStatus.VERIFIED:
            return False
        current.status = IDENTIFIER_STEPS.target("verify", current.status)
        current.save(update_fields=["status"])
    else:
        if current:
            _end(current, "supersede", now)
        source = f"agent:{by.office_id or 0}"
        if (
            _claim(person, reading.scheme, reading.value, IdentifierStatus.VERIFIED, now=now, source=source)
            != IdentifierStatus.VERIFIED
        ):
            raise Refusal(
                "number_held",
                _(
                    "Une autre personne porte ce numéro. Votre étudiant doit le donner dans son espace : "
                    "un conflit s’ouvrira, et un agent décidera."
                ),
            )
    _show_number(person, reading.value, IdentifierStatus.VERIFIED)
    audit.record(
        by=by, verb="students.verify_number", subject=f"students.person:{person_id}", now=now, person_id=person_id,
        reason=reason, details={"paper": paper_id},
    )  # fmt: skip
    return True


def _refuse_unreasoned(reason: str) -> None:
    if not reason.strip():
        raise Refusal("reason_missing", _("Dites pourquoi : la personne lira ce motif."))


def _refuse_own_file(by: Actor, person_id: int) -> None:
    if by.person_id == person_id:
        raise Refusal("own_file", _("Vous ne pouvez pas décider de votre propre dossier."))


@dataclass(frozen=True, slots=True)
class Settled:
    """How a case stands after a step. ``other_id`` is whoever held the number too: told by message, never shown."""

    case: IdentifierCase
    other_id: int | None
    changed: bool


@inside_action
def resolve_case(*, by: Actor, case_id: int, step: str, reason: str, now: datetime) -> Settled:
    """An agent decides who an INE belongs to: ``grant`` it to the claimant, ``refuse``, or ``ask`` for a paper.

    Granting takes it from whoever held it, who goes on under a provisional number; nothing else of their file is
    touched. The same decision for the same reason again changes nothing. Raises ``Refusal`` when the case is closed,
    the reason missing, or the file the agent's own.
    """
    case = IdentifierCase.objects.select_for_update(of=("self",)).select_related("identifier", "person").get(pk=case_id)
    if case.status == CASE_STEPS.steps[step][1] and case.reason == reason:
        return Settled(case, None, changed=False)
    status = CASE_STEPS.target(step, case.status)
    _refuse_unreasoned(reason)
    _refuse_own_file(by, case.person_id)
    held = _holder(case)
    if held is not None:
        _refuse_own_file(by, held.person_id)
    if step == "grant":
        _grant(case, held, by=by, now=now)
    elif step == "refuse":
        _end(case.identifier, "refuse", now)
    case.status, case.reason = status, reason
    case.closed_at = None if status == CaseStatus.ASKED else now
    case.save(update_fields=["status", "reason", "closed_at"])
    verb = {"ask": "students.ask_paper", "grant": "students.grant_case", "refuse": "students.refuse_case"}[step]
    audit.record(by=by, verb=verb, subject=f"students.case:{case.pk}", now=now, person_id=case.person_id, reason=reason)
    return Settled(case, held.person_id if held else None, changed=True)


def _holder(case: IdentifierCase) -> Identifier | None:
    """Whoever holds the number of a case, wherever they are followed, locked."""
    with acting_as(_EVERYBODY):
        return (
            Identifier.objects.select_for_update(of=("self",))
            .filter(value=case.identifier.value, status__in=HOLDING)
            .select_related("person")
            .first()
        )


def _grant(case: IdentifierCase, held: Identifier | None, *, by: Actor, now: datetime) -> None:
    """Take the number from its holder, who gets a provisional one, and give it to the claimant as verified.

    The holder's deed does not carry the reason: it was written for the claimant, and may tell who they are.
    """
    if held is not None:
        with acting_as(_EVERYBODY):
            _end(held, "refuse", now)
            provisional = _next_provisional(now)
            status = _claim(held.person, Scheme.PROVISIONAL, provisional, IdentifierStatus.DECLARED, now=now)
            _show_number(held.person, provisional, status)
            audit.record(
                by=by, verb="students.refuse_case", subject=f"students.person:{held.person_id}", now=now,
                person_id=held.person_id,
            )  # fmt: skip
    current = case.person.identifiers.filter(status__in=HOLDING).first()
    if current:
        _end(current, "supersede", now)
    case.identifier.status = IDENTIFIER_STEPS.target("grant", case.identifier.status)
    case.identifier.save(update_fields=["status"])
    _show_number(case.person, case.identifier.value, case.identifier.status)
