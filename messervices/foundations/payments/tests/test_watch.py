"""A bank that fails leaves the choice by itself, and comes back by itself."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from messervices.foundations.payments import selectors, tasks
from messervices.foundations.payments.actions.watch import at_bank, try_again
from messervices.foundations.payments.models import RailHealth
from messervices.foundations.payments.providers.rail import BeginRefusedByBank, RefundRefusedByBank
from messervices.foundations.payments.rules import Outcome
from messervices.foundations.payments.tests.factories import AGENT, LATER, NOW, FakeRail, OrderFactory, begin, said
from messervices.kernel.errors import ProviderUnavailable
from messervices.kernel.scope import EVERY, Scope, acting_as

SECOND = timedelta(seconds=1)
PAUSE = 15 * SECOND


@pytest.fixture(autouse=True)
def _limits(settings: Any) -> None:
    settings.RAIL_FAILURES, settings.RAIL_WITHIN_SECONDS, settings.RAIL_PAUSE_SECONDS = 3, 60, 15


def unanswered(rail: str = "lyra") -> None:
    """What a call does when nobody answers."""
    raise ProviderUnavailable(rail, "TimeoutError")


def silent(now: datetime, times: int = 1, rail: str = "lyra") -> None:
    """A bank does not answer, some times in a row."""
    for _turn in range(times):
        with pytest.raises(ProviderUnavailable), at_bank(rail, now):
            unanswered(rail)


def answers(now: datetime, rail: str = "lyra") -> None:
    with at_bank(rail, now):
        pass


def is_called(now: datetime, rail: str = "lyra") -> bool:
    """Tell whether somebody who wants to ask gets as far as calling."""
    called = []
    try:
        with at_bank(rail, now):
            called.append(True)
            unanswered(rail)
    except ProviderUnavailable:
        return bool(called)


@pytest.mark.django_db
def test_a_bank_goes_out_at_the_third_failure_in_a_row_and_is_not_called_any_more() -> None:
    silent(NOW, 2)
    assert not selectors.is_out("lyra")
    silent(NOW + SECOND)
    assert selectors.is_out("lyra")
    assert not is_called(NOW + 2 * SECOND)
    assert not selectors.is_out("stripe"), "the others go on"
    row = RailHealth.objects.get()
    assert (row.failures, row.out_since, row.out_until) == (3, NOW + SECOND, NOW + SECOND + PAUSE)


@pytest.mark.django_db
def test_an_answer_between_failures_begins_the_count_anew() -> None:
    for _turn in range(5):
        silent(NOW, 2)
        answers(NOW)
    assert not selectors.is_out("lyra")


@pytest.mark.django_db
def test_failures_far_apart_are_not_in_a_row() -> None:
    for turn in range(6):
        silent(NOW + turn * 31 * SECOND)
    assert not selectors.is_out("lyra")


@pytest.mark.django_db
@pytest.mark.parametrize("no", [RefundRefusedByBank("x"), BeginRefusedByBank("x")])
def test_a_bank_that_says_no_answers(no: Exception) -> None:
    silent(NOW, 2)
    with pytest.raises(type(no)), at_bank("lyra", NOW):
        raise no
    silent(NOW, 2)
    assert not selectors.is_out("lyra")


@pytest.mark.django_db
@pytest.mark.parametrize("nonsense", [KeyError("url"), TypeError(), ValueError(), AttributeError()])
def test_an_answer_out_of_shape_is_a_silence(nonsense: Exception) -> None:
    with pytest.raises(ProviderUnavailable, match="nonsense"), at_bank("lyra", NOW):
        raise nonsense
    assert RailHealth.objects.get().failures == 1


@pytest.mark.django_db
def test_a_healthy_bank_costs_one_query_before_and_one_after(django_assert_num_queries: Any) -> None:
    answers(NOW)
    with django_assert_num_queries(6):  # a savepoint around each
        answers(NOW)
    assert not RailHealth.objects.exists(), "nothing is written while all is well"


@pytest.mark.django_db
def test_after_its_pause_one_of_us_tries_it_and_its_answer_decides() -> None:
    silent(NOW, 3)
    later = NOW + PAUSE
    assert is_called(later), "the first one tries, in vain"
    assert not is_called(later + SECOND), "and the pause begins anew"
    answers(later + PAUSE)
    assert not selectors.is_out("lyra")
    assert is_called(later + PAUSE)
    assert RailHealth.objects.get().out_since is None


@pytest.mark.django_db
def test_a_bank_comes_back_without_anybody_paying(bank: FakeRail) -> None:
    silent(NOW, 3)
    tasks.try_banks(now=NOW + SECOND)
    assert bank.asked == 0, "its pause is not over"
    tasks.try_banks(now=NOW + PAUSE)
    assert (bank.asked, selectors.is_out("lyra")) == (1, True)
    bank.says = said(Outcome.NEVER_SEEN)
    tasks.try_banks(now=NOW + 2 * PAUSE)
    assert (bank.asked, selectors.is_out("lyra")) == (2, False)


@pytest.mark.django_db
def test_a_bank_to_which_we_lead_without_a_word_is_missed_without_anybody_paying(bank: FakeRail) -> None:
    """Lyra's form is made here: nobody would notice that it is silent before some students had been there."""
    bank.says = said(Outcome.NEVER_SEEN)
    tasks.try_banks(now=NOW)
    assert (bank.asked, selectors.is_out("lyra")) == (1, False)
    bank.says = None
    tasks.try_banks(now=NOW + 60 * SECOND)
    assert (bank.asked, selectors.is_out("lyra")) == (1 + 3, True)
    assert selectors.rails_to_watch() == []


@pytest.mark.django_db
def test_attempts_of_a_bank_that_is_out_are_asked_about_when_it_is_back(bank: FakeRail) -> None:
    attempts = [begin(OrderFactory()) for _turn in range(6)]
    tasks.sweep_attempts(now=LATER)
    assert bank.asked == 3, "the third silence puts it out, and nobody waits for the others"
    tasks.sweep_attempts(now=LATER + SECOND)
    assert bank.asked == 3
    bank.says = said(Outcome.ABANDONED)
    assert try_again(rail="lyra", now=LATER + PAUSE)
    tasks.sweep_attempts(now=LATER + PAUSE)
    assert bank.asked == 4 + 6
    for attempt in attempts:
        attempt.refresh_from_db()
        assert attempt.status == "abandoned"


@pytest.mark.django_db
def test_the_choice_shows_what_is_open_in_one_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        first, second = selectors.means_now(105_00)
        selectors.means_now(105_00)
    assert (first.key, first.is_open, first.is_chosen) == ("card", True, True)
    assert (second.key, second.is_open, second.is_chosen) == ("payfip", True, False)
    silent(NOW, 3)
    assert selectors.means_now(105_00)[0].is_open, "Stripe answers"
    silent(NOW, 3, "stripe")
    card, other = selectors.means_now(105_00)
    assert (card.is_open, card.is_chosen) == (False, False)
    assert other.is_chosen
    assert [one.key for one in selectors.means_now(105_00, without="payfip")] == ["card"]


@pytest.mark.django_db
def test_a_means_that_does_not_take_the_amount_is_not_offered() -> None:
    assert [one.key for one in selectors.means_now(99)] == ["card"]
    assert selectors.rails_of("card", 49) == ["lyra"]


@pytest.mark.django_db
def test_the_desk_sees_which_banks_answer(django_assert_num_queries: Any) -> None:
    silent(NOW, 3)
    with django_assert_num_queries(1):
        lyra, stripe, _payfip = selectors.rails_health()
    assert (lyra.rail, lyra.failures, lyra.out_since) == ("lyra", 3, NOW)
    assert (stripe.failures, stripe.out_since) == (0, None)
    assert AGENT.may("payments:event:close")


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_want_to_ask_after_the_pause_one_does() -> None:
    silent(NOW, 3)
    gate, called = threading.Barrier(8), []

    def want() -> None:
        with acting_as(Scope("race", crous=EVERY)):
            try:
                connection.ensure_connection()
                gate.wait(10)
                with at_bank("lyra", NOW + PAUSE):
                    called.append(True)
                    unanswered()
            except ProviderUnavailable:
                pass
            finally:
                connection.close()

    run_together([want] * 8)
    assert len(called) == 1


@pytest.mark.django_db(transaction=True)
def test_eight_failures_at_once_are_all_counted() -> None:
    gate = threading.Barrier(8)

    def fail() -> None:
        with acting_as(Scope("race", crous=EVERY)):
            try:
                with at_bank("lyra", NOW):
                    gate.wait(10)
                    unanswered()
            except ProviderUnavailable:
                pass
            finally:
                connection.close()

    run_together([fail] * 8)
    assert RailHealth.objects.get().failures == 8


def run_together(deeds: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=deed) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
