"""T13: hostile files, opened by the limited child alone. All are refused or lose what harms; nobody else notices."""

import io
import json
import os
import signal
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from messervices.foundations.documents import rules
from messervices.foundations.documents.providers import jail, pdfs, scanner
from messervices.foundations.documents.tests import honest
from messervices.foundations.documents.tests.honest import CLEANED
from messervices.foundations.documents.tests.hostile import hostile
from messervices.kernel.errors import ProviderUnavailable

MOST_MEMORY, MOST_SECONDS = 512 * 1024 * 1024, 5.5
NAMES = list(hostile())
BAIT = b"LisMoiEtObeis"
ROOM = Path(__file__).parents[1]


def verdict(content: bytes, most: int = 10 * 1024 * 1024) -> tuple[str, jail.Answer]:
    """What the room says of a file: at sight, once opened, once scanned."""
    if not content:
        return "empty", jail.Answer()
    if len(content) > most:
        return "too_big", jail.Answer()
    media = rules.media_type(content)
    if not media:
        return "unknown_type", jail.Answer()
    answer = jail.anew(content, media)
    if answer.refused:
        return answer.refused, answer
    found = scanner.DemoScanner().scan(content) or scanner.DemoScanner().scan(answer.content)
    return ("infected" if found else CLEANED), answer


def objects_of(content: bytes) -> str:
    """Everything that a PDF holds, unpacked, as one text."""
    with pikepdf.open(io.BytesIO(content)) as opened:
        texts = [str(dict(opened.trailer))]
        for one in opened.objects:
            texts.append(repr(one))
            if isinstance(one, pikepdf.Stream):
                texts.append(one.read_bytes().decode("latin-1"))
    return "\n".join(texts)


def test_there_are_at_least_sixty_of_them() -> None:
    assert len(NAMES) >= 100


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_file_is_refused_or_loses_what_harms(name: str) -> None:
    content, may = hostile()[name]
    came, answer = verdict(content)
    assert came in may
    assert answer.peak <= MOST_MEMORY
    assert answer.seconds <= MOST_SECONDS
    if came != CLEANED:
        return
    assert answer.media in {"application/pdf", "image/png", "image/jpeg"}
    assert rules.media_type(answer.content) == answer.media
    for harm in (BAIT, honest.HTML, honest.EICAR, b"PK\x03\x04", b"un secret"):
        assert harm not in answer.content
    if answer.media == "application/pdf":
        inside = objects_of(answer.content)
        for word in ("/JavaScript", "/Launch", "/EmbeddedFile", "/URI", "/OpenAction", "/AA", "/XFA", "/RichMedia",
                     "/SubmitForm", "/Rendition", "/Annots", "/Names", BAIT.decode()):  # fmt: skip
            assert word not in inside
    else:
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert max(picture.size) <= 3600
            assert not picture.getexif()
            assert not set(picture.info) & {"exif", "comment", "icc_profile", "xmp", "Comment"}


@pytest.mark.parametrize("name", ["pdf-bomb", "pdf-of-many-small-bombs", "pdf-10000-pages", "png-just-below-the-limit"])
def test_control_without_the_limits_these_would_pass(name: str, settings) -> None:
    settings.UPLOAD_LIMITS = settings.UPLOAD_LIMITS | {
        "memory": 4 * 1024**3, "seconds": 120, "unpacked": 10**11, "pages": 20_000, "result": 10**9,
    }  # fmt: skip
    settings.UPLOAD_PATIENCE_SECONDS = 120
    came, _answer = verdict(hostile()[name][0])
    assert came == CLEANED


def test_control_a_child_without_its_look_would_let_a_script_through(monkeypatch) -> None:
    """In this process: the look at every object and the choice of keys are what holds."""
    from messervices.foundations.documents.providers.limits import Limits

    limits = Limits(memory=1, seconds=1, result=1, unpacked=10**9, pixels=10**9, pages=60, side=9)
    content = hostile()["pdf-page-actions"][0]
    assert BAIT.decode() not in objects_of(pdfs.anew(content, limits).content)
    monkeypatch.setattr(pdfs, "_OF_A_PAGE", {*pdfs._OF_A_PAGE, "/AA"})
    monkeypatch.setattr(pdfs, "_NEVER", {})
    assert BAIT.decode() in objects_of(pdfs.anew(content, limits).content)


# Honest files ---------------------------------------------------------------------------------------------------------


def opened(answer: jail.Answer) -> Image.Image:
    assert not answer.refused
    return Image.open(io.BytesIO(answer.content)).convert("RGB")


def is_red(picture: Image.Image, place: tuple[int, int]) -> bool:
    red, _green, blue = picture.getpixel(place)  # type: ignore[misc]  # three bands
    return red > 150 > blue


def test_a_photo_is_turned_upright_and_forgets_where_and_by_what_it_was_taken() -> None:
    content = honest.photo_of_a_phone()
    assert b"TelephoneQuiParle" in content
    answer = jail.anew(content, "image/jpeg")
    picture = opened(answer)
    assert picture.size == (480, 640)
    assert is_red(picture, (240, 40))
    assert not is_red(picture, (240, 600))
    assert b"TelephoneQuiParle" not in answer.content
    assert not Image.open(io.BytesIO(answer.content)).getexif()


@pytest.mark.parametrize("turn", range(1, 9))
def test_every_way_of_holding_a_camera_ends_as_the_viewer_would_show_it(turn: int) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = turn
    content = honest.picture("JPEG", exif=exif.tobytes())
    shown = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
    picture = opened(jail.anew(content, "image/jpeg"))
    assert picture.size == shown.size
    for place in ((20, 20), (picture.width - 20, picture.height - 20)):
        assert is_red(picture, place) == is_red(shown, place)


@pytest.mark.parametrize(("kind", "media"), [("HEIF", "image/heic"), ("WEBP", "image/webp"), ("TIFF", "image/tiff")])
def test_what_phones_and_scanners_make_becomes_a_jpeg(kind: str, media: str) -> None:
    content = honest.picture(kind)
    assert rules.media_type(content) == media
    answer = jail.anew(content, media)
    assert (answer.media, answer.pages) == ("image/jpeg", 1)
    picture = opened(answer)
    assert picture.size == (640, 480)
    assert is_red(picture, (40, 240))
    assert not is_red(picture, (600, 240))


def test_a_photo_of_forty_eight_million_points_is_taken_and_made_smaller() -> None:
    answer = jail.anew(honest.picture("JPEG", (8000, 6000)), "image/jpeg")
    assert opened(answer).size == (3600, 2700)
    assert answer.peak <= MOST_MEMORY


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_every_way_of_keeping_colours_is_read(mode: str) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"
    out = io.BytesIO()
    Image.new(mode, (60, 40), 1).save(out, kind)
    answer = jail.anew(out.getvalue(), rules.media_type(out.getvalue()))
    assert answer.media == ("image/jpeg" if kind == "TIFF" else "image/png")
    assert opened(answer).size == (60, 40)


def test_what_shines_through_stands_on_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(out, "PNG")
    assert opened(jail.anew(out.getvalue(), "image/png")).getpixel((20, 20)) == (255, 255, 255)


def test_a_scan_of_several_pages_becomes_a_pdf_of_as_many() -> None:
    answer = jail.anew(honest.scan(3), "image/tiff")
    assert (answer.media, answer.pages) == ("application/pdf", 3)
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        assert len(pdf.pages) == 3
        assert float(pdf.pages[0].mediabox[2]) == 595


def test_an_ordinary_pdf_keeps_its_text_and_loses_only_where_its_links_lead() -> None:
    made = pikepdf.new()
    honest.drawn_on(made, "Avis de situation", 2)
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=pikepdf.Array([70, 690, 300, 720]),
        A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String("https://www.service-public.fr")),
    )  # fmt: skip
    made.pages[0].obj.Annots = pikepdf.Array([made.make_indirect(link)])
    answer = jail.anew(honest.saved(made), "application/pdf")
    assert (answer.media, answer.pages) == ("application/pdf", 2)
    inside = objects_of(answer.content)
    assert "(Avis de situation) Tj" in inside
    assert "service-public" not in inside


def test_what_somebody_typed_into_a_form_stays_visible() -> None:
    made = pikepdf.new()
    honest.drawn_on(made)
    look = pikepdf.Stream(
        made, b"/Tx BMC q BT /F1 12 Tf 2 5 Td (Reponse de Lina) Tj ET Q EMC", Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Form, BBox=pikepdf.Array([0, 0, 200, 20]), Resources=made.pages[0].obj.Resources,
    )  # fmt: skip
    field = made.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx, T=pikepdf.String("nom"),
            V=pikepdf.String("Reponse de Lina"), Rect=pikepdf.Array([72, 600, 272, 620]), F=4,
            AP=pikepdf.Dictionary(N=look),
        )
    )  # fmt: skip
    made.pages[0].obj.Annots = pikepdf.Array([field])
    made.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
    inside = objects_of(jail.anew(honest.saved(made), "application/pdf").content)
    assert "Reponse de Lina" in inside
    assert "/AcroForm" not in inside


def test_a_pdf_that_only_forbids_printing_is_taken() -> None:
    made = pikepdf.new()
    honest.drawn_on(made)
    content = honest.saved(made, encryption=pikepdf.Encryption(owner="banque", user=""))
    answer = jail.anew(content, "application/pdf")
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        assert not pdf.is_encrypted


def test_writing_anew_twice_gives_the_same_bytes() -> None:
    for content in (honest.pdf(2), honest.picture("JPEG"), honest.picture("PNG")):
        media = rules.media_type(content)
        assert jail.anew(content, media).content == jail.anew(content, media).content


# Marks ----------------------------------------------------------------------------------------------------------------

MARK = "Copie pour le Crous de Versailles – exonération de CVEC – 28 août 2026"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_mark_covers_a_picture_from_edge_to_edge(kind: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (1200, 900), "white").save(out, kind)
    content = jail.marked(out.getvalue(), f"image/{kind.lower()}", MARK)
    picture = Image.open(io.BytesIO(content)).convert("L")
    for left in range(0, 1200, 300):
        for top in range(0, 900, 300):
            low, _high = picture.crop((left, top, left + 300, top + 300)).getextrema()
            assert low < 230  # type: ignore[operator]  # one band: two numbers


def test_a_mark_stands_on_every_page_of_a_pdf() -> None:
    content = jail.marked(honest.pdf(3), "application/pdf", MARK)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        for page in pdf.pages:
            drawn = page.obj.Contents
            text = b"".join(one.read_bytes() for one in (drawn if isinstance(drawn, pikepdf.Array) else [drawn]))
            assert text.count(MARK.encode("cp1252").hex().encode()) >= 10
            assert b"(Attestation) Tj" in text


def test_a_mark_that_cannot_be_written_is_an_outage_not_a_copy_without_it() -> None:
    with pytest.raises(ProviderUnavailable):
        jail.marked(b"no picture", "image/png", MARK)


# The child itself -----------------------------------------------------------------------------------------------------


def probe(tmp_path: Path, monkeypatch, body: str) -> tuple[int, bytes]:
    """Run a few lines in place of the work, within the child's limits; give its status and what it wrote."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "probing.py").write_text(
        "import json, sys\nfrom messervices.foundations.documents.providers import child\n"
        "from messervices.foundations.documents.providers.limits import Limits\n"
        "child.give_up_everything(Limits(**json.loads(sys.argv[1])['limits']))\n" + body
    )
    monkeypatch.setattr(jail, "_CHILD", "probing")
    real = os.posix_spawn

    def spawn(path: str, words: list[str], env: dict[str, str], **more: object) -> int:
        env = env | {"PYTHONPATH": f"{env['PYTHONPATH']}:{tmp_path}"}
        return real(path, words, env, **more)  # type: ignore[arg-type]  # handed on

    monkeypatch.setattr(os, "posix_spawn", spawn)
    from django.conf import settings

    goes = os.memfd_create("goes")
    came = os.memfd_create("came")
    try:
        status, _seconds = jail._run(json.dumps({"limits": settings.UPLOAD_LIMITS}), came, goes)
        return status, os.pread(goes, 4096, 0)
    finally:
        os.close(goes)
        os.close(came)


def test_the_child_has_no_network_no_secret_no_disk(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "the installation's secret")
    _status, said = probe(
        tmp_path,
        monkeypatch,
        "import os, socket\n"
        "said = [sorted(os.environ)]\n"
        "for deed in (lambda: socket.create_connection(('127.0.0.1', 22), 1),\n"
        "             lambda: open(f'/proc/{os.getppid()}/environ').read(),\n"
        "             lambda: open('left', 'wb').write(bytes(17 * 1024 * 1024))):\n"
        "    try:\n        deed()\n        said.append('done')\n"
        "    except OSError as no:\n        said.append(type(no).__name__)\n"
        "print(json.dumps(said))\n",
    )
    environ, network, secret, disk = json.loads(said)
    assert "SECRET_KEY" not in environ
    assert (network, secret, disk) == ("OSError", "PermissionError", "OSError")
    (ROOM / "left").unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("body", "ends"),
    [
        ("x = [bytes(64 * 1024 * 1024) for _ in range(16)]\n", "with an error"),
        ("while True: pass\n", signal.SIGXCPU),
        ("import time; time.sleep(60)\n", signal.SIGKILL),
    ],
)
def test_the_child_is_ended_when_it_takes_too_much(body: str, ends: object, tmp_path, monkeypatch, settings) -> None:
    settings.UPLOAD_LIMITS = settings.UPLOAD_LIMITS | {"seconds": 1}
    settings.UPLOAD_PATIENCE_SECONDS = 1 if "sleep" in body else 6
    status, _said = probe(tmp_path, monkeypatch, body)
    if ends == "with an error":
        assert os.WIFEXITED(status)
        assert os.WEXITSTATUS(status) != 0
    else:
        assert os.WTERMSIG(status) == ends


@pytest.mark.parametrize(
    ("status", "said"),
    [(signal.SIGKILL, b""), (75 << 8, b""), (1 << 8, b"")],
    ids=["the machine ended it", "its libraries are missing", "it could not start"],
)
def test_an_end_that_says_nothing_of_the_file_refuses_nobody(status: int, said: bytes) -> None:
    with pytest.raises(ProviderUnavailable):
        jail._understood(int(status), said, 0.1)


@pytest.mark.parametrize("status", [signal.SIGXCPU, signal.SIGSEGV, signal.SIGABRT, signal.SIGXFSZ, 76 << 8])
def test_an_end_that_the_file_brought_about_refuses_it(status: int) -> None:
    assert jail._understood(int(status), b"", 0.1).refused == "too_heavy"
