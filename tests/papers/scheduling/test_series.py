"""Series: sessions made ahead, pauses, one-off changes, this and following, ends."""

import threading
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from papers import reading_list, voting
from papers.models import Assignment, Pause, Series, Session, Tombstone
from papers.scheduling import series as verbs
from papers.scheduling import sessions
from papers.scheduling.parts import load_parts
from tests import factories

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2025, 4, 28, 9, tzinfo=UTC)
WEDNESDAY = date(2025, 4, 30)
FACTS = {
    "rule": "FREQ=WEEKLY;BYDAY=WE",
    "starts_on": WEDNESDAY,
    "starts_at": time(14),
    "time_zone": "Europe/Berlin",
}


@pytest.fixture
def series(club, organiser):
    return verbs.create_series(club, by=organiser, now=NOW, place="Room 2.14", **FACTS)


def on(series, day):
    return series.sessions.get(occurrence__startswith=f"{day}")


def keys(series, **filters):
    return list(series.sessions.filter(**filters).order_by("occurrence").values_list("occurrence", flat=True))


def version(club):
    club.refresh_from_db()
    return club.version


def test_sessions_of_half_a_year_are_made_at_once(series, club):
    made = list(series.sessions.order_by("starts"))

    assert len(made) == 26
    assert made[0].occurrence == "2025-04-30T14:00"
    assert {session.starts.astimezone(BERLIN).time() for session in made} == {time(14)}, (
        "clocks change in between"
    )
    assert {(session.state, session.place, session.minutes) for session in made} == {
        ("open", "Room 2.14", 60)
    }
    assert made[0].lock_at == made[0].starts - timedelta(hours=48)
    assert {session.version for session in made} == {series.version} == {version(club)}
    assert len({session.uid for session in made}) == 26


def test_tick_makes_what_has_come_near_once(series, club):
    assert verbs.make_due_sessions(NOW) == 0
    before = version(club)

    assert verbs.make_due_sessions(NOW + timedelta(days=7)) == 1
    assert verbs.make_due_sessions(NOW + timedelta(days=7)) == 0
    assert version(club) == before + 1
    assert keys(series)[-1] == "2025-10-29T14:00"


def test_tick_after_a_long_silence_makes_nothing_of_the_past(series):
    verbs.make_due_sessions(NOW + timedelta(days=730))

    late = [key for key in keys(series) if key > "2025-11"]
    assert late[0] == "2027-04-28T14:00"
    assert late[-1] == "2027-10-27T14:00"


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_make_each_session_once(series):
    start = threading.Barrier(3)

    def tick():
        start.wait()
        verbs.make_due_sessions(NOW + timedelta(days=70))
        connection.close()

    threads = [threading.Thread(target=tick) for _each in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys(series)) == len(set(keys(series))) == 36


def test_past_first_day_only_counts_the_weeks(club, organiser):
    facts = {**FACTS, "rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", "starts_on": date(2024, 9, 4)}
    series = verbs.create_series(club, by=organiser, now=NOW, **facts)

    assert keys(series)[0] == "2025-04-30T14:00"


BAD = {
    "no rule": ({"rule": "every wednesday"}, "says nothing"),
    "hourly": ({"rule": "FREQ=HOURLY"}, "by day, week"),
    "never": ({"rule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, "no day"),
    "over": ({"starts_on": date(2024, 1, 3), "rule": "FREQ=WEEKLY;COUNT=3"}, "days are past"),
    "another age": ({"starts_on": date(9999, 1, 1)}, "between"),
}


@pytest.mark.parametrize(("facts", "sentence"), BAD.values(), ids=BAD)
def test_series_that_never_meets_is_refused(club, organiser, facts, sentence):
    with pytest.raises(verbs.BadSeries, match=sentence):
        verbs.create_series(club, by=organiser, now=NOW, **{**FACTS, **facts})

    assert not Series.objects.exists()


@pytest.mark.parametrize(
    "facts", [{"time_zone": "Mars/Olympus"}, {"minutes": 9_999}, {"time_zone": "../etc/passwd"}]
)
def test_odd_facts_are_refused_by_field(club, organiser, facts):
    with pytest.raises(ValidationError) as refusal:
        verbs.create_series(club, by=organiser, now=NOW, **{**FACTS, **facts})

    assert next(iter(facts)) in refusal.value.message_dict


def test_daily_series_without_end_is_bounded(club, organiser):
    series = verbs.create_series(club, by=organiser, now=NOW, **{**FACTS, "rule": "FREQ=DAILY"})

    assert series.sessions.count() == 182


# Pauses


def test_pause_cancels_and_its_removal_brings_back(series, club, organiser):
    untouched = on(series, "2025-05-28")
    pause = verbs.add_pause(
        club,
        first_day=date(2025, 5, 7),
        last_day=date(2025, 5, 21),
        reason="Term break",
        by=organiser,
        now=NOW,
    )

    cancelled = series.sessions.filter(state="cancelled")
    assert keys(series, state="cancelled") == ["2025-05-07T14:00", "2025-05-14T14:00", "2025-05-21T14:00"]
    assert {(s.cancelled_because, s.sequence, s.version) for s in cancelled} == {
        ("Term break", 1, pause.version)
    }

    verbs.remove_pause(pause, by=organiser, now=NOW)

    assert keys(series, state="cancelled") == []
    assert on(series, "2025-05-07").sequence == 2
    assert on(series, "2025-05-28").version == untouched.version
    assert Tombstone.objects.filter(kind="pause", object_id=pause.pk, version=version(club)).exists()


def test_pause_of_days_not_made_yet_skips_them_until_it_is_removed(series, club, organiser):
    christmas = {"first_day": date(2025, 12, 22), "last_day": date(2026, 1, 6)}
    pause = verbs.add_pause(club, **christmas, by=organiser, now=NOW)
    later = NOW + timedelta(days=120)
    verbs.make_due_sessions(later)
    assert not [key for key in keys(series) if "2025-12-24" <= key < "2026-01-07"]

    verbs.remove_pause(pause, by=organiser, now=later)

    assert [key for key in keys(series) if "2025-12-24" <= key < "2026-01-07"] == [
        "2025-12-24T14:00",
        "2025-12-31T14:00",
    ]


def test_overlapping_pauses_hold_together(series, club, organiser):
    week = {"first_day": date(2025, 5, 5), "last_day": date(2025, 5, 9)}
    whole = verbs.add_pause(club, **week, by=organiser, now=NOW)
    one = verbs.add_pause(club, **week, series=series, by=organiser, now=NOW)

    verbs.remove_pause(whole, by=organiser, now=NOW)
    assert on(series, "2025-05-07").state == "cancelled"

    verbs.remove_pause(one, by=organiser, now=NOW)
    assert on(series, "2025-05-07").state == "open"


def test_pause_of_one_series_leaves_the_others_and_single_sessions(series, club, organiser):
    other = verbs.create_series(club, by=organiser, now=NOW, **FACTS)
    single = sessions.schedule_session(
        club, starts=datetime(2025, 5, 7, 8, tzinfo=UTC), by=organiser, now=NOW
    )
    day = {"first_day": date(2025, 5, 7), "last_day": date(2025, 5, 7)}

    verbs.add_pause(club, **day, series=series, by=organiser, now=NOW)

    single.refresh_from_db()
    assert on(other, "2025-05-07").state == single.state == "open"
    assert on(series, "2025-05-07").state == "cancelled"
    assert verbs.add_pause(club, **day, series=series, by=organiser, now=NOW).pk == series.pauses.get().pk


def test_pause_leaves_what_has_begun(series, club, organiser):
    now = datetime(2025, 4, 30, 12, 30, tzinfo=UTC)

    verbs.add_pause(club, first_day=WEDNESDAY, last_day=WEDNESDAY, by=organiser, now=now)

    assert on(series, "2025-04-30").state == "open"


def test_what_an_organiser_cancelled_stays_cancelled(series, club, organiser):
    sessions.cancel_session(on(series, "2025-05-07"), by=organiser, now=NOW)
    pause = verbs.add_pause(
        club, first_day=date(2025, 5, 6), last_day=date(2025, 5, 8), by=organiser, now=NOW
    )

    verbs.remove_pause(pause, by=organiser, now=NOW)

    assert on(series, "2025-05-07").state == "cancelled"


def test_what_an_organiser_brought_back_is_held_in_the_holidays(series, club, organiser):
    verbs.add_pause(club, first_day=date(2025, 5, 6), last_day=date(2025, 5, 8), by=organiser, now=NOW)
    sessions.reopen_session(on(series, "2025-05-07"), by=organiser, now=NOW)

    verbs.make_due_sessions(NOW + timedelta(days=1))

    assert on(series, "2025-05-07").state == "open"


def test_session_moved_out_of_the_way_is_left_by_a_pause(series, club, organiser):
    moved = on(series, "2025-05-07")
    sessions.change_session(moved, starts=moved.starts + timedelta(days=1), by=organiser, now=NOW)

    verbs.add_pause(club, first_day=date(2025, 5, 7), last_day=date(2025, 5, 7), by=organiser, now=NOW)

    assert on(series, "2025-05-07").state == "open"


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2025, 5, 7), date(2025, 5, 6)), (date(2025, 1, 1), date(2027, 1, 1))],
    ids=["backwards", "too long"],
)
def test_odd_pause_is_refused(club, organiser, first, last):
    with pytest.raises(verbs.BadPause):
        verbs.add_pause(club, first_day=first, last_day=last, by=organiser, now=NOW)


# Changes


def test_own_fields_stay_when_the_series_changes(series, organiser):
    sessions.change_session(on(series, "2025-05-07"), place="Garden", by=organiser, now=NOW)

    changed = verbs.change_series(series, place="Room 3", minutes=90, lock_hours=24, by=organiser, now=NOW)

    own, other = on(series, "2025-05-07"), on(series, "2025-05-14")
    assert changed.pk == series.pk
    assert (own.place, own.minutes, own.sequence) == ("Garden", 90, 2)
    assert (other.place, other.minutes, other.sequence) == ("Room 3", 90, 1)
    assert other.ends - other.starts == timedelta(minutes=90)
    assert other.lock_at == other.starts - timedelta(hours=24)


def test_past_sessions_stay_as_they_were(series, organiser):
    later = NOW + timedelta(days=30)

    verbs.change_series(series, place="Room 3", by=organiser, now=later)

    assert on(series, "2025-05-14").place == "Room 2.14"
    assert on(series, "2025-06-04").place == "Room 3"


def test_moved_session_stays_where_it_was_moved(series, organiser):
    moved = on(series, "2025-05-07")
    moved = sessions.change_session(moved, starts=moved.starts + timedelta(days=1), by=organiser, now=NOW)

    following = verbs.change_series(series, starts_at=time(16), by=organiser, now=NOW)

    again = Session.objects.get(pk=moved.pk)
    assert (again.starts, again.occurrence) == (moved.starts, "2025-05-07T16:00")
    assert on(following, "2025-05-14").starts == datetime(2025, 5, 14, 14, tzinfo=UTC)


def test_this_and_following_keep_names_agendas_and_people(series, club, organiser, member):
    this = on(series, "2025-05-14")
    entry = reading_list.note(club, factories.make_paper())
    item = factories.make_item(this, entry)
    asked = Assignment.objects.create(club=club, item=item, part=load_parts(club)[0], member=member)
    uids = dict(series.sessions.values_list("uid", "pk"))

    following = verbs.change_series(
        series,
        since=date(2025, 5, 14),
        rule="FREQ=WEEKLY;BYDAY=TH",
        starts_at=time(15),
        by=organiser,
        now=NOW,
    )

    series.refresh_from_db()
    assert following.continues == series
    assert series.ended_on == date(2025, 5, 14)
    assert keys(series) == ["2025-04-30T14:00", "2025-05-07T14:00"]
    assert keys(following)[:2] == ["2025-05-15T15:00", "2025-05-22T15:00"]
    moved = on(following, "2025-05-15")
    assert (moved.pk, moved.uid, moved.sequence) == (this.pk, this.uid, 1)
    assert moved.starts == datetime(2025, 5, 15, 13, tzinfo=UTC)
    assert moved.lock_at == moved.starts - timedelta(hours=48)
    assert list(moved.agenda.all()) == [item]
    assert item.assignments.get() == asked
    assert uids.items() <= dict(Session.objects.values_list("uid", "pk")).items()
    assert moved.version == following.version == series.version == version(club)


def test_following_in_other_weeks_cancels_the_rest(series, club, organiser):
    entry = reading_list.note(club, factories.make_paper())
    factories.make_item(on(series, "2025-05-21"), entry)
    reading_list.schedule(entry, on(series, "2025-05-21"))

    following = verbs.change_series(
        series, since=date(2025, 5, 14), rule="FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", by=organiser, now=NOW
    )

    entry.refresh_from_db()
    fallen = on(series, "2025-05-21")
    assert keys(following)[:2] == ["2025-05-14T14:00", "2025-05-28T14:00"]
    assert (fallen.state, fallen.cancelled_because) == ("cancelled", "The series meets at other times now.")
    assert entry.state == "noted"


def test_two_weeks_rhythm_goes_on_at_another_hour(club, organiser):
    facts = {**FACTS, "rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE"}
    series = verbs.create_series(club, by=organiser, now=NOW, **facts)

    following = verbs.change_series(series, since=date(2025, 5, 8), starts_at=time(9), by=organiser, now=NOW)

    assert keys(following)[:2] == ["2025-05-14T09:00", "2025-05-28T09:00"]


def test_rule_of_so_many_times_has_fewer_left(club, organiser):
    series = verbs.create_series(
        club, by=organiser, now=NOW, **{**FACTS, "rule": "FREQ=WEEKLY;COUNT=5;BYDAY=WE"}
    )

    following = verbs.change_series(series, since=date(2025, 5, 14), starts_at=time(9), by=organiser, now=NOW)

    assert len(keys(series)) + len(keys(following)) == 5


def test_series_that_has_not_begun_changes_in_place(series, organiser):
    changed = verbs.change_series(
        series, rule="FREQ=WEEKLY;BYDAY=MO", starts_on=date(2025, 5, 5), by=organiser, now=NOW
    )

    assert changed.pk == series.pk
    assert Series.objects.count() == 1
    assert keys(series, state="open")[:2] == ["2025-05-05T14:00", "2025-05-12T14:00"]


def test_moving_to_an_earlier_weekday_keeps_the_week(series, organiser):
    later = datetime(2025, 5, 9, 9, tzinfo=UTC)
    this = on(series, "2025-05-14")

    following = verbs.change_series(
        series, since=date(2025, 5, 14), rule="FREQ=WEEKLY;BYDAY=MO", by=organiser, now=later
    )

    assert on(following, "2025-05-12").pk == this.pk


def test_following_keeps_pauses_and_end(series, club, organiser):
    verbs.add_pause(
        club, series=series, first_day=date(2025, 6, 2), last_day=date(2025, 6, 6), by=organiser, now=NOW
    )
    series = verbs.end_series(series, on=date(2025, 7, 1), by=organiser, now=NOW)

    following = verbs.change_series(series, since=date(2025, 5, 14), starts_at=time(9), by=organiser, now=NOW)

    assert on(following, "2025-06-04").state == "cancelled"
    assert keys(following, state="open")[-1] == "2025-06-25T09:00"
    assert Pause.objects.filter(series=following, version=version(club)).exists()


def test_session_moved_by_hand_outlives_the_rule(series, organiser):
    moved = on(series, "2025-05-21")
    sessions.change_session(moved, starts=moved.starts + timedelta(days=2), by=organiser, now=NOW)

    verbs.change_series(
        series, since=date(2025, 5, 14), rule="FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", by=organiser, now=NOW
    )

    moved.refresh_from_db()
    assert (moved.series, moved.state) == (None, "open")


def test_ended_series_cancels_what_follows_and_goes_on(series, club, organiser):
    ended = verbs.end_series(series, on=date(2025, 5, 14), by=organiser, now=NOW)
    assert keys(ended, state="open") == ["2025-04-30T14:00", "2025-05-07T14:00"]
    assert verbs.make_due_sessions(NOW + timedelta(days=7)) == 0
    with pytest.raises(verbs.HasEnded):
        verbs.change_series(series, place="Room 3", by=organiser, now=NOW + timedelta(days=60))

    verbs.end_series(series, on=None, by=organiser, now=NOW)

    assert len(keys(series, state="open")) == 26


def test_series_that_another_one_follows_stays_ended(series, organiser):
    verbs.change_series(series, since=date(2025, 5, 14), starts_at=time(9), by=organiser, now=NOW)

    with pytest.raises(verbs.HasEnded, match="follows"):
        verbs.end_series(series, on=None, by=organiser, now=NOW)


def test_changing_nothing_changes_nothing(series, club, organiser):
    before = version(club)

    verbs.change_series(series, place="Room 2.14", rule="rrule:freq=weekly;byday=we", by=organiser, now=NOW)

    assert version(club) == before


def test_series_in_the_skipped_hour_meets_an_hour_later(club, organiser):
    facts = {
        **FACTS,
        "rule": "FREQ=WEEKLY;BYDAY=SU",
        "starts_on": date(2026, 3, 29),
        "starts_at": time(2, 30),
    }
    series = verbs.create_series(club, by=organiser, now=datetime(2026, 3, 1, tzinfo=UTC), **facts)

    first, second = series.sessions.order_by("starts")[:2]
    assert first.occurrence == "2026-03-29T02:30"
    assert first.starts.astimezone(BERLIN).time() == time(3, 30)
    assert second.starts.astimezone(BERLIN).time() == time(2, 30)


def test_votes_of_a_series_that_continues_another_run_from_its_last_lock(series, club, organiser):
    following = verbs.change_series(series, since=date(2025, 5, 14), starts_at=time(9), by=organiser, now=NOW)
    again = verbs.change_series(
        following, since=date(2025, 5, 28), starts_at=time(10), by=organiser, now=NOW + timedelta(days=17)
    )

    window = voting.find_window(voting.load_closings(club), voting.closing_of(on(again, "2025-05-28")))

    assert again.continues == following.continues == series
    assert window.opens == on(following, "2025-05-21").lock_at
