"""What a student reads when money goes back, in both languages."""

import pytest

from messervices.foundations.notifications.providers.letter import compose

PARAMS = {"label": "CVEC 2026-2027", "amount_cents": 105_00}


@pytest.mark.parametrize(
    ("kind", "params", "language", "subject", "sentence"),
    [
        ("payments.surplus", {"reason": "already_paid"}, "fr", "vous avez payé deux fois", "Un seul était dû"),
        ("payments.surplus", {"reason": "already_paid"}, "en", "you paid twice", "Only one was due"),
        ("payments.surplus", {"reason": "order_closed"}, "fr", "nous vous rendons", "n’était plus à payer"),
        ("payments.surplus", {"reason": "order_closed"}, "en", "we are giving", "no longer had to be paid"),
        ("payments.surplus", {"reason": "amount_changed"}, "fr", "nous vous rendons", "avait changé"),
        ("payments.surplus", {"reason": "amount_changed"}, "en", "we are giving", "had changed"),
        ("payments.surplus", {"reason": "already_paid", "by_transfer": True}, "fr", "deux fois", "par virement"),
        ("payments.surplus", {"reason": "already_paid", "by_transfer": True}, "en", "twice", "by bank transfer"),
        ("payments.given_back", {}, "fr", "est rendu", "deux à dix jours"),
        ("payments.given_back", {}, "en", "is given back", "two to ten days"),
    ],
)  # fmt: skip
def test_money_that_goes_back_is_told_in_plain_words(
    *, kind: str, params: dict[str, str], language: str, subject: str, sentence: str
) -> None:
    letter = compose(kind=kind, params=PARAMS | params, language=language, first_name="Lina", link="/cvec/", crous="")
    assert letter.subject.startswith("CVEC 2026-2027")
    assert subject in letter.subject
    for whole in (letter.text, letter.html):
        assert sentence in whole
        assert ("105,00" if language == "fr" else "€105.00") in whole
