"""PDF that a stranger may hand in to do harm."""

import struct
import zlib
from collections.abc import Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String

from messervices.foundations.documents.tests.honest import (
    BOMB,
    BROKEN,
    CLEANED,
    EICAR,
    SIDE,
    Case,
    drawn_on,
    pdf,
    saved,
    zeros,
)  # fmt: skip


def _script() -> Dictionary:
    return Dictionary(Type=Name.Action, S=Name.JavaScript, JS=String("app.alert('LisMoiEtObeis')"))


def _with(change, **how: object) -> bytes:
    made = pikepdf.new()
    drawn_on(made)
    change(made)
    return saved(made, **how)


def _note(subtype: Name, **more: object) -> Dictionary:
    return Dictionary(Type=Name.Annot, Subtype=subtype, Rect=Array([0, 0, 200, 200]), **more)


def _attach(made: pikepdf.Pdf, content: bytes = EICAR) -> Dictionary:
    stream = Stream(made, content, Type=Name.EmbeddedFile)
    return Dictionary(Type=Name.Filespec, F=String("cadeau.exe"), UF=String("cadeau.exe"), EF=Dictionary(F=stream))


def _on_page(key: str, value: object) -> bytes:
    return _with(lambda made: made.pages[0].obj.__setitem__(key, value))


def _on_root(key: str, value: object) -> bytes:
    return _with(lambda made: made.Root.__setitem__(key, value))


def active_pdfs() -> Iterator[tuple[str, Case]]:
    """PDF that run, join, ask or lead elsewhere: taken without all that."""
    script, taken = _script(), {CLEANED}
    launch = Dictionary(Type=Name.Action, S=Name.Launch, F=String("cmd.exe"))
    address = Dictionary(Type=Name.Action, S=Name.URI, URI=String("http://LisMoiEtObeis.example"))
    submit = Dictionary(S=Name.SubmitForm, F=String("http://LisMoiEtObeis.example"))
    for name, root in (
        ("open-action", {"/OpenAction": script}), ("launch", {"/OpenAction": launch}),
        ("additional-actions", {"/AA": Dictionary(WC=script)}),
        ("names", {"/Names": Dictionary(JavaScript=Dictionary(Names=Array([String("a"), script])))}),
        ("outlines", {"/Outlines": Dictionary(First=Dictionary(Title=String("x"), A=script))}),
        ("next-action", {"/OpenAction": Dictionary(S=Name.GoTo, D=String("x"), Next=launch)}),
        ("threads", {"/Threads": Array([script])}), ("uri-base", {"/URI": Dictionary(Base=String("LisMoiEtObeis"))}),
    ):  # fmt: skip
        for key, value in root.items():
            yield f"pdf-{name}", (_on_root(key, value), taken)
    yield "pdf-page-actions", (_on_page("/AA", Dictionary(O=script)), taken)
    for name, note in (
        ("link-launch", _note(Name.Link, A=launch)), ("link-address", _note(Name.Link, A=address)),
        ("widget-script", _note(Name.Widget, FT=Name.Btn, A=script, T=String("b"))),
        ("submit", _note(Name.Widget, FT=Name.Btn, A=submit, T=String("b"))),
        ("screen-film", _note(Name.Screen, A=Dictionary(S=Name.Rendition, JS=String("LisMoiEtObeis")))),
        ("sound", _note(Name.Sound)), ("movie", _note(Name.Movie)), ("three-d", _note(Name("/3D"))),
    ):  # fmt: skip
        yield f"pdf-{name}", (_with(lambda made, note=note: _noted(made, note)), taken)
    yield "pdf-rich-media", (_with(_rich), taken)
    yield "pdf-xfa", (_with(_xfa), taken)
    yield "pdf-script-in-a-resource", (_with(_script_in_a_resource), taken)
    yield "pdf-postscript-drawing", (_with(_postscript), taken)
    yield "pdf-page-of-another-file", (_with(_reference), taken)
    yield "pdf-stream-of-another-file", (_with(_outside), {CLEANED, "damaged"})
    yield "pdf-metadata", (_with(_metadata), taken)


def _noted(made: pikepdf.Pdf, note: Dictionary) -> None:
    held = made.make_indirect(note)
    made.pages[0].obj.Annots = Array([held])
    if note.Subtype == Name.Widget:
        made.Root.AcroForm = Dictionary(Fields=Array([held]))


def _rich(made: pikepdf.Pdf) -> None:
    assets = Dictionary(Assets=Dictionary(Names=Array([String("a"), _attach(made, b"LisMoiEtObeis")])))
    made.pages[0].obj.Annots = Array([made.make_indirect(_note(Name.RichMedia, RichMediaContent=assets))])


def _xfa(made: pikepdf.Pdf) -> None:
    form = Stream(made, b"<xdp><script>LisMoiEtObeis</script></xdp>")
    made.Root.AcroForm = Dictionary(Fields=Array([]), XFA=form, NeedAppearances=True)


def _script_in_a_resource(made: pikepdf.Pdf) -> None:
    made.pages[0].obj.Resources.Properties = Dictionary(P=made.make_indirect(Dictionary(OCGs=_script())))


def _postscript(made: pikepdf.Pdf) -> None:
    run = Stream(made, b"systemdict /LisMoiEtObeis exec", Type=Name.XObject, Subtype=Name.PS)
    made.pages[0].obj.Resources.XObject = Dictionary(X=run)


def _reference(made: pikepdf.Pdf) -> None:
    away = Dictionary(F=String("\\\\LisMoiEtObeis\\a.pdf"), Page=0)
    form = Stream(made, b"", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]), Ref=away)
    made.pages[0].obj.Resources.XObject = Dictionary(X=form)


def _outside(made: pikepdf.Pdf) -> None:
    stream = Stream(made, b"q Q")
    stream["/F"] = String("/etc/LisMoiEtObeis")
    made.pages[0].obj.Contents = stream


def _metadata(made: pikepdf.Pdf) -> None:
    made.docinfo["/Author"] = String("LisMoiEtObeis")
    made.Root.Metadata = Stream(made, b"<x:xmpmeta>LisMoiEtObeis</x:xmpmeta>", Type=Name.Metadata, Subtype=Name.XML)


def _packed(made: pikepdf.Pdf, data: bytes, filters: list[str]) -> None:
    stream = Stream(made, b"")
    stream.write(data, filter=Array([Name(one) for one in filters]), decode_parms=None)
    made.pages[0].obj.Contents = stream


def _twice_packed() -> bytes:
    return zlib.compress(zeros(2000), 1)


def heavy_pdfs() -> Iterator[tuple[str, Case]]:
    """PDF that unpack to gigabytes, or never end."""
    many = pikepdf.new()
    drawn_on(many, pages=1)
    for _turn in range(199):
        many.pages.append(many.pages[0])
    for _turn in range(5):
        many.pages.extend(list(many.pages)[:1960])
    yield "pdf-10000-pages", (saved(many), {"too_many_pages"})
    yield "pdf-61-pages", (pdf(61), {"too_many_pages"})
    yield "pdf-bomb", (_with(lambda made: _packed(made, zeros(2000), ["/FlateDecode"])), BOMB)
    yield (
        "pdf-bomb-in-a-bomb",
        (_with(lambda made: _packed(made, _twice_packed(), ["/FlateDecode"] * 2), compress_streams=False), BOMB),
    )
    yield "pdf-twenty-filters", (_with(lambda made: _packed(made, b"x", ["/ASCIIHexDecode"] * 20)), BOMB | {CLEANED})
    yield "pdf-of-many-small-bombs", (_with(_many_bombs), BOMB)
    yield "pdf-bomb-of-run-lengths", (
        _with(lambda made: _packed(made, b"\x81\0" * 4_000_000, ["/RunLengthDecode"])), BOMB | {"damaged"},
    )  # fmt: skip
    yield "pdf-bomb-of-objects", (_objects_bomb(), BOMB | {"damaged"})
    yield "pdf-picture-50000x50000", (_with(_huge_picture), {"too_many_pixels"})
    yield "pdf-nested-deep", (_nested(), BOMB | {"damaged", CLEANED})
    yield "pdf-pages-in-a-circle", (_circle(), BOMB | {"damaged", CLEANED})
    yield "pdf-ten-thousand-notes", (_with(_notes), BOMB | {CLEANED})


def _many_bombs(made: pikepdf.Pdf) -> None:
    one = zeros(40)
    for number in range(20):
        form = Stream(made, b"")
        form.write(one, filter=Name.FlateDecode, decode_parms=None)
        made.pages[0].obj.Resources[f"/X{number}"] = form


def _huge_picture(made: pikepdf.Pdf) -> None:
    shown = Stream(made, b"\0", Subtype=Name.Image, Width=SIDE, Height=SIDE, BitsPerComponent=1)
    shown.write(b"\0", filter=Name.CCITTFaxDecode, decode_parms=None)
    made.pages[0].obj.Resources.XObject = Dictionary(X=shown)


def _notes(made: pikepdf.Pdf) -> None:
    made.pages[0].obj.Annots = Array([_note(Name.Text, Contents=String("x")) for _ in range(10_000)])


def _objects_bomb() -> bytes:
    """An object stream that unpacks to two gigabytes, which is read before any page is."""
    packed = zeros(2000)
    head = b"%%PDF-1.7\n1 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(packed)
    body = head + packed + b"\nendstream\nendobj\n"
    rows = b"\0\0\0\0\0\0\0" + b"\1" + struct.pack(">I", 9) + b"\0\0" + b"\2" + struct.pack(">I", 1) + b"\0\0"
    table = (
        b"3 0 obj\n<</Type/XRef/Size 3/W[1 4 2]/Root 2 0 R/Length %d>>stream\n" % len(rows)
        + rows + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(body)
    )  # fmt: skip
    return body + table


def _nested() -> bytes:
    deep = b"[" * 100_000 + b"]" * 100_000
    return pdf().replace(b"/Type /Page\n", b"/Type /Page /X " + deep + b"\n").replace(
        b"/Type /Page ", b"/Type /Page /X " + deep + b" "
    )  # fmt: skip


def _circle() -> bytes:
    return (
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Count 9/Kids[2 0 R 2 0 R]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )


def broken_pdfs() -> Iterator[tuple[str, Case]]:
    """Locked, cut, empty, lying, or carrying a virus."""
    whole = pdf(3)
    secret = pikepdf.Encryption(owner="proprio", user="secret")
    yield "pdf-locked", (_with(lambda _made: None, encryption=secret), {"locked"})
    yield (
        "pdf-locked-the-old-way",
        (
            _with(
                lambda _made: None, encryption=pikepdf.Encryption(owner="a", user="b", R=3, aes=False, metadata=False)
            ),
            {"locked"},
        ),
    )
    yield "pdf-cut-in-half", (whole[: len(whole) // 2], BROKEN)
    yield "pdf-without-pages", (saved(pikepdf.new()), {"damaged"})
    yield "pdf-of-two-words", (b"%PDF-1.7\nmade for the tests\n%%EOF\n", {"damaged"})
    yield "pdf-that-lies-about-its-length", (whole.replace(b"/Length ", b"/Length 99"), {CLEANED, "damaged"})
    yield "pdf-with-a-virus-joined", (
        _with(lambda made: made.Root.__setitem__("/AF", Array([made.make_indirect(_attach(made))])),
              compress_streams=False),
        {"infected"},
    )  # fmt: skip
    yield "pdf-with-a-virus-drawn", (
        _with(lambda made: made.pages[0].obj.__setitem__("/Contents", Stream(made, EICAR)), compress_streams=False),
        {"infected"},
    )  # fmt: skip
    yield "pdf-portfolio", (_with(_portfolio), {CLEANED})


def _portfolio(made: pikepdf.Pdf) -> None:
    made.Root.Collection = Dictionary(Type=Name.Collection, View=Name.D)
    held = made.make_indirect(_attach(made, b"LisMoiEtObeis"))
    made.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array([String("a"), held])))
