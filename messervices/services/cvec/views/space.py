"""The space of an establishment: its home, its lists, its students, its keys. One establishment a page."""

import csv
import io
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.models import Establishment
from messervices.foundations.payouts import selectors as payouts
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import acting_as, of_establishment
from messervices.services.cvec import actions, rules, selectors
from messervices.services.cvec.forms import DaughterForm, KeyForm, RollForm
from messervices.services.cvec.models import RollFile
from messervices.services.cvec.states import RollStatus, Unreadable

_PAGE = 50
_SHOWN = 200
_STATES = ("in_order", "not")
STEPS = {
    "stop": actions.stop_file, "resume": actions.resume_file, "confirm": actions.confirm_file,
    "again": actions.check_again,
}  # fmt: skip
"""What a referent may decide of a file."""


def for_referents(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open the page to those who answer for the establishment of the address, and see as it sees: its own rows."""

    @never_cache
    @wraps(view)
    def door(request: Any, uai: str, **kwargs: Any) -> HttpResponse:
        if request.actor.kind == "anonymous":
            return redirect(f"{settings.LOGIN_URL}?{urlencode({'next': request.path})}")
        if request.actor.kind != "establishment":
            raise PermissionDenied
        mine = crous.establishments_of_referent(request.actor.user_id)
        found = next((one for one in mine if one.pk == uai), None)
        if found is None:
            raise Http404
        request.several = len(mine) > 1
        with acting_as(of_establishment(uai)):
            return view(request, found, **kwargs)

    return door


def _page(request: Any, template: str, establishment: Establishment, context: Any, status: int = 200) -> HttpResponse:
    shown = {"establishment": establishment, "several": request.several, **context}
    return render(request, f"cvec/space/{template}.html", shown, status=status)


@never_cache
@require_safe
def space(request: Any) -> HttpResponse:
    """Lead to the establishment one answers for; let who answers for several choose."""
    if request.actor.kind == "anonymous":
        return redirect(f"{settings.LOGIN_URL}?{urlencode({'next': request.path})}")
    if request.actor.kind != "establishment":
        raise PermissionDenied
    mine = crous.establishments_of_referent(request.actor.user_id)
    if len(mine) == 1:
        return redirect("cvec:space_home", uai=mine[0].pk)
    return render(request, "cvec/space/several.html", {"establishments": mine})


@require_safe
@for_referents
def space_home(request: Any, establishment: Establishment) -> HttpResponse:
    """What is to be done now, until when, and where everything is."""
    uai, year = establishment.pk, selectors.filing_year(request.now)
    window = selectors.filing_window(year, request.now) if year else None
    files = selectors.files_of(uai, year) if year else []
    context = {
        "year": year,
        "window": window,
        "is_open": bool(window and request.now in window),
        "last_day": selectors.last_instant(window.closes_at) if window else None,
        "cut_off": selectors.last_instant(selectors.first_cut_off(year)) if year else None,
        "first_missed": bool(year and (cut := selectors.first_cut_off(year)) and request.now >= cut),
        "last": files[0] if files else None,
        "counts": selectors.counts_of(uai, year) if files and year else None,
        "daughters": selectors.daughters_of(uai),
        "referents": crous.referents_of(uai),
        "keys": len(selectors.keys_of(uai)),
        "bank": payouts.details_in_force(establishment_uai=uai),
    }
    return _page(request, "home", establishment, context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_referents
def rolls(request: Any, establishment: Establishment, year: AcademicYear | None = None) -> HttpResponse:
    """The files of a year, the latest first, and the form that deposits one."""
    year = year or selectors.filing_year(request.now)
    if year is None:
        raise Http404
    form = RollForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            file = _receive(request, establishment, year, form)
        except Refusal as refusal:  # said beside the file, which can be chosen again
            form.add_error("file", str(refusal.sentence))
        else:
            return redirect("cvec:roll_file", uai=establishment.pk, pk=file.pk)
    window = selectors.filing_window(year, request.now)
    context = {
        "form": form,
        "year": year,
        "years": selectors.filing_years(),
        "is_open": bool(window and request.now in window),
        "opens_at": window.opens_at if window else None,
        "last_day": selectors.last_instant(window.closes_at) if window else None,
        "files": selectors.files_of(establishment.pk, year),
        "columns": rules.COLUMNS,
        "daughters": selectors.filed_uais(establishment.pk)[1:],
        "most": settings.ROLL_MAX_BYTES // 1024**2,
    }
    return _page(request, "rolls", establishment, context, status=422 if form.errors else 200)


def _receive(request: Any, establishment: Establishment, year: AcademicYear, form: RollForm) -> RollFile:
    """Read the file that was sent, no further than what is accepted, and hand it over."""
    sent = form.cleaned_data["file"]
    return actions.receive_file(
        by=request.actor, filer=establishment, year=year, name=sent.name,
        content=sent.read(settings.ROLL_MAX_BYTES + 1), whole=form.cleaned_data["whole"] == "whole", now=request.now,
    )  # fmt: skip


def _file_or_404(establishment: Establishment, pk: int, *, content: bool = False) -> RollFile:
    found = selectors.file_of(establishment.pk, pk, content=content)
    if found is None:
        raise Http404
    return found


@require_safe
@for_referents
def roll_file(request: Any, establishment: Establishment, pk: int) -> HttpResponse:
    """How far the work on a file is; then its report: what was taken, which lines were refused and why."""
    file = _file_or_404(establishment, pk)
    done = file.status in (RollStatus.TAKEN, RollStatus.ASKING)
    context = {
        "file": file,
        "year": file.roll.year,
        "reason": Unreadable(file.reason).label if file.reason else "",
        "progress": selectors.progress_of(file),
        "moving": file.is_at_work and file.status != RollStatus.ASKING,
        "reasons": selectors.refusals_by_reason(file) if done else [],
        "lines": selectors.refused_lines(file, _SHOWN) if done else [],
        "shown": _SHOWN,
    }
    return _page(request, "file", establishment, context)


@require_safe
@for_referents
def roll_state(request: Any, establishment: Establishment, pk: int) -> JsonResponse:
    """Tell the page that waits whether something moved: it then opens itself again."""
    file = _file_or_404(establishment, pk)
    shown = f"{file.status}.{selectors.progress_of(file).percent}"
    moved = request.GET.get("shown") != shown
    return JsonResponse({"url": redirect("cvec:roll_file", uai=establishment.pk, pk=pk).url} if moved else {})


@require_POST
@for_referents
def roll_step(request: Any, establishment: Establishment, pk: int, step: str) -> HttpResponse:
    """Stop, go on, confirm the removals, or check the refused lines again."""
    _file_or_404(establishment, pk)
    if step not in STEPS:
        raise Http404
    STEPS[step](by=request.actor, file_id=pk, now=request.now)
    return redirect("cvec:roll_file", uai=establishment.pk, pk=pk)


def _csv(rows: Iterable[Iterable[object]], name: str) -> HttpResponse:
    """Give rows as the spreadsheets of this country read them: semicolons, and the mark of UTF-8."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
@for_referents
def refused(request: Any, establishment: Establishment, pk: int) -> HttpResponse:
    """The refused lines as a file, each with its reason, to be corrected and sent back."""
    file = _file_or_404(establishment, pk)
    return _csv(selectors.refused_rows(file), f"lignes-refusees-{establishment.pk}-{file.pk}.csv")


@require_safe
@for_referents
def original(request: Any, establishment: Establishment, pk: int) -> HttpResponse:
    """The file as it was sent, byte for byte."""
    file = _file_or_404(establishment, pk, content=True)
    response = HttpResponse(bytes(file.content), content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="liste-{establishment.pk}-{file.pk}.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@for_referents
def students(request: Any, establishment: Establishment, year: AcademicYear | None = None) -> HttpResponse:
    """Which of our students are in order. A search is posted: no name and no number stands in an address."""
    year = year or selectors.filing_year(request.now)
    if year is None:
        raise Http404
    state = request.GET.get("state", "")
    text = request.POST.get("q", "").strip()[:100] if request.method == "POST" else ""
    sought = selectors.Sought(state=state if state in _STATES else "", text=text)
    actions.note_reading(by=request.actor, establishment=establishment, year=year, what="page", now=request.now)
    rows = selectors.students_of(
        establishment.pk, year, sought, after=request.GET.get("after", "")[:32], limit=_PAGE + 1
    )
    context = {
        "year": year,
        "years": selectors.filing_years(),
        "state": sought.state,
        "text": text,
        "counts": selectors.counts_of(establishment.pk, year),
        "rows": rows[:_PAGE],
        "more": rows[_PAGE - 1].mark if len(rows) > _PAGE and not text else "",
        "too_many": bool(text) and len(rows) > _PAGE,
    }
    return _page(request, "students", establishment, context)


@require_safe
@for_referents
def students_file(request: Any, establishment: Establishment, year: AcademicYear) -> HttpResponse:
    """The students of a list as a file: what the establishment wrote, and in order or not."""
    state = request.GET.get("state", "")
    sought = selectors.Sought(state=state if state in _STATES else "")
    actions.note_reading(
        by=request.actor, establishment=establishment, year=year, what="file", now=request.now, always=True
    )
    head = [*rules.COLUMNS, "in_order", "reason"]
    rows = (_row(one) for one in selectors.students_of(establishment.pk, year, sought, limit=settings.ROLL_MAX_LINES))
    return _csv([head, *rows], f"cvec-{year}-{establishment.pk}.csv")


def _row(one: selectors.Listed) -> list[str]:
    birth = one.birth_on.isoformat() if one.birth_on else ""
    said = [one.uai, one.ine, one.number, one.birth_name, one.first_name, birth]
    return [*(rules.safe_cell(cell) for cell in said), "1" if one.in_order else "0", one.reason]


@require_safe
@for_referents
def shares(request: Any, establishment: Establishment) -> HttpResponse:
    """What came, or comes, to the establishment: each payment, its letter and its transfer."""
    return _page(request, "shares", establishment, {"shares": selectors.shares_of(establishment.pk)})


@require_safe
@for_referents
def share_letter(request: Any, establishment: Establishment, pk: int) -> HttpResponse:
    """The letter of a payment, sealed."""
    found = selectors.share_of(establishment.pk, pk)
    if found is None or found.letter is None:
        raise Http404
    response = HttpResponse(selectors.letter_pdf(found, request.now), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{found.letter["number"]}.pdf"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@for_referents
def daughters(request: Any, establishment: Establishment) -> HttpResponse:
    """The establishments one files for, and the form that declares another."""
    form = DaughterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        daughter = crous.establishment_of(form.cleaned_data["uai"])
        try:
            actions.declare_daughter(by=request.actor, mother=establishment, daughter=daughter, now=request.now)
        except Refusal as refusal:  # said beside the field
            form.add_error("uai", str(refusal.sentence))
        else:
            return redirect("cvec:daughters", uai=establishment.pk)
    context = {"form": form, "daughters": selectors.daughters_of(establishment.pk)}
    return _page(request, "daughters", establishment, context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_referents
def keys(request: Any, establishment: Establishment) -> HttpResponse:
    """The keys of the establishment's programs. A new one is shown on the answer itself, once."""
    form, secret = KeyForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            name = form.cleaned_data["name"]
            _key, secret = actions.make_key(by=request.actor, establishment=establishment, name=name, now=request.now)
            form = KeyForm()
        except Refusal as refusal:  # said beside the field
            form.add_error("name", str(refusal.sentence))
    context = {"form": form, "secret": secret, "keys": selectors.keys_of(establishment.pk), "site": settings.SITE_URL}
    return _page(request, "keys", establishment, context, status=422 if form.errors else 200)


@require_POST
@for_referents
def end_key(request: Any, establishment: Establishment, pk: int) -> HttpResponse:
    """End a key, at once."""
    actions.end_key(by=request.actor, establishment=establishment, key_id=pk, now=request.now)
    return redirect("cvec:keys", uai=establishment.pk)
