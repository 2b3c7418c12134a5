"""What the portal and the desk ask: tiles of a section, announcements for somebody, a search."""

from collections.abc import Collection
from datetime import datetime

from messervices.foundations.catalogue import rules
from messervices.foundations.catalogue.models import Announcement, CatalogueEntry
from messervices.foundations.catalogue.states import AnnouncementKind
from messervices.foundations.crous.selectors import Kept
from messervices.kernel.period import Period
from messervices.kernel.text import search_key

_LOUDEST_FIRST = (AnnouncementKind.WARN, AnnouncementKind.INFO, AnnouncementKind.OK)


def _read_entries() -> list[CatalogueEntry]:
    return list(CatalogueEntry.objects.filter(superseded_at=None).order_by("position", "slug"))


def _read_announcements() -> list[Announcement]:
    return list(Announcement.objects.filter(superseded_at=None).select_related("crous").order_by("-opens_at", "slug"))


entries_kept = Kept(_read_entries)
announcements_kept = Kept(_read_announcements)


def entries(section: str | None = None, *, now: datetime) -> list[CatalogueEntry]:
    """List the tiles of a section (or of all five) in their order. No query, as a rule; never change a row given."""
    return [
        entry
        for entry in entries_kept()
        if (section is None or entry.section == section) and now in Period(entry.opens_at, entry.closes_at)
    ]


def visible_announcements(
    *, crous_ids: Collection[int], service_years: Collection[rules.Campaign], now: datetime
) -> list[Announcement]:
    """List what is to be said now to somebody followed by these Crous and taking part in these campaigns.

    The national ones are for everybody, signed in or not. Warnings first, then the latest. No query, as a rule.
    """
    seen = [
        one
        for one in announcements_kept()
        if now in Period(one.opens_at, one.closes_at)
        and rules.is_for(
            one.perimeter,
            crous_id=one.crous_id,
            campaign=(one.service, one.year) if one.year else None,
            seen_by_crous=crous_ids,
            seen_by_campaigns=service_years,
        )
    ]
    return sorted(seen, key=lambda one: _LOUDEST_FIRST.index(AnnouncementKind(one.kind)))


def search(text: str, *, now: datetime, limit: int = 12) -> list[CatalogueEntry]:
    """Find tiles by the beginnings of words, accent-free, in both languages; the best first. No query, as a rule."""
    words = search_key(text).split()
    if not words:
        return []
    found = []
    for entry in entries(now=now):
        rest = f"{entry.sentence_fr} {entry.sentence_en} {entry.keywords} {entry.slug}"
        weight = rules.weight(words, f"{entry.title_fr} {entry.title_en}", rest)
        if weight:
            found.append((-weight, entry.position, entry))
    return [entry for _weight, _position, entry in sorted(found, key=lambda one: one[:2])[:limit]]


def announcements_in_force() -> list[Announcement]:
    """List the announcements in force for the desk, past and future ones too, with who set them."""
    rows = Announcement.objects.filter(superseded_at=None).select_related("crous")
    return list(rows.order_by("-opens_at", "slug"))


def entries_in_force() -> list[CatalogueEntry]:
    """List the tiles in force for the desk, with who set them."""
    rows = CatalogueEntry.objects.filter(superseded_at=None)
    return list(rows.order_by("section", "position", "slug"))


def announcement_history(slug: str) -> list[Announcement]:
    """List every version of an announcement, latest first."""
    return list(Announcement.objects.filter(slug=slug).select_related("crous").order_by("-set_at", "-id"))


def entry_history(slug: str) -> list[CatalogueEntry]:
    """List every version of a tile, latest first."""
    return list(CatalogueEntry.objects.filter(slug=slug).order_by("-set_at", "-id"))
