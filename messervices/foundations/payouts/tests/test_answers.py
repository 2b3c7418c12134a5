"""What the bank says of a file, by its answers and its statement: in any order, once, to the cent."""

import pytest
from django.db.models import Sum

from messervices.foundations.ledger.selectors import balance
from messervices.foundations.notifications.models import Message
from messervices.foundations.payouts import actions, selectors, tasks
from messervices.foundations.payouts.models import Line, Payout
from messervices.foundations.payouts.states import (
    ANSWER_STEPS,
    PAYOUT_STEPS,
    RUN_STEPS,
    AnswerStatus,
    PayoutStatus,
    RunStatus,
)
from messervices.foundations.payouts.tests.factories import (
    ACCOUNT,
    CHECKER,
    COOL,
    IBANS,
    MAKER,
    NOW,
    FakeBank,
    FakeService,
    agent,
    breaches,
    debit,
    drafted,
    give_back,
    hear,
    pain_002,
    ready,
    released,
    sent,
    tell,
)  # fmt: skip
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import Scope, acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books", "service")]
PAYABLE, TRANSIT, BANK = "payouts:payable:versailles", "payouts:transit:versailles", "test:bank"


def line_numbers() -> list[str]:
    return list(Line.objects.filter(withdrawn_at=None).order_by("pk").values_list("number", flat=True))


def test_the_bank_accepts_rejects_and_pays_line_by_line(service: FakeService) -> None:
    ready(3)
    run = sent()
    one, two, three = line_numbers()
    answer = pain_002(run.files.get().pk, lines={one: ("ACSP", ""), two: ("RJCT", "AC04"), three: ("ACSC", "")})
    assert hear(answer) == "done"
    assert [payout.status for payout in Payout.objects.order_by("pk")] == ["accepted", "returned", "paid"]
    assert service.statuses == ["accepted", "returned", "paid"]
    assert (balance(PAYABLE), balance(TRANSIT)) == (105_00, 210_00)
    assert hear(answer) == "", "the same bytes are one answer"
    assert hear(pain_002(run.files.get().pk, lines={two: ("RJCT", "AC06")}, name="A2")) == "done"
    assert Payout.objects.order_by("pk")[1].return_code == "AC04"
    run.refresh_from_db()
    assert run.status == "answered"
    assert Message.objects.filter(kind="payouts.returned").count() == 1


def test_a_whole_file_rejected_gives_every_payout_back_and_the_same_account_may_be_paid_again(
    service: FakeService,
) -> None:
    ready(2)
    run = sent()
    hear(pain_002(run.files.get().pk, group="RJCT", code="AM04"))
    assert service.statuses == ["returned", "returned"]
    assert (balance(PAYABLE), balance(TRANSIT)) == (210_00, 0)
    payout = Payout.objects.first()
    with pytest.raises(Refusal, match="reason_missing"):
        actions.order_again(payout_id=payout.pk, by=CHECKER, reason="", now=NOW)
    assert (
        actions.order_again(payout_id=payout.pk, by=CHECKER, reason="Compte approvisionné.", now=NOW).status == "ready"
    )
    run = drafted()
    assert Line.objects.get(run=run).number == f"{payout.number}-2"


def test_money_that_comes_back_asks_for_another_account_and_leaves_again_to_it(service: FakeService) -> None:
    payout = ready()[0]
    run = sent()
    debit(run.files.get().pk, 105_00)
    assert Payout.objects.get().status == "paid"
    assert give_back(f"{payout.number}-1", "AC04")
    assert not give_back(f"{payout.number}-1", "AC04"), "the statement read twice"
    payout.refresh_from_db()
    assert (payout.status, payout.return_code) == ("returned", "AC04")
    with acting_as(Scope("student", person=payout.person_id)):
        theirs = selectors.payouts_of(payout.person_id)[0]
    assert theirs.wants_details
    assert [moment.title for moment in theirs.moments] == [
        "Virement décidé", "Envoyé à la banque de votre Crous", "Viré", "Revenu",
    ], "the file that carried it is not theirs to read, the day it left is"  # fmt: skip
    tell(payout.person, IBANS["fi"])
    payout.refresh_from_db()
    assert (payout.status, payout.why) == ("waiting", ["recent"])
    actions.end_cooling(now=COOL)
    run = drafted(now=COOL)
    assert Line.objects.get(run=run).number == f"{payout.number}-2"
    assert service.statuses == ["paid", "returned"]


def test_news_that_come_late_or_in_another_order_end_the_same(service: FakeService) -> None:
    payout = ready()[0]
    run = sent()
    number, name = f"{payout.number}-1", run.files.get().pk
    assert give_back(number, "MS03")
    assert hear(pain_002(name, lines={number: ("ACSC", "")})) == "done"
    assert debit(name, 105_00) == 1
    assert debit(name, 105_00) == 0
    assert hear(pain_002(name, lines={number: ("RJCT", "AC04")}, name="A2")) == "done"
    payout.refresh_from_db()
    assert (payout.status, payout.return_code) == ("returned", "MS03")
    assert service.statuses == ["returned"]
    assert (balance(PAYABLE), balance(TRANSIT), balance(BANK)) == (105_00, 0, 0)


def test_a_file_debited_without_its_rejected_lines_clears_and_another_sum_is_refused() -> None:
    ready(2)
    run = sent()
    one, _two = line_numbers()
    hear(pain_002(run.files.get().pk, lines={one: ("RJCT", "AC04")}))
    with pytest.raises(Refusal, match="amount_differs"):
        debit(run.files.get().pk, 104_00)
    assert debit(run.files.get().pk, 105_00) == 1
    assert balance(TRANSIT) == 0


def test_a_file_debited_whole_and_credited_for_the_rejected_line_clears() -> None:
    ready(2)
    run = sent()
    one, _two = line_numbers()
    hear(pain_002(run.files.get().pk, lines={one: ("RJCT", "AC04")}))
    assert debit(run.files.get().pk, 210_00) == 2
    assert balance(TRANSIT) == -105_00
    assert give_back(one)
    assert balance(TRANSIT) == 0
    assert Payout.objects.filter(status="returned").count() == 1


def test_a_line_debited_alone_is_paid() -> None:
    payout = ready()[0]
    sent()
    assert debit(f"{payout.number}-1", 105_00) == 1
    assert debit(f"{payout.number}-1", 105_00) == 0
    with pytest.raises(Refusal, match="amount_differs"):
        debit(f"{payout.number}-1", 1)
    assert (balance(TRANSIT), balance(BANK)) == (0, 105_00)


@pytest.mark.parametrize("reference", ["NOBODY-1", "MSVNOTHING"])
def test_what_the_statement_cites_and_we_do_not_know_is_refused(reference: str) -> None:
    with pytest.raises(Refusal, match="unknown_reference"):
        debit(reference, 105_00)
    with pytest.raises(Refusal, match="unknown_reference"):
        give_back(reference)


def test_answers_that_nothing_explains_wait_for_an_agent_and_change_nothing() -> None:
    ready()
    run = sent()
    assert hear(pain_002("MSVSOMEBODYELSE", group="RJCT")) == "unknown"
    assert hear(b"<html>") == "unreadable"
    assert hear(pain_002(run.files.get().pk, lines={"NOBODY-1": ("RJCT", "AC04")}, name="A3")) == "unknown"
    assert Payout.objects.get().status == "sent"
    national = agent(8, national=True)
    waiting = selectors.answers_waiting(national)
    assert len(waiting) == selectors.count_waiting(national) == 3
    assert len(selectors.answers_waiting(MAKER)) == 1, "only that of their own file"
    for answer in waiting:
        actions.close_answer(answer_id=str(answer.pk), by=national, reason="Vu avec la banque.", now=NOW)
    with pytest.raises(Refusal, match="step_closed"):
        actions.close_answer(answer_id=str(answer.pk), by=national, reason="Vu.", now=NOW)
    assert not selectors.answers_waiting(national)


def test_an_answer_about_a_run_that_was_not_released_is_not_believed() -> None:
    ready()
    run = drafted()
    assert hear(pain_002(run.files.get().pk, group="ACSC")) == "unknown"
    assert Payout.objects.get().status == "in_run"


def test_an_answer_proves_that_a_file_arrived_whatever_we_knew(service: FakeService) -> None:
    ready()
    run = released()
    assert hear(pain_002(run.files.get().pk, group="ACSP")) == "done"
    run.refresh_from_db()
    assert (run.status, Payout.objects.get().status) == ("answered", "accepted")
    assert service.statuses == ["accepted"]


def test_answers_are_fetched_from_the_bank_once_each(bank: FakeBank) -> None:
    ready()
    run = sent()
    bank.ready = [
        (4, pain_002(run.files.get().pk, group="ACSP")),
        (5, pain_002(run.files.get().pk, group="ACSC", name="A2")),
    ]
    assert actions.fetch_answers(now=NOW) == 2
    assert actions.fetch_answers(now=NOW) == 0
    tasks.sweep_answers(now=COOL)
    assert Payout.objects.get().status == "paid"


def test_an_agent_hands_in_what_they_fetched() -> None:
    ready()
    run = sent()
    raw = pain_002(run.files.get().pk, group="ACSP")
    with pytest.raises(Refusal, match="not_allowed"):
        actions.hand_in_answer(raw=raw, by=agent(8, rights=frozenset()), now=NOW)
    with pytest.raises(Refusal, match="too_big"):
        actions.hand_in_answer(raw=b"", by=MAKER, now=NOW)
    assert actions.hand_in_answer(raw=raw, by=MAKER, now=NOW)
    assert actions.hand_in_answer(raw=raw, by=MAKER, now=NOW) is None


def test_a_service_that_fails_keeps_the_payout_behind_and_is_told_later(service: FakeService) -> None:
    ready()
    run = sent()
    service.fails = True
    with pytest.raises(RuntimeError):
        hear(pain_002(run.files.get().pk, group="ACSP"))
    assert Line.objects.get().behind
    service.fails = False
    tasks.follow_lines(now=NOW)
    assert service.statuses == ["accepted"]


def test_the_books_follow_every_cent_from_the_service_to_the_bank() -> None:
    ready(3)
    run = sent()
    debit(run.files.get().pk, 315_00)
    assert (balance(ACCOUNT), balance(PAYABLE), balance(TRANSIT), balance(BANK)) == (-315_00, 0, 0, 315_00)
    assert Payout.objects.aggregate(total=Sum("amount_cents"))["total"] == 315_00
    assert breaches() == []


@pytest.mark.parametrize(
    ("flow", "statuses"), [(PAYOUT_STEPS, PayoutStatus), (RUN_STEPS, RunStatus), (ANSWER_STEPS, AnswerStatus)]
)
def test_every_status_and_step(flow, statuses) -> None:
    for step, (sources, target) in flow.steps.items():
        assert target in statuses.values
        for status in statuses.values:
            if status in sources:
                assert flow.target(step, status) == target
                assert step in flow.open_steps(status)
            else:
                with pytest.raises(Refusal, match="step_closed"):
                    flow.target(step, status)
    reachable = {target for _sources, target in flow.steps.values()}
    assert set(statuses.values) - reachable <= {statuses.values[0]}
