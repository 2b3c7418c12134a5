"""The ways of paying that are offered now, and whether the bank behind each answers."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messervices.foundations.crous.selectors import Kept
from messervices.foundations.payments import rules
from messervices.foundations.payments.models import RailHealth
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.states import CARD, MEANS, RailName


@dataclass(frozen=True, slots=True)
class Means:
    """A way of paying to choose: ``key`` is posted as ``rail``; ``is_open`` is whether a bank answers for it now.

    ``is_chosen``: the first one that is open stands chosen on the page.
    """

    key: str
    label: str | Promise
    note: str | Promise
    icon: str
    is_open: bool
    is_chosen: bool = False


_SAID = {
    CARD: (
        _("Par carte bancaire"),
        _("Visa ou Mastercard. Votre banque vous demande de confirmer."),
        "card",
    ),
    RailName.PAYFIP.value: (
        _("Par le service PayFiP de l’État"),
        _("Carte, ou prélèvement sur votre compte avec vos identifiants des impôts."),
        "building",
    ),
}


@dataclass(frozen=True, slots=True)
class Health:
    """How a bank answers, for the desk: ``out_since`` while it is out of the choice."""

    rail: str
    label: str
    failures: int
    out_since: datetime | None
    out_until: datetime | None


_health = Kept(
    lambda: dict(RailHealth.objects.filter(out_until__isnull=False).values_list("rail", "out_until")),
)


def forget_health() -> None:
    """Read anew which banks answer, next time."""
    _health.forget()


def is_out(rail: str) -> bool:
    """Tell whether a bank is out of the choice (one query every ten seconds). It comes back when it answers."""
    return rail in _health()


def rails_out(now: datetime) -> list[str]:
    """Name the banks that are out, and not to be tried again yet."""
    return [rail for rail, until in _health().items() if until is not None and until > now]


def rails_of(means: str, amount_cents: int) -> list[str]:
    """Give the rails that serve a means, in the order of ``PAYMENT_RAILS``, as far as they take the amount."""
    wanted = MEANS.get(means, (means,))
    return [
        name for name in settings.PAYMENT_RAILS if name in wanted and rules.takes(rail_named(name).terms, amount_cents)
    ]


def means_now(amount_cents: int, *, without: str = "") -> list[Means]:
    """List the ways of paying an amount (one query every ten seconds); ``without`` leaves a bank out.

    All are listed, so that a page does not change under the reader: one whose banks are all out is not ``is_open``.
    """
    found: list[Means] = []
    for key, said in _SAID.items():
        rails = [name for name in rails_of(key, amount_cents) if name != without]
        if rails:
            is_open = not all(is_out(name) for name in rails)
            chosen = is_open and not any(one.is_chosen for one in found)
            found.append(Means(key, *said, is_open=is_open, is_chosen=chosen))
    return found


def rails_health() -> list[Health]:
    """Tell how each bank in use answers (one query)."""
    known = {row.rail: row for row in RailHealth.objects.all()}
    return [
        Health(
            name,
            str(RailName(name).label),
            known[name].failures if name in known else 0,
            known[name].out_since if name in known else None,
            known[name].out_until if name in known else None,
        )
        for name in settings.PAYMENT_RAILS
    ]


def rails_to_try(now: datetime) -> list[str]:
    """Give the banks that are out and whose pause is over (one query)."""
    found = RailHealth.objects.filter(out_until__lte=now, rail__in=settings.PAYMENT_RAILS)
    return list(found.values_list("rail", flat=True))


def rails_to_watch() -> list[str]:
    """Give the banks in use that answer, as far as we know, and to which we lead without asking them (cached)."""
    return [name for name in settings.PAYMENT_RAILS if not rail_named(name).terms.calls and not is_out(name)]
