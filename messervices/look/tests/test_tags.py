"""Tags and filters."""

import datetime as dt

import pytest
from django import forms
from django.template import Context, Template
from django.utils import translation

from messervices.look import words
from messervices.look.templatetags.look import bars

WHEN = dt.datetime(2026, 8, 28, 12, 2, tzinfo=dt.UTC)


def draw(source: str, **context: object) -> str:
    return Template("{% load look %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [
        (dt.date(2008, 3, 14), "14\u00a0mars 2008", "14\u00a0March 2008"),
        (dt.date(2027, 3, 1), "1er\u00a0mars 2027", "1\u00a0March 2027"),
        ("2026-08-28T12:02:00+00:00", "28\u00a0août 2026", "28\u00a0August 2026"),
        (None, "", ""),
    ],
)
def test_a_day_is_written_in_both_languages(value: object, french: str, english: str) -> None:
    with translation.override("fr"):
        assert words.day(value) == french
    with translation.override("en"):
        assert words.day(value) == english


def test_a_moment_is_shown_in_the_zone_of_the_reader() -> None:
    with translation.override("fr"):
        assert words.moment(WHEN) == "28\u00a0août 2026 à 14\u00a0h\u00a002"
    with translation.override("en"):
        assert words.moment(WHEN) == "28\u00a0August 2026 at 14:02"


def test_money_takes_the_language_of_the_page() -> None:
    with translation.override("fr"):
        assert words.euros(10500) == "105,00\u00a0€"
    with translation.override("en"):
        assert words.euros(10500) == "€105.00"
    assert words.euros(None) == ""


def test_numbers_are_grouped_to_be_copied_and_hidden_to_be_shown() -> None:
    assert words.spaced("VER6KQTRMB42") == "VER6 KQTRMB 42"
    assert words.spaced("0AB1C2D34K7") == "0AB1 C2D3 4K7"
    assert words.masked("0AB1C2D34K7") == "0AB1 •••• 4K7"
    assert words.masked("123") == "••••"


def test_an_icon_is_hidden_from_screen_readers_and_drawn_from_one_file() -> None:
    html = draw('{% icon "key" "s" %}')
    assert html.startswith('<svg class="i s" aria-hidden="true"><use href="/static/look/icons')
    assert html.endswith('.svg#key"/></svg>')
    assert draw("{% icon name %}", name="") == ""


class Example(forms.Form):
    """One field of each kind of error."""

    email = forms.EmailField(label="Adresse", help_text="Une seule.")
    way = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)


def test_a_field_ties_label_hint_and_error_to_its_input() -> None:
    html = draw("{% field form.email %}", form=Example({"email": "lina"}))
    assert 'for="id_email"' in html
    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert 'id="id_email_helptext"' in html
    assert 'id="id_email_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'value="lina"' in html


def test_a_group_of_radio_buttons_is_a_fieldset_with_a_legend() -> None:
    html = draw("{% field form.way label=word %}", form=Example(), word="Comment ?")
    assert "<fieldset" in html
    assert "<legend>Comment ?</legend>" in html
    assert html.count('type="radio"') == 2


def test_the_summary_of_errors_links_to_the_fields() -> None:
    html = draw("{% errors form %}", form=Example({"email": "lina"}))
    assert 'role="alert"' in html
    assert 'href="#id_email"' in html
    assert 'href="#id_way_0"' in html
    assert draw("{% errors form %}", form=Example()) == ""


def test_what_was_typed_is_escaped() -> None:
    html = draw("{% errors form %}{% field form.email %}", form=Example({"email": '"><script>x'}))
    assert "<script>" not in html


def test_a_chart_draws_another_value_beside_each_on_the_same_scale() -> None:
    rows = [("24 août", 200, "200 €", 100, "100 €"), ("25 août", 50, "50 €", 400, "400 €")]
    drawn = bars(rows, 416)
    assert [row["width"] for row in drawn["rows"]] == [156, 39]
    assert [row["other_width"] for row in drawn["rows"]] == [78, 312]
    assert [row["other_text"] for row in drawn["rows"]] == ["100 €", "400 €"]
    assert drawn["height"] == 124
    alone = bars([("2025", 3, "trois")])
    assert (alone["rows"][0]["other_text"], alone["height"]) == ("", 48)
