"""Every address of the desk, opened by the agent of another Crous: 404, and nothing told."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from messervices.desk.tests.factories import LYON, VERSAILLES, AgentFactory, at_desk, contested, sign_in
from messervices.desk.urls import urlpatterns
from messervices.foundations.audit.models import Read
from messervices.foundations.cash.tests import factories as cash
from messervices.foundations.crous.models import Role
from messervices.foundations.notifications import actions as notifications
from messervices.foundations.payments.actions import settle
from messervices.foundations.payments.models import OutsideEvent, Refund
from messervices.foundations.payments.tests.factories import OrderFactory, begin, notice, receive, sold
from messervices.foundations.students.tests.factories import NOW, PersonFactory, user_of
from messervices.kernel.scope import EVERY, Scope

pytestmark = pytest.mark.django_db

SECRETS = ("Okafor", "Chidi", "Lagos", "14 mars 2008")


@pytest.fixture
def theirs() -> dict[str, Any]:
    """A file of Versailles with everything in it: a contested number, an incident of the bank, a message."""
    case, _holder = contested(claimant_at=VERSAILLES, holder_at=VERSAILLES)
    person = case.person
    order = OrderFactory(person=person)
    with sold():
        attempt = begin(order)
        event = receive(notice(attempt.number, effective_amount="100", amount="100"))
        settle(event_id=event, now=NOW)
    with transaction.atomic():
        notifications.notify(
            person_id=person.pk, crous_id=VERSAILLES, kind="desk.ine_kept", params={}, link="/me/", now=NOW, mail=False
        )
    paid = cash.took(cash.issue(OrderFactory(person=person)), amount_cents=1_00)
    kept = cash.read(cash.return_file(paid))
    return {
        "uuid": person.uuid, "case": case.pk, "event": OutsideEvent.objects.get(status="incident").pk,
        "cash_file": kept.pk, "cash_line": kept.lines.get().pk,
    }  # fmt: skip


def refund_at(crous_id: int) -> Refund:
    """Money on its way back at a Crous."""
    order = OrderFactory(crous_id=crous_id, person=PersonFactory(crous_ids=[crous_id]))
    with sold():
        attempt = begin(order)
        for tx in ("a" * 32, "b" * 32):
            event = receive(notice(attempt.number, trans_uuid=tx))
            settle(event_id=event, now=NOW)
    return Refund.objects.get(crous_id=crous_id)


PROBES: dict[str, Callable[[dict[str, Any]], list[Any]] | None] = {
    "file": lambda made: [made["uuid"]],
    "open": lambda made: [made["uuid"]],
    "file_facts": lambda made: [made["uuid"]],
    "file_payments": lambda made: [made["uuid"]],
    "file_papers": lambda made: [made["uuid"]],
    "file_messages": lambda made: [made["uuid"]],
    "message_again": lambda made: [made["uuid"], 1],
    "file_timeline": lambda made: [made["uuid"]],
    "file_reads": lambda made: [made["uuid"]],
    "correct": lambda made: [made["uuid"], "birth_name"],
    "case": lambda made: [made["case"]],
    "event": lambda made: [made["event"]],
    "cash_line": lambda made: [made["cash_line"]],
    "cash_file": lambda made: [made["cash_file"]],
    "cash_state": lambda made: [made["cash_file"]],
    "cash_move": lambda made: [made["cash_file"]],
    # Pages of nobody in particular: their contents are looked at below, or they are the national desk's.
    "home": None,
    "me": None,
    "search": None,
    "communes": None,
    "bank": None,
    "cash": None,
    "cash_files": None,
    "refund": None,
    "network": None,
    "announcements": None,
    "agents": None,
    "agent": None,
    "role_end": None,
    "role_new": None,
    "role": None,
    "shelf": None,
    "shelf_new": None,
    "shelf_row": None,
    "shelf_withdraw": None,
    # Money that leaves, and the accounts: another Crous tries them in the matrix of tests/test_isolation.py.
    "payout": None,
    "payout_answer": None,
    "payout_do": None,
    "payout_hand_in": None,
    "payout_prepare": None,
    "payout_run": None,
    "payout_run_do": None,
    "payouts": None,
    "refund_transfer": None,
    "treasury": None,
    "treasury_account": None,
    "treasury_account_new": None,
    "treasury_accounts": None,
    "treasury_books": None,
    "treasury_contract": None,
    "treasury_decide": None,
    "treasury_export": None,
    "treasury_file": None,
    "treasury_file_state": None,
    "treasury_files": None,
    "treasury_follow": None,
    "treasury_mismatch": None,
    "treasury_mismatches": None,
    "treasury_period": None,
    "treasury_settlement": None,
    "treasury_sheet": None,
    "treasury_statement": None,
    "treasury_transits": None,
}


def test_every_address_of_the_desk_has_a_probe() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(PROBES)


def full_agent(**changes: Any) -> Any:
    """An agent with every right there is at a Crous."""
    rights = sorted(AgentFactory.build(cnous=True).rights)
    return AgentFactory(rights=rights, **changes)


def plain(body: str, url: str) -> str:
    """A page without what differs by itself: its address and its nonce."""
    return re.sub(r'nonce="[^"]*"', "", body).replace(url, "")


@pytest.mark.parametrize("name", [name for name, probe in PROBES.items() if probe])
def test_the_agent_of_another_crous_gets_the_same_404_as_for_nobody(client: Client, theirs, name: str) -> None:
    probe = PROBES[name]
    assert probe is not None
    url = reverse(f"desk:{name}", args=probe(theirs))
    absent = {"uuid": uuid.uuid4()} | dict.fromkeys(("case", "event", "cash_line", "cash_file"), 999_999)
    nobody = reverse(f"desk:{name}", args=probe(absent))
    sign_in(client, full_agent(crous_ids=[LYON], label="B. Faure, Crous de Lyon"))
    calls = [client.post] if name in {"open", "cash_move", "message_again"} else [client.get]
    calls += [client.post] if name in {"correct", "case", "event", "cash_line"} else []
    for call in calls:
        answer, same = call(url), call(nobody)
        assert answer.status_code == 404
        assert same.status_code == 404
        words = answer.content.decode()
        assert plain(words, url) == plain(same.content.decode(), nobody)
        for secret in SECRETS:
            assert secret not in words
    assert not Read.objects.exists(), "what was not shown was not read"


@pytest.mark.parametrize("name", [name for name, probe in PROBES.items() if probe])
def test_control_the_agent_of_the_persons_crous_opens_it(client: Client, theirs, name: str) -> None:
    probe = PROBES[name]
    assert probe is not None
    sign_in(client, full_agent())
    url = reverse(f"desk:{name}", args=probe(theirs))
    answer = (
        client.post(url, {"reason": "asked"}) if name in {"open", "cash_move", "message_again"} else client.get(url)
    )
    assert answer.status_code in {200, 302}


@pytest.mark.parametrize("name", ["home", "search", "bank", "cash", "cash_files", "me"])
def test_lists_and_counts_of_another_crous_hold_nothing_of_ours(client: Client, theirs, name: str) -> None:
    sign_in(client, full_agent(crous_ids=[LYON]))
    if name == "search":
        client.post(reverse("desk:search"), {"q": "okafor"})
    body = client.get(reverse(f"desk:{name}")).content.decode()
    for secret in (*SECRETS, str(theirs["uuid"]), f"/desk/ine/{theirs['case']}/", f"/desk/bank/{theirs['event']}/"):
        assert secret not in body
    assert f"/desk/cash/lines/{theirs['cash_line']}/" not in body
    assert f"/desk/cash/files/{theirs['cash_file']}/" not in body
    assert 'class="badge warn"' not in body


def test_control_the_same_lists_at_the_persons_crous_hold_it(client: Client, theirs) -> None:
    sign_in(client, full_agent())
    assert "Okafor" in client.get(reverse("desk:home")).content.decode()
    assert f"/desk/bank/{theirs['event']}/" in client.get(reverse("desk:bank")).content.decode()
    assert f"/desk/cash/lines/{theirs['cash_line']}/" in client.get(reverse("desk:cash")).content.decode()
    assert f"/desk/cash/files/{theirs['cash_file']}/" in client.get(reverse("desk:cash_files")).content.decode()


def test_a_refund_is_seen_at_its_crous_only(client: Client) -> None:
    refund = refund_at(VERSAILLES)
    sign_in(client, full_agent(crous_ids=[LYON]))
    assert client.get(reverse("desk:refund", args=[refund.pk])).status_code == 404
    sign_in(client, full_agent())
    assert client.get(reverse("desk:refund", args=[refund.pk])).status_code == 200


def test_pages_of_the_national_desk_are_closed_to_a_crous_even_with_the_rights(client: Client) -> None:
    sign_in(client, full_agent())
    role = Role.objects.first()
    assert role is not None
    for shelf in ("windows", "amounts", "entries"):
        assert client.get(reverse("desk:shelf", args=[shelf])).status_code == 403
        assert client.get(reverse("desk:shelf_new", args=[shelf])).status_code == 403
        assert client.get(reverse("desk:shelf_row", args=[shelf, 1])).status_code == 403
        assert client.post(reverse("desk:shelf_withdraw", args=[shelf, 1])).status_code == 403
    other = AgentFactory()
    for url in (
        reverse("desk:agents"), reverse("desk:agent", args=[other.pk]), reverse("desk:role_new"),
        reverse("desk:role", args=[role.code]),
    ):  # fmt: skip
        assert client.get(url).status_code == 403
    assert client.post(reverse("desk:role_end", args=[other.pk, 1])).status_code == 403


def test_pages_of_the_national_desk_are_closed_to_an_agent_without_the_rights(client: Client) -> None:
    at_desk(client)
    for name in ("network", "announcements", "agents", "role_new", "bank"):
        assert client.get(reverse(f"desk:{name}")).status_code == 403


def test_a_student_and_an_establishment_find_none_of_it(client: Client, theirs) -> None:
    sign_in(client, user_of(PersonFactory()))
    for name, probe in PROBES.items():
        if probe and name not in {"open", "cash_move", "message_again"}:
            assert client.get(reverse(f"desk:{name}", args=probe(theirs))).status_code == 404
    sign_in(client, AgentFactory(kind="establishment", rights=[], crous_ids=[]))
    assert client.get(reverse("desk:home")).status_code == 404


@pytest.mark.parametrize("fence", ["application", "database"])
def test_with_either_fence_off_the_other_still_holds(client: Client, theirs, monkeypatch, fence: str) -> None:
    if fence == "application":
        monkeypatch.setattr("messervices.desk.rules.may_see", lambda *_args, **_kwargs: True)
    else:
        monkeypatch.setattr(
            "messervices.kernel.actor.Actor.scope", property(lambda self: Scope("control", crous=EVERY))
        )
    sign_in(client, full_agent(crous_ids=[LYON]))
    assert client.get(reverse("desk:file", args=[theirs["uuid"]])).status_code == 404
    assert client.get(reverse("desk:case", args=[theirs["case"]])).status_code == 404
    client.post(reverse("desk:search"), {"q": "okafor"})
    assert "Chidi" not in client.get(reverse("desk:search")).content.decode()


def test_control_with_both_fences_off_the_file_is_seen(client: Client, theirs, monkeypatch) -> None:
    monkeypatch.setattr("messervices.desk.rules.may_see", lambda *_args, **_kwargs: True)
    monkeypatch.setattr("messervices.kernel.actor.Actor.scope", property(lambda self: Scope("control", crous=EVERY)))
    sign_in(client, full_agent(crous_ids=[LYON]))
    assert client.get(reverse("desk:case", args=[theirs["case"]])).status_code == 200
