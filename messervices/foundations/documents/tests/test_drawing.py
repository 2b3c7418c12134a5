import re
import zlib
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import typst
from django.template import TemplateDoesNotExist

from messervices.foundations.documents.providers import drawing
from messervices.foundations.documents.tests.factories import contents

AT = datetime(2026, 8, 28, 12, 12, tzinfo=UTC)
LINA = SimpleNamespace(
    civility="F", birth_name="BENALI", usual_name="", first_names="Lina, Inès", birth_on=AT.date(), ine="0AB1C2D34K7"
)


def drawn(*, specimen: bool = False, **changes: Any) -> bytes:
    return drawing.draw(
        template="cvec/attestation.typ",
        contents=contents(LINA, "VER6CEOYXD06", **changes),
        issued_at=AT,
        specimen=specimen,
    )


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def text_maps(pdf: bytes) -> str:
    """Every letter that the PDF says it shows (its ToUnicode maps)."""
    shown = b""
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            shown += zlib.decompress(stream)
        except zlib.error:
            continue
    found = re.findall(rb"<([0-9a-fA-F]{4,})>\s*\n", shown)
    return "".join(bytes.fromhex(code.decode()).decode("utf-16-be", "ignore") for code in found if len(code) % 4 == 0)


def test_a_certificate_is_pdf_a_and_pdf_ua_at_once() -> None:
    pdf = drawn()
    assert pdf.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in pdf
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    assert b"/StructTreeRoot" in pdf
    assert b"/Lang(fr-FR)" in pdf
    assert b"/Lang(en-GB)" in pdf


def test_a_certificate_is_one_page_and_light() -> None:
    pdf = drawn()
    assert pages(pdf) == 1
    assert len(pdf) < 60_000


def test_the_same_contents_give_the_same_bytes() -> None:
    assert drawn() == drawn()
    assert drawn() != drawn(first_names="Sami")


def test_a_specimen_is_not_the_real_thing() -> None:
    assert drawn(specimen=True) != drawn()


@pytest.mark.parametrize(
    "changes",
    [
        {"ground": "exempt", "amount_cents": 0, "motive_fr": "Bourse", "motive_en": "Scholarship"},
        {"civility": "", "birth_place": ""},
        {"civility": "M", "usual_name": "de La Tour d’Auvergne"},
        {"birth_on": "1999-00-00"},
    ],
)
def test_every_shape_of_certificate_is_drawn(changes: dict[str, Any]) -> None:
    assert pages(drawn(**changes)) == 1


def test_names_of_three_hundred_characters_flow_onto_a_second_page() -> None:
    long = {"birth_name": "Éléonore-Zoé d’Arc " * 16, "first_names": "Maximilien " * 27, "usual_name": "Œuvrard " * 37}
    assert pages(drawn(**long)) == 2


@pytest.mark.parametrize(
    "name",
    [
        "Nguyễn Thị Hằng", "Παπαδόπουλος", "Достоевский", "Šćepanović-Żółć", "İbrahim Ğüneş", "O’Connor", "Þórðarson",
        "ʻAkauʻola", "Nguyễn", "محمد بن علي", "עברית", "Հայաստան", "საქართველო", "ኢትዮጵያ", "สมชาย", "अनिल", "ខ្មែរ",
    ],
)  # fmt: skip
def test_names_in_many_scripts_are_drawn_with_their_own_letters(name: str) -> None:
    pdf = drawn(birth_name=name)
    assert pdf.startswith(b"%PDF-1.7")
    assert "\u25a1" not in text_maps(pdf)


def test_letters_that_no_face_has_become_boxes_and_the_paper_says_so() -> None:
    pdf = drawn(birth_name="Lina \U0001e900\U00012000\U0001f9ff\ue000 Benali")
    assert pages(pdf) == 1
    assert b"<pdfaid:part>2" in pdf


def test_contents_are_words_never_instructions() -> None:
    trick = '#panic("x") $x$ *a* _b_ <c> @d = `e` \\ // /* #read("/etc/passwd")'
    assert pages(drawn(birth_name=trick)) == 1


def test_a_template_that_is_wrong_says_so() -> None:
    with pytest.raises(typst.TypstError):
        drawing.draw(template="cvec/attestation.typ", contents={"number": "x"}, issued_at=AT, specimen=False)


def test_a_template_that_does_not_exist_says_so() -> None:
    with pytest.raises(TemplateDoesNotExist):
        drawing.draw(template="cvec/nothing.typ", contents={}, issued_at=AT, specimen=False)


def test_the_recipe_names_typst_and_marks_the_template() -> None:
    assert re.fullmatch(r"typst \d+\.\d+\.\d+ [0-9a-f]{12}", drawing.recipe("cvec/attestation.typ"))


def test_a_qr_code_is_one_path_of_vectors() -> None:
    svg = drawing.qr_svg("https://messervices.example/cvec/verify/VER6CEOYXD06?k=abcdef")
    assert svg.count("<path") == 1
    assert "href" not in svg
