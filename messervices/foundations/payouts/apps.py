"""Names the app, and refuses to start a real installation that could not keep an IBAN or pay from an account."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def keys_and_accounts_are_given(**_kwargs: Any) -> list[CheckMessage]:
    """IBANs have their keys; the accounts of the Crous can be read, and are accounts."""
    from messervices.foundations.payouts import rules  # noqa: PLC0415 - after the settings are read
    from messervices.foundations.payouts.providers import registry, safe  # noqa: PLC0415 - as above

    errors: list[CheckMessage] = []
    try:
        safe.keys_of(settings.IBAN_KEYS)
    except ValueError:
        errors.append(Error("IBAN_KEYS is not name:key,… with keys of 32 bytes in base 64", id="payouts.IBAN_KEYS"))
    if not settings.IBAN_SEARCH_KEY:
        errors.append(Error("IBAN_SEARCH_KEY is not set: a shared account could not be seen", id="payouts.SEARCH"))
    try:
        accounts = registry.debtors()
    except (OSError, KeyError, ValueError):
        return [*errors, Error("PAYOUT_DEBTORS names no file that can be read", id="payouts.DEBTORS")]
    sepa = registry.sepa_countries()
    errors += [
        Error(f"PAYOUT_DEBTORS: the account of Crous {one.crous_id} is not an IBAN of SEPA", id="payouts.DEBTORS")
        for one in accounts.values()
        if rules.judge_iban(one.iban, sepa) != rules.Typed.RIGHT
    ]
    return errors


class PayoutsConfig(AppConfig):
    """The room ``payouts``."""

    name = "messervices.foundations.payouts"
    label = "payouts"
