"""Every page in Chromium: both languages, desk and phone, light and dark.

Colours are measured on the French page only: the English one has the same styles.
"""

import pytest

from tests.browser.look import LIMIT_BYTES, faults
from tests.browser.people import Visitors
from tests.browser.shown import SHOWN, WITHOUT_PAGE, Shown
from tests.routes import ROUTES

pytestmark = [pytest.mark.browser]


def test_every_route_has_a_page_here_or_a_reason_to_have_none() -> None:
    shown = {one.route for one in SHOWN}
    assert not set(ROUTES) - shown - set(WITHOUT_PAGE), "write a line in tests/browser/shown.py for each"
    assert not (shown | set(WITHOUT_PAGE)) - set(ROUTES), "these routes are gone"
    assert not shown & set(WITHOUT_PAGE)


@pytest.mark.django_db
@pytest.mark.parametrize("shown", SHOWN, ids=str)
def test_page(shown: Shown, visitors: Visitors) -> None:
    found = []
    for language in ("fr", "en"):
        watch = visitors.watched(shown.who, language)
        page = watch.page
        answer = page.goto(visitors.site.url + shown.address(visitors), wait_until="load")
        if answer is None or answer.status != shown.status:
            found.append(f"{language}: status {answer and answer.status} instead of {shown.status} at {page.url}")
            continue
        found += [f"{language}: {fault}" for fault in faults(page, language, colours=language == "fr")]
        found += [f"{language}: {said}" for said in watch.said]
        if (weight := watch.weight()) > LIMIT_BYTES:
            found.append(f"{language}: {weight} bytes of CSS and JavaScript")
    assert not found, f"{shown}\n" + "\n".join(found)
