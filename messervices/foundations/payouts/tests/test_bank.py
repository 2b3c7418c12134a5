"""The product and the demonstration bank over HTTP, by the adapter that reaches a real one."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bank.settings import Settings
from bank.web import Bank
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.payouts import actions, tasks
from messervices.foundations.payouts.models import Payout, Run
from messervices.foundations.payouts.providers import bank as door
from messervices.foundations.payouts.providers.bank import RefusedByBank
from messervices.foundations.payouts.tests.factories import (
    MAKER,
    NOW,
    FakeService,
    cooled,
    debit,
    give_back,
    order,
    released,
)
from messervices.kernel.errors import ProviderUnavailable

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]
REFUSED, CLOSED = "FR7619999000020000000000106", "FR7619999000020000000000203"


@pytest.fixture
def real_bank(settings, tmp_path: Path) -> Iterator[Bank]:
    """The demonstration bank, on a port of its own."""
    running = Bank(
        Settings(
            folder=tmp_path, port=0, site_id="1", keys=("k",), mode="TEST", password="p", notice_url="",
            hour_seconds=60,
        )
    )  # fmt: skip
    thread = threading.Thread(target=running.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    settings.PAYOUT_BANK_URL = f"{running.url}/sepa/"
    yield running
    running.server.shutdown()
    running.server.server_close()
    thread.join()


def later(bank: Bank, hours: int) -> None:
    bank.book.set_switch("forward", str(hours * 60 + 1))
    for minutes in (0, 5):  # what the first sweep fetches, the second reads: no worker runs here
        tasks.sweep_answers(now=NOW + timedelta(hours=hours, minutes=minutes))


def test_three_payouts_go_to_the_bank_and_come_to_their_three_ends(service: FakeService, real_bank: Bank) -> None:
    good, refused, closed = order(cooled()), order(cooled(iban=REFUSED)), order(cooled(iban=CLOSED))
    run = released()
    assert actions.send_files(run_id=run.pk, now=NOW) == 1
    name = run.files.get().message_id
    assert run.files.get().receipt
    later(real_bank, 0)
    assert [one.status for one in Payout.objects.order_by("pk")] == ["accepted", "returned", "accepted"]
    later(real_bank, 2)
    for moved in real_bank.transfers.movements():
        if moved.cents < 0:
            assert debit(moved.reference, -moved.cents) == 2
            assert moved.reference == name
        else:
            assert give_back(moved.reference, moved.code)
    for payout, status in ((good, "paid"), (refused, "returned"), (closed, "returned")):
        payout.refresh_from_db()
        assert payout.status == status
    assert (refused.return_code, closed.return_code) == ("AC01", "AC04")
    assert balance("payouts:transit:versailles") == 0
    assert balance("payouts:payable:versailles") == 210_00
    assert balance("test:bank") == 105_00
    later(real_bank, 3)
    assert service.statuses.count("paid") == 2, "the closed account was paid, then came back"


def test_the_same_file_twice_is_harmless_and_another_under_its_name_is_refused(
    service: FakeService, real_bank: Bank
) -> None:
    order(cooled())
    run = released()
    content = actions.take_file(message_id=run.files.get().pk, by=MAKER, now=NOW)
    name = run.files.get().message_id
    assert door.send(name, content) == door.send(name, content)
    with pytest.raises(RefusedByBank, match="DUPL"):
        door.send(name, content.replace(b"<Nm>Crous", b"<Nm>Autre"))
    with pytest.raises(RefusedByBank, match="AM10"):
        door.send(name, content.replace(b"105.00", b"905.00", 1))
    assert Run.objects.get().status == "released"


def test_a_bank_that_is_not_there_or_does_not_know_us_is_silence(
    settings, service: FakeService, real_bank: Bank
) -> None:
    settings.PAYOUT_BANK_CREDENTIALS = "somebody:else"
    with pytest.raises(ProviderUnavailable):
        door.answers_after(0)
    with pytest.raises(ProviderUnavailable):
        door.send("MSV1", b"x")
    settings.PAYOUT_BANK_URL = "http://127.0.0.1:9/sepa/"
    with pytest.raises(ProviderUnavailable):
        door.answers_after(0)
    order(cooled())
    run = released()
    tasks.send_files(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    assert run.status == "released"
