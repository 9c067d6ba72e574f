from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.models import Club, Membership
from papers import catalogue, discussion, reading_list, triage
from papers.models import Listing, ListingItem, ListingVisit, Paper, Source
from tests import factories

pytestmark = pytest.mark.django_db

DAY = "/papers/date/2025-04-25"
CLUB_DAY = "/clubs/ml/papers/date/2025-04-25"
PAGES = [DAY, "/papers/week/2025-W17", "/papers/month/2025-04", "/papers/trending"]
CLUB_PAGES = [f"/clubs/ml{path}" for path in PAGES]


def papers_of(listing):
    return [item.paper for item in listing.items.select_related("paper").order_by("position")]


def vote(club, paper, person, value=1):
    return reading_list.cast_vote(reading_list.note(club, paper), value=value, by=person)


# Who gets in


@pytest.mark.parametrize("path", PAGES)
def test_a_closed_catalogue_sends_visitors_to_sign_in(client, listing, path):
    response = client.get(path)
    assert (response.status_code, response.url) == (302, f"/accounts/login/?next={path}")


@pytest.mark.parametrize("path", PAGES)
def test_a_public_catalogue_shows_visitors_its_papers_and_no_clubs_data(
    get, club, member, listing, public_catalogue, path
):
    papers = papers_of(listing)
    vote(club, papers[0], member)
    reading_list.tag(reading_list.note(club, papers[0]), name="inner-tag", by=member)
    page = get(path)
    assert sorted(page.titles) == sorted(paper.title for paper in papers)
    assert "inner-tag" not in page.text and "Mia" not in page.text
    assert not page.find(".vote") and not page.find(".tally")
    assert set(page.states) == {"unseen"}


@pytest.mark.parametrize("path", CLUB_PAGES)
def test_a_clubs_listings_are_for_its_members(client, get, listing, member, outsider, stranger, path):
    assert client.get(path).url == f"/accounts/login/?next={path}"
    for person, status in ((outsider, 404), (stranger, 404), (member, 200)):
        client.force_login(person)
        page = get(path, status=status)
    assert len(page.find(".vote")) == 3


@pytest.mark.parametrize("path", CLUB_PAGES)
def test_a_public_clubs_listings_are_everybodys_to_read(client, get, club, listing, member, outsider, path):
    Club.objects.filter(pk=club.pk).update(is_public=True)
    vote(club, papers_of(listing)[0], member)
    for person in (None, outsider):
        if person:
            client.force_login(person)
        page = get(path)
        assert len(page.titles) == 3 and not page.find(".vote")
        assert page.words(".voters") == ["1 for, 0 against."]


@pytest.mark.parametrize("path", PAGES)
def test_outside_a_clubs_address_i_act_in_my_current_club(signed_in, get, listing, path):
    forms = get(path).find("//form[@hx-post and contains(@class, 'paper-side')]")
    assert len(forms) == 3
    assert all(form.get("action").startswith("/clubs/ml/papers/") for form in forms)


def test_whoever_is_in_no_club_only_looks(client, get, listing, stranger):
    client.force_login(stranger)
    page = get(DAY)
    assert len(page.titles) == 3 and not page.find(".vote")


# The newest


def test_the_first_page_is_the_newest_listing(signed_in, source):
    for day in (date(2025, 4, 24), date(2025, 4, 25), date(2025, 4, 23)):
        factories.make_listing(source=source, day=day, number=1)
    assert signed_in.get("/").url == CLUB_DAY
    assert signed_in.get("/papers/").url == DAY
    assert signed_in.get("/clubs/ml/papers/").url == CLUB_DAY


def test_without_any_listing_the_first_page_says_so(signed_in, get):
    assert get("/").words("//h2") == ["No listing has come in yet"]


# Days, weeks, months


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/papers/date/2025-02-30",
            "/papers/date/2025-4-25",
            "/papers/date/today",
            "/papers/date/9999-12-31",
        ),
        *("/papers/date/0001-01-01", "/papers/date/%00", "/papers/week/2025-W00", "/papers/week/2025-17"),
        *("/papers/week/2021-W53", "/papers/week/9999-W52", "/papers/month/2025-13", "/papers/month/9999-12"),
        *("/papers/month/2025-00", "/papers/date/２０２５-04-25"),
    ],
)
def test_what_is_no_date_is_not_found(signed_in, get, listing, path):
    get(path, status=404)
    get(f"/clubs/ml{path}", status=404)


@pytest.mark.parametrize(
    ("path", "title"),
    [
        (DAY, "Friday 25 April 2025"),
        ("/papers/week/2025-W17", "Week 17, 21 April to 27 April 2025"),
        ("/papers/month/2025-04", "April 2025"),
        ("/papers/trending", "Trending"),
    ],
)
def test_each_page_says_which_it_is(signed_in, get, listing, path, title):
    page = get(path)
    assert page.words("//h1") == [title]
    assert len(page.find("//nav[contains(@class, 'views')]//a[@aria-current='page']")) == 1


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/papers/date/2025-04-26", DAY),
        ("/papers/date/2025-05-20", "/papers/date/2025-05-02"),
        ("/papers/date/1000-01-01", DAY),
        ("/papers/date/9998-12-31", "/papers/date/2025-05-02"),
        ("/papers/week/2025-W16", "/papers/week/2025-W17"),
        ("/papers/month/2025-06", "/papers/month/2025-05"),
    ],
)
def test_a_date_without_listing_leads_to_the_nearest(signed_in, get, source, path, leads_to):
    for day in (date(2025, 4, 25), date(2025, 5, 2)):
        factories.make_listing(source=source, day=day, number=1)
    page = get(path)
    assert page.words("//h2")[0].startswith("No listing for")
    [way_on] = page.find("//*[contains(@class, 'empty')]//a")
    assert way_on.get("href") == leads_to
    assert not ListingVisit.objects.exists()


def test_a_date_without_any_listing_at_all_leads_nowhere(signed_in, get):
    page = get(DAY)
    assert page.words("//h2")[0] == "No listing for Friday 25 April 2025"
    assert not page.find("//*[contains(@class, 'empty')]//a")


def test_neighbours_are_the_next_days_with_a_listing(signed_in, get, source):
    for day in (date(2025, 4, 23), date(2025, 4, 25), date(2025, 4, 28), date(2025, 5, 5)):
        factories.make_listing(source=source, day=day, number=1)
    page = get(CLUB_DAY)
    assert [link.get("href") for link in page.find("//a[@rel='prev' or @rel='next']")] == [
        "/clubs/ml/papers/date/2025-04-23",
        "/clubs/ml/papers/date/2025-04-28",
    ]
    calendar = [link.get("href") for link in page.find("//table[@class='month']//a")]
    assert calendar == [f"/clubs/ml/papers/date/2025-04-{day}" for day in (23, 25, 28)]
    assert page.words("//table[@class='month']//a[@aria-current='date']") == ["25"]
    week = get("/clubs/ml/papers/week/2025-W17")
    assert len(week.titles) == 1  # one paper that was listed on two days
    assert [link.get("href") for link in week.find("//a[@rel='prev' or @rel='next']")] == [
        "/clubs/ml/papers/week/2025-W18"
    ]


def test_a_club_sees_the_sources_it_follows(signed_in, get, club, source, listing):
    other = factories.make_source()
    factories.make_paper("Elsewhere", source=other, listed=date(2025, 4, 25))
    assert "Elsewhere" not in get(CLUB_DAY).titles
    other.followers.add(club)
    assert "Elsewhere" in get(CLUB_DAY).titles
    assert get(f"{CLUB_DAY}?source={other.slug}").titles == ["Elsewhere"]


@pytest.mark.parametrize("slug", ["none", "%00", "x" * 3000])
def test_an_unknown_source_is_not_found(signed_in, get, listing, slug):
    get(f"{CLUB_DAY}?source={slug}", status=404)


# Filters, order, place


@pytest.fixture
def mixed(club, member, organiser, source):
    """Six papers: promoted, demoted, skipped, offered, untouched, new."""
    names = ["Promoted", "Demoted", "Skipped", "Offered", "Untouched", "New"]
    records = [
        factories.make_record(name, categories=["cs.LG", "stat.ML"] if name == "New" else ["cs.LG"])
        for name in names
    ]
    day = date(2025, 4, 25)
    catalogue.add_records(source, records, listed=day)
    papers = {paper.title: paper for paper in Paper.objects.all()}
    vote(club, papers["Promoted"], member)
    vote(club, papers["Demoted"], member, -1)
    vote(club, papers["Untouched"], organiser)
    reading_list.skip(club, papers["Skipped"], by=member)
    reading_list.volunteer(reading_list.note(club, papers["Offered"]), by=member)
    for name in ("Promoted", "New"):
        reading_list.tag(reading_list.note(club, papers[name]), name="agents & co", by=member)
    seen = datetime.now(UTC) - timedelta(hours=2)
    ListingItem.objects.exclude(paper=papers["New"]).update(added=seen - timedelta(hours=1))
    ListingVisit.objects.create(club=club, member=member, date=day, seen_at=seen)
    return papers


def test_my_acts_and_what_is_new_are_shown(signed_in, get, mixed):
    page = get(CLUB_DAY)
    assert page.states == ["promoted", "demoted", "skipped", "seen", "unseen", "new"]
    assert [row.get("data-n") for row in page.find(".paper")] == ["1", "2", "3", "4", "5", "6"]
    assert get(CLUB_DAY).states[-1] == "new"  # as long as the visit lasts


def test_after_the_visit_nothing_is_new(signed_in, get, club, member, mixed):
    ListingItem.objects.filter(paper=mixed["New"]).update(added=datetime.now(UTC) - timedelta(hours=1))
    assert "new" in get(CLUB_DAY).states
    ListingVisit.objects.update(seen_at=datetime.now(UTC) - timedelta(minutes=31))
    assert "new" not in get(CLUB_DAY).states


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("?show=open", ["Untouched", "New"]),
        ("?show=new", ["New"]),
        ("?show=voted", ["Promoted", "Demoted"]),
        ("?show=skipped", ["Skipped"]),
        ("?show=nonsense", ["Promoted", "Demoted", "Skipped", "Offered", "Untouched", "New"]),
        ("?tag=agents-%26-co", ["Promoted", "New"]),
        ("?tag=AGENTS", []),
        ("?category=stat.ML", ["New"]),
        ("?category=cs.LG&show=open&tag=agents-%26-co", ["New"]),
        ("?order=score", ["Promoted", "Untouched", "Skipped", "Offered", "New", "Demoted"]),
        ("?from=5", ["Untouched", "New"]),
        ("?from=2&show=voted", ["Demoted"]),
        ("?from=999999", []),
        ("?tag=%00", []),
        ("?category=%F0%9F%98%80%00", []),
    ],
)
def test_filters_order_and_place(signed_in, get, mixed, query, titles):
    assert get(CLUB_DAY + query).titles == titles


@pytest.mark.parametrize("start", ["0", "-1", "x", "1.5", "1000000", "٣", "%00", "1%20", "1e3"])
def test_a_place_that_is_no_number_is_refused(signed_in, get, mixed, start):
    get(f"{CLUB_DAY}?from={start}", status=400)


def test_counts_beside_the_filters(signed_in, get, mixed):
    page = get(CLUB_DAY)
    counts = {each.get("data-count"): each.text for each in page.find("//*[@data-count]")}
    assert counts.items() >= {"open": "2", "voted": "2", "skipped": "1"}.items()
    [strip] = page.find("//*[@id='strip']")
    assert "1 promoted, 1 demoted, 1 skipped, 2 not seen yet, of which 1 are new" in strip.get("aria-label")


def test_filters_keep_what_else_was_chosen(signed_in, get, mixed):
    page = get(f"{CLUB_DAY}?category=cs.LG&from=2")
    assert "?category=cs.LG&show=open" in page.hrefs
    assert not any("from=2" in (href or "") for href in page.hrefs)


def test_tags_and_categories_are_offered_with_their_counts(signed_in, get, mixed):
    chips = get(CLUB_DAY).words("//aside//a[contains(@class, 'chip')]")
    assert "agents-&-co 2" in chips and "cs.LG 6" in chips and "stat.ML 1" in chips


def test_a_long_listing_comes_in_pages_that_leave_nothing_out(signed_in, get, source):
    factories.make_listing(source=source, number=230)
    path, seen, numbers = CLUB_DAY, [], []
    while path:
        page = get(path)
        seen += page.titles
        numbers += [row.get("data-n") for row in page.find(".paper")]
        more = page.find("//a[@rel='next' and starts-with(@href, '?')]")
        path = f"{CLUB_DAY}{more[0].get('href')}" if more else ""
    assert numbers == [str(n) for n in range(1, 231)]
    assert len(set(seen)) == 230


# Where I stopped


def test_go_on_leads_below_what_i_acted_on(signed_in, get, club, member, source):
    listing = factories.make_listing(source=source, number=130)
    papers = papers_of(listing)
    assert not get(CLUB_DAY).find(".bookmark")
    vote(club, papers[9], member)
    page = get(CLUB_DAY)
    [mark] = page.find(".bookmark")
    assert mark.getnext().get("id") == f"p{papers[10].pk}"
    assert f"#p{papers[10].pk}" in page.hrefs
    vote(club, papers[119], member)
    page = get(CLUB_DAY)
    assert not page.find(".bookmark")
    assert f"?from=121#p{papers[120].pk}" in page.hrefs


def test_where_the_page_was_left_is_kept(signed_in, get, club, member, listing):
    papers = papers_of(listing)
    get(CLUB_DAY)
    response = signed_in.post(f"{CLUB_DAY}/stopped", {"paper": papers[1].pk})
    assert response.status_code == 204
    [mark] = get(CLUB_DAY).find(".bookmark")
    assert mark.getnext().get("id") == f"p{papers[1].pk}"


@pytest.mark.parametrize("paper", ["", "x", "0", "9" * 30, "٣", "-1"])
def test_a_place_that_is_no_paper_is_not_kept(signed_in, get, listing, paper):
    get(CLUB_DAY)
    assert signed_in.post(f"{CLUB_DAY}/stopped", {"paper": paper}).status_code == 404
    assert ListingVisit.objects.get().stopped_at is None


def test_only_members_keep_a_place(client, club, listing, outsider):
    paper = papers_of(listing)[0].pk
    client.force_login(outsider)
    assert client.post(f"{CLUB_DAY}/stopped", {"paper": paper}).status_code == 404
    Club.objects.filter(pk=club.pk).update(is_public=True)
    assert client.post(f"{CLUB_DAY}/stopped", {"paper": paper}).status_code in {403, 404}
    assert client.get(f"{CLUB_DAY}/stopped").status_code == 405


# Privacy


@pytest.mark.parametrize("path", [*PAGES, "/clubs/bio/papers/date/2025-04-25", "/clubs/bio/papers/trending"])
def test_private_papers_of_another_club_are_nowhere(client, get, private_paper, listing, outsider, path):
    client.force_login(outsider)
    page = get(path)
    assert "Secret work" not in page.text and len(page.titles) == 3


def test_a_private_source_of_another_club_does_not_exist(client, get, private_paper, outsider):
    client.force_login(outsider)
    slug = Source.objects.get(club__slug="ml").slug
    get(f"{DAY}?source={slug}", status=404)
    assert "/papers/date/2025-04-25" not in get("/papers/date/2025-04-24").hrefs


def test_a_member_of_two_clubs_finds_private_papers_in_their_own_club_only(
    client, get, club, other_club, member, private_paper, listing
):
    Membership.objects.create(club=other_club, user=member)
    client.force_login(member)
    assert "Secret work" in get(CLUB_DAY).titles
    for path in ("/clubs/bio/papers/date/2025-04-25", "/clubs/bio/papers/trending"):
        assert "Secret work" not in get(path).text
    get(f"/clubs/bio/papers/{private_paper.pk}", status=404)


def test_votes_of_all_my_clubs_count_outside_a_clubs_address(
    client, get, club, other_club, member, organiser, outsider, listing
):
    Membership.objects.create(club=other_club, user=member)
    paper = papers_of(listing)[0]
    vote(club, paper, organiser)
    vote(other_club, paper, outsider)
    client.force_login(member)
    assert get(DAY).words("//output")[0] == "2"
    assert get(CLUB_DAY).words("//output")[0] == "1"


def test_a_month_with_more_than_a_page_counts_says_so(signed_in, get, source, club):
    listing = Listing.objects.create(source=source, date=date(2025, 3, 3))
    papers = Paper.objects.bulk_create(Paper(title=f"Number {n}") for n in range(triage.PERIOD_LIMIT))
    ListingItem.objects.bulk_create(
        ListingItem(listing=listing, paper=paper, position=n) for n, paper in enumerate(papers[1:], start=1)
    )
    assert not get("/clubs/ml/papers/month/2025-03").find(".notice")
    ListingItem.objects.create(listing=listing, paper=papers[0], position=triage.PERIOD_LIMIT)
    [said] = get("/clubs/ml/papers/month/2025-03").words(".notice")
    assert said.startswith("These are the first 2,000 papers") and "by day" in said
    [said] = get("/clubs/ml/papers/date/2025-03-03").words(".notice")
    assert said.startswith("These are the first 2,000 papers of this day") and "search" in said


# Hostile text


def test_outside_text_is_escaped_everywhere(signed_in, get, club, member, source):
    evil = (
        "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg onload=alert(3)> javascript:alert(4)"
    )
    member.name = evil[:90]
    member.save()
    source.name = evil[:90]
    source.save()
    paper = factories.make_paper(
        evil, source=source, listed=date(2025, 4, 25), abstract=evil, authors=(evil,), categories=(evil[:60],)
    )
    entry = vote(club, paper, member)
    reading_list.volunteer(entry, by=member)
    reading_list.tag(entry, name="<b>\"'&amp;", by=member)
    discussion.post_comment(entry, text=evil, by=member)
    for path in [
        *PAGES,
        *CLUB_PAGES,
        f"{CLUB_DAY}?category={evil[:60]}",
        f"{CLUB_DAY}?tag=%3Cb%3E%22%27%26amp%3B",
    ]:
        page = get(path)
        assert len(page.titles) == 1
        assert not page.find("//script[not(@src)]") and not page.find("//main//img")
        assert not page.find("//@onerror | //@onload") and not page.find(
            "//a[starts-with(@href, 'javascript')]"
        )
        assert not page.find("//main//b")


# Costs


@pytest.mark.parametrize("number", [2, 50])
def test_a_members_listing_costs_the_same_for_any_number_of_rows(
    signed_in, get, club, member, organiser, source, django_assert_num_queries, number
):
    listing = factories.make_listing(source=source, number=number)
    for paper in papers_of(listing):
        entry = vote(club, paper, organiser)
        reading_list.tag(entry, name=f"tag-{paper.pk}", by=member)
        reading_list.volunteer(entry, by=member)
        discussion.post_comment(entry, text="Hm.", by=member)
    get(CLUB_DAY)
    # user, my clubs; sources, neighbours, visit, ranks, tags, rows
    with django_assert_num_queries(8):
        page = get(CLUB_DAY)
    assert len(page.titles) == number
    # user, my clubs; sources, neighbours, ranks, tags, rows
    with django_assert_num_queries(7):
        get("/clubs/ml/papers/week/2025-W17")
    # user, my clubs; sources, newest day, neighbours, trending, tags, rows
    with django_assert_num_queries(8):
        get("/clubs/ml/papers/trending")
    # and the public clubs whose votes count besides
    with django_assert_num_queries(9):
        get(DAY)


@pytest.mark.parametrize("number", [2, 50])
def test_a_visitors_listing_costs_the_same_for_any_number_of_rows(
    get, source, public_catalogue, django_assert_num_queries, number
):
    factories.make_listing(source=source, number=number)
    # public clubs, sources, neighbours, ranks, rows
    with django_assert_num_queries(5):
        page = get(DAY)
    assert len(page.titles) == number


def test_htmx_gets_the_whole_page_of_a_boosted_link(signed_in, get, listing):
    page = get(CLUB_DAY, headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert len(page.titles) == 3 and page.find("//main")
