"""A small world for the tests that look at the whole platform: two Crous, their people, something in every table.

Everything is made by the actions that the platform itself uses. Whatever belongs to one side carries marks that stand
nowhere else (names, numbers, addresses): a page of the other side that shows one has leaked it.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from unittest import mock

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection, transaction
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

from messervices.desk.tests.factories import sign_in
from messervices.foundations.accounts.actions.open_account import add_code_factor, open_account
from messervices.foundations.accounts.models import User
from messervices.foundations.audit import actions as audit
from messervices.foundations.cash.models import Line
from messervices.foundations.cash.rules import grouped
from messervices.foundations.cash.tests import factories as cash
from messervices.foundations.catalogue.models import Announcement
from messervices.foundations.catalogue.tests.factories import AnnouncementFactory
from messervices.foundations.crous.models import Agent, Establishment, Referent, Role
from messervices.foundations.crous.selectors import crous_of
from messervices.foundations.documents import actions as documents
from messervices.foundations.documents.models import Document, Paper
from messervices.foundations.documents.tests import honest
from messervices.foundations.documents.tests.factories import proof
from messervices.foundations.notifications.models import Contact, Message
from messervices.foundations.payments.models import Attempt, Order, OutsideEvent, Refund
from messervices.foundations.payments.tests.factories import begin, notice, tell
from messervices.foundations.payouts.models import BankAnswer, Payout, Run
from messervices.foundations.payouts.tests import factories as payouts
from messervices.foundations.students import selectors as students
from messervices.foundations.students.models import IdentifierCase, Person
from messervices.foundations.students.tests.factories import bea, give_fact, told
from messervices.foundations.treasury.tests import factories as treasury
from messervices.foundations.treasury.tests.factories import Money
from messervices.kernel import clock, jobs
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.tests.factories import acknowledge, pay
from tests.world_lists import make_lists
from tests.world_requests import make_request

NOW = datetime(2026, 8, 28, 12, 0, tzinfo=UTC)
YEAR = AcademicYear(2026)
PASSWORD = "une phrase assez longue pour tous"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
VERSAILLES, LYON = 26, 12
CITIES = {VERSAILLES: "78646", LYON: "69123"}
PHONES = {VERSAILLES: "+33612000026", LYON: "+33612000012"}
MARKS = {VERSAILLES: "Vexin", LYON: "Ludna"}
"""A word that stands in every name of a side."""

PDF = honest.pdf()


@dataclass
class Side:
    """One Crous and its people. ``objects`` are what addresses name; ``marks`` are what no other side may see."""

    crous_id: int
    paid: Person
    payer: Person
    refused: Person
    doubtful: Person
    claimant: Person
    scholar: Person
    agent: User
    file: Acquittement
    order: Order
    begun: Attempt
    event: OutsideEvent
    refund: Refund
    case: IdentifierCase
    document: Document
    paper: Paper
    message: Message
    announcement: Announcement
    cash_line: Line
    payout: Payout
    run: Run
    bank_answer: BankAnswer
    money: Money
    marks: set[str] = field(default_factory=set)

    @property
    def mark(self) -> str:
        """The word in every name of this side."""
        return MARKS[self.crous_id]


@dataclass
class World:
    """Both sides, and those who belong to neither."""

    sides: dict[int, Side]
    newcomer: User
    bare_agent: User
    national: User
    referent: User
    keyholder: User
    passkey: Authenticator
    unknown_event: OutsideEvent
    moved: Person

    @property
    def versailles(self) -> Side:
        """The first side."""
        return self.sides[VERSAILLES]

    @property
    def lyon(self) -> Side:
        """The other one."""
        return self.sides[LYON]


@contextmanager
def in_august() -> Iterator[None]:
    """Let the platform's clock say 28 August 2026, and run on: the campaign of 2026-2027 is open."""
    offset = NOW - datetime.now(UTC)
    with mock.patch.object(clock, "_offset", return_value=offset):
        yield


def browser_of(user: User | None) -> Client:
    """A browser in which somebody is signed in, an agent with a second factor; ``None``: nobody is."""
    client = Client(raise_request_exception=False)
    client.cookies["language"] = "fr"
    return client if user is None else sign_in(client, user)


def enter(client: Client, user: User) -> Client:
    """Sign somebody in, just now: nobody is asked again who they are."""
    sign_in(client, user, second_factor=user.kind == "agent" and bool(user.rights))
    session = client.session
    at = datetime.now(UTC).timestamp()
    session["account_authentication_methods"] = [
        entry | {"at": at, "reauthenticated": True} for entry in session["account_authentication_methods"]
    ]
    session.save()
    return client


def user_of(person: Person) -> User:
    """A person's account."""
    return User.objects.get(person_id=person.pk)


def work_off(most: int = 500) -> int:
    """Do what is queued, as the worker would, the first come first; give how many jobs were done."""
    done = 0
    while done < most:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "delete from procrastinate_jobs where id = (select id from procrastinate_jobs where status = 'todo'"
                " order by priority desc, id limit 1 for update skip locked) returning task_name, args"
            )
            row = cursor.fetchone()
        if row is None:
            return done
        jobs._jobs[row[0]](**json.loads(row[1]))
        done += 1
    raise AssertionError("the queue never empties")


@contextmanager
def whole() -> Iterator[None]:
    """One transaction around many deeds: an action does not mind being inside, as in a test."""
    around = transaction.atomic()
    around._from_testcase = True
    with around:
        yield


@whole()
def build() -> World:
    """Make the world. What other tests left in the queue is forgotten first: no clean-up of a database empties it."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")
    sides = {crous_id: _side(crous_id) for crous_id in (VERSAILLES, LYON)}
    tell(notice("NOBODYKNOWS-1"))
    national = _agent("direction@cnous.example", "A. Petit, Cnous", None, "national_administrator")
    referent = open_account(
        email="scolarite@uvsq.example", password=PASSWORD, kind="establishment", label="Scolarité centrale", now=NOW
    )
    Referent.objects.create(user=referent, establishment=Establishment.objects.get(pk="0781944P"), slot=1, since=NOW)
    moved = _moved()
    for side in sides.values():
        make_request(side.file, side.mark)
    make_lists(MARKS, moved, [side.paid for side in sides.values()])
    keyholder = open_account(email="cle@etudiant.example", password=None, now=NOW)
    work_off()
    return World(
        sides=sides,
        newcomer=open_account(email="nouvelle@etudiant.example", password=PASSWORD, now=NOW),
        bare_agent=_agent("stagiaire@novices.example", "S. Novice", VERSAILLES, None),
        national=national,
        keyholder=keyholder,
        passkey=_passkey_of(keyholder),
        referent=referent,
        unknown_event=OutsideEvent.objects.get(status="unknown"),
        moved=moved,
    )


def _person(crous_id: int, first_name: str, serial: int, *, city: str | None = None) -> Person:
    """Somebody who said who they are, as everybody does."""
    mark = MARKS[crous_id]
    user = open_account(email=f"{first_name}.{mark}@etudiant.example".lower(), password=PASSWORD, now=NOW)
    names = {"birth_name": f"{mark}-{first_name}", "first_names": f"{first_name} {mark}ette"}
    person = told(user, **names, ine=_ine(crous_id, serial))
    if city is None or city:
        value = {"commune": city or CITIES[crous_id]}
        give_fact(person, "study_city", value, source="student", certainty="declared")
    return person


def _ine(crous_id: int, serial: int) -> str:
    return bea(crous_id * 1_000_000 + serial)


def _follow(person: Person, *crous_ids: int) -> None:
    Person.objects.filter(pk=person.pk).update(crous_ids=list(crous_ids))
    User.objects.filter(person_id=person.pk).update(crous_ids=list(crous_ids))
    person.refresh_from_db()


def _agent(email: str, label: str, crous_id: int | None, *roles: str | None) -> User:
    """An agent with those roles and a second factor; without a role, somebody who has none yet."""
    user = open_account(email=email, password=PASSWORD, kind="agent", label=label, now=NOW)
    add_code_factor(user=user, secret=SECRET, now=NOW)
    held = [Role.objects.get(code=code) for code in roles if code]
    for role in held:
        Agent.objects.create(user=user, crous_id=crous_id, role=role, since=NOW)
    user.crous_ids = [crous_id] if crous_id and held else []
    user.rights = sorted({right for role in held for right in role.rights})
    user.national = bool(held) and crous_id is None
    user.save()
    return user


def _side(crous_id: int) -> Side:
    paid, payer = _person(crous_id, "Paula", 1), _person(crous_id, "Payton", 2)
    refused, doubtful = _person(crous_id, "Rufus", 3), _person(crous_id, "Douglas", 4)
    scholar = _person(crous_id, "Sacha", 5)
    give_fact(scholar, "boursier", {"echelon": "3"})
    claimant = _claimant(crous_id)
    agent = _agent(
        f"agent@crous-{crous_id}.example", f"M. Duval {MARKS[crous_id]}", crous_id, "manager", "accountant", "adviser"
    )
    file = _paid(paid)
    paper = proof(paid, crous_id=crous_id, name=f"identite-{MARKS[crous_id]}.pdf", identity=True)
    begun = begin(_order(payer))
    cash.short_of_a_euro(paid, crous_id, MARKS[crous_id])
    payouts.at_the_bank_and_waiting(paid, crous_id, MARKS[crous_id])
    tell(notice(begin(_order(refused)).number, "REFUSED", effective_creation_date="20260828120501"))
    tell(notice(begin(_order(doubtful)).number, effective_amount="10400", amount="10400"))
    acknowledge(scholar)
    by = Actor(kind="agent", user_id=agent.pk, label=agent.label, crous_ids=(crous_id,))
    for person in (paid, payer):
        audit.record_read(
            by=by, person_id=person.pk, crous_id=crous_id, what="file", now=NOW,
            reason=f"Question sur un paiement ({MARKS[crous_id]})",
        )  # fmt: skip
    Contact.objects.update_or_create(person=paid, defaults={"phone": PHONES[crous_id]})
    AnnouncementFactory(
        perimeter="crous", crous_id=crous_id, slug=f"closed-{crous_id}", title_fr=f"Fermeture {MARKS[crous_id]}"
    )
    work_off()
    treasury.followed(crous_id, MARKS[crous_id])
    people = [paid, payer, refused, doubtful, claimant, scholar]
    return _whole(people, file, crous_id=crous_id, agent=agent, begun=begun, paper=paper)


def _whole(
    people: list[Person], file: Acquittement, *, crous_id: int, agent: User, begun: Attempt, paper: Paper
) -> Side:
    """Find what was made, and gather the marks."""
    paid, payer, refused, doubtful, claimant, scholar = people
    document = file.document
    assert document is not None
    message = Message.objects.filter(person=paid).order_by("pk")[0]
    side = Side(
        crous_id=crous_id, paid=paid, payer=payer, refused=refused, doubtful=doubtful, claimant=claimant,
        scholar=scholar, agent=agent, file=file, order=file.order, begun=begun,
        event=OutsideEvent.objects.get(status="incident", crous_id=crous_id),
        refund=Refund.objects.get(crous_id=crous_id), case=students.open_case_of(claimant.pk),
        document=document, paper=paper, message=message,
        announcement=Announcement.objects.get(slug=f"closed-{crous_id}"),
        cash_line=Line.objects.select_related("notice").get(crous_id=crous_id),
        payout=Payout.objects.get(crous_id=crous_id, status="waiting"), run=Run.objects.get(crous_id=crous_id),
        bank_answer=BankAnswer.objects.get(crous_id=crous_id),
        money=treasury.money_of(crous_id),
    )  # fmt: skip
    numbers = list(Document.objects.filter(crous_id=crous_id).values_list("number", flat=True))
    orders = list(Order.objects.filter(crous_id=crous_id).values_list("number", flat=True))
    side.marks = {side.mark, f"@crous-{crous_id}.example", PHONES[crous_id], *numbers, *orders}
    side.marks |= {f"{number[:4]} {number[4:10]} {number[10:]}" for number in numbers}
    side.marks |= payouts.marks_of(paid, crous_id)
    side.marks |= {side.cash_line.reference, grouped(side.cash_line.reference)}
    side.marks |= {f"bank:suspense:{crous_of(crous_id).slug}"}
    for person in people:
        person.refresh_from_db()
        side.marks |= {person.ine, str(person.uuid), user_of(person).email}
    return side


def _order(person: Person) -> Order:
    order = acknowledge(person, NOW).order
    assert order is not None
    return order


def _paid(person: Person) -> Acquittement:
    """Somebody who paid last year and this year, and this year a second time: that one is to be given back."""
    last = acknowledge_last_year(person)
    assert last.document is not None
    file = acknowledge(person, NOW)
    assert pay(file, NOW) == "captured"
    file.refresh_from_db()
    attempt = Attempt.objects.get(order=file.order)
    again = notice(attempt.number, trans_uuid=f"{attempt.pk:032d}", effective_creation_date="20260828121000")
    assert tell(again, NOW + timedelta(minutes=20)) == "surplus"
    Refund.objects.update(status="failed", ended_at=NOW, detail="refused by the bank")
    for document in Document.objects.filter(person=person):
        documents.sealed_pdf(document.pk, NOW)
    return Acquittement.objects.select_related("document", "order", "person").get(pk=file.pk)


def acknowledge_last_year(person: Person) -> Acquittement:
    """Somebody who paid in August of last year."""
    then = NOW - timedelta(days=365)
    give_fact(person, "study_city", {"commune": CITIES[_crous_of(person)]}, YEAR.previous, known_at=then)
    file = acknowledge(person, then, YEAR.previous)
    said = f"{then:%Y%m%d%H%M%S}"
    assert tell(notice(begin(file.order, then).number, effective_creation_date=said), then) == "captured"
    file.refresh_from_db()
    return file


def _crous_of(person: Person) -> int:
    return next(crous_id for crous_id, mark in MARKS.items() if mark in person.birth_name)


def _claimant(crous_id: int) -> Person:
    """Somebody whose number another of the same side gave first."""
    _follow(_person(crous_id, "Holden", 6, city=""), crous_id)
    user = open_account(email=f"clara.{MARKS[crous_id]}@etudiant.example".lower(), password=PASSWORD, now=NOW)
    person = told(user, birth_name=f"{MARKS[crous_id]}-Clara", first_names="Clara", ine=_ine(crous_id, 6))
    _follow(person, crous_id)
    return person


def _moved() -> Person:
    """Somebody whom both Crous follow: paid at Lyon last year, and now at Versailles."""
    user = open_account(email="moussa@etudiant.example", password=PASSWORD, now=NOW)
    person = told(user, birth_name="Diallo", first_names="Moussa", ine=bea(990_001))
    then = NOW - timedelta(days=365)
    give_fact(person, "study_city", {"commune": CITIES[LYON]}, YEAR.previous, known_at=then)
    file = acknowledge(person, then, YEAR.previous)
    tell(notice(begin(file.order, then).number, effective_creation_date=f"{then:%Y%m%d%H%M%S}"), then)
    give_fact(person, "study_city", {"commune": CITIES[VERSAILLES]})
    pay(acknowledge(person, NOW), NOW)
    person.refresh_from_db()
    return person


def _passkey_of(user: User) -> Authenticator:
    """A passkey as a telephone would have made it."""
    public = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    made = AttestedCredentialData.create(Aaguid.NONE, b"telephone", public)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    statement = AttestationObject.create(
        "none", AuthenticatorData.create(hashlib.sha256(b"localhost").digest(), flags, 0, made), {}
    )
    said = {
        "clientDataJSON": websafe_encode(b'{"type":"webauthn.create","challenge":"","origin":"http://localhost"}'),
        "attestationObject": websafe_encode(statement),
    }
    key = websafe_encode(b"telephone")
    credential = {
        "id": key, "rawId": key, "type": "public-key", "response": said,
        "clientExtensionResults": {"credProps": {"rk": True}},
    }  # fmt: skip
    data = {"name": "Téléphone de Nadia", "credential": credential}
    return Authenticator.objects.create(user_id=user.pk, type="webauthn", data=data)
