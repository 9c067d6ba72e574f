"""Slides and recordings: kept as files, or as links."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from papers import stored_inputs
from papers.models import Attachment, Session, Tombstone
from papers.scheduling import attachments
from tests import factories


@pytest.fixture
def session(club):
    return factories.make_session(club, state=Session.State.LOCKED)


def slides(name="slides.pdf", content=b"%PDF-1.7 slides"):
    return SimpleUploadedFile(name, content)


def test_a_file_is_kept_and_goes(session, club, member, django_capture_on_commit_callbacks):
    item = factories.make_item(session)
    kept = attachments.attach(session, item=item, upload=slides(), size=15, by=member)
    path = stored_inputs.find_path(kept.stored_as)
    club.refresh_from_db()
    assert (kept.name, kept.size, kept.kind, kept.version) == ("slides.pdf", 15, "slides", club.version)
    assert path.read_bytes() == b"%PDF-1.7 slides"
    assert stored_inputs.measure(club) == 15, "it takes of the club's room"

    with django_capture_on_commit_callbacks(execute=True):
        attachments.detach(kept, by=member)
    assert not path.exists()
    assert Tombstone.objects.get(kind="attachment").object_id == kept.pk


def test_a_link_is_kept(session, member):
    kept = attachments.attach(session, kind="recording", link=" https://video.example.org/1 ", by=member)
    assert (kept.name, kept.link, kept.stored_as) == ("https://video.example.org/1",) * 2 + ("",)
    assert (
        attachments.attach(session, link="http://a.example/", name="Talk: one", by=member).name == "Talk: one"
    )


@pytest.mark.parametrize(
    "link",
    [
        "",
        "javascript:alert(1)",
        "ftp://a.example/",
        "https://",
        "data:text/html,x",
        "https://a.example/" + "x" * 1_000,
    ],
)
def test_what_is_no_address(session, member, link):
    with pytest.raises(attachments.BadAttachment):
        attachments.attach(session, link=link, by=member)


def test_a_file_or_a_link_and_not_both(session, member):
    with pytest.raises(attachments.BadAttachment):
        attachments.attach(session, link="https://a.example/", upload=slides(), by=member)


@pytest.mark.parametrize(
    ("name", "original", "kept"),
    [
        ("", "../../etc/passwd", "passwd"),
        ("", "C:\\Users\\mia\\talk.PPTX", "talk.PPTX"),
        ("My talk", "x.pdf", "My talk.pdf"),
        ("My talk.PDF", "x.pdf", "My talk.PDF"),
        ("", "\u202efdp.exe", "fdp.exe"),
        ("", "a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
        ("", "...", "file"),
        ("", "", "file"),
        ("", "x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("Ünïcode 论文", "a.key", "Ünïcode 论文.key"),
    ],
)
def test_names_are_safe(name, original, kept):
    assert attachments.name_file(name, original) == kept


def test_too_large_and_no_room(session, member, settings):
    settings.UPLOAD_LIMIT = 10
    with pytest.raises(stored_inputs.TooLarge):
        attachments.attach(session, upload=slides(), size=15, by=member)
    settings.UPLOAD_LIMIT, settings.CLUB_STORAGE = 100, 10
    with pytest.raises(stored_inputs.Full):
        attachments.attach(session, upload=slides(), size=15, by=member)
    assert not Attachment.objects.exists()
    assert not [path for path in stored_inputs.find_path("attachments").rglob("*") if path.is_file()]


def test_a_refusal_leaves_no_file_behind(club, member):
    draft = factories.make_session(club, state=Session.State.DRAFT)
    with pytest.raises(attachments.NothingToAttachTo):
        attachments.attach(draft, upload=BytesIO(b"x"), size=1, by=member)
    assert not [path for path in stored_inputs.find_path("attachments").rglob("*") if path.is_file()]


def test_a_session_has_only_so_many(session, member, monkeypatch):
    monkeypatch.setattr(attachments, "MOST", 1)
    attachments.attach(session, link="https://a.example/", by=member)
    with pytest.raises(attachments.BadAttachment, match="at most 1"):
        attachments.attach(session, link="https://b.example/", by=member)
