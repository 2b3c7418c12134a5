"""Races, each with its control: the same with the guard taken away, which must fail."""

import sys
import threading
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.payments.tests.test_races import without
from messervices.foundations.payouts import actions, rules
from messervices.foundations.payouts.models import BankDetails, Line, Payout, Run, Signature
from messervices.foundations.payouts.tests.factories import (
    ACCOUNT,
    CHECKER,
    IBANS,
    MAKER,
    NOW,
    FakeBank,
    FakeService,
    agent,
    breaches,
    cooled,
    drafted,
    give_back,
    order,
    pain_002,
    ready,
    released,
    sent,
    sign,
    student,
    tell,
)  # fmt: skip
from messervices.kernel.errors import Refusal
from messervices.kernel.tests.races import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("service")]
ORDER = sys.modules["messervices.foundations.payouts.actions.order"]
SEND = sys.modules["messervices.foundations.payouts.actions.send"]
PAYABLE = "payouts:payable:versailles"


def kinds(given: list[Any]) -> Counter[str]:
    """Count what each gave: a refusal by its code."""
    return Counter(one.code if isinstance(one, Refusal) else type(one).__name__ for one in given)


def sound() -> None:
    assert breaches() == []
    assert_books_balance()


def test_one_thing_ordered_thirty_two_times_at_once_is_one_payout() -> None:
    details = cooled()
    given = together([lambda: order(details)] * 32)
    assert {one.pk for one in given} == {Payout.objects.get().pk}
    assert balance(PAYABLE) == -balance(ACCOUNT) == 105_00
    sound()


def test_control_without_the_constraint_one_thing_is_ordered_many_times() -> None:
    details = cooled()
    gate = threading.Barrier(8)

    def draw_together() -> str:
        gate.wait(10)
        return f"N{threading.get_ident() % 10**9}"

    with without("payouts_payout", "payout_one_for_one_thing"):
        with mock.patch.object(ORDER, "_number", draw_together):
            together([lambda: order(details)] * 8)
        assert Payout.objects.count() > 1, "the race is there when nothing guards it"


def test_eight_agents_gather_one_run() -> None:
    ready(3)
    given = together([lambda: actions.gather_run(crous_id=26, by=MAKER, now=NOW)] * 8)
    assert kinds(given) == {"Run": 1, "NoneType": 7}
    assert Line.objects.count() == 3
    sound()


def test_eight_signatures_of_one_agent_are_one_and_of_two_release_once() -> None:
    ready()
    run = drafted()
    assert kinds(together([lambda: sign(run, MAKER)] * 8)) == {"Run": 1, "already_signed": 7}
    given = together([lambda by=by: sign(run, by) for by in (CHECKER, agent(9), agent(10), agent(11))])
    assert kinds(given) == {"Run": 1, "step_closed": 3}
    assert Signature.objects.count() == 2
    run.refresh_from_db()
    assert run.status == "released"
    sound()


@contextmanager
def unlocked(*models: type) -> Any:
    """Read rows without locking them."""
    patches = [
        mock.patch.object(type(model.objects), "select_for_update", lambda manager, **_: manager.all(), create=True)
        for model in models
    ]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def test_control_without_lock_and_constraints_one_agent_signs_twice() -> None:
    ready()
    run = drafted()
    gate = threading.Barrier(4)

    def verify_together(_run: Run) -> None:
        gate.wait(10)

    with without("payouts_signature", "signature_rank", "signature_two_agents"):
        place = sys.modules["messervices.foundations.payouts.actions.sign"]
        with unlocked(Run), mock.patch.object(place, "verify", verify_together):
            together([lambda: sign(run, MAKER)] * 4)
        assert Signature.objects.filter(agent_id=MAKER.user_id).count() > 1


def test_eight_workers_send_a_file_once(bank: FakeBank) -> None:
    ready(2)
    run = released()
    given = together([lambda: actions.send_files(run_id=run.pk, now=NOW)] * 8)
    assert Counter(given) == {1: 1, 0: 7}
    assert bank.calls == 1
    sound()


def test_control_without_the_lease_eight_workers_send_many_times_and_the_name_still_saves(
    bank: FakeBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(2)
    run = released()
    monkeypatch.setattr(rules, "LEASE", timedelta())
    gate, send = threading.Barrier(8), bank.send

    def call_together(message_id: str, content: bytes) -> str:
        gate.wait(10)
        return send(message_id, content)

    with mock.patch.object(SEND.bank, "send", call_together):
        together([lambda: actions.send_files(run_id=run.pk, now=NOW)] * 8)
    assert bank.calls > 1
    assert len(bank.taken) == 1, "one MsgId, whatever happens on our side"
    sound()


def test_a_block_at_the_instant_of_the_second_signature_is_before_or_after_never_between(bank: FakeBank) -> None:
    for turn in range(6):
        details = cooled(iban=list(IBANS.values())[turn])
        order(details)
        run = drafted()
        sign(run, MAKER)
        deeds = [
            lambda owner=details.person: actions.freeze_own_details(by=student(owner), now=NOW),
            lambda run=run: sign(run, CHECKER),
            lambda run=run: actions.send_files(run_id=run.pk, now=NOW),
        ]
        together(deeds)
        run.refresh_from_db()
        assert run.status in {"signed_once", "released", "sent"}
        if run.status == "signed_once":
            with pytest.raises(Refusal, match="payments_blocked"):
                sign(run, CHECKER)
        elif run.status == "released":
            with pytest.raises(Refusal, match="payments_blocked"):
                actions.send_files(run_id=run.pk, now=NOW)
        if run.status != "sent":
            assert run.files.get().message_id not in bank.taken
            actions.drop_run(run_id=run.pk, by=MAKER, reason="Compte bloqué.", now=NOW)
        assert BankDetails.objects.get(pk=details.pk).is_frozen
    sound()


def test_an_approval_and_a_refusal_at_once_end_in_one_of_the_two() -> None:
    for _turn in range(5):
        payout = order(tell(cooled().person, IBANS["de"]), amount_cents=900_00)
        given = together([
            lambda pk=payout.pk: actions.approve(payout_id=pk, by=CHECKER, now=NOW),
            lambda pk=payout.pk: actions.refuse(payout_id=pk, by=agent(9), reason="Doublon.", now=NOW),
        ])  # fmt: skip
        payout.refresh_from_db()
        assert payout.status in {"ready", "cancelled"}
        assert kinds(given)["Payout"] >= 1
    sound()


def test_one_return_told_eight_times_at_once_is_one(service: FakeService) -> None:
    payout = ready()[0]
    sent()
    given = together([lambda: give_back(f"{payout.number}-1")] * 8)
    assert Counter(given) == {True: 1, False: 7}
    assert service.statuses == ["returned"]
    assert balance(PAYABLE) == 105_00
    sound()


def test_one_answer_received_and_read_by_eight_is_read_once(service: FakeService) -> None:
    ready(4)
    run = sent()
    raw = pain_002(run.files.get().pk, group="ACSC")
    keys = together([lambda: actions.receive_answer(raw=raw, now=NOW)] * 8)
    key = next(one for one in keys if one)
    assert kinds(keys) == {"UUID": 1, "NoneType": 7}
    read = together([lambda: actions.read_answer(answer_id=str(key), now=NOW)] * 8)
    assert set(read) == {"done"}
    together([lambda: actions.follow_lines(now=NOW)] * 8)
    assert service.statuses == ["paid"] * 4
    sound()


def test_two_accounts_told_at_once_leave_one_in_force() -> None:
    details = cooled()
    given = together([
        lambda iban=iban: tell(details.person, iban) for iban in (IBANS["de"], IBANS["be"], IBANS["fi"], IBANS["es"])
    ])  # fmt: skip
    assert kinds(given) == {"BankDetails": 4}
    assert BankDetails.objects.filter(person=details.person, superseded_at=None).count() == 1
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from payouts_bankdetails")
        assert cursor.fetchone() == (5,)
