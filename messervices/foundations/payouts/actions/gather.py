"""Ready payouts are gathered in a run; its files are written, read back by another hand, and kept sealed."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, cast

from django.conf import settings
from django.db import connection
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from messervices.foundations.audit.actions import record
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.payouts import rules
from messervices.foundations.payouts.actions.order import weigh_again
from messervices.foundations.payouts.actions.tell import open_iban
from messervices.foundations.payouts.actions.weigh import EVERYWHERE
from messervices.foundations.payouts.models import Line, Payout, Run, RunFile
from messervices.foundations.payouts.providers import pain, registry, safe
from messervices.foundations.payouts.providers.pain import Head, Transfer, WrongFile
from messervices.foundations.payouts.selectors import payable_account
from messervices.foundations.payouts.states import PREPARE, RUN_STEPS, PayoutStatus, RunStatus
from messervices.kernel import crash, jobs
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import acting_as

_A_TIME = 5000
_LINES = """
    insert into payouts_line (payout_id, run_id, details_id, person_id, crous_id, rank, number, amount_cents,
        failed_how, code, behind)
    select p.id, %(run)s, p.details_id, p.person_id, p.crous_id, p.tries, p.number || '-' || p.tries, p.amount_cents,
        '', '', false
      from payouts_payout p where p.id = any (%(payouts)s) order by p.ordered_at, p.id
"""
"""The lines of payouts that were just put in a run: a hundred thousand of them, without a round trip for each."""

_WEIGHED = ("details_id", "amount_cents", "status", "why", "approved_at", "approved_by_id")
_PIECE = 64 * 1024


@action
def gather_run(*, crous_id: int, by: Actor, now: datetime) -> Run | None:
    """Gather every payout of a Crous that may leave; its files are written by a job, right after.

    ``None``: nothing may leave. What may not leave any more waits for a second person from now on. Raises
    ``Refusal``: ``not_allowed``, ``no_debtor`` (the Crous's own account is not set).
    """
    if not by.may(PREPARE) or crous_id not in by.scope.crous:
        raise Refusal("not_allowed", _("Vos droits ne vous permettent pas de faire cela."))
    debtor = registry.debtors().get(crous_id)
    if debtor is None:
        raise Refusal("no_debtor", _("Le compte de ce Crous n’est pas encore réglé : demandez-le à l’exploitation."))
    here = [PayoutStatus.READY, PayoutStatus.WAITING]
    candidates = Payout.objects.select_for_update(of=("self",), skip_locked=True).filter(
        crous_id=crous_id, status__in=here
    )  # fmt: skip
    leaving = weigh_again(list(candidates.only(*_WEIGHED).order_by("ordered_at", "pk")), now)
    if not leaving:
        return None
    run = Run.objects.create(
        crous_id=crous_id,
        debtor_name=debtor.name,
        debtor_iban=debtor.iban,
        debtor_bic=debtor.bic,
        debtor_ics=debtor.ics,
        day=rules.execution_day(timezone.localdate(now)),
        count=len(leaving),
        sum_cents=sum(payout.amount_cents for payout in leaving),
        most_a_file=settings.PAYOUT_FILE_MAX,
        gathered_at=now,
        gathered_by_id=by.user_id,
        gathered_by_label=by.label,
    )
    _make_lines(run, leaving)
    record(
        by=by, verb="payouts.gather_run", subject=f"payouts.run:{run.pk}", crous_id=crous_id,
        details={"count": run.count, "sum_cents": run.sum_cents}, now=now,
    )  # fmt: skip
    jobs.enqueue("foundations.payouts.tasks.write_files", run_id=run.pk)
    return run


@inside_action
def _make_lines(run: Run, leaving: list[Payout]) -> None:
    for first in range(0, len(leaving), _A_TIME):
        some = [payout.pk for payout in leaving[first : first + _A_TIME]]
        Payout.objects.filter(pk__in=some).update(status=PayoutStatus.IN_RUN, tries=F("tries") + 1)
        with connection.cursor() as cursor:
            cursor.execute(_LINES, {"run": run.pk, "payouts": some})
    crash.point("payouts.before_gathered")


@action
def write_files(*, run_id: int, now: datetime) -> Run:
    """Write the files of a run, read each back against the rows and the schema, keep them sealed. Twice is once.

    Raises ``WrongFile`` when a file is not what its rows say: nothing is kept, and the run stays unsigned.
    """
    with acting_as(EVERYWHERE):
        run = Run.objects.select_for_update(of=("self",)).get(pk=run_id)
        if run.written_at is not None or run.status != RunStatus.DRAFTED:
            return run
        lines = Line.objects.filter(run=run)
        if balance(payable_account(run.crous_id)) < run.sum_cents:
            raise WrongFile("the ledger owes less than the run pays")
        if lines.aggregate(total=Sum("amount_cents"))["total"] != run.sum_cents:
            raise WrongFile("the lines are not the run's sum")
        keys = list(lines.order_by("pk").values_list("pk", flat=True))
        digests = []
        for rank, (first, past) in enumerate(rules.parts(len(keys), run.most_a_file), 1):
            crash.point("payouts.before_file")
            digests.append(_write_one(run, rank, keys[first], keys[past - 1]))
        run.written_at, run.digest = now, rules.run_digest(digests)
        run.save(update_fields=["written_at", "digest"])
        crash.point("payouts.before_written")
    return run


@dataclass(frozen=True, slots=True)
class Written:
    """A file as it was written: its head, its bytes packed, its digest and size, and the digest of its lines."""

    head: Head
    packed: bytes
    sha256: bytes
    size: int
    marks: bytes


@inside_action
def _write_one(run: Run, rank: int, first: int, last: int) -> bytes:
    """Write one file; give its digest."""
    lines = Line.objects.filter(run=run, pk__gte=first, pk__lte=last)
    written = write_file(run, list(_transfers(lines.order_by("pk"))))
    check_file(written)
    head = written.head
    file = RunFile.objects.create(
        message_id=head.message_id,
        run=run,
        crous_id=run.crous_id,
        rank=rank,
        count=head.count,
        sum_cents=head.sum_cents,
        size=written.size,
        sha256=written.sha256,
        content_sealed=safe.seal(written.packed, safe.about("payouts_runfile", head.message_id, "content_sealed")),
    )
    lines.update(file=file)
    return written.sha256


_COLUMNS = (
    "number", "amount_cents", "payout__label", "payout__number", "details_id", "details__iban_sealed", "details__bic",
    "details__holder",
)  # fmt: skip


def _transfers(lines: Any) -> Iterator[Transfer]:
    for number, cents, label, payout, key, sealed, bic, holder in lines.values_list(*_COLUMNS).iterator(_A_TIME):
        remittance = rules.sepa_text(f"{label} {payout}", rules.LONGEST_REMITTANCE)
        yield Transfer(number, cents, open_iban(sealed, key), bic, holder, remittance)


def write_file(run: Run, transfers: list[Transfer]) -> Written:
    """Write transfers as one file. Its MsgId is a digest of what it says: the same lines give the same file."""
    content, marks = hashlib.sha256(f"{run.pk} {run.day} {run.debtor_iban}".encode()), hashlib.sha256()
    for one in transfers:
        mark = rules.line_mark(one.number, one.amount_cents, one.iban, one.name)
        marks.update(mark)
        content.update(mark + one.remittance.encode())
    debtor = registry.Debtor(run.crous_id, run.debtor_name, run.debtor_iban, run.debtor_bic, run.debtor_ics)
    total = sum(one.amount_cents for one in transfers)
    head = Head(rules.message_id(content.digest()), run.gathered_at, run.day, debtor, len(transfers), total)
    digest, packer, packed, size = hashlib.sha256(), zlib.compressobj(1), [], 0

    def take(piece: bytes) -> None:
        nonlocal size
        digest.update(piece)
        packed.append(packer.compress(piece))
        size += len(piece)

    pain.write(take, head, transfers)
    packed.append(packer.flush())
    return Written(head, b"".join(packed), digest.digest(), size, marks.digest())


def check_file(written: Written) -> None:
    """Read a file back, validated on the way, and compare it with what was to be written. Raises ``WrongFile``."""
    head, unpacked = written.head, Unpacked(written.packed)
    found = pain.read_back(cast("IO[bytes]", unpacked))
    wanted = (
        head.message_id, head.count, head.sum_cents, head.count, head.sum_cents, head.debtor.iban, written.marks,
    )  # fmt: skip
    said = (
        found.message_id, found.said_count, found.said_sum_cents, found.count, found.sum_cents, found.debtor_iban,
        found.marks,
    )  # fmt: skip
    if said != wanted or unpacked.sha256 != written.sha256:
        raise WrongFile("the second reading differs")


class Unpacked:
    """A packed file, read as a stream of its bytes, whose digest is known once it was read."""

    def __init__(self, packed: bytes) -> None:
        """Begin at its beginning."""
        self._packer, self._rest, self._digest = zlib.decompressobj(), packed, hashlib.sha256()

    def read(self, _size: int = -1) -> bytes:
        """Give the next piece; empty at the end."""
        while True:
            piece = self._packer.decompress(self._rest, _PIECE)
            self._rest = self._packer.unconsumed_tail
            if piece or not self._rest:
                self._digest.update(piece)
                return piece

    def __iter__(self) -> Iterator[bytes]:
        """Give every piece."""
        return iter(self.read, b"")

    @property
    def sha256(self) -> bytes:
        """The digest of what was read so far."""
        return self._digest.digest()


@inside_action
def withdraw_lines(lines: Iterable[Line], now: datetime) -> None:
    """Take lines out of their file for good: their payouts are ready again, or wait for what was learnt since."""
    every = list(lines)
    for first in range(0, len(every), _A_TIME):
        some = every[first : first + _A_TIME]
        Line.objects.filter(pk__in=[line.pk for line in some]).update(withdrawn_at=now)
        back = Payout.objects.filter(pk__in=[line.payout_id for line in some], status=PayoutStatus.IN_RUN)
        keys = list(back.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
        Payout.objects.filter(pk__in=keys).update(status=PayoutStatus.READY)
        with acting_as(EVERYWHERE):
            weigh_again(list(Payout.objects.filter(pk__in=keys)), now)


@action
def drop_run(*, run_id: int, by: Actor, reason: str, now: datetime) -> Run:
    """Give up a run of which nothing left: its payouts are ready again.

    Raises ``Refusal``: ``not_allowed``, ``reason_missing``, ``step_closed``, ``may_have_left`` (a file was handed over,
    and only the bank knows whether it took it).
    """
    run = Run.objects.select_for_update(of=("self",)).get(pk=run_id)
    if not by.may(PREPARE) or run.crous_id not in by.scope.crous:
        raise Refusal("not_allowed", _("Vos droits ne vous permettent pas de faire cela."))
    if not reason.strip():
        raise Refusal("reason_missing", _("Dites pourquoi vous abandonnez ce lot."))
    run.status = RUN_STEPS.target("drop", run.status)
    if run.files.filter(sending_at__isnull=False, refusal="").exists():
        raise Refusal(
            "may_have_left",
            _("Un fichier de ce lot a été remis ou téléchargé : la banque l’a peut-être. Attendez sa réponse."),
        )
    run.dropped_at = now
    run.save(update_fields=["status", "dropped_at"])
    withdraw_lines(Line.objects.filter(run=run, withdrawn_at=None).only("pk", "payout_id"), now)
    record(
        by=by, verb="payouts.drop_run", subject=f"payouts.run:{run.pk}", crous_id=run.crous_id, reason=reason.strip(),
        now=now,
    )  # fmt: skip
    return run
