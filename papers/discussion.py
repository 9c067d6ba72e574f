"""What members say about an entry: post, edit, remove."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import rates
from accounts.models import User

from .markup import COMMENT_LIMIT
from .models import Comment, CommentRevision, Entry
from .verbs import verb
from .versions import stamp

DEPTH_LIMIT = 50
# More than anybody types.
POSTS, POSTS_SECONDS = 100, 10 * 60
SHOWN, ROOM = 100, 50_000
"""Comments on a page, and the characters they have together: to render them takes time, of formulas most."""


class Refused(Exception):
    """What cannot be done to a discussion now; its text is a sentence for the person who tried."""


class BadComment(Refused):
    """A comment that is empty or too long."""


class CommentGone(Refused):
    """The comment to edit or to answer has been removed, or was never there."""


class TooManyComments(Refused):
    """More than anybody types within a few minutes."""


def clean_text(text: str) -> str:
    """Return a comment's text with line ends as \\n and no characters that a database refuses.

    Raises BadComment when nothing is left or it is over COMMENT_LIMIT bytes of UTF-8.
    """
    clean = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    clean = clean.encode("utf-8", "ignore").decode().strip()
    if not clean:
        raise BadComment(_("Write something first."))
    size = len(clean.encode())
    if size > COMMENT_LIMIT:
        raise BadComment(
            _("A comment has at most %(most)d kB of text; this one has %(size).1f kB. Split it in two.")
            % {"most": COMMENT_LIMIT // 1000, "size": size / 1000}
        )
    return clean


def post_comment(entry: Entry, *, text: str, by: User, parent: Comment | None = None) -> Comment:
    """Add a comment to an entry's discussion, or a reply to one of its comments. Raises Refused."""
    text = clean_text(text)
    _count_try(by)
    return _post(entry, text, by, parent)


def _count_try(by: User) -> None:
    if not rates.is_within(f"comment:{by.pk}", most=POSTS, seconds=POSTS_SECONDS):
        raise TooManyComments(_("You have written many comments within a few minutes. Go on a little later."))


@verb
def _post(entry: Entry, text: str, by: User, parent: Comment | None) -> Comment:
    entry = Entry.objects.select_for_update(of=("self",)).select_related("club", "paper").get(pk=entry.pk)
    if parent is not None:
        if parent.entry_id != entry.pk or parent.removed_at is not None:
            raise CommentGone(_("The comment you answer is gone. Post yours as a new one."))
        if _depth_of(parent) >= DEPTH_LIMIT:
            parent = parent.parent
    comment = Comment.objects.create(
        entry=entry, author=by, text=text, parent=parent, paper_revision=entry.paper.revision
    )
    _count(entry)
    stamp(entry.club, [entry, comment])
    return comment


def edit_comment(comment: Comment, *, text: str, by: User) -> Comment:
    """Replace what a comment says and keep what it said before. Raises Refused."""
    text = clean_text(text)
    _count_try(by)
    return _edit(comment, text)


@verb
def _edit(comment: Comment, text: str) -> Comment:
    comment = _lock(comment)
    if comment.removed_at is not None:
        raise CommentGone(_("This comment has been removed. Post a new one."))
    if comment.text != text:
        CommentRevision.objects.create(comment=comment, text=comment.text)
        comment.text, comment.edited_at = text, timezone.now()
        comment.save(update_fields=["text", "edited_at"])
        stamp(comment.entry.club, [comment])
    return comment


@verb
def remove_comment(comment: Comment, *, by: User) -> Comment:
    """Take a comment's text away, its history too; its place stays, so that replies keep theirs."""
    comment = _lock(comment)
    if comment.removed_at is None:
        comment.revisions.all().delete()
        comment.text, comment.removed_at = "", timezone.now()
        comment.save(update_fields=["text", "removed_at"])
        _count(comment.entry)
        stamp(comment.entry.club, [comment.entry, comment])
    return comment


@dataclass(slots=True)
class Post:
    """A comment in reading order, and what the reader may do with it.

    `opens` says that it begins a list of replies, `ends` that no reply of its own follows, `closes` has one
    number for each list of replies that ends with it.
    """

    comment: Comment
    depth: int
    opens: bool = False
    ends: bool = False
    closes: range = range(0)
    is_mine: bool = False
    can_edit: bool = False
    can_remove: bool = False


def thread(comments: Iterable[Comment]) -> list[Post]:
    """Return comments in reading order, each followed by its replies, oldest first.

    A removed comment keeps its place as long as one of its replies, or theirs, is there; else it is left out.
    """
    replies: dict[int | None, list[Comment]] = defaultdict(list)
    for comment in sorted(comments, key=lambda each: (each.posted_at, each.pk)):
        replies[comment.parent_id].append(comment)
    posts: list[Post] = []
    waiting = [(0, comment) for comment in reversed(replies[None])]
    while waiting:
        depth, comment = waiting.pop()
        posts.append(Post(comment, depth))
        waiting += [(depth + 1, reply) for reply in reversed(replies[comment.pk])]
    needed: set[int | None] = set()
    for post in reversed(posts):  # replies before what they answer
        if post.comment.removed_at is None or post.comment.pk in needed:
            needed |= {post.comment.pk, post.comment.parent_id}
    return _nest([post for post in posts if post.comment.pk in needed])


def cut(posts: Sequence[Post]) -> list[list[Post]]:
    """Return pages of posts: at most SHOWN, and ROOM characters of text, but one at least.

    Their comments have `size`, the characters of their text. Each page is nested anew: replies to what stands on an
    earlier page begin at its margin.
    """
    pages: list[list[Post]] = []
    room = 0
    for post in posts:
        size = post.comment.size  # type: ignore[attr-defined]
        if not pages or len(pages[-1]) >= SHOWN or size > room:
            pages.append([])
            room = ROOM
        pages[-1].append(post)
        room -= size
    for page in pages:
        margin = page[0].depth
        for post in page:
            margin = min(margin, post.depth)
            post.depth -= margin
        _nest(page)
    return pages


def _nest(posts: list[Post]) -> list[Post]:
    """Say where lists of replies begin and end."""
    for post, after in zip_longest(posts, posts[1:]):
        depth = after.depth if after else 0
        post.ends = depth <= post.depth
        post.closes = range(post.depth - depth) if post.ends else range(0)
    for before, post in pairwise(posts):
        post.opens = post.depth > before.depth
    if posts:
        posts[0].opens = False
    return posts


def _lock(comment: Comment) -> Comment:
    # The entry first, as in post_comment: two verbs that lock in different orders could wait for ever.
    Entry.objects.select_for_update().get(pk=comment.entry_id)
    return Comment.objects.select_for_update(of=("self",)).select_related("entry__club").get(pk=comment.pk)


def _count(entry: Entry) -> None:
    entry.comment_count = entry.comments.filter(removed_at=None).count()
    entry.save(update_fields=["comment_count"])


def _depth_of(comment: Comment) -> int:
    depth, above = 1, comment.parent
    while above is not None and depth < DEPTH_LIMIT:
        depth, above = depth + 1, above.parent
    return depth
