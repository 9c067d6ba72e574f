"""The pages of series and pauses."""

from datetime import date, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from papers.models import Pause, Series, Session
from papers.scheduling import series as verbs
from papers.scheduling import sessions

NEW = "/clubs/ml/series/new"
PAUSES = "/clubs/ml/pauses/"
NEXT_WEEK = timezone.now().date() + timedelta(days=7)
FIELDS = {
    "kind": "paper_talk",
    "repeats": "weekly",
    "every": "2",
    "weekdays": ["1", "3"],
    "n": "1",
    "weekday": "0",
    "starts_on": f"{NEXT_WEEK}",
    "starts_at": "14:00",
    "minutes": "60",
    "lock_hours": "24",
    "time_zone": "Europe/Berlin",
}


@pytest.fixture
def as_organiser(client, organiser):
    client.force_login(organiser)
    return client


@pytest.fixture
def series(club, organiser):
    return verbs.create_series(
        club, rule="FREQ=WEEKLY;BYDAY=WE", starts_on=timezone.now().date() - timedelta(days=30),
        starts_at=time(14), time_zone="Europe/Berlin", by=organiser,
    )  # fmt: skip


def address(series, what="detail"):
    return reverse(f"papers:series_{what}", args=["ml", series.pk])


def read_form(client, path):
    form = client.get(path).context["form"]
    return {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH"),
        ({"repeats": "monthly", "every": "", "n": "-1", "weekday": "4"}, "FREQ=MONTHLY;BYDAY=-1FR"),
        ({"repeats": "rule", "rule": "rrule:freq=monthly;bymonthday=1,15"}, "FREQ=MONTHLY;BYMONTHDAY=1,15"),
        ({"until": "2099-01-01", "every": ""}, "FREQ=WEEKLY;UNTIL=20990101;BYDAY=TU,TH"),
    ],
    ids=["weekly", "monthly", "by hand", "with an end"],
)
def test_form_makes_a_rule(as_organiser, fields, rule):
    response = as_organiser.post(NEW, {**FIELDS, **fields})

    series = Series.objects.get()
    assert response["Location"] == address(series)
    assert series.rule == rule
    assert Session.objects.filter(series=series).exists()


def test_no_weekday_means_that_of_the_first_day(as_organiser):
    as_organiser.post(NEW, {**FIELDS, "weekdays": [], "every": "1"})

    assert Series.objects.get().rule == f"FREQ=WEEKLY;BYDAY={f'{NEXT_WEEK:%a}'[:2].upper()}"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"repeats": "rule", "rule": "FREQ=HOURLY"}, "by day, week, month or year"),
        ({"repeats": "rule", "rule": ""}, "Write the rule"),
        ({"repeats": "rule", "rule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, "no day"),
        ({"until": "2001-01-01"}, "ends before it begins"),
        ({"starts_on": "9999-12-31"}, "between"),
        ({"starts_on": "2001-01-01", "until": "2002-01-01"}, "All of its days are past"),
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice"),
        ({"repeats": "daily"}, "Select a valid choice"),
    ],
    ids=["hourly", "no rule", "never", "ends first", "another age", "over", "zone", "repeats"],
)
@pytest.mark.parametrize("button", ["save", "look"])
def test_odd_series_is_told(as_organiser, fields, sentence, button):
    page = as_organiser.post(NEW, {**FIELDS, **fields, button: "1"}).content.decode()

    assert sentence in page or (button == "look" and sentence == "All of its days are past")
    assert not Series.objects.exists()


def test_days_are_shown_before_anything_is_made(as_organiser):
    page = as_organiser.post(NEW, {**FIELDS, "look": "1"}).content.decode()

    assert "Every second week on Tuesday and Thursday at 14:00" in page
    assert not Series.objects.exists()


def test_clocks_that_change_are_told(as_organiser):
    hours = {"repeats": "rule", "starts_at": "02:30", "look": "1"}

    spring = as_organiser.post(NEW, {**FIELDS, **hours, "rule": "FREQ=YEARLY", "starts_on": "2030-03-31"})
    autumn = as_organiser.post(NEW, {**FIELDS, **hours, "rule": "FREQ=YEARLY", "starts_on": "2030-10-27"})

    assert "so it starts at 03:30" in spring.content.decode()
    assert "the first is meant" in autumn.content.decode()


def test_past_first_day_is_allowed_with_a_word(as_organiser):
    page = as_organiser.post(NEW, {**FIELDS, "starts_on": "2020-01-01"}, follow=True).content.decode()

    assert "Its first day is past" in page


def test_page_says_the_rule_and_what_was_changed(as_organiser, series, organiser):
    first, second = series.sessions.order_by("starts")[:2]
    sessions.change_session(first, place="Garden", by=organiser)
    sessions.cancel_session(second, because="Strike", by=organiser)

    page = as_organiser.get(address(series)).content.decode()

    assert "Every Wednesday at 14:00" in page
    assert "changed by hand" in page and "cancelled: Strike" in page


def test_page_costs_the_same_for_many(client, member, series, django_assert_num_queries):
    client.force_login(member)
    # person, clubs; series, sessions, held, before, after, pauses
    with django_assert_num_queries(8):
        client.get(address(series))
    series.sessions.filter(pk__in=series.sessions.order_by("-pk").values("pk")[:20]).delete()
    with django_assert_num_queries(8):
        client.get(address(series))


def test_saving_without_a_change_changes_nothing(as_organiser, series):
    as_organiser.post(address(series, "edit"), read_form(as_organiser, address(series, "edit")))

    assert Series.objects.get().version == series.version


def test_following_sessions_move_from_the_one_that_was_chosen(as_organiser, series):
    second = series.sessions.order_by("starts")[1]
    path = f"{address(series, 'edit')}?from={second.occurrence[:10]}"
    fields = {**read_form(as_organiser, path), "weekdays": ["3"], "starts_at": "16:00"}

    response = as_organiser.post(path, fields, follow=True)

    second.refresh_from_db()
    assert second.series.rule == "FREQ=WEEKLY;BYDAY=TH"
    assert second.occurrence.endswith("T16:00")
    assert "Every Wednesday at 14:00" in response.content.decode(), "what was before is linked"
    old = as_organiser.get(address(series)).content.decode()
    assert "by another rule" in old


def test_sessions_that_fall_away_are_told(as_organiser, series):
    path = address(series, "edit")

    page = as_organiser.post(
        path, {**read_form(as_organiser, path), "every": "2"}, follow=True
    ).content.decode()

    assert "13 sessions have no place by the new rule" in page


def test_series_ends_and_goes_on(as_organiser, series):
    as_organiser.post(address(series, "end"), {"on": f"{timezone.now().date()}"})
    assert not series.sessions.filter(state="open", starts__gt=timezone.now()).exists()

    as_organiser.post(address(series, "end"), {"resume": "1"})
    assert series.sessions.filter(state="open").count() >= 25
    page = as_organiser.post(address(series, "end"), {"on": "2026-02-30"}, follow=True).content.decode()
    assert "Say from which day on" in page


# Pauses


def test_pause_is_added_and_removed(as_organiser, series):
    day = series.sessions.order_by("starts")[1].occurrence[:10]

    as_organiser.post(PAUSES, {"first_day": day, "reason": "Term <break>", "series": series.pk})

    pause = Pause.objects.get()
    assert (pause.first_day, pause.last_day, pause.series) == (date.fromisoformat(day),) * 2 + (series,)
    assert "Term &lt;break&gt;" in as_organiser.get(PAUSES).content.decode()
    assert series.sessions.filter(state="cancelled").count() == 1
    as_organiser.post(reverse("papers:pause_remove", args=["ml", pause.pk]))
    assert not Pause.objects.exists()
    assert not series.sessions.filter(state="cancelled").exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"first_day": "2026-05-02", "last_day": "2026-05-01"}, "lies before the first"),
        ({"first_day": "2026-05-02", "last_day": "2036-05-01"}, "a year at most"),
        ({"first_day": "2026-02-30"}, "valid date"),
        ({"first_day": ""}, "required"),
    ],
)
def test_odd_pause_is_told(as_organiser, series, fields, sentence):
    page = as_organiser.post(PAUSES, {"reason": "Break", **fields}).content.decode()

    assert sentence in page and 'value="Break"' in page


def test_pause_of_another_clubs_series_is_refused(as_organiser, series, other_club, outsider):
    theirs = verbs.create_series(
        other_club, rule="FREQ=DAILY", starts_on=NEXT_WEEK, starts_at=time(9), by=outsider
    )

    page = as_organiser.post(PAUSES, {"first_day": "2026-05-02", "series": theirs.pk}).content.decode()

    assert "Select a valid choice" in page


def test_holidays_are_chosen_as_pauses(as_organiser, series):
    path = f"{reverse('papers:holiday_list', args=['ml'])}?country=DE&part=BY"
    rows = as_organiser.get(path).context["rows"]
    christmas = next(row["holiday"] for row in rows if row["holiday"].name == "Christmas Day")

    as_organiser.post(path, {"day": [f"{christmas.day}", "2001-01-01"]})

    pause = Pause.objects.get()
    assert (pause.first_day, pause.reason, pause.series) == (christmas.day, "Christmas Day", None)


def test_country_that_is_none_is_told(as_organiser):
    page = as_organiser.get(f"{reverse('papers:holiday_list', args=['ml'])}?country=XX").content.decode()

    assert "Select a valid choice" in page
