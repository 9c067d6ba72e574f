"""`manage.py past_sessions`."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from papers.models import AgendaItem, Session

pytestmark = pytest.mark.django_db


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("Tag,paper,presenter\n04/05/2024,Attention,Mia Member\nsoon,Nothing,\n")
    return str(path)


def run(*arguments):
    said = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("past_sessions", *arguments, stdout=said)
    return end.value.code, said.getvalue()


def test_rows_come_in_and_what_does_not_is_told(club, member, table):
    code, said = run(table, "--club", club.slug, "--month-first", "--starts-at", "15:00", "--offline")
    assert code == 1
    assert "1 sessions and 1 papers or topics added, 0 rows unchanged, 1 rejected" in said
    assert "line 3: “soon” is no day" in said
    session = Session.objects.get()
    assert f"{session.starts:%Y-%m-%d %H:%M}" == "2024-04-05 15:00"


def test_second_time_changes_nothing(club, table):
    run(table, "--club", club.slug, "--day-first", "--offline")
    _code, said = run(table, "--club", club.slug, "--day-first", "--offline")
    assert "0 sessions and 0 papers or topics added, 1 rows unchanged" in said
    assert AgendaItem.objects.count() == 1


def test_columns_may_be_given(club, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("A,B\n2024-05-04,Attention\n")
    columns = json.dumps({"date": "A", "paper": "B"})
    code, _said = run(str(path), "--club", club.slug, "--columns", columns)
    assert (code, Session.objects.count()) == (0, 1)


def test_what_cannot_be_read_ends_with_2(club, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("nothing")
    for arguments in (
        [str(path), "--club", club.slug],
        [str(tmp_path / "no"), "--club", club.slug],
        [str(path), "--club", "x"],
    ):
        with pytest.raises(CommandError) as refusal:
            call_command("past_sessions", *arguments)
        assert refusal.value.returncode == 2


def test_papers_are_looked_up(club, tmp_path, registries):
    registries.answers["/crossref?filter=doi:10.1000/xyz"] = (
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    )
    path = tmp_path / "t.csv"
    path.write_text("date,paper\n2024-05-04,10.1000/xyz\n")
    code, said = run(str(path), "--club", club.slug)
    assert code == 1 and "line 2" in said
