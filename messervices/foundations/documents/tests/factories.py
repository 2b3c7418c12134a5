"""Papers in the situations that tests speak of."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from messervices.foundations.audit.models import Deed
from messervices.foundations.documents import actions, rules
from messervices.foundations.documents.models import Document, Paper, Upload
from messervices.foundations.documents.selectors import Grant, place_of
from messervices.foundations.documents.states import Slot
from messervices.foundations.documents.tests import honest
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import NOW, YEAR, PersonFactory, student, user_of
from messervices.kernel.errors import Refusal

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


SUBJECT = "test.request:1"
LATER = NOW + timedelta(minutes=5)
PICTURES = [honest.picture("PNG", (40 + place, 40)) for place in range(6)]
STAY = Slot("titre_sejour", "Titre de séjour", identity=True, purpose="exonération de CVEC", max_files=3)
OTHER = Slot("autre", "Autre papier", required=False, max_files=2)


def hand_in(person: Person | None = None, content: bytes | None = None, **changes: Any) -> Upload:
    """Hand in a file for a request, as the student; nothing has checked it yet."""
    person = person or PersonFactory()
    said = {
        "by": changes.get("by") or student(user_of(person)),
        "person_id": person.pk,
        "crous_id": 26,
        "subject": SUBJECT,
        "slot": STAY.code,
        "name": "Relevé.pdf",
        "content": honest.pdf() if content is None else content,
        "identity": False,
        "now": NOW,
    }
    return actions.receive_upload(**said | changes)


def proof(person: Person | None = None, content: bytes | None = None, **changes: Any) -> Paper:
    """Hand in a file and have it checked: a paper that can be read. Each in a folder of its own."""
    person = person or PersonFactory()
    upload = hand_in(person, content, **{"subject": f"test.proof:{person.pk}"} | changes)
    assert actions.check_upload(upload.pk, NOW) == "clean"
    return Paper.objects.get(upload=upload)


def grant_of(paper: Paper) -> str:
    """Sign what a page would let the student do in the slot where this paper stands."""
    upload = paper.upload
    grant = Grant(
        user_id=user_of(paper.person).pk,
        person_id=paper.person_id,
        crous_id=upload.crous_id,
        subject=upload.folder.subject,
        return_path="/",
        code=upload.slot,
        label="Titre de séjour",
        identity=upload.identity,
    )
    return place_of(grant).token


def replace(upload: Upload, content: bytes, **changes: Any) -> Upload:
    """Put another file in the place of one, as the student, five minutes later."""
    said = {
        "by": student(user_of(upload.person)),
        "person_id": upload.person_id,
        "subject": upload.folder.subject,
        "uuid": upload.uuid,
        "name": "autre.pdf",
        "content": content,
        "now": LATER,
    }
    return actions.replace_upload(**said | changes)


def withdraw(upload: Upload) -> None:
    """Take a file back, as the student, five minutes later."""
    actions.withdraw_upload(
        by=student(user_of(upload.person)),
        person_id=upload.person_id,
        subject=upload.folder.subject,
        uuid=upload.uuid,
        now=LATER,
    )


def deeds(upload: Upload) -> list[str]:
    """What was recorded of it, in order, without the room's name."""
    found = Deed.objects.filter(subject=f"documents.upload:{upload.pk}").order_by("pk").values_list("verb", flat=True)
    return [verb.removeprefix("documents.") for verb in found]


def refused(deed: Callable[[], object]) -> str:
    """Do a deed that is refused, with a sentence; give the code."""
    with pytest.raises(Refusal) as refusal:
        deed()
    assert str(refusal.value.sentence)
    return refusal.value.code
