"""A sharing out is reviewed by a second person, then final: the money is moved, the letters frozen."""

from datetime import datetime
from fractions import Fraction

from django.utils.translation import gettext as _

from messervices.foundations.documents.rules import contents_hash
from messervices.foundations.ledger.actions import Posting, post_many
from messervices.kernel import crash, jobs
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.services.cvec import rules, selectors
from messervices.services.cvec.actions.class_beneficiary import refuse_unless_national
from messervices.services.cvec.actions.share_out import locked, record
from messervices.services.cvec.models import CrousShare, Share, Sharing
from messervices.services.cvec.states import SHARING_STEPS, Right, SharingKind, SharingStatus

PAY = "services.cvec.tasks.pay_shares"


@action
def review_sharing(*, by: Actor, sharing_id: int, now: datetime) -> Sharing:
    """Say that a draft is right, after computing it again: somebody else than who drew it. Twice says it once.

    Raises ``Refusal``: ``not_allowed``, ``second_person``, ``step_closed``, ``not_the_same`` (the draft is not what its
    inputs give).
    """
    refuse_unless_national(by, Right.CHECK_SHARE)
    sharing = locked(sharing_id)
    if sharing.status == SharingStatus.REVIEWED and sharing.reviewed_by_id == by.user_id:
        return sharing
    if not rules.may_check(sharing.made_by_id, by.user_id):
        raise Refusal("second_person", _("Vous avez préparé ce partage : une autre personne le relit."))
    sharing.status = SHARING_STEPS.target("review", sharing.status)
    if selectors.replayed(sharing):
        raise Refusal("not_the_same", _("Rejoué, ce partage ne donne pas les mêmes parts. Abandonnez-le."))
    sharing.reviewed_at, sharing.reviewed_by_id, sharing.reviewed_by_label = now, by.user_id, by.label
    sharing.save(update_fields=["status", "reviewed_at", "reviewed_by_id", "reviewed_by_label"])
    record(sharing, "cvec.review_sharing", by=by, now=now)
    return sharing


@action
def drop_sharing(*, by: Actor, sharing_id: int, reason: str, now: datetime) -> Sharing:
    """Give up a sharing out that is not final, with the reason; another may then be drawn. Twice drops it once.

    Raises ``Refusal``: ``not_allowed``, ``step_closed``.
    """
    if not by.may(Right.CHECK_SHARE):
        refuse_unless_national(by, Right.SHARE)
    sharing = locked(sharing_id)
    if sharing.status == SharingStatus.DROPPED:
        return sharing
    sharing.status = SHARING_STEPS.target("drop", sharing.status)
    sharing.dropped_at, sharing.reason = now, reason
    sharing.save(update_fields=["status", "dropped_at", "reason"])
    record(sharing, "cvec.drop_sharing", by=by, now=now, reason=reason)
    return sharing


@action
def finalise_sharing(*, by: Actor, sharing_id: int, now: datetime) -> Sharing:
    """Make a reviewed sharing out final: book it, freeze the letters, leave the transfers to a job. Twice is once.

    The take of each Crous goes to the common account, what the Crous keep to theirs; transfers are then paid from the
    common account. Raises ``Refusal``: ``not_allowed``, ``step_closed``, ``net_moved`` (the books are no longer what it
    was drawn from), ``not_enough`` (the first instalment is more than the take).
    """
    refuse_unless_national(by, Right.CHECK_SHARE)
    sharing = locked(sharing_id)
    if sharing.status == SharingStatus.FINAL:
        return sharing
    sharing.status = SHARING_STEPS.target("finalise", sharing.status)
    sharing.drawn = _drawn(sharing)
    sharing.final_at, sharing.final_by_label = now, by.label
    sharing.save(update_fields=["status", "drawn", "final_at", "final_by_label"])
    post_many(_postings(sharing), at=now)
    _freeze_letters(sharing, now)
    crash.point("cvec.sharing_final")
    record(sharing, "cvec.finalise_sharing", by=by, now=now)
    jobs.enqueue(PAY, sharing_id=sharing.pk)
    return sharing


def _drawn(sharing: Sharing) -> dict[str, int]:
    """How much comes from each Crous: in proportion for the first instalment, all that is left for the balance."""
    now_net = selectors.net_by_crous(sharing.year)
    if sharing.kind == SharingKind.REFERENCE:
        if sharing.shared_cents > sum(max(cents, 0) for cents in now_net.values()):
            raise Refusal("not_enough", _("Les Crous n’ont pas encore encaissé de quoi payer ce versement."))
        weights = {name: Fraction(max(cents, 0)) for name, cents in now_net.items()}
        return rules.pro_rata(weights, sharing.shared_cents)
    if now_net != sharing.net:
        raise Refusal(
            "net_moved", _("Les encaissements ont changé depuis la préparation. Abandonnez ce partage, refaites-en un.")
        )
    before = selectors.drawn_before(sharing.year)
    return {name: cents - before.get(name, 0) for name, cents in now_net.items()}


def _postings(sharing: Sharing) -> list[Posting]:
    """What is booked: each Crous’s part into the common account, then what the Crous keep out of it."""
    year, pot = sharing.year, rules.shared_account(sharing.year)
    label = f"Partage CVEC {year}"
    slugs = selectors.slugs()
    moves = [
        (f"cvec.sharing:{sharing.pk}:from:{name}", rules.collected_account(year, slugs[int(name)]), pot, cents)
        for name, cents in sharing.drawn.items()
    ]
    moves += [
        (f"cvec.sharing:{sharing.pk}:kept:{row.crous_id}", pot, rules.kept_account(year, slugs[row.crous_id]),
         row.amount_cents)
        for row in CrousShare.objects.filter(sharing=sharing)
    ]  # fmt: skip
    return [
        Posting(key, debit, credit, cents, label) if cents > 0 else Posting(key, credit, debit, -cents, label)
        for key, debit, credit, cents in moves
        if cents
    ]


def _freeze_letters(sharing: Sharing, now: datetime) -> None:
    """Freeze what each letter says: the very figures of the share, and how they come about."""
    groups = selectors.groups_by_establishment(sharing)
    rows = list(Share.objects.filter(sharing=sharing).select_related("establishment"))
    for row in rows:
        row.letter = selectors.letter_contents(sharing, row, groups.get(row.establishment_id, []), now)
        row.letter_sha256 = contents_hash(row.letter)
    Share.objects.bulk_update(rows, ["letter", "letter_sha256"], batch_size=500)
