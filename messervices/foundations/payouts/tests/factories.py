"""Accounts, payouts and runs in the situations that tests speak of, and a bank's answers about them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from xml.sax.saxutils import escape

from django.db import connection, transaction

from messervices.foundations.payouts import actions
from messervices.foundations.payouts.invariants import invariants
from messervices.foundations.payouts.models import BankDetails, Payout, Run, RunFile
from messervices.foundations.payouts.providers import bank
from messervices.foundations.payouts.states import SURPLUS, PayoutNews
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel import manifest
from messervices.kernel.actor import Actor
from messervices.kernel.errors import ProviderUnavailable

NOW = datetime(2026, 8, 28, 12, 0, tzinfo=UTC)
COOL = NOW + timedelta(hours=72)
VERSAILLES, LYON = 26, 12
ACCOUNT = "test:collected"
IBANS = {
    "fr": "FR7630006000011234567890189", "fr2": "FR1420041010050500013M02606", "de": "DE89370400440532013000",
    "be": "BE68539007547034", "fi": "FI2112345600000785", "es": "ES9121000418450200051332",
    "mc": "MC5811222000010123456789030", "ch": "CH9300762011623852957",
}  # fmt: skip
RIGHTS = frozenset({"payouts:payout:see", "payouts:payout:approve", "payouts:run:prepare", "payouts:run:sign"})


def agent(number: int, *, crous_id: int = VERSAILLES, **changes: Any) -> Actor:
    """An agent of a Crous who may do everything with payouts."""
    given = {"kind": "agent", "user_id": number, "label": f"Agent {number}", "crous_ids": (crous_id,), "rights": RIGHTS}
    return Actor(**given | changes)


MAKER, CHECKER, THIRD = agent(7), agent(8), agent(9)


def student(person: Person) -> Actor:
    """The person, signed in."""
    return Actor(kind="student", user_id=1000 + person.pk, label=person.display_name, person_id=person.pk)


def valid_iban(serial: int) -> str:
    """Make a French IBAN with right keys, a different one for each serial."""
    bank_code, branch, account = "30004", "00001", f"{serial:011d}"
    own = 97 - (int(bank_code) * 89 + int(branch) * 15 + int(account) * 3) % 97
    bban = f"{bank_code}{branch}{account}{own:02d}"
    key = 98 - int("".join(str(int(sign, 36)) for sign in f"{bban}FR00")) % 97
    return f"FR{key:02d}{bban}"


def tell(
    person: Person, iban: str = "", *, now: datetime = NOW, holder: str = "", by: Actor | None = None
) -> BankDetails:
    """The person gives an account: one of their own when none is named."""
    return actions.tell_own_details(
        iban=iban or valid_iban(person.pk), holder=holder or person.display_name, by=by or student(person), now=now
    )


def cooled(person: Person | None = None, iban: str = "", **changes: Any) -> BankDetails:
    """An account given long ago."""
    return tell(person or PersonFactory(), iban, now=NOW - timedelta(days=30), **changes)


def order(details: BankDetails, *, now: datetime = NOW, **changes: Any) -> Payout:
    """A service has somebody paid: 105 euros, decided by ``MAKER``."""
    given = {
        "kind": "test", "reference": f"thing:{details.pk}", "person_id": details.person_id,
        "establishment_uai": details.establishment_id or "", "crous_id": VERSAILLES, "amount_cents": 105_00,
        "debit_account": ACCOUNT, "label": "Remboursement CVEC 2026-2027", "details_id": details.pk, "by": MAKER,
        "now": now,
    }  # fmt: skip
    with transaction.atomic():
        return actions.order_payout(**given | changes)


def ready(count: int = 1, **changes: Any) -> list[Payout]:
    """Payouts against which nothing speaks."""
    return [order(cooled(), **changes) for _ in range(count)]


def drafted(*, now: datetime = NOW, crous_id: int = VERSAILLES) -> Run:
    """A run of what is ready, its files written."""
    run = actions.gather_run(crous_id=crous_id, by=agent(7, crous_id=crous_id), now=now)
    return actions.write_files(run_id=run.pk, now=now)


def sign(run: Run, by: Actor, now: datetime = NOW) -> Run:
    """Sign what is shown."""
    run.refresh_from_db()
    return actions.sign_run(run_id=run.pk, digest=bytes(run.digest).hex(), by=by, now=now)


def released(**changes: Any) -> Run:
    """A run with its two signatures."""
    run = drafted(**changes)
    sign(run, agent(7, crous_id=run.crous_id))
    return sign(run, agent(8, crous_id=run.crous_id))


def sent(**changes: Any) -> Run:
    """A run that is at the bank."""
    run = released(**changes)
    with answering():
        actions.send_files(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    return run


class FakeBank:
    """A bank's door: takes each file once, and answers what a test tells it."""

    def __init__(self) -> None:
        """Empty."""
        self.taken: dict[str, bytes] = {}
        self.calls = 0
        self.refuses = ""
        self.is_down = False
        self.ready: list[tuple[int, bytes]] = []

    def send(self, message_id: str, content: bytes) -> str:
        """Take a file; the same one again is harmless."""
        self.calls += 1
        if self.is_down:
            raise ProviderUnavailable("bank")
        if self.refuses:
            raise bank.RefusedByBank(self.refuses)
        assert self.taken.setdefault(message_id, content) == content
        return f"receipt-{message_id[-6:]}"

    def answers_after(self, last: int) -> list[tuple[int, bytes]]:
        """Give what is ready."""
        return [one for one in self.ready if one[0] > last]


@contextmanager
def answering() -> Iterator[FakeBank]:
    """Put a fake bank behind the door."""
    fake = FakeBank()
    with mock.patch.object(bank, "send", fake.send), mock.patch.object(bank, "answers_after", fake.answers_after):
        yield fake


class FakeService:
    """A service that has the kind ``test`` paid out: it remembers what it was told, and can fail on demand."""

    def __init__(self) -> None:
        """Nothing told yet."""
        self.told: list[PayoutNews] = []
        self.fails = False

    def on_payout(self, *, payout_id: int, reference: str, news: PayoutNews, now: datetime, by: Actor) -> None:
        """What payouts call, inside their transaction."""
        assert transaction.get_connection().in_atomic_block
        assert (news.payout_id, news.reference) == (payout_id, reference)
        assert by.kind in {"system", "agent"}
        assert now.tzinfo is not None
        if self.fails:
            raise RuntimeError("the service is broken")
        self.told.append(news)

    @property
    def statuses(self) -> list[str]:
        """What it was told, in order."""
        return [news.status for news in self.told]


@contextmanager
def paying_out() -> Iterator[FakeService]:
    """Put a service that has ``test`` paid out in the place of the manifests."""
    service = FakeService()
    with mock.patch.object(manifest, "payout_callback", {"test": service.on_payout}.__getitem__):
        yield service


def at_the_bank_and_waiting(person: Person, crous_id: int, mark: str) -> None:
    """Two transfers to somebody: one at the bank, which spoke of a line that nobody knows; one to be confirmed."""
    details = cooled(person)
    asked = {"kind": SURPLUS, "crous_id": crous_id, "label": f"Remboursement {mark}"}
    order(details, reference=f"left:{crous_id}", **asked)
    message_id, by = released(crous_id=crous_id).files.get().message_id, agent(7, crous_id=crous_id)
    actions.take_file(message_id=message_id, by=by, now=NOW)
    actions.note_handed_over(message_id=message_id, by=by, now=NOW)
    hear(pain_002(message_id, lines={"NOBODY-1": ("RJCT", "AC04")}, name=f"A{crous_id}"))
    order(details, reference=f"waits:{crous_id}", amount_cents=900_00, **asked)


def marks_of(person: Person, crous_id: int) -> set[str]:
    """What stands of transfers nowhere but at their Crous and at their payee."""
    return {
        *Payout.objects.filter(crous_id=crous_id).values_list("number", flat=True),
        *RunFile.objects.filter(crous_id=crous_id).values_list("message_id", flat=True),
        *(details.masked for details in BankDetails.objects.filter(person=person)),
    }


SPACE = "urn:iso:std:iso:20022:tech:xsd:pain.002.001"


def pain_002(
    message_id: str, *, group: str = "PART", code: str = "", lines: dict[str, tuple[str, str]] | None = None,
    version: str = "03", name: str = "A1",
) -> bytes:  # fmt: skip
    """Write a bank's answer: the file's status, and of each line (EndToEndId) its status and reason."""

    def reason(of: str) -> str:
        return f"<StsRsnInf><Rsn><Cd>{of}</Cd></Rsn></StsRsnInf>" if of else ""

    said = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{escape(number)}</OrgnlEndToEndId><TxSts>{status}</TxSts>{reason(why)}</TxInfAndSts>"
        for number, (status, why) in (lines or {}).items()
    )
    status = f"<GrpSts>{group}</GrpSts>" if group else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{SPACE}.{version}"><CstmrPmtStsRpt><GrpHdr>'
        f"<MsgId>{name}</MsgId><CreDtTm>2026-08-28T13:00:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts>"
        f"<OrgnlMsgId>{escape(message_id)}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{status}{reason(code)}"
        f"</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>{escape(message_id)}</OrgnlPmtInfId>{said}"
        "</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    ).encode()


def hear(raw: bytes, now: datetime = NOW) -> str:
    """Receive an answer, read it, and let payouts follow; give its status, empty when it was known."""
    key = actions.receive_answer(raw=raw, now=now)
    status = actions.read_answer(answer_id=str(key), now=now) if key else ""
    while actions.follow_lines(now=now):
        pass
    return status


def debit(reference: str, cents: int, now: datetime = NOW) -> int:
    """The statement says that the account was debited."""
    with transaction.atomic():
        count = actions.note_debited(
            reference=reference, amount_cents=cents, bank_account="test:bank", at=now, now=now
        )  # fmt: skip
    while actions.follow_lines(now=now):
        pass
    return count


def give_back(number: str, code: str = "AC04", cents: int = 105_00, now: datetime = NOW) -> bool:
    """The statement says that the money came back."""
    with transaction.atomic():
        return actions.note_returned(
            end_to_end_id=number, code=code, amount_cents=cents, bank_account="test:bank", at=now, now=now
        )


def breaches() -> list[str]:
    """Name the invariants that do not hold."""
    found = []
    for invariant in invariants():
        with connection.cursor() as cursor:
            cursor.execute(invariant.sql)
            if cursor.fetchone()[0]:
                found.append(invariant.name)
    return found


def jobs_waiting(name: str) -> int:
    """Count the jobs of a name that no worker has taken."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from procrastinate_jobs where task_name like %s and status = 'todo'", (f"%{name}",)
        )
        return int(cursor.fetchone()[0])


Deed = Callable[[], Any]
