"""Sharing out on the pages: led from the desk by two persons, read by each establishment and each Crous for itself."""

from unittest import mock

import pytest

from messervices.foundations.crous.models import Referent
from messervices.kernel import clock
from messervices.kernel.scope import acting_as, of_establishment
from messervices.services.cvec import actions
from messervices.services.cvec.models import Share, Sharing
from messervices.services.cvec.tests.factories import agent_user, referent, signed_in
from messervices.services.cvec.tests.rolls import (
    INSA,
    LYON_1,
    UVSQ,
)
from messervices.services.cvec.tests.sharings import (
    JANUARY,
    RIGHTS,
    give_account,
    lists,
    settle,
    take,
)

pytestmark = pytest.mark.django_db


def test_the_whole_is_led_from_the_desk_and_read_by_the_establishment() -> None:
    lists()
    take(10_000_00)
    give_account()
    with mock.patch.object(clock, "now", return_value=JANUARY):
        maker, checker = (signed_in(agent_user(rights=RIGHTS)) for _n in range(2))
        drawn = maker.post("/desk/cvec/sharing/", {"year": "2026-2027", "kind": "reference"})
        sharing = Sharing.objects.get()
        address = f"/desk/cvec/sharing/{sharing.pk}/"
        assert drawn["Location"] == address
        assert "Comptage des listes" in maker.get(address).content.decode()
        actions.count_sharing(sharing_id=sharing.pk, now=JANUARY)
        page = maker.get(address).content.decode()
        assert "les mêmes parts, au centime" in page
        assert "une autre personne le relit" in page
        assert maker.post(f"{address}review").status_code == 409
        assert checker.post(f"{address}review").status_code == 302
        assert checker.post(f"{address}finalise").status_code == 302
        actions.pay_shares(sharing_id=sharing.pk, now=JANUARY)
        share = Share.objects.get(establishment_id=UVSQ)
        explained = checker.get(f"/desk/cvec/sharing/shares/{share.pk}/").content.decode()
        assert "sur 2 listes" in explained
        assert "150,50" in explained
        letter = checker.get(f"/desk/cvec/sharing/shares/{share.pk}/letter.pdf")
        assert letter.content.startswith(b"%PDF")
        assert checker.get("/desk/cvec/sharing/").status_code == 200
        assert checker.get("/desk/cvec/sharing/classes/").status_code == 200
        assert checker.get(f"/desk/cvec/sharing/classes/{INSA}").status_code == 200
        own = signed_in(referent(INSA))
        assert own.get(f"/cvec/space/{UVSQ}/shares/").status_code == 404
        mine = signed_in(share_referent())
        space = mine.get(f"/cvec/space/{UVSQ}/shares/").content.decode()
        assert "150,50" in space
        assert "virement ordonné" in space
        assert mine.get(f"/cvec/space/{UVSQ}/shares/{share.pk}.pdf").content.startswith(b"%PDF")
        other = Share.objects.get(establishment_id=LYON_1)
        assert mine.get(f"/cvec/space/{UVSQ}/shares/{other.pk}.pdf").status_code == 404


def share_referent():
    return Referent.objects.get(establishment_id=UVSQ).user


def test_a_crous_sees_the_shares_of_its_own_establishments() -> None:
    lists()
    take(10_000_00)
    sharing = settle("reference", JANUARY)
    lyon = signed_in(agent_user(12, rights=("cvec:share:prepare",)))
    page = lyon.get(f"/desk/cvec/sharing/{sharing.pk}/").content.decode()
    assert LYON_1 in page
    assert UVSQ not in page
    share = Share.objects.get(establishment_id=UVSQ)
    assert lyon.get(f"/desk/cvec/sharing/shares/{share.pk}/").status_code == 404
    assert lyon.get(f"/desk/cvec/sharing/shares/{share.pk}/letter.pdf").status_code == 404
    with acting_as(of_establishment(LYON_1)):
        assert [row.establishment_id for row in Share.objects.all()] == [LYON_1]
