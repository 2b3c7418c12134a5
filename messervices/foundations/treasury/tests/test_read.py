"""A file comes in once, is refused whole or written whole, and a reading cut anywhere goes on from there."""

import io
import sys
import zlib
from unittest import mock

import pytest

from bank import letters
from bank.letters import Booking, Deal, Part
from messervices.foundations.audit.models import Deed
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.treasury import actions, rules, selectors, tasks
from messervices.foundations.treasury.models import Chunk, Detail, Entry, File, Settlement, SettlementLine, Statement
from messervices.foundations.treasury.selectors.files import QUIET_FOR
from messervices.foundations.treasury.tests.factories import (
    ACCOUNTANT,
    DAY,
    IBAN,
    LYON,
    NOW,
    OF_LYON,
    RATE,
    VERSAILLES,
    account,
    captured,
    contract,
    credit,
    keep,
    load,
    part,
    remittance,
    statement,
)
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]

BOOKINGS = [Booking(100 * n, DAY, f"B{n}", deals=(Deal(100 * n, end_to_end=f"E{n}"),)) for n in range(1, 8)]


def test_the_same_file_twice_is_one_file_read_once() -> None:
    account()
    first, again = load(statement(BOOKINGS)), load(statement(BOOKINGS))
    assert first.pk == again.pk
    assert (first.status, first.lines, first.lines_done) == ("done", 7, 7)
    assert Entry.objects.count() == 7
    assert balance("bank:versailles") == -28_00
    assert Deed.objects.filter(verb="treasury.keep_file").count() == 1


def test_what_was_kept_is_the_file_itself() -> None:
    account()
    content = statement(BOOKINGS)
    file = keep(content)
    packed = Chunk.objects.filter(file=file).order_by("place").values_list("packed", flat=True)
    assert b"".join(zlib.decompress(bytes(one)) for one in packed) == content


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"%PDF-1.7 not a statement", "not_known"),
        (statement(BOOKINGS)[:900], "not_xml"),
        (statement(BOOKINGS).replace(b">7.00<", b">7.01<"), "totals"),
        (statement(BOOKINGS, iban="FR7630006000011234567890189"), "account"),
        (letters.settlements([remittance([], contract="9999999")]), "contract"),
    ],
)
def test_a_file_that_is_wrong_is_refused_whole_and_nothing_of_it_is_written(content: bytes, fault: str) -> None:
    contract()
    file = load(content)
    assert (file.status, file.fault) == ("refused", fault)
    assert not Statement.objects.exists()
    assert not Settlement.objects.exists()
    assert not Entry.objects.exists()
    assert actions.read_file(file_id=file.pk, now=NOW) == "refused"


def test_the_account_of_another_crous_is_refused() -> None:
    account(VERSAILLES)
    account(LYON)
    file = load(statement(BOOKINGS, crous_id=LYON))
    assert (file.status, file.fault) == ("refused", "account")
    assert load(statement(BOOKINGS, crous_id=LYON), by=OF_LYON, crous_id=LYON).status == "done"


def test_a_statement_known_by_another_file_is_refused() -> None:
    account()
    load(statement(BOOKINGS))
    other = load(statement(BOOKINGS).replace(b"</Document>", b"</Document><!-- again -->"))
    assert (other.status, other.fault) == ("refused", "already")
    assert Entry.objects.count() == 7


def test_a_settlement_known_by_another_file_is_refused() -> None:
    contract()
    one, two = remittance([part(captured())]), remittance([part(captured())], reference="OTHER")
    assert load(letters.settlements([one])).status == "done"
    assert load(letters.settlements([one, two])).fault == "already"
    assert Settlement.objects.count() == 1


@pytest.mark.parametrize(
    ("by", "crous_id"),
    [
        (OF_LYON, VERSAILLES),
        (ACCOUNTANT, LYON),
        (Actor("agent", 9, "X", crous_ids=(VERSAILLES,)), VERSAILLES),
        (Actor.anonymous(), VERSAILLES),
    ],
)
def test_only_an_accountant_of_the_crous_imports(by: Actor, crous_id: int) -> None:
    with pytest.raises(Refusal, match="not_yours"):
        keep(statement(BOOKINGS), by=by, crous_id=crous_id)
    assert not File.objects.exists()


def test_an_empty_file_and_one_too_big_are_refused_before_they_are_kept(settings) -> None:
    with pytest.raises(Refusal, match="empty"):
        keep(b"")
    settings.TREASURY_FILE_MAX_BYTES = 1000
    with pytest.raises(Refusal, match="too_big"):
        keep(statement(BOOKINGS))
    assert not File.objects.exists()


def test_a_name_with_a_path_keeps_its_last_part() -> None:
    account()
    assert keep(statement(BOOKINGS), name="../../etc/releve.xml").name == "releve.xml"


def test_a_reading_stopped_in_the_middle_goes_on_and_counts_nothing_before_its_end() -> None:
    account()
    file = keep(statement(BOOKINGS))
    read = sys.modules["messervices.foundations.treasury.actions.read"]
    written = read.write_batch
    with mock.patch.object(read, "BATCH", 2):
        calls = iter(range(10))

        def stops(**how: object) -> int:
            if next(calls) == 2:
                raise RuntimeError("the power goes")
            return written(**how)

        with mock.patch.object(read, "write_batch", stops), pytest.raises(RuntimeError):
            actions.read_file(file_id=file.pk, now=NOW)
        file.refresh_from_db()
        assert (file.status, file.lines, file.lines_done) == ("loading", 7, 4)
        assert balance("bank:versailles") == 0
        assert selectors.files_to_drive(NOW) == []
        assert selectors.files_to_drive(NOW + QUIET_FOR * 2) == [file.pk]
        tasks.sweep_files(now=NOW + QUIET_FOR * 2)
    file.refresh_from_db()
    assert file.status == "done"
    assert Entry.objects.count() == 7


def test_a_notice_details_an_entry_and_moves_nothing() -> None:
    account()
    deals = tuple(Deal(-100 * n, end_to_end=f"PAY{n}-1") for n in range(1, 4))
    booking = Booking(-6_00, DAY, "B9", letters.DEBIT, deals=deals)
    content = b"".join(letters.notice(iban=IBAN[VERSAILLES], number="N1", day=DAY, bookings=[booking]))
    assert load(content).status == "done"
    assert Detail.objects.count() == 3
    assert Entry.objects.filter(notice=True).count() == 1
    assert balance("bank:versailles") == 0


def test_the_fees_that_a_file_should_show_are_those_of_the_rule() -> None:
    contract(fixed_cents=3)
    sums = [1, 42, 143, 9_100, 10_499, 10_500, 12_345, 99_999, -10_500]
    parts = [
        Part("payment" if cents > 0 else "refund", f"{place:032x}", DAY, cents) for place, cents in enumerate(sums)
    ]
    load(letters.settlements([remittance(parts)]))
    assert Settlement.objects.get().fees_expected_cents == sum(rules.fee_expected(cents, RATE, 3) for cents in sums)


def test_lyras_own_journal_is_matched_by_our_attempts() -> None:
    contract()
    captures = [captured(), captured()]
    parts = [part(one, attempt=one.attempt.number) for one in captures]
    settled = remittance(parts)
    assert load(letters.lyra_journal([settled])).status == "done"
    assert set(SettlementLine.objects.values_list("tx_id", flat=True)) == {""}
    load(statement([credit(settled)], day=settled.credit_on))
    actions.match(crous_id=VERSAILLES, now=NOW)
    assert balance("psp:lyra:receivable") == 0
    assert set(SettlementLine.objects.values_list("capture_id", flat=True)) == {one.pk for one in captures}


def test_a_file_is_given_as_a_stream_of_its_pieces() -> None:
    account()
    read = sys.modules["messervices.foundations.treasury.actions.read"]
    content = statement(BOOKINGS * 500)
    with mock.patch("messervices.foundations.treasury.actions.keep.CHUNK", 7000):
        file = keep(content)
    assert Chunk.objects.filter(file=file).count() > 10
    assert io.BufferedReader(read.Kept(file.pk)).read() == content
