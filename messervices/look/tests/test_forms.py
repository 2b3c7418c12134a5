"""Fields that every room uses."""

import datetime as dt

import pytest
from django import forms

from messervices.look.forms import ChoiceCards, DayField, LongSelect, LookupField

TOWNS = {"78646": "Versailles (78000)", "35288": "Saint-Malo (35400)", "78551": "Saint-Germain-en-Laye (78100)"}


class Example(forms.Form):
    """A form with the fields under test."""

    day = DayField(earliest=dt.date(1900, 1, 1), latest=dt.date(2020, 1, 1), required=False)
    town = LookupField(
        search=lambda text: [one for one in TOWNS.items() if text.casefold() in one[1].casefold()],
        label_of=lambda value: TOWNS.get(value, ""),
        required=False,
    )


def fill(**typed: str) -> Example:
    return Example({name.replace("__", "-"): value for name, value in typed.items()})


def test_a_day_is_read_from_its_three_parts() -> None:
    form = fill(day_day=" 14 ", day_month="3", day_year="2008")
    assert form.is_valid()
    assert form.cleaned_data["day"] == dt.date(2008, 3, 14)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (("31", "4", "2008"), "invalid"),
        (("29", "2", "2007"), "invalid"),
        (("quatorze", "3", "2008"), "invalid"),
        (("1", "1", "99999999999999999999"), "invalid"),
        (("14", "", "2008"), "incomplete"),
        (("1", "1", "1899"), "too_early"),
        (("2", "1", "2020"), "too_late"),
    ],
)
def test_an_impossible_day_says_what_is_wrong(parts: tuple[str, str, str], code: str) -> None:
    form = fill(day_day=parts[0], day_month=parts[1], day_year=parts[2])
    assert [error.code for error in form.errors.as_data()["day"]] == [code]
    assert parts[2] in str(form["day"])


def test_an_empty_day_is_nothing_when_it_is_not_required() -> None:
    form = fill(town="")
    assert form.is_valid()
    assert form.cleaned_data["day"] is None


def test_one_match_is_taken_at_once() -> None:
    form = fill(town="malo")
    assert form.is_valid()
    assert form.cleaned_data["town"] == "35288"


def test_several_matches_come_back_as_radio_buttons() -> None:
    form = fill(town="saint")
    assert [error.code for error in form.errors.as_data()["town"]] == ["choose"]
    html = str(form["town"])
    assert html.count('type="radio"') == 2
    assert 'value="saint"' in html


def test_the_choice_made_counts_only_for_the_text_it_was_made_for() -> None:
    chosen = fill(town="saint", town__pick="78551", town__asked="saint")
    assert chosen.is_valid()
    assert chosen.cleaned_data["town"] == "78551"
    changed = fill(town="versailles", town__pick="78551", town__asked="saint")
    assert changed.is_valid()
    assert changed.cleaned_data["town"] == "78646"


def test_a_forged_choice_is_not_believed() -> None:
    form = fill(town="saint", town__pick="00000", town__asked="saint")
    assert not form.is_valid()


def test_no_match_keeps_the_text_and_says_so() -> None:
    form = fill(town="Atlantide<script>")
    assert [error.code for error in form.errors.as_data()["town"]] == ["unknown"]
    assert "Atlantide&lt;script&gt;" in str(form["town"])


def test_cards_carry_their_sentence_and_icon() -> None:
    widget = ChoiceCards(choices=[("card", "Carte")], notes={"card": "Votre banque."}, icons={"card": "card"})
    assert widget.notes["card"] == "Votre banque."
    assert 'type="radio"' in widget.render("way", "card")


def test_a_long_list_is_written_like_any_other() -> None:
    options = [("", "Choisissez"), ("FR", "France"), ("CI", "Côte d’Ivoire <b>")]
    html = LongSelect(choices=options).render("country", "FR", {"id": "id_country", "required": True})
    assert html.startswith('<select id="id_country" name="country" required>')
    assert '<option value="FR" selected>France</option>' in html
    assert "Ivoire &lt;b&gt;" in html
