"""Writes of the catalogue: publish, edit, withdraw. A version is never overwritten; each deed is audited."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import connection
from django.utils.translation import gettext as _

from messervices.foundations.audit import actions as audit
from messervices.foundations.catalogue import rules
from messervices.foundations.catalogue.models import Announcement, CatalogueEntry
from messervices.foundations.catalogue.selectors import announcements_kept, entries_kept
from messervices.foundations.catalogue.states import Perimeter, Right
from messervices.foundations.crous.actions.amend import forget_now_and_then
from messervices.foundations.crous.actions.load import Step, follow_file, rows_of, said_of
from messervices.foundations.crous.rules import days_included, paris_day
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

_ROOM = "messervices.foundations.catalogue"
M = TypeVar("M", CatalogueEntry, Announcement)


@dataclass(frozen=True, slots=True)
class EntryText:
    """All that is said of a tile; ``slug`` names it for ever. ``address`` is https."""

    slug: str
    section: str
    title_fr: str
    title_en: str
    sentence_fr: str
    sentence_en: str
    address: str
    icon: str
    keywords: str = ""
    position: int = 0
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    source: str = "desk"
    certainty: str = "sourced"


@dataclass(frozen=True, slots=True)
class AnnouncementText:
    """All that an announcement says, to whom and for how long; ``slug`` names it for ever."""

    slug: str
    kind: str
    title_fr: str
    title_en: str
    body_fr: str
    body_en: str
    perimeter: str = Perimeter.NATIONAL
    crous_id: int | None = None
    service: str = ""
    year: AcademicYear | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    source: str = "desk"
    certainty: str = "sourced"


def _refuse_unless_allowed(by: Actor, right: Right, crous_id: int | None, reason: str) -> None:
    allowed = rules.may_edit(right, by.rights, national=by.national, own_crous=by.crous_ids, crous_id=crous_id)
    if by.kind != "system" and not allowed:
        raise Refusal("not_allowed", _("Ce changement relève d’un autre bureau que le vôtre."))
    if not reason.strip():
        raise Refusal("reason_missing", _("Dites pourquoi : la raison est gardée avec le changement."))


@inside_action
def _in_force(model: type[M], slug: str) -> M | None:
    """Give the version in force, after waiting for any other edit of the catalogue: they are rare."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('catalogue.edit'))")
    return model.objects.filter(slug=slug, superseded_at=None).first()


@inside_action
def _put(
    old: M | None,
    model: type[M],
    text: EntryText | AnnouncementText,
    *,
    by: Actor,
    reason: str,
    now: datetime,
    forget: Callable[[], None],
) -> M:
    """Put a version in force in the place of the one before; the same text again changes nothing."""
    said = asdict(text) | ({"year": text.year} if isinstance(text, AnnouncementText) else {})
    if old and {field: getattr(old, field) for field in said} == said:
        return old
    if text.opens_at and text.closes_at and text.opens_at >= text.closes_at:
        raise Refusal("dates_reversed", _("La fin doit venir après le début."))
    if old:
        model.objects.filter(pk=old.pk).update(superseded_at=now)
    made = model(**said, known_on=paris_day(now), set_at=now, set_by_id=by.user_id, set_by_label=by.label)
    made.save()
    noun = "entry" if isinstance(text, EntryText) else "announcement"
    changed = sorted(field for field in said if old is None or getattr(old, field) != said[field])
    audit.record(
        by=by, verb=f"catalogue.{'edit' if old else 'publish'}_{noun}", subject=f"catalogue.{noun}:{made.pk}", now=now,
        crous_id=said.get("crous_id"), reason=reason, details={"slug": text.slug, "changed": changed},
    )  # fmt: skip
    forget_now_and_then(forget)
    return made


@action
def publish_entry(*, by: Actor, text: EntryText, reason: str, now: datetime) -> CatalogueEntry:
    """Publish a tile, or put a new version in the place of the one in force. The same text again changes nothing.

    Raises ``Refusal``: ``not_allowed`` (the national desk alone), ``reason_missing``, ``dates_reversed``.
    """
    _refuse_unless_allowed(by, Right.EDIT_ENTRY, None, reason)
    return _put(
        _in_force(CatalogueEntry, text.slug),
        CatalogueEntry,
        text,
        by=by,
        reason=reason,
        now=now,
        forget=entries_kept.forget,
    )


@action
def publish_announcement(*, by: Actor, text: AnnouncementText, reason: str, now: datetime) -> Announcement:
    """Publish an announcement, or put a new version in the place of the one in force. Twice changes nothing.

    A Crous may speak to its own perimeter only, and may not take over the announcement of another desk. Raises
    ``Refusal``: ``not_allowed``, ``reason_missing``, ``dates_reversed``, ``perimeter_unclear``.
    """
    _refuse_unless_allowed(by, Right.EDIT_ANNOUNCEMENT, text.crous_id, reason)
    old = _in_force(Announcement, text.slug)
    if old:
        _refuse_unless_allowed(by, Right.EDIT_ANNOUNCEMENT, old.crous_id, reason)
    named = (text.crous_id is not None, bool(text.service), text.year is not None)
    if named != _NAMES[Perimeter(text.perimeter)]:
        raise Refusal(
            "perimeter_unclear", _("Dites à qui s’adresse l’annonce : tout le monde, un Crous ou une campagne.")
        )
    return _put(old, Announcement, text, by=by, reason=reason, now=now, forget=announcements_kept.forget)


_NAMES = {
    Perimeter.NATIONAL: (False, False, False),
    Perimeter.CROUS: (True, False, False),
    Perimeter.CAMPAIGN: (False, True, True),
}
"""What each perimeter names: (a Crous, a service, a year)."""


@action
def withdraw_entry(*, by: Actor, slug: str, reason: str, now: datetime) -> bool:
    """Take a tile away; its versions stay. Gives ``False`` when none was in force. Raises as ``publish_entry``."""
    _refuse_unless_allowed(by, Right.EDIT_ENTRY, None, reason)
    old = _in_force(CatalogueEntry, slug)
    return _withdraw(old, "entry", by=by, reason=reason, now=now, forget=entries_kept.forget)


@action
def withdraw_announcement(*, by: Actor, slug: str, reason: str, now: datetime) -> bool:
    """Take an announcement away; its versions stay. Gives ``False`` when none was in force."""
    old = _in_force(Announcement, slug)
    _refuse_unless_allowed(by, Right.EDIT_ANNOUNCEMENT, old.crous_id if old else None, reason)
    return _withdraw(old, "announcement", by=by, reason=reason, now=now, forget=announcements_kept.forget)


@inside_action
def _withdraw(
    old: CatalogueEntry | Announcement | None,
    noun: str,
    *,
    by: Actor,
    reason: str,
    now: datetime,
    forget: Callable[[], None],
) -> bool:
    if old is None:
        return False
    type(old).objects.filter(pk=old.pk).update(superseded_at=now)
    audit.record(
        by=by, verb=f"catalogue.withdraw_{noun}", subject=f"catalogue.{noun}:{old.pk}", now=now,
        crous_id=getattr(old, "crous_id", None), reason=reason, details={"slug": old.slug},
    )  # fmt: skip
    forget_now_and_then(forget)
    return True


def _days(row: dict[str, str]) -> dict[str, Any]:
    first, last = (date.fromisoformat(row[column]) if row[column] else None for column in ("opens_on", "closes_on"))
    period = days_included(first, last)
    return {"opens_at": period.opens_at, "closes_at": period.closes_at}


@action
def _load_entries(now: datetime) -> Any:
    plain = ("section", "title_fr", "title_en", "sentence_fr", "sentence_en", "address", "icon", "keywords")
    wanted: dict[tuple[Any, ...], Any] = {}
    for position, row in enumerate(rows_of(_ROOM, "entries.csv"), 1):
        said = {field: row[field] for field in plain} | said_of(row) | _days(row)
        wanted[row["slug"],] = CatalogueEntry(slug=row["slug"], position=position * 10, **said)
    return follow_file("catalogue entries", CatalogueEntry, wanted, ("slug",), now)


@action
def _load_announcements(now: datetime) -> Any:
    plain = ("kind", "title_fr", "title_en", "body_fr", "body_en", "perimeter", "service")
    wanted: dict[tuple[Any, ...], Any] = {}
    for row in rows_of(_ROOM, "announcements.csv"):
        said = {field: row[field] for field in plain} | said_of(row) | _days(row)
        year = AcademicYear(int(row["year"])) if row["year"] else None
        crous_id = int(row["crous_id"]) if row["crous_id"] else None
        wanted[row["slug"],] = Announcement(slug=row["slug"], year=year, crous_id=crous_id, **said)
    return follow_file("announcements", Announcement, wanted, ("slug",), now)


def reference_steps() -> list[Step]:
    """List the steps of this room; a tile or announcement withdrawn at the desk does not come back."""
    return [Step("catalogue entries", _load_entries), Step("announcements", _load_announcements)]
