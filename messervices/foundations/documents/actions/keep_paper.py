"""Keeping a proof that somebody hands in."""

import hashlib
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from messervices.foundations.audit import actions as audit
from messervices.foundations.documents import rules, selectors
from messervices.foundations.documents.models import Paper
from messervices.kernel.action import inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal


@inside_action
def keep_paper(*, person_id: int, name: str, content: bytes, by: Actor, now: datetime) -> Paper:
    """Keep a file handed in for a person; the same bytes again give the paper kept the first time.

    It is recognised by its bytes, never by ``name``, and never opened here. Raises ``Refusal`` with the code
    ``paper_empty``, ``paper_too_big``, ``paper_unknown_type`` or ``papers_too_many``.
    """
    _refuse_size(len(content))
    media = rules.media_type(content)
    if not media:
        raise Refusal(
            "paper_unknown_type",
            _("Ce fichier n’est ni un PDF, ni une image PNG ou JPEG, ou il est abîmé. Enregistrez-le à nouveau."),
        )
    digest = hashlib.sha256(content).digest()
    known = Paper.objects.filter(person_id=person_id, sha256=digest).defer("content").first()
    if known:
        return known
    if selectors.papers_of(person_id).count() >= settings.PAPERS_A_PERSON:
        raise Refusal("papers_too_many", _("Vous avez déposé trop de fichiers. Écrivez à votre Crous."))
    paper = Paper.objects.create(
        person_id=person_id,
        name=rules.clean_name(name, media),
        media_type=media,
        content=content,
        size=len(content),
        sha256=digest,
        received_at=now,
    )
    audit.record(
        by=by,
        verb="documents.keep_paper",
        subject=f"documents.paper:{paper.pk}",
        now=now,
        person_id=person_id,
        details={"media_type": media, "size": len(content)},
    )
    return paper


def _refuse_size(size: int) -> None:
    if not size:
        raise Refusal("paper_empty", _("Ce fichier est vide."))
    if size > settings.PAPER_MAX_BYTES:
        sentence = _("Ce fichier est trop lourd : %(size)s Mo au plus.") % {"size": settings.PAPER_MAX_BYTES // 1024**2}
        raise Refusal("paper_too_big", sentence)
