"""The pages of sources: how each is, and what those who keep them do."""

from datetime import date, timedelta

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from papers import forms, importing, stored_inputs
from papers.models import DryRun, FetchedPage, Import, Paper, RejectedRecord, Source
from papers.sources import dry_run, keeping, replaying, running, telling
from tests import factories
from tests.papers.sources.test_running import path, run
from tests.services import atom

pytestmark = pytest.mark.django_db
NEW = reverse("papers:source_new")
LIST = reverse("papers:source_list")

ASKED = {"name": "Translation", "kind": "arxiv", "query": " cat:cs.CL ", "address": "", "since": "2026-11-01",
         "schedule": "hours", "every_hours": "6", "daily_at": "", "time_zone": "UTC"}  # fmt: skip


def make(club=None, **facts):
    return keeping.make_source(
        club=club, **{"kind": "arxiv", "name": "Translation", "query": "cat:cs.CL", "every_hours": 6, **facts}
    )


def act(client, name, source, *more, **fields):
    return client.post(reverse(f"papers:{name}", args=[source.pk, *more]), fields)


@pytest.fixture
def keeper(client, administrator):
    client.force_login(administrator)
    return client


# The list


def test_list_says_how_each_is(keeper, get):
    make(name="Well")
    Source.objects.update(last_good=timezone.now())
    failing, stalled = make(name="Failing"), make(name="Stalled")
    Source.objects.filter(pk=failing.pk).update(failures=1)
    Source.objects.filter(pk=stalled.pk).update(failures=9)
    make(name="Resting", is_paused=True), make(name="Manual", every_hours=None), make(name="Fresh")
    page = get(LIST)
    said = dict(zip(page.words("//tbody//th/a"), page.words("//tbody//td[1]"), strict=True))
    assert said == {"Well": "good", "Failing": "failing", "Stalled": "stalled", "Resting": "paused",
                    "Manual": "by hand", "Fresh": "new"}  # fmt: skip


def test_list_shows_a_clubs_sources_to_its_members_alone(client, member, outsider, club, get):
    make(club, name="Ours")
    client.force_login(member)
    assert "Ours" in get(LIST).text
    client.force_login(outsider)
    assert "Ours" not in get(LIST).text


@pytest.mark.parametrize("number", [1, 40])
def test_list_costs_the_same_for_any_number(keeper, number, django_assert_num_queries):
    for n in range(number):
        make(name=f"Source {n}")
    keeper.get(LIST)
    with django_assert_num_queries(3):  # the session's user, the clubs, the sources
        keeper.get(LIST)


# A source's page


def test_page_tells_keepers_all_and_others_no_address(client, member, administrator, get):
    source = make(kind="feed", query="", address="https://x.example/feed?key=secret")
    Source.objects.update(failures=2, error="x.example answered 500.", watermark={"day": "2026-11-20"})
    client.force_login(administrator)
    page = get(source.get_absolute_url())
    assert "key=secret" in page.text and "answered 500" in page.text and "2026-11-20" in page.text
    assert "It failed 2 times in a row. It tries again" in page.text
    client.force_login(member)
    page = get(source.get_absolute_url())
    assert "secret" not in page.text and "answered 500" not in page.text
    assert page.find("//main//form") == []


def test_page_draws_the_runs(keeper, get):
    source = make()
    now = timezone.now()
    for added, state in ((40, "done"), (0, "done"), (0, "failed"), (10, "done")):
        Import.objects.create(
            source=source, input_name="x", state=state, finished=now, added=added, is_run=True
        )
    page = get(source.get_absolute_url())
    assert page.words("//figcaption") == ["50 new papers in the last 4 runs, of which one failed"]
    [svg] = page.find("//figure/svg")
    assert svg.get("viewbox") == "0 0 40 40" and svg.get("aria-label").startswith("50 new")
    # Oldest at the left; the one that brought most is the tallest.
    assert [(each.get("class"), each.get("d")) for each in svg] == [
        ("done", "M15 40V34"), ("up", "M5 40V2M35 40V25"), ("wrong", "M25 40V26")
    ]  # fmt: skip
    assert len(page.find("//tbody/tr")) == 4
    assert " style=" not in page.text


def test_what_people_bring_is_no_run(keeper, get):
    source = make()
    facts = {"source": source, "state": "done", "finished": timezone.now()}
    Import.objects.create(input_name="Translation", added=3, is_run=True, **facts)
    brought = Import.objects.create(input_name="list.bib", added=40, **facts)
    Import.objects.create(input_name="2504.00001", added=1, is_submission=True, **facts)
    page = get(source.get_absolute_url())
    assert page.words("//figcaption") == ["3 new papers in one run"]
    assert len(page.find("//figure//tbody/tr")) == 1
    [row] = page.find("//section[@aria-labelledby='files']//tbody/tr")
    assert brought.get_absolute_url() in {link.get("href") for link in row.xpath(".//a")}
    assert "40" in row.text_content()


def test_uploads_have_files_and_no_runs(client, member, club, get):
    uploads = importing.default_source("", club)
    client.force_login(member)
    assert "It had no run yet." in get(uploads.get_absolute_url()).text
    Import.objects.create(
        source=uploads, club=club, input_name="x", state="done", added=2, finished=timezone.now()
    )
    page = get(uploads.get_absolute_url())
    assert page.find("//figure") == [] and "no run yet" not in page.text
    assert len(page.find("//section[@aria-labelledby='files']//tbody/tr")) == 1
    assert page.find("//section[@aria-labelledby='files']//tbody//a") == []


@pytest.mark.parametrize("number", [1, 30])
def test_page_costs_the_same_for_any_number(keeper, number, django_assert_num_queries):
    source = make()
    now = timezone.now()
    for n in range(number):
        done = Import.objects.create(source=source, input_name="x", state="done", finished=now)
        RejectedRecord.objects.create(run=done, number=n + 1, place="x", reason="No title.")
    keeper.get(source.get_absolute_url())
    # User, clubs, the source, its runs, what people imported, its quarantine.
    with django_assert_num_queries(6):
        keeper.get(source.get_absolute_url())


def test_hostile_text_is_escaped(keeper, get):
    bad = "<script>alert(1)</script>"
    source = make(name=bad, query=bad)
    done = Import.objects.create(source=source, input_name="x", state="done", finished=timezone.now())
    RejectedRecord.objects.create(run=done, number=1, place=bad, reason=bad, raw=bad)
    DryRun.objects.create(
        source=source, state="done",
        found=[{"what": "new", "title": bad, "authors": bad, "paper": None},
               {"what": "rejected", "place": bad, "reason": bad, "raw": bad}],
    )  # fmt: skip
    Source.objects.update(error=bad, failures=9, watermark={"day": bad})
    telling.tell_stalled(timezone.now())
    for address in (source.get_absolute_url(), LIST, reverse("papers:source_dry_run", args=[source.pk]),
                    reverse("papers:source_edit", args=[source.pk])):  # fmt: skip
        text = get(address).text
        assert "<script>alert" not in text, address
        assert "alert(1)" in text


# Adding and changing


def test_administrator_adds_one_for_everybody(keeper):
    response = keeper.post(NEW, ASKED)
    source = Source.objects.get()
    assert response["Location"] == source.get_absolute_url()
    assert (source.club, source.query, source.every_hours, source.daily_at) == (None, "cat:cs.CL", 6, None)
    assert source.due_at is not None and not source.is_paused


def test_organiser_adds_one_for_the_club_alone(client, organiser, club, other_club):
    client.force_login(organiser)
    assert client.post(NEW, ASKED).status_code == 200
    assert client.post(NEW, {**ASKED, "club": other_club.pk}).status_code == 200
    assert not Source.objects.exists()
    client.post(
        NEW, {**ASKED, "club": club.pk, "schedule": "daily", "daily_at": "06:30", "time_zone": "Asia/Tokyo"}
    )
    source = Source.objects.get()
    assert (source.club, source.daily_at.hour, source.time_zone, source.every_hours) == (
        club,
        6,
        "Asia/Tokyo",
        None,
    )


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"query": ""}, "query"), ({"kind": "feed"}, "address"),
        ({"kind": "feed", "address": "http://a:b@x.example/"}, "address"), ({"every_hours": ""}, "every_hours"),
        ({"every_hours": "0"}, "every_hours"), ({"schedule": "daily"}, "daily_at"), ({"since": "0001-01-01"}, "since"),
        ({"name": "x" * 101}, "name"), ({"query": "x\x00"}, "query"), ({"time_zone": "Mars"}, "time_zone"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_comes_back_with_a_reason(keeper, fields, field):
    response = keeper.post(NEW, {**ASKED, **fields})
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert not Source.objects.exists()


@pytest.mark.parametrize("kind", ["", "upload", "smoke signals"])
def test_without_a_kind_it_is_asked_for(keeper, get, kind):
    for page in (get(NEW), get(f"{NEW}?kind={kind}")):
        assert page.find("//main//form") == []
        hrefs = page.hrefs
        assert f"{NEW}?kind=arxiv" in hrefs and f"{NEW}?kind=upload" not in hrefs
    assert keeper.post(NEW, {**ASKED, "kind": kind}).status_code == 200
    assert not Source.objects.exists()


def test_every_kind_but_uploads_can_be_chosen():
    assert set(forms.ASKED) == set(Source.Kind) - {Source.Kind.UPLOAD}


@pytest.mark.parametrize("kind", forms.ASKED)
def test_form_has_the_fields_of_its_kind_and_the_planner_is_content_with_them(keeper, get, kind):
    page = get(f"{NEW}?kind={kind}")
    shown = {each.get("name") for each in page.find("//form[@class='form stack']//input")}
    texts = {"query": "cs", "address": "https://x.example/oai", "since": "2026-11-01"}
    said = {name: text for name, text in texts.items() if name in shown}
    response = keeper.post(NEW, {**ASKED, "query": "", "since": "", "kind": kind, **said})
    source = Source.objects.get()
    assert response["Location"] == source.get_absolute_url()
    assert {name for name in texts if getattr(source, name)} == set(said)


def test_kinds_and_fields_are_swapped_without_the_rest_of_the_page(keeper):
    for address, inside in ((NEW, "Where from?"), (f"{NEW}?kind=feed", 'name="address"')):
        fragment = keeper.get(address, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in fragment and 'id="source-form"' in fragment and inside in fragment


def test_a_source_may_become_one_of_another_kind(keeper, get):
    source = make()
    address = reverse("papers:source_edit", args=[source.pk])
    assert f"{address}?kind=feed" in get(f"{address}?kind=").hrefs
    page = get(f"{address}?kind=feed")
    assert page.find("//input[@name='query']") == []
    assert page.find("//input[@name='name']")[0].get("value") == "Translation"
    keeper.post(address, {**ASKED, "kind": "feed", "address": "https://x.example/feed"})
    source.refresh_from_db()
    assert (source.kind, source.query, source.since) == ("feed", "", None)


def test_looking_first_leaves_it_paused(keeper):
    response = keeper.post(NEW, {**ASKED, "look": "1"})
    source = Source.objects.get()
    assert response["Location"] == reverse("papers:source_dry_run", args=[source.pk])
    assert (source.is_paused, source.due_at, source.dry_run.state) == (True, None, "queued")


def test_edit_shows_and_changes_what_is_so(keeper, get):
    source = make()
    address = reverse("papers:source_edit", args=[source.pk])
    page = get(address)
    assert page.find("//input[@name='every_hours']")[0].get("value") == "6"
    assert page.find("//input[@name='schedule'][@checked]")[0].get("value") == "hours"
    assert page.find("//select[@name='club']") == []
    keeper.post(address, {**ASKED, "name": "Other", "schedule": "by_hand"})
    source.refresh_from_db()
    assert (source.name, source.every_hours, source.due_at) == ("Other", None, None)
    assert keeper.post(address, {**ASKED, "query": ""}).status_code == 200


def test_uploads_cannot_be_edited(keeper):
    uploads = importing.default_source("", None)
    assert keeper.get(reverse("papers:source_edit", args=[uploads.pk])).status_code == 404


# Acts


def test_run_now_leads_to_the_run(keeper):
    source = make()
    response = act(keeper, "source_run", source)
    [queued] = Import.objects.all()
    assert response["Location"] == queued.get_absolute_url()
    assert (queued.queued_by.is_superuser, queued.is_run) == (True, True)
    assert act(keeper, "source_run", source)["Location"] == queued.get_absolute_url()
    uploads = importing.default_source("", None)
    assert act(keeper, "source_run", uploads)["Location"] == uploads.get_absolute_url()


def test_too_many_runs_are_refused_with_a_sentence(keeper, monkeypatch):
    monkeypatch.setattr(running, "MOST_BY_HAND", 1)
    source = make()
    for name in ("source_run", "source_dry_run"):
        address = reverse(f"papers:{name}", args=[source.pk])
        response = keeper.post(address, follow=True)
        assert response.redirect_chain[0][0] == source.get_absolute_url()
        assert "The sources of the installation were run or tried 1 times" in response.content.decode()
    assert not Import.objects.exists() and not DryRun.objects.exists()


def test_pause_and_resume(keeper):
    source = make()
    act(keeper, "source_pause", source)
    source.refresh_from_db()
    assert source.is_paused
    act(keeper, "source_pause", source, resume="1")
    source.refresh_from_db()
    assert not source.is_paused and source.due_at


def test_remove(keeper):
    source, other = make(), make()
    factories.make_paper(source=other)
    assert act(keeper, "source_remove", source)["Location"] == LIST
    assert act(keeper, "source_remove", other)["Location"] == other.get_absolute_url()
    assert list(Source.objects.all()) == [other]


def test_remove_is_offered_until_papers_came(keeper):
    source = make()
    run = Import.objects.create(
        source=source, input_name="x", state="failed", finished=timezone.now(), is_run=True
    )
    address = reverse("papers:source_remove", args=[source.pk])
    assert address in keeper.get(source.get_absolute_url()).content.decode()
    Import.objects.filter(pk=run.pk).update(state="done", added=1)
    assert address not in keeper.get(source.get_absolute_url()).content.decode()


@pytest.mark.parametrize("name", ["source_run", "source_pause", "source_remove", "source_dry_run"])
def test_organisers_do_not_keep_the_installations(client, organiser, name):
    source = make()
    client.force_login(organiser)
    assert act(client, name, source).status_code == 403
    source.refresh_from_db()
    assert not (source.is_paused or Import.objects.exists() or DryRun.objects.exists())


@pytest.mark.parametrize("name", ["source_run", "source_pause", "source_remove", "source_dry_run"])
def test_members_do_not_keep_the_clubs(client, member, outsider, administrator, club, name):
    source = make(club)
    for person, status in ((member, 403), (outsider, 404), (administrator, 404)):
        client.force_login(person)
        assert act(client, name, source).status_code == status


# The dry run


def test_dry_run_is_followed_until_it_is_there(keeper, get, services):
    services.answer(path(0), atom([("2611.00001", "2026-11-24")]))
    source = make(since=date(2026, 11, 1))
    address = reverse("papers:source_dry_run", args=[source.pk])
    assert "no dry run yet" in get(address).text
    assert act(keeper, "source_dry_run", source)["Location"] == address
    waiting = get(address)
    assert 'hx-trigger="every 1s"' in waiting.text and "refresh" in waiting.text
    dry_run.perform(DryRun.objects.get().pk)
    fragment = keeper.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and "hx-trigger" not in fragment
    assert "1 new, 0 already here, 0 rejected." in fragment and "On matter 2611.00001" in fragment
    assert not Paper.objects.exists()


# Quarantine


@pytest.fixture
def rejected(services):
    services.answer(
        path(0), atom([("2611.00001", "2026-11-24"), ("no-id", "2026-11-23"), ("nor-id", "2026-11-23")])
    )
    source = make(since=date(2026, 11, 1))
    run(source)
    return source


def replay(client, record, *, follow=False, **fields):
    address = reverse("papers:rejection_replay", args=[record.run.source_id, record.pk])
    return client.post(address, fields, follow=follow)


def test_quarantine_shows_the_raw_record_and_tries_again(keeper, get, rejected, monkeypatch):
    page = get(rejected.get_absolute_url())
    assert page.words("//div[@class='rejection']/p[@class='place']") == ["entry 2", "entry 3"]
    assert "no-id" in page.words("//textarea")[0]
    first, second = RejectedRecord.objects.all()
    # Mended since then: what it once could not read is now a paper.
    stored = django_settings.FILES_DIR / FetchedPage.objects.get().stored_as
    stored.write_bytes(stored.read_bytes().replace(b"no-id", b"2611.00002"))
    response = replay(keeper, first)
    again = Import.objects.latest("pk")
    assert response["Location"] == again.get_absolute_url()
    importing.run_import(again.pk)
    again.refresh_from_db()
    assert (again.state, again.added, again.unchanged, again.rejected) == ("done", 1, 1, 1)
    assert [each.run for each in replaying.find_quarantined(rejected)] == [again], (
        "what is still wrong came back"
    )
    assert replay(keeper, second)["Location"] == again.get_absolute_url(), "twice is once"
    rejected.refresh_from_db()
    assert rejected.failures == 0


ALONE = {
    "bibtex": ("@article{x, title = {}, year = 2024}", "@article{x, title = {Mended at last}, year = 2024}"),
    "ris": ("TY  - JOUR\nAU  - Weigher, Ada\nER  - \n",
            "TY  - JOUR\nTI  - Mended at last\nAU  - Weigher, Ada\nER  - \n"),
    "hf-json": ('{"paper": {"title": "Mended at last"}}',
                '[{"paper": {"title": "Mended at last", "id": "2504.00009"}}]'),
}  # fmt: skip


@pytest.mark.parametrize("format", ALONE)
def test_a_record_is_mended_by_hand(client, organiser, club, format, get):
    raw, mended = ALONE[format]
    source = factories.make_source(club=club, kind="upload")
    done = Import.objects.create(
        source=source, club=club, input_name="x", format=format, state="done", finished=timezone.now()
    )
    record = RejectedRecord.objects.create(run=done, number=1, place="entry 1", reason="No title.", raw=raw)
    client.force_login(organiser)
    assert get(source.get_absolute_url()).find("//textarea")[0].text_content().strip() == raw.strip()
    address = reverse("papers:rejection_replay", args=[source.pk, record.pk])
    client.post(address, {"text": mended})
    again = Import.objects.latest("pk")
    importing.run_import(again.pk)
    again.refresh_from_db()
    assert (again.state, again.added, again.queued_by, again.source) == ("done", 1, organiser, source), (
        again.error
    )
    assert list(replaying.find_quarantined(source)) == []
    client.post(address, {"text": mended})
    assert Import.objects.count() == 2, "it has left the quarantine"


def test_what_cannot_be_read_on_its_own_stays_in_quarantine(keeper):
    source = make()
    done = Import.objects.create(source=source, input_name="x", state="done", finished=timezone.now())
    record = RejectedRecord.objects.create(
        run=done, number=1, place="entry 1", reason="No title.", raw="<item/>"
    )
    page = replay(keeper, record, text="<item><title>Mended</title></item>", follow=True).content.decode()
    assert "cannot be read on its own" in page
    assert list(replaying.find_quarantined(source)) == [record]
    assert Import.objects.count() == 1


def test_half_a_record_is_not_mended(keeper, get, rejected):
    RejectedRecord.objects.update(raw="x" * 2_000)
    page = get(rejected.get_absolute_url())
    assert page.find("//textarea") == [] and len(page.find("//pre")) == 2


def test_what_is_not_stored_any_more_is_said(keeper, rejected):
    stored = django_settings.FILES_DIR / FetchedPage.objects.get().stored_as
    stored.unlink()
    first = RejectedRecord.objects.first()
    response = replay(keeper, first, follow=True)
    assert response.redirect_chain[0][0] == rejected.get_absolute_url()
    assert "The next run asks for it again." in response.content.decode()
    assert Import.objects.count() == 1
    Import.objects.update(is_run=False, stored_as="")
    page = replay(keeper, first, follow=True).content.decode()
    assert "import the file once more" in page and "The next run asks" not in page


def test_a_source_that_knows_nothing_to_ask_offers_no_run(keeper):
    source = make()
    assert b"Run now" in keeper.get(source.get_absolute_url()).content
    Source.objects.update(query="")
    page = keeper.get(source.get_absolute_url()).content
    assert b"Run now" not in page and b"Dry run" not in page and b"Edit" in page


def test_what_later_runs_reject_again_stands_there_once(rejected, services):
    run(rejected)
    latest = Import.objects.latest("pk")
    assert [each.run for each in replaying.find_quarantined(rejected)] == [latest, latest]
    services.answer(path(0), atom([("no-id", "2026-11-23")]))
    run(rejected)
    assert [each.run.rejected for each in replaying.find_quarantined(rejected)] == [1, 2], (
        "the other one waits on"
    )


def test_a_source_that_is_wrong_in_another_way_each_time_fills_no_disk(rejected, services, monkeypatch):
    monkeypatch.setattr(replaying, "MOST_IN_QUARANTINE", 3)
    other = make(since=date(2026, 11, 1))
    run(other)
    for number in range(3):
        services.answer(path(0), atom([(f"no-id-{number}-{each}", "2026-11-23") for each in range(2)]))
        run(rejected)
    waiting = list(replaying.find_quarantined(rejected))
    assert [each.raw.count("no-id-2") > 0 for each in waiting] == [True, True, False]
    assert replaying.find_quarantined(other).count() == 2, "each has room of its own"
    later = timezone.now() + timedelta(days=61)
    pages = FetchedPage.objects.filter(run__source=rejected).count()
    assert stored_inputs.forget_old(later) == pages - 2, "pages are not kept for ever"


def test_dismissed_is_gone_from_there_and_still_on_its_import(keeper, get, rejected):
    first, second = RejectedRecord.objects.all()
    keeper.post(reverse("papers:rejection_dismiss", args=[rejected.pk, first.pk]))
    assert list(replaying.find_quarantined(rejected)) == [second]
    assert first.place in get(first.run.get_absolute_url()).text
    other = make()
    keeper.post(reverse("papers:rejection_dismiss", args=[other.pk, second.pk]))
    assert list(replaying.find_quarantined(rejected)) == [second]


def test_a_rejection_of_another_source_is_not_found(keeper, rejected):
    other = make()
    record = RejectedRecord.objects.first()
    assert keeper.post(reverse("papers:rejection_replay", args=[other.pk, record.pk])).status_code == 404


def test_uploads_are_read_again_too(client, organiser, club):
    import io

    queued = importing.queue_import(
        upload=io.BytesIO(b'[{"paper": {"title": "Without an id"}}]'), name="x.json", by=organiser, club=club
    )
    importing.run_import(queued.pk)
    client.force_login(organiser)
    replay(client, RejectedRecord.objects.get())
    again = Import.objects.latest("pk")
    assert (again.stored_as, again.club) == (queued.stored_as, club)


def test_old_pages_are_forgotten_unless_something_waits(rejected, django_capture_on_commit_callbacks):
    later = timezone.now() + timedelta(days=61)
    page = FetchedPage.objects.get()
    stored = django_settings.FILES_DIR / page.stored_as
    assert stored_inputs.forget_old(later) == 0
    again = replaying.replay(RejectedRecord.objects.first(), by=None)
    assert stored_inputs.forget_old(later) == 0, "it is about to be read"
    importing.run_import(again.pk)
    assert stored_inputs.forget_old(later) == 0, "what is still wrong of it waits"
    replaying.dismiss(replaying.find_quarantined(rejected))
    with django_capture_on_commit_callbacks(execute=True):
        assert stored_inputs.forget_old(timezone.now()) == 0
        assert stored_inputs.forget_old(later) == 1
    assert (stored.exists(), FetchedPage.objects.exists()) == (False, False)


# Whose page says that a source has stalled


def test_banner_is_for_those_who_can_do_something(client, administrator, organiser, member, club, get):
    ours, installations = make(club, name="Ours"), make(name="Everybody's")
    Source.objects.update(failures=9)
    telling.tell_stalled(timezone.now())
    shown = {}
    for person in (administrator, organiser, member):
        client.force_login(person)
        page = get(reverse("papers:trending"))
        shown[person] = {link for link in page.hrefs if link and link.startswith("/sources/")}
    assert shown == {
        administrator: {installations.get_absolute_url()},
        organiser: {ours.get_absolute_url()},
        member: set(),
    }
    cache.delete(telling.KEY)


def test_banners_of_several_are_one(keeper, get):
    # As when the network is away: a banner for each would fill a phone's screen.
    for name in ("One", "Two", "Three"):
        make(name=name)
    Source.objects.update(failures=9)
    telling.tell_stalled(timezone.now())
    page = get(reverse("papers:trending"))
    assert page.words(".notices")[0].startswith("3 sources have stalled")
    assert [link for link in page.hrefs if link and link.startswith("/sources/")] == ["/sources/"]
    cache.delete(telling.KEY)


# What a club follows


def test_organiser_chooses_what_the_club_follows(client, organiser, club, get):
    one, _two, own = make(name="One"), make(name="Two"), make(club, name="Own")
    client.force_login(organiser)
    address = reverse("papers:club_sources", args=[club.slug])
    page = get(address)
    assert own.get_absolute_url() in page.hrefs and page.find("//input[@type='checkbox'][@checked]") == []
    client.post(address, {"sources": [one.pk]})
    assert set(Source.objects.followed_by(club)) == {one, own}
    assert len(get(address).find("//input[@type='checkbox'][@checked]")) == 1
    client.post(address, {})
    assert Source.objects.followed_by(club).count() == 3


@pytest.mark.parametrize("number", [1, 30])
def test_choosing_costs_the_same_for_any_number(client, organiser, club, number, django_assert_num_queries):
    for n in range(number):
        make(name=f"Source {n}")
        if n < 15:
            make(club, name=f"Own {n}", query=f"cat:cs.{n}")
    client.force_login(organiser)
    address = reverse("papers:club_sources", args=[club.slug])
    client.get(address)
    # The session's user, the clubs, what is followed, what there is to follow, the club's own.
    with django_assert_num_queries(5):
        client.get(address)


def test_a_clubs_own_source_is_nothing_to_follow(client, organiser, club, other_club):
    theirs = make(other_club)
    client.force_login(organiser)
    response = client.post(reverse("papers:club_sources", args=[club.slug]), {"sources": [theirs.pk]})
    assert response.status_code == 200 and not club.followed_sources.exists()


def test_members_do_not_choose(client, member, outsider, club):
    address = reverse("papers:club_sources", args=[club.slug])
    for person, status in ((member, 403), (outsider, 404)):
        client.force_login(person)
        assert client.post(address, {}).status_code == status
