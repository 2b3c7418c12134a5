"""The test of kills (T4): ``kill -9`` of any program at any moment of a payment.

Everybody ends with one certificate and one charge.

The programs are the real ones, in a folder and on ports of their own; the students speak HTTP and press again when a
page does not come. At the end everything is killed at once, and ``bin/run`` finds all of it.
"""

import time
from collections.abc import Iterator

import pytest

from tests.payer import Payer
from tests.platform import Platform

POINTS = {
    "web": ("payments.before_attempt", "payments.after_attempt", "payments.before_store", "payments.after_store"),
    "bank": ("bank.before_finish", "bank.before_notice", "bank.after_notice"),
    "worker": (
        "payments.before_claim", "payments.after_claim", "payments.after_book", "payments.after_ledger",
        "payments.after_callback", "payments.before_commit", "payments.after_commit", "documents.sealed",
    ),
}  # fmt: skip
MOMENTS = ("web", "worker", "bank", "database")
STUDENTS = sum(map(len, POINTS.values())) + len(MOMENTS) + 1

MAKE_STUDENTS = f"""
from importlib import import_module
from django.conf import settings
from django.test import Client
from messervices.desk.tests.factories import sign_in
from messervices.services.cvec.tests.factories import student
from messervices.foundations.students.tests.factories import PersonFactory, UserFactory, user_of
for factory in (PersonFactory, UserFactory):
    factory.reset_sequence(70_000)  # nobody of the demonstration year
made = []
for _turn in range({STUDENTS}):
    person, client = student(), Client()
    sign_in(client, user_of(person))
    made.append((person.pk, client.cookies[settings.SESSION_COOKIE_NAME].value))
print(json.dumps(made))
"""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform with students, and nobody at work yet."""
    found = Platform(tmp_path_factory.mktemp("platform"))
    try:
        found.prepare()
        yield found
    finally:
        found.close()


@pytest.fixture(scope="module")
def payers(platform: Platform) -> list[Payer]:
    """Students who have chosen their city, signed in."""
    return [Payer(platform, person_id, session) for person_id, session in platform.python(MAKE_STUDENTS)]


def everybody_arrives(platform: Platform, payers: list[Payer]) -> None:
    """Wait until each waiting page leads to the certificate; what dies meanwhile is started again."""
    left, until = list(payers), time.monotonic() + 90
    while left := [payer for payer in left if not payer.is_done()]:
        assert time.monotonic() < until, f"persons {[payer.person_id for payer in left]} still wait"
        platform.revive()
        time.sleep(0.3)


def killed_at(platform: Platform, name: str, point: str, payer: Payer) -> None:
    """Have a program die at a point while somebody pays."""
    platform.kill(name)
    platform.start(name, die_at=point)
    payer.pay()
    platform.wait(lambda: platform.died_at(point), point, name)


def test_whatever_is_killed_whenever_everybody_has_one_certificate_and_one_charge(
    platform: Platform, payers: list[Payer]
) -> None:
    coming = iter(payers)
    paid: list[Payer] = []
    for name in ("bank", "worker", "web"):
        platform.start(name)
    for name, points in POINTS.items():
        for point in points:
            payer = next(coming)
            killed_at(platform, name, point, payer)
            paid.append(payer)
        platform.kill(name)
        platform.revive()
    for name in MOMENTS:
        payer = next(coming)
        payer.pay()
        platform.kill(name)
        platform.revive()
        paid.append(payer)
    last = next(coming)
    card_page = last.go()
    assert card_page
    everybody_arrives(platform, paid)
    for name in ("web", "worker", "bank", "database"):
        platform.kill(name)
    platform.programs.clear()
    platform.launch()
    last.pay()
    everybody_arrives(platform, [*paid, last])
    numbers = [payer.certificate() for payer in [*paid, last]]
    assert len(set(numbers)) == len(payers) == STUDENTS
    one_each(platform, [payer.person_id for payer in payers])


def one_each(platform: Platform, people: list[int]) -> None:
    """Ask both books, ours and the bank's: one certificate and one charge each; no invariant broken."""
    counted = platform.rows(
        "select p.id, (select count(*) from documents_document d where d.person_id = p.id and d.cancelled_at is null),"
        " (select count(*) from payments_capture c where c.person_id = p.id),"
        " (select count(*) from payments_order o where o.person_id = p.id),"
        " (select coalesce(sum(t.amount_cents), 0) from ledger_transfer t join payments_capture c"
        " on t.key = 'capture:lyra:' || c.rail_tx_id where c.person_id = p.id) from students_person p"
    )
    wrong = [row for row in counted if row[0] in people and row[1:] != (1, 1, 1, 105_00)]
    assert set(people) <= {row[0] for row in counted}
    assert not wrong, "person, certificates, captures, orders, cents"
    taken = platform.control("payments")
    charges = [payment for payment in taken if payment["state"] == "authorised"]
    assert len(charges) == STUDENTS
    assert len({payment["order_id"].partition("-")[0] for payment in charges}) == STUDENTS
    audit = platform.manage("audit_invariants")
    assert audit.returncode == 0, audit.stdout + audit.stderr
