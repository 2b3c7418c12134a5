"""The establishments of the world: their demands, their daughters, their lists.

The referent's own list holds somebody of neither side: a page of theirs that shows a mark of a side has leaked it.
Another establishment lists students of both sides.
"""

from datetime import UTC, datetime

from messervices.foundations.crous.models import Establishment
from messervices.foundations.ledger.actions import post
from messervices.foundations.notifications.models import OutgoingMail
from messervices.foundations.students.models import Person
from messervices.kernel import clock
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.services.cvec import actions
from messervices.services.cvec.models import (
    Acquittement,
    Affiliation,
    Nominee,
    Registration,
    RollFile,
    Share,
    Sharing,
)
from messervices.services.cvec.tests.rolls import AUTUMN, LYON_1, UVSQ, file_in, line_of

JANUARY = datetime(2027, 1, 10, 9, 0, tzinfo=UTC)
MOTHERS = {26: "0780412Z", 12: "0690187D"}
DAUGHTERS = {26: "0782019W", 12: "0693364G"}


def make_lists(marks: dict[int, str], listed: Person, others: list[Person]) -> None:
    """Ask for access at each Crous, declare a daughter, deposit two lists."""
    for crous_id, mark in marks.items():
        mother = Establishment.objects.select_related("commune__departement").get(pk=MOTHERS[crous_id])
        demand = actions.ask_registration(
            by=Actor.anonymous(), establishment=mother, language="fr", link="https://messervices.example/TOKEN",
            persons=[
                actions.Named(f"Irène {mark}", f"irene.{mark}@ecole.example", "01 02 03 04 05"),
                actions.Named(f"Boris {mark}", f"boris.{mark}@ecole.example"),
            ],
            daughters=[DAUGHTERS[crous_id]], now=AUTUMN,
        )  # fmt: skip
        Nominee.objects.filter(registration=demand).update(confirmed_at=AUTUMN)
        Registration.objects.filter(pk=demand.pk).update(status="waiting", submitted_at=AUTUMN)
        daughter = Establishment.objects.get(pk=DAUGHTERS[crous_id])
        actions.declare_daughter(by=Actor.system("test"), mother=mother, daughter=daughter, now=AUTUMN)
    file_in(line_of(_file(listed)), f"{UVSQ};;VER6KQTRMB00;Zed;Zoé;", uai=UVSQ)
    file_in(*(line_of(_file(person), LYON_1) for person in others), uai=LYON_1)
    _share_out()


def _share_out() -> None:
    """The first instalment of those lists, final."""
    post(
        key="world:take", debit="psp:world:receivable", credit="cvec:2026:collected:versailles", amount_cents=9_000_00,
        at=AUTUMN, reason="CVEC 2026-2027",
    )  # fmt: skip
    rights = frozenset({"cvec:share:prepare", "cvec:share:review"})
    maker, checker = (Actor(kind="agent", user_id=n, label="Cnous", rights=rights, national=True) for n in (1, 2))
    made = actions.draw_sharing(by=maker, year=AcademicYear(2026), kind="reference", now=JANUARY)
    actions.count_sharing(sharing_id=made.pk, now=JANUARY)
    actions.review_sharing(by=checker, sharing_id=made.pk, now=JANUARY)
    actions.finalise_sharing(by=checker, sharing_id=made.pk, now=JANUARY)


def _file(person: Person) -> Acquittement:
    return Acquittement.objects.select_related("person", "document").get(person=person, year=2026, status="paid")


def demand_at(crous_id: int) -> int:
    """The demand that waits at a Crous."""
    return Registration.objects.get(crous_id=crous_id, status="waiting").pk


def daughter_at(crous_id: int) -> int:
    """The daughter that was declared at a Crous."""
    return Affiliation.objects.get(crous_id=crous_id, since=None).pk


def file_of(uai: str) -> int:
    """The file of an establishment."""
    return RollFile.objects.get(filer_id=uai).pk


def sharing() -> int:
    """The sharing out of the world."""
    return Sharing.objects.get().pk


def share_at(crous_id: int) -> int:
    """The share of the establishment at a Crous."""
    return Share.objects.get(establishment_id={26: UVSQ, 12: LYON_1}[crous_id]).pk


def nominee_token() -> str:
    """The secret in the link of somebody who has not confirmed yet."""
    demand = actions.ask_registration(
        by=Actor.anonymous(), establishment=Establishment.objects.get(pk="0692437Z"), language="fr",
        link="https://messervices.example/TOKEN",
        persons=[actions.Named("A. Un", "un@ecole.example"), actions.Named("B. Deux", "deux@ecole.example")],
        daughters=[], now=clock.now(),
    )  # fmt: skip
    mails = OutgoingMail.objects.filter(template="cvec/mail/nominee", to="un@ecole.example")
    assert demand.nominees.count() == 2
    return mails.latest("pk").params["url"].rpartition("/")[2]
