from datetime import timedelta

import pytest
from django.utils import timezone

from papers import discussion, reading_list
from papers.models import Comment, CommentRevision
from tests import factories
from tests.papers.test_reading_list import run_together

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(club, source):
    return reading_list.note(club, factories.make_paper(source=source))


def count_of(entry):
    entry.refresh_from_db()
    return entry.comment_count


# Text


def test_text_is_kept_with_plain_line_ends():
    assert discussion.clean_text("  one\r\ntwo\rthree \n") == "one\ntwo\nthree"


@pytest.mark.parametrize(
    "text",
    ["", "   ", "\r\n", "\0", "\0 \0", "\ud800", "\ud800 \udfff"],
    ids=["empty", "blank", "line", "null", "nulls", "surrogate", "surrogates"],
)
def test_nothing_is_no_comment(entry, member, text):
    with pytest.raises(discussion.BadComment, match="Write something"):
        discussion.post_comment(entry, text=text, by=member)
    assert not Comment.objects.exists() and count_of(entry) == 0


def test_what_a_database_refuses_is_left_out(entry, member):
    comment = discussion.post_comment(entry, text="a\0b \ud800c \U0001f600", by=member)
    comment.refresh_from_db()
    assert comment.text == "ab c \U0001f600"


@pytest.mark.parametrize("letter", ["x", "é", "漢", "\U0001f600"])
def test_a_comment_has_at_most_20_kb(entry, member, letter):
    most = 20_000 // len(letter.encode())
    comment = discussion.post_comment(entry, text=letter * most, by=member)
    with pytest.raises(discussion.BadComment, match=r"at most 20 kB.*20\.0 kB"):
        discussion.post_comment(entry, text=letter * (most + 1), by=member)
    with pytest.raises(discussion.BadComment, match="at most 20 kB"):
        discussion.edit_comment(comment, text=letter * (most + 1), by=member)
    assert count_of(entry) == 1


# Posting


def test_comments_are_counted(entry, member, organiser):
    first = discussion.post_comment(entry, text="One.", by=member)
    discussion.post_comment(entry, text="Two.", by=organiser, parent=first)
    assert count_of(entry) == 2
    discussion.remove_comment(first, by=member)
    assert count_of(entry) == 1
    discussion.remove_comment(first, by=member)
    assert count_of(entry) == 1


@pytest.mark.django_db(transaction=True)
def test_comments_posted_at_once_are_all_counted(club, source):
    entry, person = (
        reading_list.note(club, factories.make_paper(source=source)),
        factories.make_user(club=club),
    )
    run_together(*[lambda: discussion.post_comment(entry, text="Me first.", by=person)] * 6)
    assert count_of(entry) == 6
    run_together(
        *[lambda each=each: discussion.remove_comment(each, by=person) for each in entry.comments.all()[:3]],
        lambda: discussion.post_comment(entry, text="Me too.", by=person),
        lambda: reading_list.cast_vote(entry, value=1, by=person),
    )
    assert count_of(entry) == 4 and entry.promotions == 1


def test_a_reply_needs_a_comment_of_the_same_entry_that_is_there(club, source, entry, member):
    elsewhere = reading_list.note(club, factories.make_paper(source=source))
    stranger = discussion.post_comment(elsewhere, text="Elsewhere.", by=member)
    removed = discussion.remove_comment(discussion.post_comment(entry, text="Gone.", by=member), by=member)
    for parent in (stranger, removed):
        with pytest.raises(discussion.CommentGone, match="is gone"):
            discussion.post_comment(entry, text="Reply.", by=member, parent=parent)
    assert count_of(entry) == 0


def test_a_reply_too_deep_stands_beside_its_parent(entry, member):
    parent = None
    for number in range(discussion.DEPTH_LIMIT + 3):
        parent = discussion.post_comment(entry, text=f"Level {number}.", by=member, parent=parent)
    depths = [post.depth for post in discussion.thread(Comment.objects.filter(entry=entry))]
    assert len(depths) == discussion.DEPTH_LIMIT + 3
    assert max(depths) == discussion.DEPTH_LIMIT - 1


# Editing and removing


def test_an_edit_keeps_what_it_said_before(entry, club, member):
    comment = discussion.post_comment(entry, text="One.", by=member)
    for text in ("Two.", "Two.", "Three."):
        discussion.edit_comment(comment, text=text, by=member)
    comment.refresh_from_db()
    club.refresh_from_db()
    assert [revision.text for revision in comment.revisions.all()] == ["One.", "Two."]
    assert comment.text == "Three." and comment.edited_at is not None
    assert comment.version == club.version


def test_an_edit_without_change_is_none(entry, club, member):
    comment = discussion.post_comment(entry, text="One.", by=member)
    discussion.edit_comment(comment, text=" One. ", by=member)
    comment.refresh_from_db()
    club.refresh_from_db()
    assert comment.edited_at is None and comment.version == club.version == entry.version + 1


@pytest.mark.django_db(transaction=True)
def test_edits_at_once_lose_nothing(club, source):
    entry, person = (
        reading_list.note(club, factories.make_paper(source=source)),
        factories.make_user(club=club),
    )
    comment = discussion.post_comment(entry, text="Start.", by=person)
    texts = [f"Edit {number}." for number in range(5)]
    run_together(
        *[lambda text=text: discussion.edit_comment(comment, text=text, by=person) for text in texts]
    )
    comment.refresh_from_db()
    before = [revision.text for revision in comment.revisions.all()]
    assert sorted([*before, comment.text]) == sorted(["Start.", *texts])


def test_removing_takes_the_text_and_its_history_away(entry, member):
    comment = discussion.post_comment(entry, text="A secret.", by=member)
    discussion.edit_comment(comment, text="Another secret.", by=member)
    discussion.remove_comment(comment, by=member)
    comment.refresh_from_db()
    assert comment.text == "" and comment.removed_at is not None
    assert not CommentRevision.objects.exists()
    with pytest.raises(discussion.CommentGone, match="removed"):
        discussion.edit_comment(comment, text="Back.", by=member)


@pytest.mark.django_db(transaction=True)
def test_an_edit_and_a_removal_at_once_leave_no_text_behind(club, source):
    entry, person = (
        reading_list.note(club, factories.make_paper(source=source)),
        factories.make_user(club=club),
    )

    def edit(comment):
        try:
            discussion.edit_comment(comment, text="Edited secret.", by=person)
        except discussion.Refused:
            return

    for _ in range(4):
        comment = discussion.post_comment(entry, text="Secret.", by=person)
        run_together(
            lambda comment=comment: edit(comment),
            lambda comment=comment: discussion.remove_comment(comment, by=person),
        )
        comment.refresh_from_db()
        assert comment.text == "" and comment.removed_at
    assert not CommentRevision.objects.exists() and count_of(entry) == 0


# Reading order


def post(entry, by, text, minute, parent=None):
    comment = discussion.post_comment(entry, text=text, by=by, parent=parent)
    comment.posted_at = timezone.now() + timedelta(minutes=minute)
    comment.save(update_fields=["posted_at"])
    return comment


def order_of(entry):
    return [(each.comment.text, each.depth) for each in discussion.thread(entry.comments.all())]


def test_replies_follow_what_they_answer_oldest_first(entry, member):
    a = post(entry, member, "a", 1)
    b = post(entry, member, "b", 2)
    a2 = post(entry, member, "a2", 5, parent=a)
    a1 = post(entry, member, "a1", 3, parent=a)
    post(entry, member, "b1", 4, parent=b)
    post(entry, member, "a1x", 9, parent=a1)
    post(entry, member, "a2x", 8, parent=a2)
    assert order_of(entry) == [
        *(("a", 0), ("a1", 1), ("a1x", 2), ("a2", 1), ("a2x", 2)),
        *(("b", 0), ("b1", 1)),
    ]


def test_lists_of_replies_open_and_close_as_often(entry, member):
    """What the template makes of it is a tree: every list that opens is closed."""
    a = post(entry, member, "a", 1)
    b = post(entry, member, "b", 2, parent=a)
    post(entry, member, "c", 3, parent=b)
    post(entry, member, "d", 4)
    e = post(entry, member, "e", 5)
    post(entry, member, "f", 6, parent=e)
    posts = discussion.thread(entry.comments.all())
    assert [each.opens for each in posts] == [False, True, True, False, False, True]
    assert [each.ends for each in posts] == [False, False, True, True, False, True]
    assert [len(each.closes) for each in posts] == [0, 0, 2, 0, 0, 1]


def test_a_removed_comment_keeps_its_place_only_for_its_replies(entry, member):
    a = post(entry, member, "a", 1)
    post(entry, member, "a1", 2, parent=a)
    lonely = post(entry, member, "lonely", 3)
    for comment in (a, lonely):
        discussion.remove_comment(comment, by=member)
    assert order_of(entry) == [("", 0), ("a1", 1)]


def test_removed_comments_with_only_removed_replies_vanish_with_them(entry, member):
    a = post(entry, member, "a", 1)
    a1 = post(entry, member, "a1", 2, parent=a)
    a1x = post(entry, member, "a1x", 3, parent=a1)
    post(entry, member, "b", 4)
    for comment in (a1x, a1, a):
        discussion.remove_comment(comment, by=member)
    assert order_of(entry) == [("b", 0)]
