"""What every test of accounts has: mails that are kept, and full limits."""

import pytest

from messervices.foundations.accounts.tests import factories


@pytest.fixture(autouse=True)
def mails(settings):
    """Keep the mails instead of queueing them."""
    settings.MAIL_QUEUE = "messervices.foundations.accounts.tests.factories.keep"
    factories.OUTBOX.clear()
    return factories.OUTBOX
