"""Opening the accounts that one may sign in as. Twice opens them once."""

from datetime import datetime

from messervices.demo.states import PASSWORD, UVSQ, SignIn
from messervices.foundations.accounts.actions.open_account import add_code_factor, open_account
from messervices.foundations.accounts.models import User
from messervices.foundations.accounts.selectors import actor_of
from messervices.foundations.accounts.states import Kind
from messervices.foundations.audit import actions as audit
from messervices.foundations.audit import selectors as audit_read
from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.actions.authorise import grant_role, register_referent
from messervices.foundations.students.models import Person
from messervices.kernel.actor import Actor

BY = Actor.system("demonstration")
_REASON = "Année de démonstration"
_LABELS = {
    "versailles": "Camille Roux, Crous de Versailles",
    "accountant": "Denis Morin, Crous de Versailles",
    "lyon": "Paul Girard, Crous de Lyon",
    "national": "Nadia Perrin, Cnous",
    "establishment": "Sofia Lambert, UVSQ",
}
_KINDS = dict.fromkeys(("versailles", "accountant", "lyon", "national"), Kind.AGENT) | {
    "establishment": Kind.ESTABLISHMENT
}


def open_sign_in(one: SignIn, now: datetime) -> User:
    """Open an account with the password of the demonstration, its second factor and its role."""
    user = open_account(
        email=one.email,
        password=PASSWORD,
        now=now,
        kind=_KINDS.get(one.key, Kind.STUDENT),
        language="en" if one.key == "foreign" else "fr",
        label=_LABELS.get(one.key, ""),
    )
    if one.code_key:
        add_code_factor(user=user, secret=one.code_key, now=now)
    if one.role:
        grant_role(by=BY, user=user, role_code=one.role, crous_id=crous_id_of(one.crous), reason=_REASON, now=now)
        user.refresh_from_db()
    if one.key == "establishment":
        register_referent(by=BY, user=user, uai=UVSQ, reason=_REASON, now=now)
    return user


def crous_id_of(slug: str) -> int | None:
    """The number of a Crous; ``None`` for the whole network. Raises ``StopIteration`` for a slug of none."""
    return next(one.pk for one in crous.crous_list() if one.slug == slug) if slug else None


def read_some_files(agent: User, slug: str, now: datetime) -> int:
    """Have an agent open a few files of their Crous, so that "who looked at my file" has something to say."""
    actor, crous_id = actor_of(agent), crous_id_of(slug) or 0
    followed = Person.objects.filter(crous_ids__contains=[crous_id]).order_by("pk")[:6]
    unread = [person for person in followed if not audit_read.reads_of(person.pk, limit=1)]
    reasons = ("Demande reçue par téléphone", "Vérification d’une pièce", "Question posée au guichet")
    for place, person in enumerate(unread):
        audit.record_read(
            by=actor, person_id=person.pk, crous_id=crous_id, what="file", reason=reasons[place % len(reasons)], now=now
        )
    return len(unread)
