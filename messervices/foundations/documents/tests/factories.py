"""Papers in the situations that tests speak of."""

from typing import Any

from messervices.foundations.documents import actions, rules
from messervices.foundations.documents.models import Document
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import NOW, YEAR, PersonFactory

KIND = "cvec.attestation"
KEY = "tests"


def contents(person: Person, number: str, **changes: Any) -> dict[str, Any]:
    """Say what a certificate of the CVEC shows: paid by card, with what a test changes."""
    shown = {
        "number": number,
        "crous": "Crous de Versailles",
        "year": "2026-2027",
        "civility": person.civility,
        "birth_name": person.birth_name,
        "usual_name": person.usual_name,
        "first_names": person.first_names,
        "birth_on": person.birth_on.isoformat(),
        "birth_place": "Saint-Germain-en-Laye (78)",
        "ine": person.ine,
        "letters": "BENAL",
        "ground": "paid",
        "ground_on": "2026-08-28",
        "amount_cents": 10500,
        "motive_fr": "",
        "motive_en": "",
        "verify_url": f"https://messervices.example/cvec/verify/{number}?k=abcdef",
    }
    return shown | changes


def issue(person: Person | None = None, serial: int | None = None, **changes: Any) -> Document:
    """Issue a certificate inside the transaction of the test; ``contents`` changes what it shows."""
    person = person or PersonFactory()
    number = rules.number("VER", 2026, person.pk if serial is None else serial, KEY)
    said = {
        "kind": KIND,
        "number": number,
        "person_id": person.pk,
        "crous_id": 26,
        "year": YEAR,
        "template": "cvec/attestation.typ",
        "now": NOW,
    } | changes
    said["contents"] = contents(person, number, **changes.get("contents", {}))
    return actions.issue(**said)
