"""A yearly list: each line taken or refused with its reason, nothing lost, corrected by a difference."""

import pytest
from django.db import connection

from messervices.foundations.audit.models import Deed
from messervices.foundations.documents.rules import check_digits
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import NOBODY, Scope, acting_as, of_establishment
from messervices.services.cvec import actions, selectors
from messervices.services.cvec.models import Acquittement, RollEntry, RollFile, RollLine
from messervices.services.cvec.states import BadLine, RollStatus
from messervices.services.cvec.tests.factories import NOW, YEAR, AcquittementFactory
from messervices.services.cvec.tests.rolls import (
    AUTUMN,
    HEADER,
    INSA,
    LYON_1,
    REFERENT,
    UVSQ,
    certified,
    daughter_of,
    file_in,
    line_of,
    listed,
    reasons,
    receive,
    school,
)

pytestmark = pytest.mark.django_db


def test_good_lines_are_taken_and_the_file_says_so() -> None:
    files = certified(3)
    file = file_in(*(line_of(one) for one in files))
    assert (file.status, file.lines, file.bad, file.added) == (RollStatus.TAKEN, 3, 0, 3)
    assert listed() == {one.pk for one in files}
    assert not RollLine.objects.exists(), "what the entry says is not kept twice"
    entry = RollEntry.objects.get(acquittement=files[0])
    assert (entry.person_id, entry.filer_id, entry.line) == (files[0].person_id, UVSQ, 2)


def test_exempt_and_refunded_certificates_count_as_paid_ones_do() -> None:
    exempt, refunded = AcquittementFactory(exempt=True), certified()[0]
    Acquittement.objects.filter(pk=refunded.pk).update(status="refunded")
    assert file_in(line_of(exempt), line_of(refunded)).bad == 0
    assert listed() == {exempt.pk, refunded.pk}


def _bad_lines() -> dict[BadLine, str]:
    """One line for each reason there is."""
    known, other_year = certified()[0], AcquittementFactory(paid=True, last_year=True)
    cancelled = certified()[0]
    Acquittement.objects.filter(pk=cancelled.pk).update(status="cancelled")
    elsewhere = certified()[0]
    daughter_of(LYON_1, UVSQ)
    file_in(line_of(elsewhere), uai=LYON_1)
    twice = certified()[0]
    nobody = PersonFactory()
    number = "VER6AAAAAA"
    return {
        BadLine.COLUMNS: "0781944P;seul",
        BadLine.NAME_MISSING: line_of(known, birth_name=" "),
        BadLine.BAD_DATE: line_of(known, birth_date="31/02/2008"),
        BadLine.INE_INVALID: line_of(known, ine="123"),
        BadLine.NUMBER_INVALID: line_of(known, cvec_number="VER6KQTRMB00"),
        BadLine.NO_KEY: line_of(known, ine="", cvec_number=""),
        BadLine.UAI_UNKNOWN: line_of(known, uai="0000000X"),
        BadLine.UAI_NOT_YOURS: line_of(known, uai=INSA),
        BadLine.NUMBER_UNKNOWN: line_of(known, cvec_number=number + check_digits(number)),
        BadLine.INE_UNKNOWN: line_of(known, cvec_number="", ine=nobody.ine),
        BadLine.OTHER_CAMPAIGN: line_of(other_year),
        BadLine.CANCELLED: line_of(cancelled),
        BadLine.NAME_MISMATCH: line_of(known, ine="", birth_name="Untel"),
        BadLine.ALREADY_LISTED: line_of(elsewhere),
        BadLine.DOUBLED: f"{line_of(twice)}\r\n{line_of(twice)}",
    }


def test_each_bad_line_is_named_with_its_reason_and_the_good_ones_are_taken() -> None:
    lines = _bad_lines()
    assert set(lines) == set(BadLine), "a reason without a line to show it"
    good = certified()[0]
    file = file_in(line_of(good), *lines.values())
    assert file.status == RollStatus.TAKEN
    found = reasons(file)
    wanted = [*(reason for reason in lines if reason != BadLine.DOUBLED), BadLine.DOUBLED]
    assert [found[line] for line in sorted(found)] == wanted
    assert min(found) == 3, "lines are counted as a person counts, the names of the columns included"
    assert good.pk in listed()


def test_the_refused_lines_come_back_as_a_file_that_can_be_corrected() -> None:
    known = certified()[0]
    file = file_in(line_of(known, birth_name="=Untel", ine=""), "0781944P;seul")
    rows = list(selectors.refused_rows(file))
    assert rows[0] == [*HEADER.split(";"), "line", "reason"]
    assert rows[1][3] == "'=Untel", "no spreadsheet takes a name for a formula"
    assert rows[1][6:] == ["2", str(BadLine.NAME_MISMATCH.label)]
    assert rows[2][:2] == ["0781944P", "seul"]
    assert all(len(row) == 8 for row in rows)


def test_an_ine_alone_is_enough_with_the_right_name_and_not_without() -> None:
    one, other = certified(2)
    file = file_in(line_of(one, cvec_number=""), line_of(other, cvec_number="", birth_name="Untel"))
    assert reasons(file) == {3: BadLine.NAME_MISMATCH}
    assert listed() == {one.pk}


def test_a_number_with_its_ine_forgives_a_name_and_a_usual_name_is_right() -> None:
    by_ine, by_name = certified(2)
    by_name.person.usual_name = "Moreau"
    by_name.person.save()
    file = file_in(line_of(by_ine, birth_name="Untel"), line_of(by_name, ine="", birth_name="Moreau-Petit"))
    assert reasons(file) == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_list_is_read_in_the_encodings_of_french_spreadsheets(encoding: str) -> None:
    one = certified(person__birth_name="Lefèvre-Éluard", person__search_key="lefevre eluard lina")[0]
    file = file_in(line_of(one), encoding=encoding)
    assert (file.bad, file.encoding) == (0, encoding)
    assert RollEntry.objects.get().birth_name == "Lefèvre-Éluard"


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_list_is_read_with_any_separator_and_without_a_line_of_names(separator: str) -> None:
    one = certified()[0]
    file = file_in(line_of(one).replace(";", separator), header=False)
    assert (file.separator, file.bad, listed()) == (separator, 0, {one.pk})


def test_columns_may_come_in_any_order_under_their_french_names() -> None:
    one = certified()[0]
    person = one.person
    head = "Prénom,Nom de naissance,N° CVEC,Remarque,UAI"
    file = file_in(head, f'{person.first_names},"{person.birth_name}",{one.document.number},ok,{UVSQ}', header=False)
    assert (file.bad, listed()) == (0, {one.pk})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04 a spreadsheet", "not_text"),
        ("liste".encode("utf-16"), "not_text"),
        (b"un;deux\r\n1;2\r\n", "columns"),
        (b"uai;nom\r\n0781944P;Benali\r\n", "columns"),
        (HEADER.encode() + b"\r\n\r\n;;;;;\r\n", "empty"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_changes_nothing(content: bytes, reason: str) -> None:
    with acting_as(of_establishment(UVSQ)):
        file = actions.receive_file(
            by=REFERENT, filer=school(), year=YEAR, name="x.csv", content=content, whole=False, now=AUTUMN
        )
    actions.work_on_file(file_id=file.pk, now=AUTUMN)
    file.refresh_from_db()
    assert (file.status, file.reason) == (RollStatus.UNREADABLE, reason)
    assert bytes(file.content) == content, "the file itself is kept as it came"


def test_too_many_lines_are_refused_as_a_whole(settings) -> None:
    settings.ROLL_MAX_LINES = 1
    file = file_in(*(line_of(one) for one in certified(2)))
    assert (file.status, file.reason) == (RollStatus.UNREADABLE, "too_long")
    assert not RollLine.objects.exists()


def test_an_open_quote_swallows_none_of_the_next_lines() -> None:
    one, other = certified(2)
    file = file_in(line_of(one).replace("Benali", '"Benali', 1), line_of(other))
    assert other.pk in listed()
    assert file.lines == 2


# A corrected file is a difference --------------------------------------------------------------------------------


def test_a_corrected_line_takes_the_place_of_the_refused_one() -> None:
    one, other = certified(2)
    first = file_in(line_of(one), line_of(other, cvec_number="VER6KQTRMB00"))
    assert first.bad == 1
    second = file_in(line_of(other))
    assert (second.added, second.bad) == (1, 0)
    assert listed() == {one.pk, other.pk}
    assert selectors.counts_of(UVSQ, YEAR) == selectors.Counts(students=2, in_order=2)


def test_a_correction_ends_one_row_and_adds_another_with_the_history_kept() -> None:
    one = certified()[0]
    first = file_in(line_of(one, first_name="Linna"))
    second = file_in(line_of(one))
    assert (second.added, second.corrected, second.unchanged) == (0, 1, 0)
    old, new = RollEntry.objects.order_by("pk")
    assert (old.ending, old.ended_by_id, old.file_id) == ("corrected", second.pk, first.pk)
    assert (new.first_name, new.until, new.since) == ("Lina", None, old.since)
    third = file_in(line_of(one), "", now=AUTUMN)
    assert (third.added, third.corrected, third.unchanged) == (0, 0, 1)


def test_a_whole_list_asks_before_it_removes_anybody() -> None:
    one, other, third = certified(3)
    file_in(line_of(one), line_of(other), line_of(third))
    file = file_in(line_of(one), line_of(other, cvec_number="VER6KQTRMB00"), whole=True)
    assert (file.status, file.removed) == (RollStatus.ASKING, 1)
    assert listed() == {one.pk, other.pk, third.pk}
    for _twice in range(2):
        actions.confirm_file(by=REFERENT, file_id=file.pk, now=AUTUMN)
        actions.work_on_file(file_id=file.pk, now=AUTUMN)
    file.refresh_from_db()
    assert (file.status, file.removed, file.bad) == (RollStatus.TAKEN, 1, 1)
    assert listed() == {one.pk, other.pk}, "a refused line still speaks of its student: they stay"
    assert RollEntry.objects.get(acquittement=third).ending == "removed"


def test_a_whole_list_of_one_daughter_leaves_the_others_alone() -> None:
    daughter_of(UVSQ, INSA)
    mine, hers, gone = certified(3)
    file_in(line_of(mine), line_of(hers, INSA), line_of(gone, INSA))
    file = file_in(line_of(hers, INSA), whole=True)
    assert file.removed == 1
    actions.confirm_file(by=REFERENT, file_id=file.pk, now=AUTUMN)
    actions.work_on_file(file_id=file.pk, now=AUTUMN)
    assert (listed(), listed(INSA)) == ({mine.pk}, {hers.pk})


def test_the_same_file_sent_twice_is_one() -> None:
    one = certified()[0]
    first = receive(line_of(one))
    assert receive(line_of(one)).pk == first.pk
    actions.work_on_file(file_id=first.pk, now=AUTUMN)
    assert receive(line_of(one)).pk == first.pk
    assert RollFile.objects.count() == 1


def test_another_file_waits_for_the_first() -> None:
    one, other = certified(2)
    receive(line_of(one))
    with pytest.raises(Refusal) as refused:
        receive(line_of(other))
    assert refused.value.code == "file_under_way"


def test_a_file_is_stopped_and_goes_on_from_where_it_stood() -> None:
    one = certified()[0]
    file = receive(line_of(one))
    for _twice in range(2):
        actions.stop_file(by=REFERENT, file_id=file.pk, now=AUTUMN)
    actions.work_on_file(file_id=file.pk, now=AUTUMN)
    assert listed() == set()
    for _twice in range(2):
        actions.resume_file(by=REFERENT, file_id=file.pk, now=AUTUMN)
    actions.work_on_file(file_id=file.pk, now=AUTUMN)
    assert listed() == {one.pk}
    with pytest.raises(Refusal, match="step_closed"):
        actions.stop_file(by=REFERENT, file_id=file.pk, now=AUTUMN)


def test_refused_lines_are_checked_again_when_a_student_has_paid_since() -> None:
    late, paid = AcquittementFactory(), certified()[0]
    file = file_in(line_of(late), line_of(paid))
    assert reasons(file) == {2: BadLine.INE_UNKNOWN}
    Acquittement.objects.filter(pk=late.pk).delete()
    again = AcquittementFactory(paid=True, person=late.person)
    for _twice in range(2):
        actions.check_again(by=REFERENT, file_id=file.pk, now=AUTUMN)
    actions.work_on_file(file_id=file.pk, now=AUTUMN)
    file.refresh_from_db()
    assert (file.status, file.bad, file.added, file.lines) == (RollStatus.TAKEN, 0, 2, 2)
    assert listed() == {again.pk, paid.pk}


@pytest.mark.parametrize(
    ("content", "when", "code"),
    [
        (b" \r\n", AUTUMN, "file_empty"),
        (b"x" * 200, AUTUMN, "file_too_big"),
        (b"x", NOW, "filing_closed"),
    ],
)
def test_what_cannot_be_received_is_refused_at_once(settings, content: bytes, when, code: str) -> None:
    settings.ROLL_MAX_BYTES = 100
    with pytest.raises(Refusal) as refused, acting_as(of_establishment(UVSQ)):
        actions.receive_file(
            by=REFERENT, filer=school(), year=YEAR, name="x.csv", content=content, whole=False, now=when
        )
    assert refused.value.code == code
    assert not RollFile.objects.exists()


# Who sees what ---------------------------------------------------------------------------------------------------


def _rows_seen() -> list[int]:
    with connection.cursor() as cursor:
        counts = []
        for table in ("cvec_roll", "cvec_rollfile", "cvec_rollline", "cvec_rollentry"):
            cursor.execute(f"select count(*) from {table}")  # noqa: S608 - names of ours
            counts.append(cursor.fetchone()[0])
        return counts


def test_another_establishment_another_crous_and_nobody_see_no_row_of_a_list() -> None:
    one = certified()[0]
    file_in(line_of(one), "0781944P;seul")
    with acting_as(of_establishment(UVSQ)):
        assert _rows_seen() == [1, 1, 1, 1]
    with acting_as(Scope("agent:1", crous=(26,))):
        assert _rows_seen() == [1, 1, 1, 1]
    for scope in (of_establishment(LYON_1), Scope("agent:2", crous=(12,)), NOBODY, Scope("person", person=0)):
        with acting_as(scope):
            assert _rows_seen() == [0, 0, 0, 0]
    with acting_as(Scope("person", person=one.person_id)):
        assert _rows_seen() == [0, 0, 0, 1], "a student sees that they are listed"
        assert [row.establishment.pk for row in selectors.listings_of(one.person_id, YEAR)] == [UVSQ]


def test_a_daughter_sees_the_students_that_its_mother_filed_for_it() -> None:
    daughter_of(UVSQ, INSA)
    mine, hers = certified(2)
    file_in(line_of(mine), line_of(hers, INSA))
    with acting_as(of_establishment(INSA)):
        assert [one.number for one in selectors.students_of(INSA, YEAR)] == [hers.document.number]
    with acting_as(of_establishment(UVSQ)):
        assert len(selectors.students_of(UVSQ, YEAR)) == 2


def test_a_certificate_cancelled_since_is_no_more_in_order() -> None:
    one, other = certified(2)
    file_in(line_of(one), line_of(other), "0781944P;;VER6KQTRMB00;Zed;Zoé;")
    Acquittement.objects.filter(pk=other.pk).update(status="cancelled")
    with acting_as(of_establishment(UVSQ)):
        assert selectors.counts_of(UVSQ, YEAR) == selectors.Counts(students=3, in_order=1)
        good = selectors.students_of(UVSQ, YEAR, selectors.Sought(state="in_order"))
        bad = selectors.students_of(UVSQ, YEAR, selectors.Sought(state="not"))
    assert [row.number for row in good] == [one.document.number]
    assert [row.birth_name for row in bad] == [other.person.birth_name, "Zed"]
    assert all(row.reason and not row.in_order for row in bad)


def test_students_are_found_by_name_ine_or_number_and_shown_page_by_page() -> None:
    files = certified(5)
    file_in(*(line_of(one) for one in files))
    with acting_as(of_establishment(UVSQ)):
        for text in (files[2].person.ine, files[2].document.number, files[2].person.birth_name):
            found = selectors.students_of(UVSQ, YEAR, selectors.Sought(text=text))
            assert files[2].document.number in {row.number for row in found}
        seen, after = [], ""
        while page := selectors.students_of(UVSQ, YEAR, after=after, limit=2):
            seen += [row.number for row in page]
            after = page[-1].mark
    assert sorted(seen) == sorted(one.document.number for one in files)
    assert len(seen) == 5


def test_each_listed_student_is_told_once_in_their_timeline() -> None:
    files = certified(3)
    file = file_in(*(line_of(one) for one in files))
    assert actions.tell_listed(file_id=file.pk, now=AUTUMN) == 3
    assert actions.tell_listed(file_id=file.pk, now=AUTUMN) == 0
    deeds = Deed.objects.filter(verb="cvec.list_student")
    assert {deed.person_id for deed in deeds} == {one.person_id for one in files}
    assert {deed.actor_label for deed in deeds} == {school().name}
    corrected = file_in(line_of(files[0], first_name="Linna"))
    assert actions.tell_listed(file_id=corrected.pk, now=AUTUMN) == 0
