from datetime import date

import pytest

from accounts.models import Club, Membership
from papers import catalogue, discussion, reading_list
from papers.models import Comment, MergedPaper, Paper
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def paper(source, day):
    return factories.make_paper(
        "Learning $\\alpha$-stable policies",
        source=source,
        listed=day,
        abstract="We bound $$x^2 \\le y$$ tightly.\n\nSee https://example.org/code.",
        authors=("Ada Lovelace", "Zoë Müller"),
        identifiers=[
            factories.make_identifier("2504.12345"),
            factories.make_identifier("10.1000/xyz", "doi"),
        ],
        categories=("cs.LG",),
        published=date(2025, 4, 24),
        revision=2,
        upvotes=12,
        urls=(("pdf", "https://arxiv.org/pdf/2504.12345"), ("code", "https://example.org/code")),
    )


def test_the_page_says_what_the_paper_is(signed_in, get, paper):
    page = get(f"/papers/{paper.pk}")
    assert page.words("//h1") == ["Learning α-stable policies"] or "<math" in page.text
    assert len(page.find("//math")) >= 2
    assert "Ada Lovelace, Zoë Müller" in page.text
    assert page.hrefs >= {
        *(
            "https://arxiv.org/abs/2504.12345",
            "https://doi.org/10.1000/xyz",
            "https://arxiv.org/pdf/2504.12345",
        ),
        *("https://example.org/code", f"/papers/{paper.pk}.md", f"/papers/date/2025-04-25#p{paper.pk}"),
    }
    for words in ("24 April 2025", "v2", "cs.LG", "12 votes at the source"):
        assert words in page.text


def test_a_bare_paper_says_what_is_not_known(signed_in, get, source):
    page = get(f"/papers/{factories.make_paper(source=source).pk}")
    for words in ("Authors unknown", "No abstract", "not known", "none yet", "No votes yet"):
        assert words in page.text


def test_many_authors_fold(signed_in, get, source):
    names = tuple(f"Author {number}" for number in range(3000))
    page = get(f"/papers/{factories.make_paper(source=source, authors=names).pk}")
    assert "all 3000 authors" in page.text and len(page.find("//details[@class='authors']")) == 1


def test_votes_tags_and_offers_of_the_club(signed_in, get, club, member, organiser, paper):
    entry = reading_list.note(club, paper)
    reading_list.cast_vote(entry, value=1, by=organiser)
    reading_list.cast_vote(entry, value=-1, by=member)
    reading_list.volunteer(entry, by=organiser)
    reading_list.tag(entry, name="rl", by=member)
    reading_list.suggest(entry, by=organiser)
    for path in (f"/papers/{paper.pk}", f"/clubs/ml/papers/{paper.pk}"):
        page = get(path)
        assert "1 for, 1 against." in page.text and "For: Otto." in page.text
        assert "Otto would present." in page.text and "Suggested by Otto Organiser, too" in page.text
        assert page.find("//button[@name='remove' and @value='rl']")
        assert page.find("//button[contains(@class, 'vote-down') and @aria-pressed='true']")


@pytest.mark.parametrize(
    "name",
    [
        *("2504.12345", "2504.12345v1", "arXiv:2504.12345"),
        *("hep-th/9901001", "hep-th/9901001v3", "math.GT/0309136"),
    ],
)
def test_an_arxiv_id_leads_to_the_paper(signed_in, source, name):
    value = name.removeprefix("arXiv:")
    value = (
        value.partition("v")[0] if value[0].isdigit() else value.removesuffix("v3").replace("math.GT", "math")
    )
    paper = factories.make_paper(source=source, identifiers=[factories.make_identifier(value)])
    response = signed_in.get(f"/papers/{name}")
    assert (response.status_code, response.url) == (302, f"/papers/{paper.pk}")


@pytest.mark.parametrize(
    "name", ["2504.99999", "nonsense", "0", "99999999", "hep-th/0000000", "9" * 30, "%00"]
)
def test_what_names_no_paper_is_not_found(signed_in, get, paper, name):
    get(f"/papers/{name}", status=404)


def test_a_merged_papers_address_goes_on_working(signed_in, client, paper):
    MergedPaper.objects.create(id=987654, paper=paper, reason="The same.")
    assert client.get("/papers/987654").url == f"/papers/{paper.pk}"
    assert client.get("/clubs/ml/papers/987654").url == f"/clubs/ml/papers/{paper.pk}"


def test_visitors_see_the_paper_and_nothing_of_clubs(client, get, club, member, paper, settings):
    path = f"/papers/{paper.pk}"
    assert client.get(path).url == f"/accounts/login/?next={path}"
    settings.PUBLIC_CATALOGUE = True
    entry = reading_list.cast_vote(reading_list.note(club, paper), value=1, by=member)
    reading_list.tag(entry, name="inner-tag", by=member)
    discussion.post_comment(entry, text="Inner words.", by=member)
    page = get(path)
    for words in ("inner-tag", "Inner words", "Mia", "1 for", "Machine learning"):
        assert words not in page.text
    assert not page.find("//main//form") and f"/accounts/login/?next={path}" in page.hrefs
    assert client.get(f"/clubs/ml{path}").url.startswith("/accounts/login/")


def test_outsiders_see_their_own_club_only(client, get, club, member, outsider, paper):
    entry = reading_list.note(club, paper)
    discussion.post_comment(entry, text="Inner words.", by=member)
    client.force_login(outsider)
    page = get(f"/papers/{paper.pk}")
    assert "Inner words" not in page.text and "Biology" in page.text
    get(f"/clubs/ml/papers/{paper.pk}", status=404)


def test_a_public_clubs_discussion_is_everybodys_to_read(client, get, club, member, outsider, paper):
    Club.objects.filter(pk=club.pk).update(is_public=True)
    discussion.post_comment(reading_list.note(club, paper), text="Open words.", by=member)
    for person in (None, outsider):
        if person:
            client.force_login(person)
        page = get(f"/clubs/ml/papers/{paper.pk}")
        assert "Open words." in page.text
        assert not page.find("//*[@id='comments' or @id='vote']//form")


def test_a_private_paper_is_unknown_to_others(client, get, club, member, outsider, private_paper):
    client.force_login(outsider)
    unknown = get("/papers/99999999", status=404)
    assert get(f"/papers/{private_paper.pk}", status=404).said == unknown.said
    get(f"/clubs/bio/papers/{private_paper.pk}", status=404)
    client.force_login(member)
    assert "private to Machine learning" in get(f"/papers/{private_paper.pk}").text


def test_merged_into_a_private_paper_is_unknown_too(client, get, outsider, private_paper):
    MergedPaper.objects.create(id=987654, paper=private_paper, reason="The same.")
    client.force_login(outsider)
    get("/papers/987654", status=404)


def test_a_private_paper_is_discussed_in_its_own_club(client, get, club, other_club, member, private_paper):
    """Also while its reader acts in another one."""
    Membership.objects.create(club=other_club, user=member)
    member.default_club = other_club
    member.save()
    client.force_login(member)
    page = get(f"/papers/{private_paper.pk}")
    forms = [form.get("action") for form in page.find("//main//form")]
    assert forms and all(action.startswith("/clubs/ml/") for action in forms)


def test_hostile_text_is_harmless(signed_in, get, club, member, source):
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'></title><svg onload=alert(3)>"
    evil += "$\\href{javascript:alert(4)}{x}$"
    paper = factories.make_paper(
        evil,
        source=source,
        abstract=f"{evil}\n\n[x](javascript:alert(5)) \u202etxt.exe",
        authors=(evil, "B"),
        journal=evil,
        comment=evil,
        categories=(evil,),
        urls=(("pdf", "javascript:alert(6)"), ("code", "data:text/html,x")),
    )
    entry = reading_list.note(club, paper)
    reading_list.tag(entry, name="<b>\"'&amp;", by=member)
    discussion.post_comment(
        entry, text=f"{evil} [x](javascript:alert(7)) <b>bold</b> ![](http://x/y.png)", by=member
    )
    for path in (f"/papers/{paper.pk}", f"/clubs/ml/papers/{paper.pk}"):
        page = get(path)
        assert not page.find("//script[not(@src)]") and not page.find("//main//img")
        assert not page.find("//@onerror | //@onload") and not page.find("//main//b")
        assert not [href for href in page.hrefs if href and href.startswith(("javascript:", "data:"))]
        assert "\u202e" not in page.text
        assert page.find("//body//main")  # the title did not close early


@pytest.mark.parametrize("number", [2, 50])
def test_a_page_costs_the_same_for_any_number_of_comments(
    signed_in, get, club, member, organiser, paper, django_assert_num_queries, number
):
    entry = reading_list.note(club, paper)
    parent = None
    for index in range(number):
        comment = discussion.post_comment(entry, text=f"Comment {index}.", by=organiser, parent=parent)
        parent = comment if index % 3 else None
        if index < 30:
            reading_list.tag(entry, name=f"tag-{index}", by=member)
    # user, my clubs; paper, identifiers; acts, row; entry, its history, records, listings, tags; comments, on screen
    with django_assert_num_queries(13):
        page = get(f"/clubs/ml/papers/{paper.pk}")
    assert len(page.find(".comment")) == number
    assert len(page.ids) == len(set(page.ids))


@pytest.fixture
def long_discussion(club, paper, organiser):
    """Comments 1 to 250: threads of seven, each a reply to the one before."""
    entry = reading_list.note(club, paper)
    parent = None
    for number in range(1, 251):
        parent = Comment.objects.create(
            entry=entry,
            author=organiser,
            text=f"Comment {number}.",
            parent=parent if number % 7 != 1 else None,
        )
    entry.comment_count = 250
    entry.save()
    return list(Comment.objects.order_by("pk"))


@pytest.mark.parametrize(
    ("query", "first", "last", "ways"),
    [
        ("", 1, 100, ["?from=101#comments"]),
        ("?from=101", 101, 200, ["?from=1#comments", "?from=201#comments"]),
        ("?from=201", 201, 250, ["?from=101#comments"]),
        ("?from=150", 101, 200, ["?from=1#comments", "?from=201#comments"]),
        ("?from=9999", 201, 250, ["?from=101#comments"]),
    ],
)
def test_a_long_discussion_comes_in_pages(signed_in, get, paper, long_discussion, query, first, last, ways):
    page = get(f"/clubs/ml/papers/{paper.pk}{query}")
    shown = [f"Comment {number}." for number in range(first, last + 1)]
    assert page.words("//article[contains(@class, 'comment')]//div[@class='prose']") == shown
    assert {href for href in page.hrefs if href and href.startswith("?from")} == set(ways)
    for tag in ("ol", "li", "details", "form"):  # a parser would mend what is cut within a thread
        assert page.text.count(f"<{tag}") - page.text.count("<link") * (tag == "li") == page.text.count(
            f"</{tag}>"
        )


def test_a_comments_address_leads_to_its_page(signed_in, client, get, paper, long_discussion):
    wanted = long_discussion[222]
    [address] = {
        href for href in get("/clubs/ml/").hrefs if href and href.endswith(f"#c{long_discussion[249].pk}")
    }
    assert (
        address == f"/clubs/ml/papers/{paper.pk}?comment={long_discussion[249].pk}#c{long_discussion[249].pk}"
    )
    assert f"c{wanted.pk}" in get(f"/clubs/ml/papers/{paper.pk}?comment={wanted.pk}").ids
    answer = client.post(f"/clubs/ml/papers/{paper.pk}/comments", {"text": "Last."})
    assert "Last." in get(answer.url.partition("#")[0]).text
    preview = {"text": "Reply.", "parent": wanted.pk, "preview": "1"}
    assert (
        f'id="c{wanted.pk}"' in client.post(f"/clubs/ml/papers/{paper.pk}/comments", preview).content.decode()
    )


@pytest.mark.parametrize("query", ["?from=0", "?from=x", "?from=1000000"])
def test_odd_places_are_refused(signed_in, client, paper, long_discussion, query):
    assert client.get(f"/clubs/ml/papers/{paper.pk}{query}").status_code == 400


@pytest.mark.parametrize("comment", ["0", "x", "9" * 40, "%00", "-1"])
def test_a_comment_that_is_not_there_leads_to_the_beginning(signed_in, get, paper, long_discussion, comment):
    assert f"c{long_discussion[0].pk}" in get(f"/clubs/ml/papers/{paper.pk}?comment={comment}").ids


def test_a_new_record_of_the_paper_shows(signed_in, get, paper, source):
    catalogue.add_records(
        source,
        [
            factories.make_record(
                "A better title", key="again", identifiers=[factories.make_identifier("2504.12345")]
            )
        ],
    )
    assert Paper.objects.count() == 1
    assert get(f"/papers/{paper.pk}").words("//h1")


def test_long_comments_fill_a_page_sooner(signed_in, get, club, paper, organiser):
    entry = reading_list.note(club, paper)
    for number in range(7):
        discussion.post_comment(entry, text=f"Number {number}. " + "word " * 3_000, by=organiser)
    pages = [get(f"/clubs/ml/papers/{paper.pk}?from={start}") for start in (1, 4, 7)]
    assert [len(page.find(".comment")) for page in pages] == [3, 3, 1]
    assert "?from=4#comments" in pages[0].hrefs and "?from=1#comments" in pages[1].hrefs
