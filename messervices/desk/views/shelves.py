"""The dated rows that the network is run by: dates, amounts, announcements, services of others. One way for the four.

A list, then one thing with its history and a form, then a preview, then the publication: nothing is overwritten.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messervices.foundations.catalogue import actions as catalogue_actions
from messervices.foundations.catalogue import selectors as catalogue
from messervices.foundations.catalogue.forms import AnnouncementForm, EntryForm
from messervices.foundations.catalogue.models import Announcement, CatalogueEntry
from messervices.foundations.catalogue.states import AnnouncementKind, Perimeter, Section
from messervices.foundations.catalogue.states import Right as CatalogueRight
from messervices.foundations.crous import actions as crous_actions
from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.forms import AmountForm, WindowForm
from messervices.foundations.crous.models import Amount, Window
from messervices.foundations.crous.rules import paris_day
from messervices.foundations.crous.states import Right as CrousRight
from messervices.kernel import manifest
from messervices.kernel.actor import Actor
from messervices.look.words import day, euros

_NOT_SAID = {"id", "known_on", "set_at", "set_by", "set_by_id", "set_by_label", "superseded_at", "shipped"}


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of dated rows: who may change it, how it is listed, said, asked, published.

    ``key`` are the fields that name a thing for ever: asked for a new one only. ``subject`` begins those of its deeds.
    ``name`` and ``says`` put a row in words; ``drafted`` makes an unsaved row of a valid form.
    """

    slug: str
    title: str | Promise
    about: str | Promise
    icon: str
    right: str
    subject: str
    model: Any
    form: type[forms.Form]
    key: tuple[str, ...]
    listed: Callable[[], list[Any]]
    name: Callable[[Any], str]
    says: Callable[[Any], str]
    drafted: Callable[[Any], Any]
    publish: Callable[..., Any]
    withdraw: Callable[..., Any] | None = None
    for_a_crous: bool = False

    def open_to(self, actor: Actor) -> bool:
        """Who may come here: with the right, the national desk; a Crous for what it says to its own."""
        return actor.may(self.right) and (actor.national or self.for_a_crous)

    def holds(self, row: Any, actor: Actor) -> bool:
        """Whether an actor who may come here may change this row."""
        return actor.national or getattr(row, "crous_id", None) in actor.crous_ids

    def versions(self, row: Any) -> list[Any]:
        """Every version of the thing that a row tells of, latest first."""
        same = {field: getattr(row, field) for field in self.key}
        return list(self.model.objects.filter(**same).order_by("-set_at", "-pk"))

    def same(self, row: Any, draft: Any) -> bool:
        """Whether two rows say the same."""
        fields = [one.attname for one in self.model._meta.concrete_fields if one.attname not in _NOT_SAID]  # noqa: SLF001 - the documented door to a model's fields
        return all(getattr(row, field) == getattr(draft, field) for field in fields)

    def initial(self, row: Any) -> dict[str, Any]:
        """What a form about a row begins with."""
        said = {name: getattr(row, name) for name in self.form.base_fields if hasattr(row, name)}
        if hasattr(row, "closes_at"):
            said["opens_on"] = row.opens_at and paris_day(row.opens_at)
            said["closes_on"] = row.closes_at and paris_day(row.closes_at - timedelta(microseconds=1))
        if "amount_cents" in said:
            said["amount_cents"] = f"{row.amount_cents // 100},{row.amount_cents % 100:02d}"
        return {name: str(value) if name == "year" and value else value for name, value in said.items()}


def _dates(row: Any) -> str:
    """A half-open period as people say it, the last day included."""
    first = day(paris_day(row.opens_at)) if row.opens_at else ""
    last = day(paris_day(row.closes_at - timedelta(microseconds=1))) if row.closes_at else ""
    if first and last:
        return _("du %(first)s au %(last)s inclus") % {"first": first, "last": last}
    if first:
        return _("à partir du %(first)s") % {"first": first}
    return _("jusqu’au %(last)s inclus") % {"last": last} if last else _("sans limite de dates")


def _place(row: Any) -> str:
    return crous.crous_of(row.crous_id).name if row.crous_id else _("Tout le réseau")


def _titled(code: str) -> str:
    """Name what a code is about by the title of its service: ``cvec.refund`` → "CVEC (refund)"."""
    slug, _dot, rest = code.partition(".")
    title = next((str(one.title) for one in manifest.services() if one.slug == slug), slug)
    return f"{title} ({rest})" if rest else title


def _audience(row: Announcement) -> str:
    if row.perimeter == Perimeter.CAMPAIGN:
        return _("Campagne %(service)s %(year)s") % {"service": row.service, "year": row.year}
    return _place(row)


def _row_of(model: Any) -> Callable[[Any], Any]:
    """Make the unsaved row of a form that gives its ``text``."""

    def drafted(form: Any) -> Any:
        said = asdict(form.text)
        return model(**said | ({"year": form.text.year} if "year" in said else {}))

    return drafted


def _drafted_window(form: Any) -> Window:
    data, period = form.cleaned_data, form.period
    kept = {name: data[name] for name in ("service", "year", "crous_id", "source", "certainty")}
    return Window(**kept, opens_at=period.opens_at, closes_at=period.closes_at)


def _drafted_amount(form: Any) -> Amount:
    return Amount(**{name: form.cleaned_data[name] for name in ("kind", "year", "amount_cents", "source", "certainty")})


def _publish_window(form: Any, old: Any, **by_and_now: Any) -> Any:
    data = form.cleaned_data
    kept = {name: data[name] for name in ("service", "year", "crous_id", "source", "certainty", "reason")}
    replaces = [] if old is None else [old.pk]
    return crous_actions.set_window(**kept, period=form.period, replaces=replaces, **by_and_now)


def _publish_amount(form: Any, _old: Any, **by_and_now: Any) -> Any:
    names = ("kind", "year", "amount_cents", "source", "certainty", "reason")
    return crous_actions.set_amount(**{name: form.cleaned_data[name] for name in names}, **by_and_now)


def _publish_announcement(form: Any, _old: Any, **by_and_now: Any) -> Any:
    return catalogue_actions.publish_announcement(text=form.text, reason=form.cleaned_data["reason"], **by_and_now)


def _publish_entry(form: Any, _old: Any, **by_and_now: Any) -> Any:
    return catalogue_actions.publish_entry(text=form.text, reason=form.cleaned_data["reason"], **by_and_now)


SHELVES = {
    shelf.slug: shelf
    for shelf in (
        Shelf(
            slug="windows",
            title=gettext_lazy("Dates des campagnes"),
            about=gettext_lazy("Quand un service est ouvert, pour une année, partout ou dans un Crous."),
            icon="calendar",
            right=CrousRight.SET_WINDOW,
            subject="crous.window",
            model=Window,
            form=WindowForm,
            key=("service", "year", "crous_id"),
            listed=crous.windows_in_force,
            name=lambda row: f"{_titled(row.service)} {row.year}, {_place(row)}",
            says=_dates,
            drafted=_drafted_window,
            publish=_publish_window,
        ),
        Shelf(
            slug="amounts",
            title=gettext_lazy("Montants"),
            about=gettext_lazy("Ce que coûte ou donne une chose, pour une année."),
            icon="euro",
            right=CrousRight.SET_AMOUNT,
            subject="crous.amount",
            model=Amount,
            form=AmountForm,
            key=("kind", "year"),
            listed=crous.amounts_in_force,
            name=lambda row: f"{_titled(row.kind)} {row.year}",
            says=lambda row: euros(row.amount_cents),
            drafted=_drafted_amount,
            publish=_publish_amount,
        ),
        Shelf(
            slug="announcements",
            title=gettext_lazy("Annonces"),
            about=gettext_lazy("Ce que le portail dit à tous, à un Crous ou à une campagne, pour un temps."),
            icon="chat",
            right=CatalogueRight.EDIT_ANNOUNCEMENT,
            subject="catalogue.announcement",
            model=Announcement,
            form=AnnouncementForm,
            key=("slug",),
            listed=catalogue.announcements_in_force,
            name=lambda row: row.title,
            says=lambda row: f"{AnnouncementKind(row.kind).label}, {_audience(row)}, {_dates(row)}",
            drafted=_row_of(Announcement),
            publish=_publish_announcement,
            withdraw=catalogue_actions.withdraw_announcement,
            for_a_crous=True,
        ),
        Shelf(
            slug="entries",
            title=gettext_lazy("Catalogue des services"),
            about=gettext_lazy("Les services des autres, vers lesquels le portail mène."),
            icon="book",
            right=CatalogueRight.EDIT_ENTRY,
            subject="catalogue.entry",
            model=CatalogueEntry,
            form=EntryForm,
            key=("slug",),
            listed=catalogue.entries_in_force,
            name=lambda row: row.title,
            says=lambda row: f"{Section(row.section).label}, {row.address}",
            drafted=_row_of(CatalogueEntry),
            publish=_publish_entry,
            withdraw=catalogue_actions.withdraw_entry,
        ),
    )
}
