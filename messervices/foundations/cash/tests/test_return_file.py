"""Return files, right and hostile: one wrong byte and the whole file is refused, each bad line named."""

import hashlib
import random
from datetime import date

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from messervices.foundations.cash.providers.return_file import MOST_FAULTS, check, lines
from messervices.foundations.cash.rules import reference_of
from messervices.foundations.cash.tests.factories import CREDITOR, TODAY, Counter, body, return_file, sealed

REFERENCES = [reference_of(f"{turn:018d}") for turn in range(100)]
DAY = [Counter(reference, operation=f"OP{rank:08d}") for rank, reference in enumerate(REFERENCES[:40], 1)]
RIGHT = return_file(*DAY)


def faults(raw: bytes) -> list[tuple[int, str]]:
    return [(one.line, one.fault.value) for one in check(raw, creditor=CREDITOR).faults]


def rows(raw: bytes) -> list[bytes]:
    return raw.splitlines(keepends=True)


def test_a_right_file_says_what_it_holds() -> None:
    found = check(RIGHT, creditor=CREDITOR)
    assert found.faults == []
    assert (found.creditor, found.number, found.day) == (CREDITOR, 1, TODAY)
    assert (found.count, found.amount_cents, found.fee_cents) == (40, 40 * 105_00, 40 * 5_00)
    taken = list(lines(RIGHT))
    assert [one.number for one in taken] == list(range(1, 41))
    assert taken[0].reference == REFERENCES[0]
    assert [one.number for one in lines(RIGHT, after=38)] == [39, 40]


def test_a_day_on_which_nobody_paid_is_a_right_file() -> None:
    assert faults(return_file()) == []
    assert list(lines(return_file())) == []


def test_nothing_at_all_is_no_file() -> None:
    assert faults(b"") == [(1, "empty")]


@pytest.mark.parametrize("kept", [1, 2, 20, 41])
def test_a_file_cut_between_two_lines_has_no_end(kept: int) -> None:
    assert faults(b"".join(rows(RIGHT)[:kept])) == [(kept, "no_trailer")]


def test_a_file_cut_anywhere_is_refused() -> None:
    for end in range(len(RIGHT)):
        assert faults(RIGHT[:end]), end


def test_a_line_that_is_there_twice_is_named() -> None:
    every = rows(RIGHT)
    found = faults(b"".join([*every[:5], every[4], *every[5:]]))
    assert (6, "doubled") in found
    assert (6, "rank") in found
    assert {(43, "count"), (43, "sum"), (43, "fees"), (43, "mark")} <= set(found)


def test_lines_in_another_order_are_named() -> None:
    every = rows(RIGHT)
    every[10], every[11] = every[11], every[10]
    assert faults(b"".join(every)) == [(11, "rank"), (12, "rank"), (42, "mark")]


def test_an_amount_changed_along_with_the_sum_is_still_seen() -> None:
    every = [*DAY[:3], Counter(DAY[3].reference, 106_00, operation=DAY[3].operation), *DAY[4:]]
    altered = sealed(body(every), every, mark=hashlib.sha256(body(DAY)).hexdigest())
    assert faults(altered) == [(42, "mark")]


def test_two_amounts_that_make_up_for_each_other_are_seen() -> None:
    raw = RIGHT.replace(b";10500;500;OP00000003", b";10400;500;OP00000003").replace(
        b";10500;500;OP00000009", b";10600;500;OP00000009"
    )
    assert faults(raw) == [(42, "mark")]


@pytest.mark.parametrize(
    ("changes", "fault"), [({"count": 39}, "count"), ({"amount": 1}, "sum"), ({"fees": 0}, "fees")]
)
def test_a_last_line_that_says_something_else_is_refused(changes: dict[str, int], fault: str) -> None:
    assert faults(sealed(body(DAY), DAY, **changes)) == [(42, fault)]


@pytest.mark.parametrize("after", [b"\r\n", b"x", b"D;41\r\n", RIGHT])
def test_nothing_may_follow_the_last_line(after: bytes) -> None:
    assert (43, "after_trailer") in faults(RIGHT + after)


def test_a_file_in_another_encoding_is_refused_line_by_line() -> None:
    said = body(DAY).replace(b"OP00000007", "OPé0000007".encode("cp1252"))
    assert (8, "encoding") in faults(sealed(said, DAY))
    assert faults(RIGHT.decode().encode("utf-16"))[0] == (1, "encoding")
    assert faults(b"\xef\xbb\xbf" + RIGHT)[0] == (1, "encoding")


def test_line_ends_of_another_machine_are_refused() -> None:
    assert faults(RIGHT.replace(b"\r\n", b"\n"))[0] == (1, "line_end")


@pytest.mark.parametrize(
    "head",
    [
        b"H;EFICASH;2;075019;1;2026-08-28", b"H;EFICASH;1;75019;1;2026-08-28", b"H;EFICASH;1;075019;1;2026-02-30",
        b"H;EFICASH;1;075019;1;28/08/2026", b"D;1", b"", b"h;eficash;1;075019;1;2026-08-28",
    ],
)  # fmt: skip
def test_another_head_is_not_our_file(head: bytes) -> None:
    said = head + b"\r\n" + b"".join(rows(body(DAY))[1:])
    assert faults(sealed(said, DAY))[0] == (1, "header")


def test_the_file_of_another_creditor_is_refused() -> None:
    assert faults(return_file(*DAY, creditor="999999")) == [(1, "creditor")]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("D;1;2026-08-28;750010;{r};10500;500;OP1A2B3C;more", "shape"),
        ("D;1;2026-08-28;750010;{r};105,00;500;OP1A2B3C", "shape"),
        ("D;1;2026-08-28;750010;{r};-10500;500;OP1A2B3C", "shape"),
        ("D;1;2026-08-28;750010;123;10500;500;OP1A2B3C", "shape"),
        ("D;1;2026-08-28;750010;{r};10500;500;op1a2b3c", "shape"),
        ("D;1;2026-08-28;750010;{r};10500;500;=CMD()", "shape"),
        ("X;1;2026-08-28;750010;{r};10500;500;OP1A2B3C", "shape"),
        ("", "shape"),
        ("D;1;2026-13-28;750010;{r};10500;500;OP1A2B3C", "day"),
        ("D;1;2026-08-29;750010;{r};10500;500;OP1A2B3C", "day"),
        ("D;2;2026-08-28;750010;{r};10500;500;OP1A2B3C", "rank"),
        ("D;1;2026-08-28;750010;{r};0;500;OP1A2B3C", "amount"),
    ],
)
def test_a_line_that_is_not_one_is_named(line: str, fault: str) -> None:
    said = rows(body([]))[0] + line.format(r=REFERENCES[0]).encode() + b"\r\n"
    assert (2, fault) in faults(sealed(said, [DAY[0]], amount=10500))


def test_a_line_without_end_is_refused_and_not_kept_in_memory() -> None:
    assert (2, "too_long") in faults(rows(RIGHT)[0] + b"D" * 1_000_000)


def test_a_file_wrong_everywhere_tells_its_first_faults() -> None:
    assert len(faults(b"x" + b"\n" * 100_000)) == MOST_FAULTS


def test_each_bad_line_is_told_beside_the_others() -> None:
    said = body(DAY).replace(b"D;3;", b"D;4;").replace(b"D;9;2026-08-28", b"D;9;2026-99-28")
    assert [one for one in faults(sealed(said, DAY)) if one[1] in {"rank", "day"}] == [(4, "rank"), (10, "day")]


def mutate(raw: bytes, kind: str, draw: random.Random) -> bytes:
    """Do one of the things that happen to files on their way."""
    every, place = rows(raw), draw.randrange(len(raw))
    line = draw.randrange(len(every))
    if kind == "flip":
        return raw[:place] + bytes([raw[place] ^ (1 << draw.randrange(8))]) + raw[place + 1 :]
    if kind == "cut":
        return raw[:place]
    if kind == "lost":
        return raw[:place] + raw[place + draw.randint(1, 90) :]
    if kind == "added":
        return raw[:place] + draw.randbytes(draw.randint(1, 40)) + raw[place:]
    if kind == "line doubled":
        return b"".join([*every[: line + 1], *every[line:]])
    if kind == "line lost":
        return b"".join([*every[:line], *every[line + 1 :]])
    if kind == "shuffled":
        draw.shuffle(every)
        return b"".join(every)
    if kind == "digit":
        digits = [at for at, sign in enumerate(raw) if chr(sign).isdigit()]
        at = draw.choice(digits)
        return raw[:at] + str((int(chr(raw[at])) + draw.randint(1, 9)) % 10).encode() + raw[at + 1 :]
    if kind == "spliced":
        return raw[:place] + RIGHT[draw.randrange(len(RIGHT)) :]
    return raw.decode().encode(draw.choice(["utf-16", "utf-16-le", "utf-32", "cp500"]))


KINDS = [
    "flip", "cut", "lost", "added", "line doubled", "line lost", "shuffled", "digit", "spliced", "encoding",
]  # fmt: skip


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**32))
def test_five_hundred_mutated_files_are_all_refused_whole(kind: str, seed: int) -> None:
    raw = mutate(RIGHT, kind, random.Random(seed))
    assume(raw != RIGHT)
    assert faults(raw)


def test_control_without_the_mark_some_mutated_files_would_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last line's own digits are not what stops an altered reference: its mark is."""
    passed = 0
    for seed in range(300):
        raw = mutate(RIGHT, "digit", random.Random(seed))
        passed += not [one for one in faults(raw) if one[1] != "mark"]
    assert passed > 20


def test_a_hundred_thousand_lines_are_checked_without_loading_them_as_objects() -> None:
    every = [Counter(REFERENCES[rank % 100], operation=f"OP{rank:08d}") for rank in range(100_000)]
    found = check(return_file(*every), creditor=CREDITOR)
    assert (found.count, found.faults) == (100_000, [])


def test_the_days_of_a_file_may_lie_before_it() -> None:
    assert faults(return_file(Counter(REFERENCES[0], paid_on=date(2026, 8, 20), operation="OPERATION1"))) == []
