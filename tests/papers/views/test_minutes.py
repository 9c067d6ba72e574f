"""What a meeting leaves behind on the page of its session, on that of its paper, and in the archive."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from papers import reading_list
from papers.models import ActionItem, Assignment, Attachment, Attendance, Session
from papers.scheduling import attachments, minutes
from papers.scheduling.parts import load_parts
from tests import factories


@pytest.fixture
def session(club):
    return factories.make_session(club, timezone.now() - timedelta(hours=2), state=Session.State.HELD)


@pytest.fixture
def item(session, club, organiser):
    entry = reading_list.note(club, factories.make_paper("On minutes"))
    entry.state = "discussed"
    entry.save()
    return factories.make_item(session, entry)


@pytest.fixture
def path(session):
    return f"/clubs/ml/sessions/{session.pk}/"


def give_part(item, member, state="done"):
    club = item.session.club
    return Assignment.objects.create(
        club=club, item=item, part=load_parts(club)[0], member=member, state=state
    )


def test_who_presented_concludes_with_the_template(signed_in, get, club, member, item, path):
    club.minutes_template = "What is new?"
    club.save()
    assert not get(path).find("//textarea[@name='takeaways']")
    give_part(item, member)
    assert get(path).words("//textarea[@name='takeaways']") == ["What is new?"]
    address = f"{path}conclude/{item.pk}"
    signed_in.post(address, {"verdict": "Worth <b>it</b>", "takeaways": "What is new?"})
    item.refresh_from_db()
    assert (item.verdict, item.takeaways) == ("Worth <b>it</b>", ""), "the template alone says nothing"
    signed_in.post(address, {"verdict": "Worth <b>it</b>", "takeaways": "Much: $x^2$"})
    page = get(path)
    assert page.words(".verdict") == ["Worth <b>it</b>"]
    assert page.find("//section[@id='minutes']//math")


def test_others_do_not_conclude(signed_in, item, path):
    assert signed_in.post(f"{path}conclude/{item.pk}", {"verdict": "x"}).status_code == 403
    assert signed_in.post(f"{path}attach", {"item": item.pk, "link": "https://a.example/"}).status_code == 403


def test_files_are_attached_sent_and_taken_away(
    client, organiser, member, outsider, get, item, path, settings
):
    client.force_login(organiser)
    slides = SimpleUploadedFile("talk.svg", b"<svg onload='alert(1)'/>", content_type="image/svg+xml")
    client.post(f"{path}attach", {"item": item.pk, "kind": "slides", "file": slides})
    client.post(f"{path}attach", {"item": "0", "kind": "recording", "link": "https://video.example.org/1"})
    page = get(path)
    kept = Attachment.objects.get(item=item)
    address = f"{path}attachments/{kept.pk}"
    assert {address, "https://video.example.org/1"} <= page.hrefs

    client.force_login(member)
    file = client.get(address)
    assert (file["Content-Type"], file["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert file["Content-Disposition"] == 'attachment; filename="talk.svg"'
    assert b"".join(file.streaming_content) == b"<svg onload='alert(1)'/>"
    assert client.post(f"{address}/remove").status_code == 403
    client.force_login(outsider)
    assert client.get(address).status_code == 404

    client.force_login(organiser)
    client.post(f"{address}/remove")
    assert client.get(address).status_code == 404


def test_what_cannot_be_attached_is_said(client, organiser, item, path, settings):
    client.force_login(organiser)
    answer = client.post(f"{path}attach", {"item": item.pk, "link": "javascript:alert(1)"}, follow=True)
    assert "Choose a file, or give an address" in answer.content.decode()
    settings.CLUB_STORAGE = 3
    file = SimpleUploadedFile("a.pdf", b"12345")
    answer = client.post(f"{path}attach", {"item": item.pk, "file": file}, follow=True)
    assert "has no room for it" in answer.content.decode()
    assert client.post(f"{path}attach", {"kind": "song"}).status_code == 400
    settings.UPLOAD_LIMIT = 10
    large = SimpleUploadedFile("a.pdf", b"1" * 80_000)
    assert client.post(f"{path}attach", {"item": item.pk, "file": large}).status_code == 413
    assert not Attachment.objects.exists()


def test_action_items_are_noted_and_done(signed_in, get, member, organiser, item, path):
    signed_in.post(
        f"{path}actions", {"text": "Ask them", "item": item.pk, "owner": member.pk, "due": "2026-05-07"}
    )
    action = ActionItem.objects.get()
    assert "by 7 May" in get(path).text
    signed_in.post(f"{path}actions/{action.pk}", {"act": "done"})
    assert get(path).words("//section[@id='minutes']//s") == ["Ask them"]
    theirs = minutes.add_action(item.session, text="Theirs", member=organiser, by=organiser)
    assert signed_in.post(f"{path}actions/{theirs.pk}", {"act": "done"}).status_code == 403
    signed_in.post(f"{path}actions/{action.pk}", {"act": "remove"})
    assert list(ActionItem.objects.all()) == [theirs]
    assert signed_in.post(f"{path}actions", {"text": "x", "due": "soon"}).status_code == 400
    assert (
        "Write what is to be done."
        in signed_in.post(f"{path}actions", {"text": " "}, follow=True).content.decode()
    )


def test_visitors_of_a_public_club_read_conclusions_and_nobodys_notes(
    client, get, club, outsider, member, organiser, session, item, path, private_paper
):
    club.is_public = True
    club.save()
    minutes.conclude(item, verdict="Public verdict", by=organiser)
    minutes.save_notes(item, text="Said in the room", base_version=0, by=member)
    minutes.save_notes(session, text="Said in the room", base_version=0, by=member)
    minutes.add_action(session, text="Pay the bill", by=member)
    hidden = factories.make_item(session, reading_list.note(club, private_paper))
    minutes.conclude(hidden, verdict="Private verdict", by=organiser)
    secret = attachments.attach(session, item=hidden, link="https://private.example/", by=organiser)
    client.force_login(outsider)
    page = get(path)
    assert page.words(".verdict") == ["Public verdict"]
    for word in ("Said in the room", "Pay the bill", "Private verdict", "private.example", "Secret work"):
        assert word not in page.text
    assert client.get(f"{path}attachments/{secret.pk}").status_code == 404
    paper = get(f"/clubs/ml/papers/{item.entry.paper_id}")
    assert "Public verdict" in paper.text and "Said in the room" not in paper.text
    for address in ("archive/", "record/", "record.csv"):
        assert client.get(f"/clubs/ml/{address}").status_code == 403


def test_the_papers_page_says_what_was_concluded(signed_in, get, member, organiser, item):
    give_part(item, member)
    minutes.conclude(item, verdict="Worth it", takeaways="- one\n- two", by=organiser)
    attachments.attach(
        item.session, item=item, link="https://a.example/slides", name="The slides", by=organiser
    )
    page = get(f"/clubs/ml/papers/{item.entry.paper_id}")
    [section] = page.find("//section[@id='discussed']")
    text = " ".join(section.text_content().split())
    assert "Discussed on" in text and "Mia Member (presenter)" in text and "Worth it" in text
    assert "https://a.example/slides" in page.hrefs


@pytest.mark.parametrize("number", [1, 15])
def test_the_sessions_page_costs_the_same_for_any_number(
    signed_in, club, member, organiser, session, path, number, django_assert_max_num_queries
):
    for each in range(number):
        item = factories.make_item(session, reading_list.note(club, factories.make_paper()))
        give_part(item, organiser)
        minutes.conclude(item, verdict="Worth it", takeaways="One", by=organiser)
        minutes.add_action(session, text=f"Do {each}", item=item, member=member, by=member)
        attachments.attach(session, item=item, link=f"https://a.example/{each}", by=organiser)
    # Person, clubs, session; agenda and who comes; of the minutes: items, parts, files, action items, mine, the
    # session's own two, members.
    with django_assert_max_num_queries(18):
        assert signed_in.get(path).status_code == 200


def test_an_organiser_ticks_who_came(client, organiser, member, owner, get, session, path):
    Session.objects.filter(pk=session.pk).update(state="locked")
    Attendance.objects.create(session=session, member=member, answer="yes")
    client.force_login(organiser)
    page = get(f"{path}came")
    ticked = [each.getnext().text for each in page.find("//input[@type='checkbox'][@checked]")]
    assert ticked == ["Mia Member"]
    fields = {"member": [member.pk, owner.pk], "new_guests": "Prof. Visitor\n\nDr. Guest"}
    assert client.post(f"{path}came", fields).status_code == 302
    assert Attendance.objects.filter(came=True).count() == 4
    assert client.post(f"{path}came", {"member": ["x"]}).status_code == 400
    kept = client.post(f"{path}came", {"member": ["999999"], "new_guests": "Somebody"})
    assert "Tick members of the club" in kept.content.decode() and "Somebody" in kept.content.decode()
    client.force_login(member)
    assert client.get(f"{path}came").status_code == 403


def test_the_archive_answers(signed_in, get, organiser, item):
    minutes.conclude(item, verdict="We would not build on it", takeaways="<i>Nothing</i> holds", by=organiser)
    page = get("/clubs/ml/archive/?q=minutes")
    assert page.words(".verdict") == ["We would not build on it"]
    assert "<i>Nothing" not in page.text
    assert "has not discussed it" in get("/clubs/ml/archive/?q=unheard-of").text
    assert page.words("//h3") == ["On minutes"]
    assert get("/clubs/ml/archive/?q=%00%22").text
    assert signed_in.get("/clubs/ml/archive/?cursor=x").status_code == 400


def test_the_archive_goes_on(signed_in, get, club, session, monkeypatch):
    monkeypatch.setattr("papers.views.archive.SHOWN", 2)
    for each in range(3):
        factories.make_item(session, reading_list.note(club, factories.make_paper(f"Paper {each}")))
    first = get("/clubs/ml/archive/")
    [more] = [href for href in first.hrefs if "cursor=" in href]
    rest = get(f"/clubs/ml/archive/{more}")
    assert sorted(first.words("//h3") + rest.words("//h3")) == ["Paper 0", "Paper 1", "Paper 2"]


def test_an_empty_archive_and_record_say_so(signed_in, get):
    assert "Nothing has been discussed yet" in get("/clubs/ml/archive/").text
    assert "Nobody came to a session in that time" in get("/clubs/ml/record/").text
    assert "Write days as" in get("/clubs/ml/record/?from=soon").text


def test_the_record_is_shown_and_exported(signed_in, get, member, session, item):
    attendance_row = Attendance.objects.create(session=session, member=member, came=True)
    give_part(item, member)
    assert attendance_row.came
    page = get("/clubs/ml/record/")
    assert page.words("//tbody/tr/*") == ["Mia Member", "1", "1"]
    file = signed_in.get("/clubs/ml/record.csv")
    assert file["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in file["Content-Disposition"]
    assert "Mia Member,member,presenter,On minutes" in file.content.decode()
    assert b"Mia Member,member,1,1,1" in signed_in.get("/clubs/ml/record.csv?by=person").content
