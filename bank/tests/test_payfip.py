"""PayFiP as this bank plays it: its service, its page, its unsigned notice."""

import urllib.request
from urllib.error import HTTPError
from xml.etree import ElementTree as ET

import pytest

from bank import cards
from bank.payfip import NS, SOAP
from bank.tests.conftest import Browser, Shop
from bank.web import Bank

FIELDS = {
    "exer": "2026", "mel": "lina@etudiant.example", "montant": "10500", "numcli": "006382", "objet": "CVEC",
    "refdet": "K71", "saisie": "T", "urlnotif": "http://shop.example/n", "urlredirect": "http://shop.example/back",
}  # fmt: skip


def soap(bank: Bank, operation: str, **fields: str) -> tuple[int, dict[str, str]]:
    """Call the service; give the status, and the fields of its answer or of its fault."""
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    body = (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:n="{NS}"><s:Body><n:{operation}><arg0>{inside}</arg0></n:{operation}>'
        "</s:Body></s:Envelope>"
    )
    request = urllib.request.Request(f"{bank.url}/tpa/services/securite", body.encode())  # noqa: S310 - our own bank
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            status, raw = answer.status, answer.read()
    except HTTPError as error:
        status, raw = error.code, error.read()
    tree = ET.fromstring(raw)  # noqa: S314 - our own bank's
    found = tree.find(f".//{{{NS}}}{operation}Response/return")
    if found is None:
        found = tree.find(f".//{{{NS}}}FonctionnelleErreur")
    return status, {} if found is None else {one.tag: one.text or "" for one in found}


def begin(bank: Bank, **changes: str) -> str:
    status, said = soap(bank, "creerPaiementSecurise", **(FIELDS | changes))
    assert status == 200, said
    return said["idOp"]


def test_an_operation_goes_from_the_service_to_the_page_to_the_shop(bank: Bank, browser: Browser, shop: Shop) -> None:
    ref = begin(bank, urlnotif=shop.url)
    assert soap(bank, "recupererDetailPaiementSecurise", idOp=ref) == (
        500, {"code": "P5", "descriptif": "P5", "libelle": "P5", "severite": "2"},
    )  # fmt: skip
    status, _body, location = browser.open(f"/tpa/paiementws.web?idop={ref}")
    assert status == 303
    here = location.partition("?")[0]
    page = browser.open(here)[1]
    assert "PayFiP" in page
    assert "Payer par prélèvement" in page
    _status, _body, location = browser.open(f"{here}/card", {"number": cards.BY_NAME["frictionless"].number})
    assert location == "http://shop.example/back"
    assert shop.letters == [f"idop={ref}".encode()]
    _status, said = soap(bank, "recupererDetailPaiementSecurise", idOp=ref)
    assert (said["resultrans"], said["montant"], said["refdet"], said["idOp"]) == ("P", "10500", "K71", ref)


@pytest.mark.parametrize(("how", "result"), [("refused", "R"), ("abandon", "A"), ("debit", "V"), ("frictionless", "P")])
def test_each_end_has_its_letter(bank: Bank, browser: Browser, how: str, result: str) -> None:
    ref = begin(bank)
    browser.tell("/control/pay", {"order_id": "K71", "card": how})
    assert soap(bank, "recupererDetailPaiementSecurise", idOp=ref)[1]["resultrans"] == result


def test_an_account_is_debited_at_payfip_alone(bank: Bank, browser: Browser) -> None:
    token = bank.teller.open(
        "stripe", site="a", trans_id="x", order_id="O", amount=100, form={"success_url": "", "cancel_url": ""}, lasts=60
    ).token
    assert browser.open(f"/pay/{token}/debit", {})[0] == 404


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("montant", "99", "M1"), ("montant", "10000001", "M1"), ("mel", "nobody", "L1"), ("refdet", "K7-1", "R1"),
        ("objet", "é", "O1"), ("saisie", "M", "S1"), ("numcli", "111111", "T1"), ("exer", "26", "E1"),
    ],
)  # fmt: skip
def test_a_field_that_is_wrong_is_a_fault_with_its_code(bank: Bank, name: str, value: str, code: str) -> None:
    status, said = soap(bank, "creerPaiementSecurise", **(FIELDS | {name: value}))
    assert (status, said["code"]) == (500, code)


def test_an_operation_is_closed_after_a_quarter_of_an_hour_and_forgotten_after_a_day(
    bank: Bank, browser: Browser
) -> None:
    ref = begin(bank)
    browser.tell("/control/clock", {"seconds": 901})
    assert browser.open(f"/tpa/paiementws.web?idop={ref}")[0] == 404
    assert soap(bank, "recupererDetailPaiementSecurise", idOp=ref)[1]["code"] == "P5"
    browser.tell("/control/clock", {"seconds": 24 * 3600})
    assert soap(bank, "recupererDetailPaiementSecurise", idOp=ref)[1]["code"] == "P1"


def test_a_client_is_told_and_nonsense_is_a_fault(bank: Bank, browser: Browser) -> None:
    assert soap(bank, "recupererDetailClient", numCli="006382")[1]["numcli"] == "006382"
    assert soap(bank, "recupererDetailClient", numCli="1")[1]["code"] == "T1"
    assert soap(bank, "somethingElse")[0] == 500
    assert browser.open("/tpa/services/securite", {"no": "xml"})[0] == 500


def test_the_contract_is_published(bank: Bank, browser: Browser) -> None:
    status, body, _ = browser.open("/tpa/services/securite?wsdl")
    assert status == 200
    assert "recupererDetailPaiementSecurise" in body
    assert ET.fromstring(body.encode()).tag.endswith("definitions")  # noqa: S314 - as above


def test_a_bank_is_taken_down_from_the_list_and_put_back_and_the_others_go_on(bank: Bank, browser: Browser) -> None:
    ref = begin(bank)
    assert "hors service" not in browser.open("/")[1]
    assert browser.open("/houses/payfip/down", {"seconds": "120"})[0] == 303
    assert "hors service" in browser.open("/")[1]
    assert browser.open(f"/tpa/paiementws.web?idop={ref}")[0] == 503
    assert browser.open("/vads-payment/", {})[0] == 400, "Lyra answers"
    assert browser.open("/houses/payfip/down", {"seconds": "0"})[0] == 303
    assert browser.open(f"/tpa/paiementws.web?idop={ref}")[0] == 303
    assert browser.open("/houses/other/down", {"seconds": "1"})[0] == 404
    assert browser.tell("/control/down", {"house": "other", "seconds": 1})[0] == 400
