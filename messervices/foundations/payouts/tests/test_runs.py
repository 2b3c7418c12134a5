"""A run: gathered, written, read back, signed by two, sent once."""

import hashlib
import io
import zlib

import pytest
from django.db import DatabaseError, connection, transaction

from messervices.foundations.ledger.selectors import balance
from messervices.foundations.payouts import actions, tasks
from messervices.foundations.payouts.actions.sign import content_of
from messervices.foundations.payouts.models import Line, Payout, Run, RunFile, Signature
from messervices.foundations.payouts.providers import pain, safe
from messervices.foundations.payouts.tests.factories import (
    CHECKER,
    COOL,
    IBANS,
    LYON,
    MAKER,
    NOW,
    THIRD,
    FakeBank,
    agent,
    cooled,
    drafted,
    jobs_waiting,
    order,
    ready,
    released,
    sign,
)  # fmt: skip
from messervices.kernel.errors import ProviderUnavailable, Refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books", "service")]
PAYABLE, TRANSIT, BANK = "payouts:payable:versailles", "payouts:transit:versailles", "test:bank"


def test_what_is_ready_is_gathered_written_and_read_back() -> None:
    payouts = ready(3)
    run = drafted()
    file = run.files.get()
    assert (run.count, run.sum_cents, file.count, file.sum_cents) == (3, 315_00, 3, 315_00)
    found = pain.read_back(io.BytesIO(content_of(file)))
    assert (found.message_id, found.count, found.sum_cents) == (file.message_id, 3, 315_00)
    assert set(Line.objects.values_list("number", flat=True)) == {f"{one.number}-1" for one in payouts}
    assert jobs_waiting("write_files") == 1
    assert actions.write_files(run_id=run.pk, now=COOL).written_at == NOW, "twice is once"
    assert actions.gather_run(crous_id=26, by=MAKER, now=NOW) is None


def test_a_long_run_is_several_files_each_with_a_name_of_its_own(settings) -> None:
    settings.PAYOUT_FILE_MAX = 2
    ready(5)
    run = drafted()
    files = list(run.files.order_by("rank"))
    assert [file.count for file in files] == [2, 2, 1]
    assert len({file.message_id for file in files}) == 3
    assert sum(file.sum_cents for file in files) == run.sum_cents


def test_the_bytes_are_kept_sealed_and_hold_no_iban_in_clear() -> None:
    order(cooled(iban=IBANS["de"]))
    file = drafted().files.get()
    assert IBANS["de"].encode() in content_of(file)
    assert IBANS["de"].encode() not in bytes(file.content_sealed)
    with pytest.raises(zlib.error):
        zlib.decompress(bytes(file.content_sealed))


def test_each_crous_pays_from_its_own_account() -> None:
    order(cooled(), crous_id=LYON)
    ready()
    run = drafted(crous_id=LYON)
    assert (run.count, run.crous_id) == (1, LYON)
    assert run.debtor_iban.endswith("00000000001284") or run.debtor_iban != drafted().debtor_iban
    with pytest.raises(Refusal, match="not_allowed"):
        actions.gather_run(crous_id=LYON, by=MAKER, now=NOW)
    with pytest.raises(Refusal, match="not_allowed"):
        actions.gather_run(crous_id=26, by=agent(7, rights=frozenset()), now=NOW)


def test_a_crous_without_an_account_pays_nobody(settings, tmp_path) -> None:
    path = tmp_path / "debtors.csv"
    path.write_text("crous_id,name,iban,bic,ics\n")
    settings.PAYOUT_DEBTORS = str(path)
    ready()
    with pytest.raises(Refusal, match="no_debtor"):
        actions.gather_run(crous_id=26, by=MAKER, now=NOW)


def test_a_run_needs_two_signatures_of_two_agents_over_what_they_saw() -> None:
    ready()
    run = drafted()
    with pytest.raises(Refusal, match="other_digest"):
        actions.sign_run(run_id=run.pk, digest="00" * 32, by=MAKER, now=NOW)
    with pytest.raises(Refusal, match="not_allowed"):
        sign(run, agent(8, rights=frozenset()))
    with pytest.raises(Refusal, match="not_allowed"):
        sign(run, agent(8, crous_id=LYON))
    assert sign(run, MAKER).status == "signed_once"
    with pytest.raises(Refusal, match="already_signed"):
        sign(run, MAKER)
    assert sign(run, CHECKER).status == "released"
    assert jobs_waiting("send_files") == 1
    with pytest.raises(Refusal, match="step_closed"):
        sign(run, THIRD)


def test_nothing_unwritten_is_signed() -> None:
    ready()
    run = actions.gather_run(crous_id=26, by=MAKER, now=NOW)
    with pytest.raises(Refusal, match="not_written"):
        sign(run, MAKER)


def altered(file: RunFile, how: str) -> None:
    """Edit what is kept of a file, as somebody with the database would."""
    place = safe.about("payouts_runfile", file.message_id, "content_sealed")
    content = content_of(file).replace(b"105.00", b"905.00")
    if how == "bytes sealed anew":
        RunFile.objects.filter(pk=file.pk).update(content_sealed=safe.seal(zlib.compress(content), place))
    elif how == "bytes changed":
        RunFile.objects.filter(pk=file.pk).update(content_sealed=bytes(file.content_sealed)[:-3] + b"abc")
    else:
        RunFile.objects.filter(pk=file.pk).update(
            content_sealed=safe.seal(zlib.compress(content), place), sha256=hashlib.sha256(content).digest()
        )


@pytest.mark.parametrize("how", ["bytes sealed anew", "bytes changed", "bytes and digest"])
def test_an_edited_file_is_neither_signed_nor_sent_nor_given(bank: FakeBank, how: str) -> None:
    ready()
    run = drafted()
    sign(run, MAKER)
    altered(run.files.get(), how)
    with pytest.raises(Refusal, match="file_altered"):
        sign(run, CHECKER)


@pytest.mark.parametrize("how", ["bytes sealed anew", "bytes changed", "bytes and digest"])
def test_a_file_edited_after_both_signatures_does_not_leave(bank: FakeBank, how: str) -> None:
    ready()
    run = released()
    altered(run.files.get(), how)
    with pytest.raises(Refusal, match="file_altered"):
        actions.send_files(run_id=run.pk, now=NOW)
    with pytest.raises(Refusal, match="file_altered"):
        actions.take_file(message_id=run.files.get().pk, by=MAKER, now=NOW)
    assert not bank.taken


def test_a_signature_cannot_be_changed_nor_taken_back() -> None:
    ready()
    released()
    for statement in (
        "update payouts_signature set agent_id = 1",
        "delete from payouts_signature",
        "delete from payouts_runfile",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Signature.objects.count() == 2


def test_sent_it_is_at_the_bank_once_however_often_it_is_tried(bank: FakeBank) -> None:
    ready(2)
    run = released()
    assert actions.send_files(run_id=run.pk, now=NOW) == 1
    assert actions.send_files(run_id=run.pk, now=COOL) == 0
    run.refresh_from_db()
    assert (run.status, len(bank.taken), bank.calls) == ("sent", 1, 1)
    assert set(Payout.objects.values_list("status", flat=True)) == {"sent"}
    assert (balance(PAYABLE), balance(TRANSIT)) == (0, 210_00)


def test_a_bank_that_is_silent_is_called_again_by_the_sweep_after_the_lease(bank: FakeBank) -> None:
    ready()
    run = released()
    bank.is_down = True
    with pytest.raises(ProviderUnavailable):
        actions.send_files(run_id=run.pk, now=NOW)
    tasks.send_files(run_id=run.pk, now=NOW)
    bank.is_down = False
    assert actions.send_files(run_id=run.pk, now=NOW) == 0, "somebody may be calling now"
    with pytest.raises(Refusal, match="may_have_left"):
        actions.drop_run(run_id=run.pk, by=MAKER, reason="Trop lent.", now=NOW)
    tasks.sweep_runs(now=COOL)
    run.refresh_from_db()
    assert run.status == "sent"


def test_a_bank_that_says_no_gives_the_payouts_back(bank: FakeBank) -> None:
    ready(2)
    run = released()
    bank.refuses = "FF01"
    assert actions.send_files(run_id=run.pk, now=NOW) == 0
    run.refresh_from_db()
    assert (run.status, run.files.get().refusal) == ("dropped", "FF01")
    assert set(Payout.objects.values_list("status", flat=True)) == {"ready"}
    again = drafted(now=COOL)
    assert again.files.get().message_id != run.files.get().message_id
    assert set(Line.objects.filter(run=again).values_list("rank", flat=True)) == {2}


def test_brought_by_hand_it_is_taken_then_said_to_be_at_the_bank() -> None:
    ready()
    run = drafted()
    name = run.files.get().pk
    with pytest.raises(Refusal, match="not_released"):
        actions.take_file(message_id=name, by=MAKER, now=NOW)
    sign(run, MAKER)
    sign(run, CHECKER)
    with pytest.raises(Refusal, match="not_taken"):
        actions.note_handed_over(message_id=name, by=MAKER, now=NOW)
    assert actions.take_file(message_id=name, by=MAKER, now=NOW) == actions.take_file(
        message_id=name, by=MAKER, now=NOW
    )
    for _turn in range(2):
        actions.note_handed_over(message_id=name, by=MAKER, now=NOW)
    run.refresh_from_db()
    assert (run.status, run.files.get().carrier) == ("sent", "hand")
    with pytest.raises(Refusal, match="already_sent"):
        actions.note_not_taken(message_id=name, by=MAKER, reason="Refusé au guichet.", now=NOW)


def test_a_file_that_the_bank_did_not_take_by_hand_gives_its_payouts_back() -> None:
    ready()
    run = released()
    name = run.files.get().pk
    actions.take_file(message_id=name, by=MAKER, now=NOW)
    with pytest.raises(Refusal, match="reason_missing"):
        actions.note_not_taken(message_id=name, by=MAKER, reason="", now=NOW)
    actions.note_not_taken(message_id=name, by=CHECKER, reason="Le portail l’a refusé.", now=NOW)
    assert Payout.objects.get().status == "ready"
    assert Run.objects.get().status == "dropped"


def test_a_run_given_up_gives_its_payouts_back_and_they_leave_with_the_next() -> None:
    ready(2)
    run = drafted()
    with pytest.raises(Refusal, match="reason_missing"):
        actions.drop_run(run_id=run.pk, by=MAKER, reason=" ", now=NOW)
    actions.drop_run(run_id=run.pk, by=MAKER, reason="Un virement est à revoir.", now=NOW)
    with pytest.raises(Refusal, match="step_closed"):
        actions.drop_run(run_id=run.pk, by=MAKER, reason="Encore.", now=NOW)
    assert drafted().count == 2
