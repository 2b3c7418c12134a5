"""``kill -9`` two hundred times under load: nothing that was acknowledged is lost, nothing is done twice.

The programs are the real ones, with a database of their own: web, worker, bank and database, one of which is killed at
a random moment, and started again a little later. Meanwhile students pay by card over plain HTTP, several at once, with
the cards of the demonstration bank whose notices come in time, late, and twenty times. Each client keeps its own book:
the number of each certificate that it was shown. At the end, when nobody is killed any more and everybody has arrived,
that book is compared with the platform's and with the bank's. ``--kills 20`` makes a smaller run, ``--seed`` another.
"""

import argparse
import os
import queue
import random
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "messervices.config.settings.test")
django.setup()

from tests.payer import AT, Payer  # noqa: E402 - what tests are made of knows models
from tests.platform import Platform  # noqa: E402 - as above

PROGRAMS = ("web", "worker", "bank", "database")
CARDS = ("4970100000000014", "4970100000000063", "4970100000000071")
CLIENTS, STUDENTS_A_KILL = 6, 8
PATIENCE_SECONDS = 240.0

_MAKE = """
from django.conf import settings
from django.test import Client
from messervices.desk.tests.factories import sign_in
from messervices.services.cvec.tests.factories import student
from messervices.foundations.students.tests.factories import PersonFactory, UserFactory, user_of
for factory in (PersonFactory, UserFactory):
    factory.reset_sequence(70_000)  # nobody of the demonstration year
made = []
for _turn in range(COUNT):
    person, client = student(), Client()
    sign_in(client, user_of(person))
    made.append((person.pk, client.cookies[settings.SESSION_COOKIE_NAME].value))
print(json.dumps(made))
"""

_OURS = """
select d.person_id, d.number, (select count(*) from payments_capture c where c.person_id = d.person_id),
    (select count(*) from documents_document o where o.person_id = d.person_id and o.cancelled_at is null),
    (select coalesce(sum(t.amount_cents), 0) from ledger_transfer t join payments_capture c
        on t.key = 'capture:' || c.rail || ':' || c.rail_tx_id where c.person_id = d.person_id)
from documents_document d
"""


class Outside:
    """The platform as a client sees it: two addresses. What has died is somebody else's to start again."""

    def __init__(self, platform: Platform) -> None:
        """Keep the addresses."""
        self.url, self.bank = platform.url, platform.bank

    def revive(self) -> None:
        """Wait: the killer starts again what it has killed."""


@dataclass
class Book:
    """What clients were told: the number of each certificate, by person, and how often a page was lost."""

    numbers: dict[int, str] = field(default_factory=dict)
    lost: int = 0
    again: Counter[str] = field(default_factory=Counter)
    begun: list[int] = field(default_factory=list)


def arrive(payer: Payer, book: Book) -> None:
    """Pay, and begin again from the summary whenever a page makes no sense, until the certificate is there."""
    until = time.monotonic() + PATIENCE_SECONDS
    book.begun.append(payer.person_id)
    while time.monotonic() < until:
        try:
            status, _to, _page = payer.insist(f"{payer.platform.url}{AT}/attestation")
            if status == HTTPStatus.OK:
                book.numbers[payer.person_id] = payer.certificate()
                break
            payer.pay()
            for _look in range(40):
                if payer.is_done():
                    break
                time.sleep(0.25)
        except Exception as error:  # noqa: BLE001 - a program died under the client's hands, wherever it stood
            book.again[f"{type(error).__name__} {str(error)[:60]}"] += 1
            time.sleep(0.2)
    book.lost += payer.lost


def client(waiting: "queue.Queue[Payer]", book: Book, over: threading.Event) -> None:
    """Serve one student after another until the killer has done."""
    while not over.is_set():
        try:
            arrive(waiting.get_nowait(), book)
        except queue.Empty:
            return


def kill(platform: Platform, count: int, draw: random.Random) -> Counter[str]:
    """Kill programs one after the other, at random moments; start each again after a moment."""
    killed: Counter[str] = Counter()
    for turn in range(1, count + 1):
        time.sleep(draw.uniform(0.2, 1.2))
        name = draw.choice(PROGRAMS)
        platform.kill(name)
        killed[name] += 1
        time.sleep(draw.uniform(0, 0.4))
        platform.revive()
        if turn % 20 == 0:
            print(f"  {turn} kills", flush=True)
    return killed


def differences(platform: Platform, book: Book) -> list[str]:
    """Compare the clients' book with the platform's and the bank's; give what does not agree, in words."""
    ours = {row[0]: row[1:] for row in platform.rows(_OURS)}
    charged: Counter[int] = Counter()
    for person, number in platform.rows("select person_id, number from payments_attempt"):
        asked = platform.control("payments", order_id=number)
        charged[person] += sum(one["state"] == "authorised" for one in asked)
    wrong = []
    for person in book.begun:
        found = ours.get(person)
        told = book.numbers.get(person)
        if told is None:
            wrong.append(f"{person}: no certificate was shown")
        elif found is None or found != (told, 1, 1, 105_00):
            wrong.append(f"{person}: told {told}, kept {found}")
        elif charged[person] != 1:
            wrong.append(f"{person}: {charged[person]} charges at the bank")
    audit = platform.manage("audit_invariants")
    return wrong + ([audit.stdout + audit.stderr] if audit.returncode else [])


def run(platform: Platform, kills: int, seed: int) -> list[str]:
    """Play it all; print the figures; give what is wrong."""
    platform.prepare()
    made: list[Any] = platform.python(_MAKE.replace("COUNT", str(kills * STUDENTS_A_KILL + CLIENTS)))
    for name in ("bank", "worker", "web"):
        platform.start(name)
    waiting: queue.Queue[Payer] = queue.Queue()
    draw, outside = random.Random(seed), Outside(platform)
    for person_id, session in made:
        payer = Payer(outside, person_id, session)
        payer.card = draw.choice(CARDS)
        waiting.put(payer)
    book, over = Book(), threading.Event()
    clients = [threading.Thread(target=client, args=(waiting, book, over)) for _one in range(CLIENTS)]
    began = time.monotonic()
    for one in clients:
        one.start()
    killed = kill(platform, kills, draw)
    seconds = time.monotonic() - began
    over.set()
    while any(one.is_alive() for one in clients):
        platform.revive()  # what was started while something else was dead may have ended by itself
        time.sleep(0.3)
    print(f"{sum(killed.values())} kills in {seconds:.0f} s: {dict(killed)}")
    print(f"{len(book.begun)} students, {len(book.numbers)} certificates shown, {book.lost} answers lost on the way")
    print(f"begun again: {dict(book.again)}")
    return differences(platform, book)


def main() -> int:
    """Read the words, run, say what is wrong; 0 only when nothing is."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--kills", type=int, default=200)
    words.add_argument("--seed", type=int, default=1)
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="messervices-kills-") as folder:
        platform = Platform(Path(folder))
        try:
            wrong = run(platform, given.kills, given.seed)
        finally:
            platform.close()
    print("lost or doubled: " + ("nothing" if not wrong else "\n".join(wrong[:20])))
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
