import pytest
from django.core.mail import EmailMessage, get_connection

from accounts import mailbox


@pytest.fixture
def folder(settings, tmp_path):
    settings.DEMO = True
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    return tmp_path / "mail"


def send(folder, *messages):
    backend = get_connection("django.core.mail.backends.filebased.EmailBackend", file_path=str(folder))
    backend.send_messages([EmailMessage(subject, text, to=[to]) for subject, text, to in messages])


def test_mails_are_shown_newest_first(client, folder):
    send(
        folder,
        ("First", "One", "a@example.org"),
        ("Second", "Two: see http://localhost/join/x", "b@example.org"),
    )
    send(folder, ("Grüße", "Drei äöü " + "lang " * 300, "c@example.org"))
    page = client.get("/demo/mail").content.decode()
    assert page.index("Grüße") < page.index("Second") < page.index("First")
    assert 'href="http://localhost/join/x"' in page and "b@example.org" in page and "Drei äöü" in page


def test_mail_is_escaped(client, folder):
    send(folder, ("<b>Subject</b>", "<script>alert(1)</script> javascript:alert(2)", "a@example.org"))
    page = client.get("/demo/mail").content.decode()
    assert "<script>alert" not in page and "<b>Subject" not in page and 'href="javascript' not in page


def test_without_mails_the_page_says_so(client, folder):
    assert "No mail yet" in client.get("/demo/mail").content.decode()


def test_odd_files_are_passed_over(folder):
    folder.mkdir(parents=True)
    (folder / "odd.log").write_bytes(b"\xff\xfe no mail\nContent-Type: text/plain; charset=nobody-knows\n\nx")
    (folder / "large.log").write_bytes(b"x" * (mailbox.LARGEST + 1))
    (folder / "date.log").write_bytes(b"Subject: Late\nDate: soon\n\ntext")
    mails = mailbox.read_mails(folder)
    assert {mail.subject for mail in mails} >= {"Late"}
    assert len(mails) == 2


def test_number_is_bounded(folder):
    send(folder, *[(f"Mail {number}", "x", "a@example.org") for number in range(5)])
    assert [mail.subject for mail in mailbox.read_mails(folder, most=2)] == ["Mail 4", "Mail 3"]


def test_nobody_sees_mail_outside_the_demo(client, folder, settings, administrator):
    send(folder, ("Secret", "link", "a@example.org"))
    settings.DEMO = False
    assert client.get("/demo/mail").status_code == 404
    client.force_login(administrator)
    assert client.get("/demo/mail").status_code == 404
