"""Running the network: seen before it is published, dated, signed, and nothing lost."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messervices.desk.tests.factories import LYON, VERSAILLES, AgentFactory, at_desk, sign_in
from messervices.foundations.accounts.models import User
from messervices.foundations.catalogue import selectors as catalogue
from messervices.foundations.catalogue.models import Announcement, CatalogueEntry
from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.models import Agent, Amount, Window
from messervices.foundations.payments.tests.factories import OrderFactory
from messervices.kernel import clock
from messervices.kernel.academic_year import AcademicYear

pytestmark = pytest.mark.django_db

YEAR = AcademicYear(2026)
SURE = {"source": "Arrêté du 3 mars", "certainty": "sourced", "reason": "Décision du ministère"}
WARNING = {
    "slug": "faux-mails",
    "kind": "warn",
    "title_fr": "De faux e-mails circulent",
    "title_en": "Fake e-mails are about",
    "body_fr": "Nous ne demandons jamais de carte.",
    "body_en": "We never ask for a card.",
    "perimeter": "national",
    **SURE,
}


@pytest.fixture
def cnous(client: Client) -> User:
    return at_desk(client, cnous=True)


def url(shelf: str, pk: int | None = None) -> str:
    return reverse("desk:shelf_row", args=[shelf, pk]) if pk else reverse("desk:shelf_new", args=[shelf])


def confirmed(client: Client, preview: Any) -> Any:
    """Press "Publish" on a preview."""
    action = preview.context["action"]
    return client.post(url(preview.context["shelf"].slug, action), preview.context["typed"])


def test_the_network_lists_what_may_be_run(client: Client, cnous: User) -> None:
    body = client.get(reverse("desk:network")).content.decode()
    for title in ("Dates des campagnes", "Montants", "Annonces", "Catalogue des services", "Agents et rôles"):
        assert title in body


@pytest.mark.parametrize("shelf", ["windows", "amounts", "announcements", "entries"])
def test_each_shelf_shows_what_is_in_force_in_both_languages(client: Client, cnous: User, shelf: str) -> None:
    for language in ("fr", "en"):
        client.cookies["language"] = language
        answer = client.get(reverse("desk:shelf", args=[shelf]))
        assert answer.status_code == 200
        first = answer.context["rows"][0]["row"]
        assert client.get(url(shelf, first.pk)).status_code == 200
        assert client.get(url(shelf)).status_code == 200


def test_an_announcement_is_previewed_as_students_will_see_it_then_published(client: Client, cnous: User) -> None:
    preview = client.post(url("announcements"), WARNING)
    body = preview.content.decode()
    assert preview.status_code == 200
    for words in ("Comme les étudiants la verront", "De faux e-mails circulent", "We never ask for a card."):
        assert words in body
    assert not Announcement.objects.filter(slug="faux-mails").exists(), "a look publishes nothing"
    assert confirmed(client, preview)["Location"] == reverse("desk:shelf", args=["announcements"])
    seen = catalogue.visible_announcements(crous_ids=[], service_years=[], now=clock.now())
    assert "De faux e-mails circulent" in [one.title_fr for one in seen]


def test_publishing_twice_publishes_once(client: Client, cnous: User) -> None:
    preview = client.post(url("announcements"), WARNING)
    for _ in range(2):
        assert confirmed(client, preview).status_code == 302
    assert Announcement.objects.filter(slug="faux-mails").count() == 1


def test_a_change_keeps_what_was_and_tells_who_changed_it_and_why(client: Client, cnous: User) -> None:
    confirmed(client, client.post(url("announcements"), WARNING))
    first = Announcement.objects.get(slug="faux-mails")
    changed = WARNING | {"title_fr": "De faux messages circulent", "reason": "Il y a aussi des SMS"}
    preview = client.post(url("announcements", first.pk), changed)
    assert "<s>" not in preview.content.decode() or "Avant" in preview.content.decode()
    confirmed(client, preview)
    now = Announcement.objects.get(slug="faux-mails", superseded_at=None)
    assert now.pk != first.pk
    assert client.get(url("announcements", first.pk))["Location"] == url("announcements", now.pk)
    body = client.get(url("announcements", now.pk)).content.decode()
    assert "A. Petit, Cnous" in body
    assert "Il y a aussi des SMS" in body
    assert "Décision du ministère" in body


def test_a_change_made_meanwhile_is_shown_before_it_is_replaced(client: Client, cnous: User) -> None:
    confirmed(client, client.post(url("announcements"), WARNING))
    first = Announcement.objects.get(slug="faux-mails")
    mine = client.post(url("announcements", first.pk), WARNING | {"title_fr": "Ma version"})
    confirmed(client, client.post(url("announcements", first.pk), WARNING | {"title_fr": "Une autre version"}))
    answer = confirmed(client, mine)
    assert answer.status_code == 200
    assert "Quelqu’un d’autre a changé cette ligne" in answer.content.decode()
    assert Announcement.objects.get(slug="faux-mails", superseded_at=None).title_fr == "Une autre version"
    assert confirmed(client, answer).status_code == 302
    assert Announcement.objects.get(slug="faux-mails", superseded_at=None).title_fr == "Ma version"


def test_an_announcement_is_withdrawn_once_with_a_reason_and_can_come_back(client: Client, cnous: User) -> None:
    confirmed(client, client.post(url("announcements"), WARNING))
    row = Announcement.objects.get(slug="faux-mails")
    away = reverse("desk:shelf_withdraw", args=["announcements", row.pk])
    client.post(away, {"reason": ""})
    assert Announcement.objects.filter(slug="faux-mails", superseded_at=None).exists()
    for _ in range(2):
        assert client.post(away, {"reason": "Plus d’actualité"}).status_code == 302
    assert not Announcement.objects.filter(slug="faux-mails", superseded_at=None).exists()
    body = client.get(url("announcements", row.pk)).content.decode()
    assert "Ce n’est plus en vigueur" in body
    assert "Plus d’actualité" in body
    confirmed(client, client.post(url("announcements", row.pk), WARNING))
    assert Announcement.objects.filter(slug="faux-mails", superseded_at=None).exists()


def test_an_amount_says_from_when_and_how_many_payments_are_begun(client: Client, cnous: User) -> None:
    OrderFactory.create_batch(3, kind="cvec")
    row = Amount.objects.get(kind="cvec", year=YEAR, superseded_at=None)
    preview = client.post(
        url("amounts", row.pk), {"kind": "cvec", "year": "2026-2027", "amount_cents": "107,50", **SURE}
    )
    body = preview.content.decode().replace("\xa0", " ")
    for words in ("107,50 €", "2026-2027", "3 paiements de ce genre, déjà commencés, gardent leur montant"):
        assert words in body
    confirmed(client, preview)
    assert crous.amount_of("cvec", YEAR) == 107_50
    assert Amount.objects.filter(kind="cvec", year=YEAR).count() == 2


def test_dates_are_days_included_in_paris(client: Client, cnous: User) -> None:
    row = Window.objects.get(service="cvec", year=YEAR, superseded_at=None)
    typed = {
        "service": "cvec", "year": "2026-2027", "crous_id": "", **SURE,
        "opens_on_day": "4", "opens_on_month": "5", "opens_on_year": "2026",
        "closes_on_day": "31", "closes_on_month": "5", "closes_on_year": "2027",
    }  # fmt: skip
    preview = client.post(url("windows", row.pk), typed)
    assert "du 4 mai 2026 au 31 mai 2027 inclus" in preview.content.decode().replace("\xa0", " ")
    for _ in range(2):
        confirmed(client, preview)
    now = Window.objects.get(service="cvec", year=YEAR, superseded_at=None)
    assert now.closes_at is not None
    assert now.closes_at.isoformat() == "2027-05-31T22:00:00+00:00"
    assert Window.objects.filter(service="cvec", year=YEAR).count() == 2


def test_a_new_window_beside_one_in_force_is_refused_when_they_overlap(client: Client, cnous: User) -> None:
    typed = {"service": "cvec", "year": "2026-2027", "crous_id": "", **SURE}
    answer = confirmed(client, client.post(url("windows"), typed))
    assert answer.status_code == 409
    assert "recouvrent" in answer.content.decode()


def test_a_tile_of_the_catalogue_is_previewed_and_published(client: Client, cnous: User) -> None:
    tile = {
        "slug": "mon-velo", "section": "life", "title_fr": "Mon vélo", "title_en": "My bike",
        "sentence_fr": "Louer un vélo.", "sentence_en": "Rent a bike.", "address": "https://velo.example/",
        "icon": "external", "position": "90", **SURE,
    }  # fmt: skip
    preview = client.post(url("entries"), tile)
    assert "Rent a bike." in preview.content.decode()
    confirmed(client, preview)
    assert CatalogueEntry.objects.get(slug="mon-velo").title_fr == "Mon vélo"


def test_bad_input_is_said_beside_the_field_and_what_was_typed_stays(client: Client, cnous: User) -> None:
    row = Amount.objects.get(kind="cvec", year=YEAR, superseded_at=None)
    answer = client.post(url("amounts", row.pk), {"kind": "cvec", "year": "2026-2027", "amount_cents": "beaucoup"})
    assert answer.status_code == 422
    assert 'value="beaucoup"' in answer.content.decode()
    entry = CatalogueEntry.objects.filter(superseded_at=None)[0]
    answer = client.post(url("entries", entry.pk), {"slug": entry.slug, "address": "ftp://x"})
    assert answer.status_code == 422


def test_an_unknown_shelf_or_row_is_not_there(client: Client, cnous: User) -> None:
    assert client.get("/desk/network/nothing/").status_code == 404
    assert client.get(url("windows", 999_999)).status_code == 404
    row = Window.objects.filter(superseded_at=None)[0]
    assert client.post(reverse("desk:shelf_withdraw", args=["windows", row.pk]), {"reason": "x"}).status_code == 404


def test_a_crous_speaks_to_its_own_and_to_nobody_else(client: Client) -> None:
    at_desk(client, manager=True)
    mine = WARNING | {"perimeter": "crous", "crous_id": str(VERSAILLES)}
    assert confirmed(client, client.post(url("announcements"), mine)).status_code == 302
    row = Announcement.objects.get(slug="faux-mails")
    assert row.crous_id == VERSAILLES
    assert client.get(url("announcements", row.pk)).status_code == 200
    for typed in (WARNING, WARNING | {"perimeter": "crous", "crous_id": str(LYON)}):
        assert client.post(url("announcements"), typed | {"confirmed": "yes"}).status_code == 422
    listed = client.get(reverse("desk:announcements")).context["rows"]
    assert [one["row"].slug for one in listed] == ["faux-mails"]
    national = Announcement.objects.filter(crous=None, superseded_at=None)[0]
    assert client.get(url("announcements", national.pk)).status_code == 404
    sign_in(client, AgentFactory(lyon=True, manager=True))
    assert client.get(url("announcements", row.pk)).status_code == 404


# Agents and roles ---------------------------------------------------------------------------------------------


def test_an_agent_is_found_by_e_mail_given_a_role_and_has_it_ended(client: Client, cnous: User) -> None:
    agent = AgentFactory(newcomer=True, crous_ids=[])
    found = client.post(reverse("desk:agents"), {"email": agent.email.upper()})
    page = reverse("desk:agent", args=[agent.pk])
    assert found["Location"] == page
    for _ in range(2):
        give = {"role_code": "adviser", "crous_id": str(VERSAILLES), "reason": "Arrivée au service"}
        assert client.post(page, give).status_code == 302
    agent.refresh_from_db()
    assert (agent.crous_ids, "desk:file:open" in agent.rights) == ([VERSAILLES], True)
    held = Agent.objects.get(user=agent)
    body = client.get(page).content.decode()
    assert "Arrivée au service" in body
    assert "Chercher et ouvrir les dossiers de son Crous" in body
    assert "M. Duval" in client.get(reverse("desk:agents")).content.decode()
    end = reverse("desk:role_end", args=[agent.pk, held.pk])
    client.post(end, {"reason": ""})
    assert Agent.objects.get(pk=held.pk).until is None
    for _ in range(2):
        assert client.post(end, {"reason": "Départ"}).status_code == 302
    agent.refresh_from_db()
    assert (agent.crous_ids, agent.rights) == ([], [])
    assert "Départ" in client.get(page).content.decode()


def test_an_address_that_is_no_agents_is_said_so(client: Client, cnous: User) -> None:
    answer = client.post(reverse("desk:agents"), {"email": "personne@example.org"})
    assert answer.status_code == 422
    assert "Aucun compte d’agent" in answer.content.decode()
    assert client.get(reverse("desk:agent", args=[999_999])).status_code == 404


def test_nobody_gives_or_ends_a_role_of_their_own(client: Client, cnous: User) -> None:
    page = reverse("desk:agent", args=[cnous.pk])
    assert "Personne ne se donne ni ne se retire un rôle à soi-même." in client.get(page).content.decode()
    answer = client.post(page, {"role_code": "adviser", "crous_id": str(VERSAILLES), "reason": "Pour voir"})
    assert answer.status_code == 409
    assert not Agent.objects.filter(user=cnous).exists()


def test_a_role_of_another_agent_is_not_ended_through_this_ones_page(client: Client, cnous: User) -> None:
    agent, other = AgentFactory(newcomer=True), AgentFactory()
    page = reverse("desk:agent", args=[agent.pk])
    client.post(page, {"role_code": "adviser", "crous_id": str(VERSAILLES), "reason": "Arrivée au service"})
    held = Agent.objects.get(user=agent)
    assert client.post(reverse("desk:role_end", args=[other.pk, held.pk]), {"reason": "x"}).status_code == 404


def test_a_role_is_composed_and_its_holders_follow(client: Client, cnous: User) -> None:
    agent = AgentFactory(newcomer=True)
    give = {"role_code": "adviser", "crous_id": str(VERSAILLES), "reason": "Arrivée au service"}
    client.post(reverse("desk:agent", args=[agent.pk]), give)
    role = {
        "label_fr": "Gestionnaire", "label_en": "Adviser", "rights": ["desk:file:open"], "reason": "Moins de droits",
    }  # fmt: skip
    for _ in range(2):
        assert client.post(reverse("desk:role", args=["adviser"]), role).status_code == 302
    agent.refresh_from_db()
    assert agent.rights == ["desk:file:open"]
    assert "Moins de droits" in client.get(reverse("desk:role", args=["adviser"])).content.decode()
    new = role | {"code": "greeter", "reason": "Accueil"}
    assert client.post(reverse("desk:role_new"), new).status_code == 302
    assert "greeter" in dict(crous.role_choices())
    assert client.get(reverse("desk:role", args=["nothing"])).status_code == 404


def test_an_alarm_stands_beside_the_agents_name(client: Client, cnous: User, monkeypatch) -> None:
    from messervices.desk.actions import opening
    from messervices.foundations.accounts.rules import Rate
    from messervices.foundations.accounts.selectors import actor_of
    from messervices.kernel.errors import Refusal

    monkeypatch.setattr(opening, "FILES_AN_HOUR", Rate(1, 3600))
    agent = AgentFactory()
    opening.count_file(by=actor_of(agent), now=clock.now())
    for _ in range(3):
        with pytest.raises(Refusal, match="too_many"):
            opening.count_file(by=actor_of(agent), now=clock.now())
    body = client.get(reverse("desk:agent", args=[agent.pk])).content.decode()
    assert body.count("Un agent a ouvert beaucoup de dossiers en peu de temps") == 1
