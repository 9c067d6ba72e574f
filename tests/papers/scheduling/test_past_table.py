"""The lab's old spreadsheet, in whatever spelling it is written."""

import io
from datetime import date, time

import pytest

from papers.identifiers import Identifier
from papers.records import UnreadableInput
from papers.scheduling import past_table
from papers.scheduling.past_table import Day, find_order, read_day, read_past_table, read_time, split_people

TODAY = date(2026, 1, 1)
WANTED = date(2025, 4, 30)


@pytest.mark.parametrize(
    "text",
    [
        *("2025-04-30", "2025/4/30", "2025.04.30", "20250430", "2025-04-30T14:00:00", "2025-04-30 14:00"),
        *("30.04.2025", "30.4.2025", "30.4.25", "30. 4. 2025", "30/04/2025", "30/4/25", "30-04-2025"),
        *("4/30/2025", "04/30/25", "4-30-2025", "30-Apr-25", "30-Apr-2025", "30 April 2025", "30 apr. 2025"),
        *(
            "Wed 30 April 2025",
            "Wednesday, April 30, 2025",
            "April 30th, 2025",
            "Apr 30 2025",
            "Mi, 30. April 2025",
        ),
        *(
            "30 avril 2025",
            "30 de abril 2025",
            "2025年4月30日",
            "45777",
            "45777.0",
            "45777,5833",
            "30.04.2025 14:00 Uhr",
        ),
    ],
)
def test_days_as_spreadsheets_write_them(text):
    assert read_day(text).read(None) == WANTED


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2025", "April", "31.02.2025", "2025-13-01", "123", "99999", "30/30/2025", "April 2025"],
)
def test_what_is_no_day(text):
    assert read_day(text) is None


def test_dots_have_the_day_first():
    assert read_day("04.05.2025").read(None) == date(2025, 5, 4)


def test_day_that_may_be_either():
    day = read_day("04/05/2025")
    assert (day.read(None), day.read(True), day.read(False)) == (None, date(2025, 5, 4), date(2025, 4, 5))
    assert not day.is_certain


def days(*texts):
    return [read_day(text) for text in texts]


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (("04/05/2025", "23/04/2025"), True),
        (("04/05/2025", "04/23/2025"), False),
        (("23/04/2025", "04/23/2025", "04/05/2025"), None),
        (("04/05/2025",), None),
        (("01/04/2025", "08/04/2025", "06/05/2025", "03/06/2025"), True),  # all Tuesdays
        (("04/01/2025", "04/08/2025", "05/06/2025", "06/03/2025"), False),
        (("2025-04-30",), None),
    ],
    ids=["day", "month", "both", "neither", "weekday, day", "weekday, month", "certain"],
)
def test_other_rows_say_what_comes_first(texts, order):
    assert find_order(days(*texts), TODAY) is order


def test_order_in_the_future_is_no_reading():
    assert find_order(days("04/05/2025", "02/12/2025"), date(2025, 6, 1)) is False
    assert find_order([Day(date(2025, 5, 4), date(2026, 4, 5))], TODAY) is True


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("14:00", time(14)), ("14.30", time(14, 30)), ("14h15", time(14, 15)), ("2 pm", time(14)),
        ("2:30 PM", time(14, 30)),
        ("12 am", time(0)), ("14:00:00", time(14)), ("14", time(14)), ("14:00 Uhr", time(14)),
        ("", None), ("noon", None), ("25:00", None), ("13 pm", None), ("room 5", None),
    ],
)  # fmt: skip
def test_times_of_day(text, at):
    assert read_time(text) == at


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ann Lee", ["Ann Lee"]), ("Lee, Ann", ["Ann Lee"]), ("Ann & Bo", ["Ann", "Bo"]),
        ("Ann; Bo Ek", ["Ann", "Bo Ek"]),
        ("Ann Lee, Bo Ek", ["Ann Lee", "Bo Ek"]), ("A, B, C", ["A", "B", "C"]), ("Ann and Bo", ["Ann", "Bo"]),
        ("Brandt", ["Brandt"]), ("", []), ("mia@example.org", ["mia@example.org"]),
    ],
)  # fmt: skip
def test_people_in_a_cell(text, names):
    assert split_people(text) == names


def read(text, **facts):
    return read_past_table(io.BytesIO(text.encode()), today=TODAY, **facts)


def test_table_is_read_with_guessed_columns():
    table = read(
        "Date;Time;Paper;Link;Presenter;Discussant;Notes\n"
        "30.04.2025;14:00;Attention is all you need;arXiv:1706.03762;Mia Member;Bo;Good talk\n"
        "07.05.2025;;https://arxiv.org/abs/2504.00001v2;;Ann;;\n"
    )
    first, second = table.rows
    assert (first.day, first.at, first.title) == (WANTED, time(14), "Attention is all you need")
    assert (first.identifier, first.presenter, first.discussant) == (
        Identifier("arxiv", "1706.03762"), "Mia Member", "Bo"
    )  # fmt: skip
    assert (first.notes, first.place) == ("Good talk", "line 2")
    assert (second.title, second.identifier) == ("", Identifier("arxiv", "2504.00001"))
    assert table.rejections == ()


def test_identifier_within_a_title_is_found():
    [row] = read("date,paper\n2025-04-30,Attention is all you need (arXiv:1706.03762)\n").rows
    assert row.identifier == Identifier("arxiv", "1706.03762")
    assert row.title.startswith("Attention")


def test_each_row_that_cannot_be_read_is_told_with_line_and_reason():
    table = read(
        "date,paper,presenter\n,A paper,Ann\nsoon,A paper,Ann\n04/05/2025,A paper,Ann\n2027-01-01,A paper,Ann\n"
        "2025-04-30,,\n1950-01-01,Old,\n2025-04-23,no meeting,\n2025-04-16,A,B,C,D\n2025-04-16,Fine,Ann\n"
    )
    assert [row.title for row in table.rows] == ["Fine"]
    found = {rejection.place: rejection.reason for rejection in table.rejections}
    assert found == {
        "line 2": "There is no date.",
        "line 3": "“soon” is no day that we can read, such as 2025-04-30.",
        "line 4": "“04/05/2025” may be 2025-05-04 or 2025-04-05. Say whether the day or the month comes first.",
        "line 5": "2027-01-01 lies in the future.",
        "line 6": "There is nothing but a date.",
        "line 7": "1950-01-01 is long before any session.",
        "line 8": "There was no meeting, so there is nothing to bring in.",
        "line 9": "The row has 5 cells, and the heading 3.",
    }
    assert table.rejections[0].raw or table.rejections[1].raw


def test_whoever_brings_it_says_which_comes_first():
    text = "date,paper\n04/05/2025,A\n"
    assert read(text, day_first=True).rows[0].day == date(2025, 5, 4)
    assert read(text, day_first=False).rows[0].day == date(2025, 4, 5)
    assert read(text).has_doubtful


def test_columns_may_be_given():
    columns = {"date": "Wann", "paper": "Was"}
    assert read("Wann,Was\n2025-04-30,A\n", columns=columns).rows[0].title == "A"


def test_table_without_a_date_is_unreadable():
    with pytest.raises(UnreadableInput, match="which column is the date"):
        read("paper,presenter\nA,B\n")


def test_table_has_a_bound(monkeypatch):
    monkeypatch.setattr(past_table, "MOST_ROWS", 2)
    with pytest.raises(UnreadableInput, match="more than 2 rows"):
        read("date,paper\n" + "2025-04-30,A\n" * 3)
