"""The REST V4 side: what a shop's server may ask, and give back."""

import base64
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from bank import cards
from bank.book import Book, Payment, Refund
from bank.settings import Settings
from bank.teller import Refused, Teller

DETAILED = {
    "authorised": "AUTHORISED",
    "waiting": "WAITING_AUTHORISATION",
    "refused": "REFUSED",
    "abandoned": "ABANDONED",
    "expired": "ABANDONED",
}
STATUS = {"authorised": "PAID", "waiting": "RUNNING", "refused": "UNPAID", "abandoned": "UNPAID", "expired": "UNPAID"}
_THREEDS = {"Y": "SUCCESS", "N": "FAILED"}


def is_known(header: str, settings: Settings) -> bool:
    """Tell whether an ``Authorization: Basic`` header is the shop's own."""
    wanted = base64.b64encode(f"{settings.site_id}:{settings.password}".encode()).decode()
    return hmac.compare_digest(header.encode(), f"Basic {wanted}".encode())


def answer(service: str, asked: dict[str, Any], book: Book, teller: Teller) -> dict[str, Any]:
    """Answer a web service. Faults are answers too, with ``status`` ERROR, as on the real platform."""
    try:
        if service == "Order/Get":
            teller.expire_old()
            return _envelope(service, book, "SUCCESS", _order(str(asked.get("orderId", "")), book))
        if service == "Transaction/CancelOrRefund":
            refund = teller.give_back(str(asked.get("uuid", "")), int(asked.get("amount", 0)))
            payment = book.payment(id=refund.payment_id)
            assert payment is not None  # noqa: S101 - a foreign key says so
            return _envelope(service, book, "SUCCESS", _credit(payment, refund))
    except Refused as refused:
        code = {"unknown": "PSP_010", "too_much": "PSP_083"}[refused.code]
        return _envelope(service, book, "ERROR", _error(code, refused.code))
    except (TypeError, ValueError):
        return _envelope(service, book, "ERROR", _error("INT_009", "invalid field"))
    return _envelope(service, book, "ERROR", _error("INT_901", "unknown web service"))


def _order(order_id: str, book: Book) -> dict[str, Any]:
    payments = book.payments(order_id=order_id) if order_id else []
    if not payments:
        raise Refused("unknown")
    payment = next((p for p in payments if p.state == "authorised"), payments[0])
    transactions = [] if not payment.is_finished else [_debit(payment)]
    transactions += [_credit(payment, refund) for refund in book.refunds(payment.id)]
    return {
        "shopId": payment.site,
        "orderCycle": "CLOSED" if payment.is_finished and payment.state != "waiting" else "OPEN",
        "orderStatus": STATUS.get(payment.state, "RUNNING"),
        "serverDate": _date(book.now()),
        "orderDetails": {
            "orderTotalAmount": payment.amount,
            "orderCurrency": "EUR",
            "mode": payment.sent["vads_ctx_mode"],
            "orderId": payment.order_id,
            "_type": "V4/OrderDetails",
        },
        "transactions": transactions,
        "_type": "V4/Payment",
    }


def _debit(payment: Payment) -> dict[str, Any]:
    failed = payment.state in {"refused", "abandoned", "expired"}
    return {
        "shopId": payment.site,
        "uuid": payment.tx_uuid,
        "amount": payment.taken or payment.amount,
        "currency": "EUR",
        "paymentMethodType": "CARD",
        "status": STATUS[payment.state],
        "detailedStatus": DETAILED[payment.state],
        "operationType": "DEBIT",
        "effectiveStrongAuthentication": "ENABLED" if payment.challenge == "Y" else "DISABLED",
        "creationDate": _date(payment.finished_at or payment.opened_at),
        "errorCode": "ACQ_001" if failed and payment.refusal else None,
        "detailedErrorCode": payment.refusal or None,
        "metadata": _metadata(payment),
        "transactionDetails": {
            "cardDetails": {
                "effectiveBrand": "CB",
                "pan": cards.masked(payment.card) if payment.card else "",
                "legacyTransId": payment.trans_id,
                "legacyTransDate": _date(_legacy(payment.trans_date)),
                "authenticationResponse": {
                    "protocol": {"name": "THREEDS", "version": "2.2.0"},
                    "value": {"status": _THREEDS.get(payment.challenge, "NOT_ENROLLED")},
                },
            },
        },
        "_type": "V4/PaymentTransaction",
    }


def _credit(payment: Payment, refund: Refund) -> dict[str, Any]:
    return {
        "shopId": payment.site,
        "uuid": refund.uuid,
        "amount": refund.amount,
        "currency": "EUR",
        "paymentMethodType": "CARD",
        "status": "PAID",
        "detailedStatus": "AUTHORISED",
        "operationType": "CREDIT",
        "creationDate": _date(refund.at),
        "errorCode": None,
        "detailedErrorCode": None,
        "metadata": _metadata(payment),
        "transactionDetails": {"parentTransactionUuid": payment.tx_uuid},
        "_type": "V4/PaymentTransaction",
    }


def _metadata(payment: Payment) -> dict[str, str]:
    prefix = "vads_ext_info_"
    return {name.removeprefix(prefix): value for name, value in payment.sent.items() if name.startswith(prefix)}


def _envelope(service: str, book: Book, status: str, inner: dict[str, Any]) -> dict[str, Any]:
    return {
        "webService": service,
        "version": "V4",
        "applicationVersion": "demonstration",
        "status": status,
        "answer": inner,
        "ticket": None,
        "serverDate": _date(book.now()),
        "mode": "TEST",
        "metadata": None,
        "_type": "V4/WebService/Response",
    }


def _error(code: str, message: str) -> dict[str, Any]:
    return {
        "errorCode": code,
        "errorMessage": message,
        "detailedErrorCode": None,
        "_type": "V4/WebService/WebServiceError",
    }


def _legacy(trans_date: str) -> float:
    return datetime.strptime(trans_date, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()


def _date(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}+00:00"


def dump(value: object) -> bytes:
    """Write JSON."""
    return json.dumps(value, ensure_ascii=False).encode()
