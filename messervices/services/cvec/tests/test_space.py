"""The pages of an establishment: opened by its referents alone, short, calm, and the same by program."""

import json
import re
from collections.abc import Iterator
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messervices.foundations.accounts.rules import Rate
from messervices.foundations.audit.models import Deed
from messervices.foundations.crous.models import Referent
from messervices.foundations.notifications.models import OutgoingMail
from messervices.kernel import clock
from messervices.services.cvec import actions, api
from messervices.services.cvec.models import Acquittement, Affiliation, ApiKey, Registration, Roll, RollFile
from messervices.services.cvec.tests.factories import (
    NOW,
    VERSAILLES,
    YEAR,
    agent_user,
    referent,
    signed_in,
    user_of,
)
from messervices.services.cvec.tests.rolls import (
    AUTUMN,
    HEADER,
    INSA,
    LYON_1,
    REFERENT,
    UVSQ,
    certified,
    file_in,
    line_of,
    school,
)
from messervices.services.cvec.views import access

pytestmark = pytest.mark.django_db
ADMIT, REGISTER = "cvec:establishment:admit", "crous:referent:register"
SPACE = f"/cvec/space/{UVSQ}/"


@pytest.fixture(autouse=True)
def _in_autumn() -> Iterator[None]:
    """Lists are taken."""
    with mock.patch.object(clock, "now", return_value=AUTUMN):
        yield


def text_of(answer) -> str:
    return answer.content.decode()


def send(client: Client, *lines: str, whole: str = "part", name: str = "liste.csv"):
    content = "\r\n".join([HEADER, *lines]).encode()
    return client.post(f"{SPACE}lists/", {"file": SimpleUploadedFile(name, content, "text/csv"), "whole": whole})


def work(file_id: int) -> RollFile:
    actions.work_on_file(file_id=file_id, now=AUTUMN)
    return RollFile.objects.get(pk=file_id)


def pages() -> list[str]:
    """Every page of the space that is read."""
    file = RollFile.objects.get()
    return [
        SPACE, f"{SPACE}lists/", f"{SPACE}lists/{YEAR}/", f"{SPACE}lists/{file.pk}/", f"{SPACE}lists/{file.pk}/state",
        f"{SPACE}lists/{file.pk}/refused.csv", f"{SPACE}lists/{file.pk}/original.csv", f"{SPACE}students/",
        f"{SPACE}students/{YEAR}/", f"{SPACE}students/{YEAR}.csv", f"{SPACE}daughters", f"{SPACE}keys",
    ]  # fmt: skip


def test_a_referent_deposits_a_list_reads_its_report_and_corrects_it() -> None:
    client = signed_in(referent())
    good, bad = certified(2)
    answer = send(client, line_of(good), line_of(bad, cvec_number="VER6KQTRMB00"))
    address = answer["Location"]
    waiting = text_of(client.get(address))
    assert "Lecture du fichier" in waiting
    assert 'http-equiv="refresh"' in waiting, "the page goes on without script"
    file = work(RollFile.objects.get().pk)
    report = text_of(client.get(address))
    assert "une faute de frappe" in report
    assert bad.person.birth_name in report
    refused = client.get(f"{address}refused.csv")
    assert refused["Content-Disposition"].startswith("attachment")
    corrected = refused.content.decode("utf-8-sig").replace("VER6KQTRMB00", bad.document.number)
    again = client.post(
        f"{SPACE}lists/", {"file": SimpleUploadedFile("corrigé.csv", corrected.encode()), "whole": "part"}
    )
    second = work(RollFile.objects.latest("pk").pk)
    assert again.status_code == 302
    assert (file.bad, second.added, second.bad) == (1, 1, 0)
    assert client.get(f"{address}original.csv").content == bytes(file.content)


def test_who_is_in_order_is_seen_searched_filtered_and_exported() -> None:
    client = signed_in(referent())
    one, other = certified(2)
    file_in(line_of(one), line_of(other), f"{UVSQ};;VER6KQTRMB00;Zed;Zoé;")
    Acquittement.objects.filter(pk=other.pk).update(status="cancelled")
    page = text_of(client.get(f"{SPACE}students/"))
    assert one.person.birth_name in page
    assert "105,00" not in page
    assert "boursier" in page, "it says what is not shown"
    assert "Zed" not in text_of(client.get(f"{SPACE}students/?state=in_order"))
    assert one.person.birth_name not in text_of(client.get(f"{SPACE}students/?state=not"))
    found = text_of(client.post(f"{SPACE}students/", {"q": one.person.ine}))
    assert one.person.birth_name in found
    assert "Zed" not in found
    assert "Personne ne répond" in text_of(client.post(f"{SPACE}students/", {"q": "introuvable"}))
    rows = client.get(f"{SPACE}students/{YEAR}.csv").content.decode("utf-8-sig").splitlines()
    assert rows[0] == f"{HEADER};in_order;reason"
    assert [row.split(";")[6] for row in rows[1:]] == ["1", "0", "0"]


def test_a_reading_is_written_once_in_a_while_and_the_student_sees_it() -> None:
    client, one = signed_in(referent()), certified()[0]
    file_in(line_of(one))
    for _page in range(3):
        client.get(f"{SPACE}students/")
    client.get(f"{SPACE}students/{YEAR}.csv")
    assert Deed.objects.filter(verb="cvec.read_roll").count() == 2, "pages are one reading, a copy is another"
    assert Roll.objects.get().read_at == AUTUMN
    mine = text_of(signed_in(user_of(one.person)).get(f"/cvec/{YEAR}/attestation"))
    assert school().name in mine
    assert "Liste consultée le" in mine


def test_the_pages_of_a_space_are_its_referents_alone() -> None:
    file_in(line_of(certified()[0]), f"{UVSQ};;VER6KQTRMB00;Zed;Zoé;")
    others = [signed_in(referent(LYON_1)), signed_in(user_of(certified()[0].person)), signed_in(agent_user(VERSAILLES))]
    for address in pages():
        assert Client().get(address)["Location"].startswith("/account/login/")
        assert [other.get(address).status_code for other in others] == [404, 403, 403], address
    file = RollFile.objects.get()
    own = signed_in(Referent.objects.get(establishment_id=LYON_1).user)
    assert own.get(f"/cvec/space/{LYON_1}/lists/{file.pk}/").status_code == 404
    assert own.post(f"/cvec/space/{LYON_1}/lists/{file.pk}/stop").status_code == 404


def test_an_ended_referent_opens_nothing_any_more() -> None:
    user = referent()
    Referent.objects.update(until=NOW)
    assert signed_in(user).get(SPACE).status_code == 404
    assert "Aucun établissement" in text_of(signed_in(user).get("/cvec/space/"))


def test_the_pages_of_a_space_take_few_queries_and_say_something_when_empty() -> None:
    client = signed_in(referent())
    most = {SPACE: 9, f"{SPACE}lists/": 5, f"{SPACE}students/": 10, f"{SPACE}daughters": 4, f"{SPACE}keys": 4}
    for address, limit in most.items():
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        found = [one["sql"] for one in captured.captured_queries if "set_config" not in one["sql"][:20]]
        assert len(found) <= limit, (address, found)
    file = file_in(*(line_of(one) for one in certified(30)))
    with CaptureQueriesContext(connection) as captured:
        client.get(f"{SPACE}lists/{file.pk}/")
    assert len(captured) <= 7
    with CaptureQueriesContext(connection) as captured:
        client.get(f"{SPACE}students/")
    assert len(captured) <= 12


def test_who_answers_for_several_chooses() -> None:
    user = referent()
    assert signed_in(user).get("/cvec/space/")["Location"] == SPACE
    Referent.objects.create(user=user, establishment=school(INSA), slot=1, since=NOW)
    page = text_of(signed_in(user).get("/cvec/space/"))
    assert school(INSA).name in page


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_home_says_what_to_do_now(language: str) -> None:
    client = signed_in(referent(), language=language)
    assert "2026-2027" in text_of(client.get(SPACE))
    file_in(line_of(certified()[0]), f"{UVSQ};;VER6KQTRMB00;Zed;Zoé;")
    said = {"fr": "Des lignes sont à corriger", "en": "Some lines have to be corrected"}
    assert said[language] in text_of(client.get(SPACE))
    file = file_in(line_of(certified()[0]), whole=True)
    assert file.status == "asking"
    page = text_of(client.get(f"{SPACE}lists/{file.pk}/"))
    assert {"fr": "Votre accord est nécessaire", "en": "You have to agree"}[language] in page
    assert client.post(f"{SPACE}lists/{file.pk}/confirm").status_code == 302
    assert work(file.pk).removed == 1


def test_a_file_refused_at_once_is_said_beside_the_field() -> None:
    client = signed_in(referent())
    page = client.post(f"{SPACE}lists/", {"whole": "part"})
    assert page.status_code == 422
    send(client, line_of(certified()[0]))
    busy = send(client, line_of(certified()[0]))
    assert busy.status_code == 422
    assert "Un autre fichier de cette liste est en cours" in text_of(busy)
    file = RollFile.objects.get()
    assert client.post(f"{SPACE}lists/{file.pk}/stop").status_code == 302
    assert "Reprendre" in text_of(client.get(f"{SPACE}lists/{file.pk}/"))
    assert client.post(f"{SPACE}lists/{file.pk}/nonsense").status_code == 404


def test_the_page_that_waits_opens_itself_again_only_when_something_moved() -> None:
    client = signed_in(referent())
    send(client, line_of(certified()[0]))
    file = RollFile.objects.get()
    address = f"{SPACE}lists/{file.pk}/state"
    assert json.loads(client.get(f"{address}?shown=stored.0").content) == {}
    work(file.pk)
    assert json.loads(client.get(f"{address}?shown=stored.0").content)["url"] == f"{SPACE}lists/{file.pk}/"


def test_when_filing_is_closed_the_page_says_when_it_opens() -> None:
    client = signed_in(referent())
    with mock.patch.object(clock, "now", return_value=NOW):
        page = text_of(client.get(f"{SPACE}lists/{YEAR}/"))
        assert "septembre 2026" in page
        assert "multipart/form-data" not in page


# By program ------------------------------------------------------------------------------------------------------

API = f"/api/cvec/establishments/{UVSQ}/students"


def test_a_program_reads_page_by_page_with_its_key() -> None:
    file_in(*(line_of(one) for one in certified(3)))
    key, secret = actions.make_key(by=REFERENT, establishment=school(), name="Scolarité", now=NOW)
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    seen, cursor = [], ""
    for _page in range(2):
        answer = client.get(API, {"limit": 2, "cursor": cursor}).json()
        seen += answer["students"]
        cursor = answer["next"]
    assert cursor == ""
    assert [one["in_order"] for one in seen] == [True] * 3
    assert set(seen[0]) == {
        "uai", "ine", "cvec_number", "birth_name", "first_name", "birth_date", "listed_at", "in_order", "reason",
    }  # fmt: skip
    assert ApiKey.objects.get(pk=key.pk).used_at == AUTUMN
    assert Deed.objects.filter(verb="cvec.read_roll").count() == 1


def test_a_referent_who_is_signed_in_reads_the_same() -> None:
    file_in(line_of(certified()[0]))
    assert len(signed_in(referent()).get(API, {"year": "2026-2027"}).json()["students"]) == 1


def test_what_may_not_be_read_is_a_problem_with_a_code() -> None:
    _key, secret = actions.make_key(by=REFERENT, establishment=school(LYON_1), name="x", now=NOW)
    mine = signed_in(referent())
    answers = {
        "sign_in": Client().get(API),
        "key_unknown": Client(headers={"Authorization": f"Bearer {secret}"}).get(API),
        "not_yours": signed_in(user_of(certified()[0].person)).get(API),
        "bad_request": mine.get(API, {"year": "2026-2028"}),
    }
    for code, answer in answers.items():
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == code
    assert [answer.status_code for answer in answers.values()] == [401, 401, 403, 400]
    assert mine.get(API, {"limit": 5000}).status_code == 400
    _own, good = actions.make_key(by=REFERENT, establishment=school(), name="x", now=NOW)
    with mock.patch.object(api, "READ_KEY", Rate(1, 60)):
        keyed = Client(headers={"Authorization": f"Bearer {good}"})
        assert [keyed.get(API).status_code for _n in range(2)] == [200, 429]


def test_a_key_is_shown_once() -> None:
    client = signed_in(referent())
    page = text_of(client.post(f"{SPACE}keys", {"name": "Scolarité"}))
    secret = re.search(r"msv_[\w-]{20,}", page)
    assert secret
    assert secret[0] not in text_of(client.get(f"{SPACE}keys"))
    assert client.post(f"{SPACE}keys/{ApiKey.objects.get().pk}/end").status_code == 302
    assert ApiKey.objects.get().ended_at == AUTUMN


# Asking for access, and the desk -----------------------------------------------------------------------------------

FORM = {
    "uai": UVSQ, "uai-pick": UVSQ, "uai-asked": UVSQ, "name_1": "Irène", "email_1": "irene@uvsq.example",
    "phone_1": "", "name_2": "Boris", "email_2": "boris@uvsq.example", "phone_2": "", "others": f"{INSA}\n{LYON_1}",
}  # fmt: skip


def test_an_establishment_asks_and_the_desk_answers() -> None:
    assert Client().get("/cvec/register").status_code == 200
    assert Client().post("/cvec/register", FORM)["Location"] == "/cvec/register/sent"
    assert Client().get("/cvec/register/sent").status_code == 200
    for row in OutgoingMail.objects.all():
        path = row.params["url"].partition("//")[2].partition("/")[2]
        assert "Confirmer mon adresse" in text_of(Client().get(f"/{path}"))
        Client().get(f"/{path}")
        assert "Votre adresse est confirmée" in text_of(Client().post(f"/{path}"))
    desk = signed_in(agent_user(VERSAILLES, rights=(ADMIT, REGISTER)))
    listed = text_of(desk.get("/desk/cvec/establishments/"))
    demand = Registration.objects.get()
    address = f"/desk/cvec/establishments/{demand.pk}/"
    assert address in listed
    page = text_of(desk.get(address))
    assert "irene@uvsq.example" in page
    assert school(INSA).name in page
    assert desk.post(address, {"refuse": "1"}).status_code == 422
    assert desk.post(address, {"accept": "1", "daughter": [INSA]}).status_code == 302
    assert Referent.objects.filter(establishment_id=UVSQ, until=None).count() == 2
    assert "acceptée" in text_of(desk.get(address))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"uai": "0781944Q", "uai-pick": "", "uai-asked": ""}, "faute de frappe"),
        ({"uai": "0000001A", "uai-pick": "", "uai-asked": ""}, "faute de frappe"),
        ({"uai": "9999999H", "uai-pick": "", "uai-asked": ""}, ""),
        ({"uai": "Poudlard", "uai-pick": "", "uai-asked": ""}, "Nous ne trouvons pas"),
        ({"email_2": "IRENE@uvsq.example"}, "une autre adresse"),
        ({"others": "0000000X"}, "ne sont pas dans le répertoire"),
        ({"name_1": ""}, ""),
    ],
)
def test_a_demand_with_a_slip_is_said_beside_its_field(changes: dict[str, str], said: str) -> None:
    answer = Client().post("/cvec/register", FORM | changes)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert not Registration.objects.exists()


def test_a_network_cannot_ask_for_ever_and_a_dead_link_says_so() -> None:
    with mock.patch.object(access, "ASK_NETWORK", Rate(1, 600)):
        answers = [Client().post("/cvec/register", FORM | {"uai": INSA, "uai-pick": INSA, "uai-asked": INSA})]
        answers.append(Client().post("/cvec/register", FORM))
    assert [answer.status_code for answer in answers] == [302, 429]
    assert Client().get("/cvec/register/guessed").status_code == 410


def test_the_desk_decides_of_daughters_and_refuses_with_a_reason() -> None:
    client, desk = signed_in(referent()), signed_in(agent_user(VERSAILLES, rights=(ADMIT,)))
    answer = client.post(f"{SPACE}daughters", {"uai": INSA, "uai-pick": INSA, "uai-asked": INSA})
    assert answer.status_code == 302
    assert "attend le Crous" in text_of(client.get(f"{SPACE}daughters"))
    row = Affiliation.objects.get()
    address = reverse("cvec_desk:affiliation", args=[row.pk])
    desk.post(address, {"refuse": "1"})
    row.refresh_from_db()
    assert row.until is None, "no refusal without its reason"
    desk.post(address, {"accept": "1"})
    row.refresh_from_db()
    assert row.since == AUTUMN
    assert signed_in(agent_user(12, rights=(ADMIT,))).post(address, {"accept": "1"}).status_code == 404
    assert signed_in(agent_user(VERSAILLES)).get("/desk/cvec/establishments/").status_code == 403


def test_schools_are_found_by_code_and_by_words() -> None:
    for text in (UVSQ, "versailles saint"):
        results = Client().get("/cvec/schools", {"q": text}).json()["results"]
        assert UVSQ in {one["value"] for one in results}
