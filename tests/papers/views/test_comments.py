import pytest
from django.test import Client

from accounts.models import Club, Membership
from papers import discussion, reading_list
from papers.models import Comment, Entry
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def paper(listing):
    return listing.items.get(position=1).paper


@pytest.fixture
def comment(club, paper, member):
    return discussion.post_comment(reading_list.note(club, paper), text="Opening **words**.", by=member)


@pytest.fixture
def page_url(paper):
    return f"/clubs/ml/papers/{paper.pk}"


def act(comment, name):
    return f"/clubs/ml/comments/{comment.pk}/{name}"


# Posting


def test_a_comment_is_posted_and_shown(signed_in, get, member, paper, page_url):
    response = signed_in.post(f"{page_url}/comments", {"text": "See $x^2$ and *this*."})
    comment = Comment.objects.get()
    assert (comment.author, comment.text) == (member, "See $x^2$ and *this*.")
    assert response.url == f"{page_url}#c{comment.pk}"
    page = get(page_url)
    assert page.find(f"//article[@id='c{comment.pk}']//math") and page.find("//article//em")
    assert "Mia Member (you)" in page.words(".by")[0] and "1 comment" in page.text
    assert "Posted." in page.text


def test_a_reply_stands_below_what_it_answers(client, get, organiser, comment, page_url):
    client.force_login(organiser)
    client.post(f"{page_url}/comments", {"text": "I see.", "parent": comment.pk})
    reply = Comment.objects.get(parent=comment)
    assert get(page_url).find(f"//li[article[@id='c{comment.pk}']]//ol//article[@id='c{reply.pk}']")


def test_a_preview_shows_the_text_and_keeps_it(signed_in, paper, page_url, get):
    text = "See $\\frac{a}{b}$ <script>alert(1)</script>"
    page = type(get(page_url))(signed_in.post(f"{page_url}/comments", {"text": text, "preview": "1"}))
    [preview] = page.find(".preview")
    assert preview.xpath(".//math") and not preview.xpath(".//script")
    [box] = page.find("//textarea[@id='text-new']")
    assert box.text.strip() == text
    assert not Comment.objects.exists() and not Entry.objects.exists()
    assert len(page.ids) == len(set(page.ids))


def test_the_preview_of_a_reply_stands_below_what_it_answers(signed_in, get, comment, page_url):
    body = {"text": "Why $y$?", "preview": "1", "parent": comment.pk}
    page = type(get(page_url))(signed_in.post(f"{page_url}/comments", body))
    assert page.find(f"//li[article[@id='c{comment.pk}']]//*[contains(@class, 'preview')]//math")
    assert page.find(f"//textarea[@id='text-{comment.pk}']")[0].text.strip() == "Why $y$?"
    assert page.find("//textarea[@id='text-new']")[0].text.strip() == ""
    assert len(page.ids) == len(set(page.ids))


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "Write something first"), (" \r\n\0", "Write something"), ("é" * 10_001, "at most 20 kB")],
)
@pytest.mark.parametrize("extra", [{}, {"preview": "1"}])
def test_what_cannot_be_posted_is_explained_and_kept(signed_in, get, paper, page_url, text, words, extra):
    page = type(get(page_url))(signed_in.post(f"{page_url}/comments", {"text": text, **extra}))
    assert words in page.words("//*[@role='alert']")[0]
    [box] = page.find("//textarea[@id='text-new']")
    assert box.get("aria-invalid") == "true" and (box.text or "").strip() == text.strip(" \r\n\0")
    assert not Comment.objects.exists()


@pytest.mark.parametrize("parent", ["x", "-1", "0", "9" * 30, "٣"])
def test_a_reply_to_nothing_is_not_posted_elsewhere(signed_in, comment, page_url, parent):
    response = signed_in.post(f"{page_url}/comments", {"text": "Lost.", "parent": parent})
    assert response.status_code == 200 and "is gone" in response.content.decode()
    assert Comment.objects.count() == 1


def test_a_reply_to_another_entrys_or_clubs_comment_is_refused(
    signed_in, listing, other_club, outsider, comment, page_url
):
    elsewhere = listing.items.get(position=2).paper
    theirs = discussion.post_comment(reading_list.note(other_club, elsewhere), text="Theirs.", by=outsider)
    for parent, path in (
        (comment, f"/clubs/ml/papers/{elsewhere.pk}/comments"),
        (theirs, f"{page_url}/comments"),
    ):
        response = signed_in.post(path, {"text": "Lost.", "parent": parent.pk})
        assert "is gone" in response.content.decode() and "Theirs." not in response.content.decode()
    assert Comment.objects.count() == 2


def test_a_reply_to_a_removed_comment_is_refused(signed_in, member, comment, page_url):
    discussion.remove_comment(comment, by=member)
    response = signed_in.post(f"{page_url}/comments", {"text": "Late.", "parent": comment.pk})
    assert "is gone" in response.content.decode() and Comment.objects.count() == 1


# Editing


def test_an_edit_shows_and_its_history_too(signed_in, get, comment, page_url):
    assert get(act(comment, "edit")).find("//textarea")[0].text.strip() == "Opening **words**."
    response = signed_in.post(act(comment, "edit"), {"text": "Second <b>words</b>."})
    assert response.url == f"{page_url}#c{comment.pk}"
    page = get(page_url)
    assert "Second" in page.text and act(comment, "history") in page.hrefs
    history = get(act(comment, "history"))
    assert history.find("//strong[.='words']") and not history.find("//main//b")
    assert [words.split()[0] for words in history.words("//ol[@class='history']/li")] == ["Now,", "Until"]


def test_an_edit_is_previewed_and_refused_in_words(signed_in, get, comment):
    url = act(comment, "edit")
    page = type(get(url))(signed_in.post(url, {"text": "Now *this*.", "preview": "1"}))
    assert (
        page.find("//*[contains(@class, 'preview')]//em")
        and page.find("//textarea")[0].text.strip() == "Now *this*."
    )
    page = type(page)(signed_in.post(url, {"text": " "}))
    assert page.words("//*[@role='alert']") == ["Write something first."]
    comment.refresh_from_db()
    assert comment.text == "Opening **words**."


def test_a_removed_comment_cannot_be_edited(signed_in, get, member, comment):
    discussion.remove_comment(comment, by=member)
    response = signed_in.post(act(comment, "edit"), {"text": "Back."})
    assert response.status_code == 200 and "has been removed" in response.content.decode()
    comment.refresh_from_db()
    assert comment.text == ""


# Removing


def test_a_removed_comment_leaves_its_place_to_its_replies(
    signed_in, get, member, organiser, comment, page_url
):
    discussion.edit_comment(comment, text="Second secret.", by=member)
    discussion.post_comment(comment.entry, text="I see.", by=organiser, parent=comment)
    assert signed_in.post(act(comment, "remove")).url == f"{page_url}#c{comment.pk}"
    page = get(page_url)
    assert "This comment was removed." in page.text and "I see." in page.text
    history = get(act(comment, "history"))
    for text in (page.text, history.text):
        assert "Opening" not in text and "Second secret" not in text


# Who may


def test_what_each_may_do_stands_beside_the_comment(client, get, member, organiser, comment, page_url):
    another = factories.make_user("Nina Newcomer", club=comment.entry.club)
    rights = {member: {"edit", "remove"}, organiser: {"remove"}, another: set()}
    for person, may in rights.items():
        client.force_login(person)
        page = get(page_url)
        shown = {"edit"} if act(comment, "edit") in page.hrefs else set()
        if page.find(f"//form[@action='{act(comment, 'remove')}']"):
            shown.add("remove")
        assert shown == may
        assert client.post(act(comment, "edit"), {"text": "Opening **words**."}).status_code == (
            302 if "edit" in may else 403
        )
        assert client.get(act(comment, "edit")).status_code == (200 if "edit" in may else 403)
    client.force_login(another)
    assert client.post(act(comment, "remove")).status_code == 403
    client.force_login(organiser)
    assert client.post(act(comment, "remove")).status_code == 302


def test_who_left_the_club_changes_nothing_any_more(client, member, comment):
    Membership.objects.filter(user=member).delete()
    client.force_login(member)
    for name in ("edit", "remove"):
        assert client.post(act(comment, name), {"text": "x"}).status_code == 404
    assert client.get(act(comment, "history")).status_code == 404


def test_others_know_nothing_of_it(client, get, club, outsider, administrator, comment, page_url):
    posts = [
        (f"{page_url}/comments", {"text": "x"}),
        *((act(comment, name), {"text": "x"}) for name in ("edit", "remove")),
    ]
    for url, body in posts:
        assert client.post(url, body).url.startswith("/accounts/login/")
    for person in (outsider, administrator):
        client.force_login(person)
        for url, body in posts:
            assert client.post(url, body).status_code == 404
        get(act(comment, "history"), status=404)
    Club.objects.filter(pk=club.pk).update(is_public=True)
    for url, body in posts:
        assert client.post(url, body).status_code == 403
    assert "Opening" in get(act(comment, "history")).text  # read, yes
    assert Comment.objects.get().text == "Opening **words**."


def test_a_comment_is_found_under_its_own_club_only(client, get, other_club, member, comment):
    Membership.objects.create(club=other_club, user=member)
    client.force_login(member)
    for name in ("edit", "history"):
        get(f"/clubs/bio/comments/{comment.pk}/{name}", status=404)
    assert client.post(f"/clubs/bio/comments/{comment.pk}/remove").status_code == 404


def test_a_form_without_token_is_refused(member, comment, page_url):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)
    for url in (f"{page_url}/comments", act(comment, "edit"), act(comment, "remove")):
        assert client.post(url, {"text": "x"}).status_code == 403
    assert Comment.objects.get().text == "Opening **words**."


def test_posts_are_posts(signed_in, comment, page_url):
    assert signed_in.get(f"{page_url}/comments").status_code == 405
    assert signed_in.get(act(comment, "remove")).status_code == 405
    assert signed_in.post(act(comment, "history")).status_code == 405


def test_a_long_history_comes_in_pages(signed_in, get, comment):
    for number in range(12):
        discussion.edit_comment(comment, text=f"Edit {number}.", by=comment.author)
    page, seen = get(act(comment, "history")), []
    while True:
        seen += page.words("//ol[@class='history']/li//div[@class='prose']")[1:]
        following = [href for href in page.hrefs if href and href.startswith("?before=")]
        if not following:
            break
        page = get(act(comment, "history") + following[0])
    assert seen[:11] == [f"Edit {number}." for number in range(10, -1, -1)] and len(seen) == 12


def test_edits_are_counted_as_posts_are(comment, monkeypatch):
    monkeypatch.setattr(discussion, "POSTS", 3)
    for number in range(2):  # it was posted as well
        discussion.edit_comment(comment, text=f"Edit {number}.", by=comment.author)
    with pytest.raises(discussion.TooManyComments):
        discussion.edit_comment(comment, text="One more.", by=comment.author)
