"""Papers asked for by identifier: who is asked, what comes of each answer, and what a killed worker leaves."""

import json
import os
import subprocess
import sys
import threading
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from papers import catalogue, importing, mentions, submissions
from papers.models import (
    Entry,
    HostTurn,
    Import,
    Listing,
    Paper,
    PaperIdentifier,
    RejectedRecord,
    SubmissionItem,
)
from papers.sources import looking_up, politeness
from papers.sources import registries as known_registries
from papers.sources.registries import Puzzling
from tests import factories
from tests.services import answer, atom, crossref, crossref_work, csl, datacite, openreview, pubmed

pytestmark = pytest.mark.django_db


def submit(text, by, **options):
    return submissions.submit(mentions.find(text), by=by, **options)


def work(run, most=10):
    """Do what a worker does, until it is over; what waits is made due."""
    for _turn in range(most):
        Import.objects.filter(pk=run.pk).update(due_at=timezone.now() - timedelta(seconds=1))
        importing.run_import(run.pk)
        run.refresh_from_db()
        if run.is_over:
            break
    return run


def states(run):
    return [(item.written, item.state) for item in run.items.all()]


def reasons(run):
    return [item.reason for item in run.items.all()]


def test_each_is_asked_where_it_was_given_and_many_at_once(registries, member):
    registries.answer(
        "/arxiv?2504.00001,2504.00002", atom([("2504.00001", "2025-04-01"), ("2504.00002", "2025-04-01")])
    )
    registries.answer("/crossref?doi:10.5555/a,doi:10.5555/b", crossref("10.5555/a", "10.5555/b"))
    registries.answer("/pubmed?11,12", pubmed(11, 12))
    registries.answer("/openreview?AbCdE1", openreview("AbCdE1"))
    run = work(
        submit(
            "2504.00001\n10.5555/a\nPMID: 11\nhttps://openreview.net/forum?id=AbCdE1\n"
            "arXiv:2504.00002v3\n10.5555/B\npmid 12",
            member,
        )
    )
    assert {state for _written, state in states(run)} == {"added"}
    assert (run.state, run.taken, run.added, run.rejected) == ("done", 7, 7, 0)
    assert len(registries.asked) == 4
    assert Paper.objects.count() == 7
    assert not Listing.objects.exists(), "what somebody asks for stands in nobody's listing"


def test_what_is_here_needs_no_request(registries, member):
    factories.make_paper(identifiers=(factories.make_identifier("2504.00001"),))
    run = submit("https://arxiv.org/abs/2504.00001v2", member)
    assert (run.state, run.unchanged, states(run)) == (
        "done",
        1,
        [("https://arxiv.org/abs/2504.00001v2", "here")],
    )
    assert registries.asked == []


def test_the_same_twice_changes_nothing(registries, member):
    registries.answer(
        "/crossref/works/10.5555/a", json.dumps({"message": crossref_work("10.5555/a")}).encode()
    )
    work(submit("10.5555/a", member))
    again = submit("doi:10.5555/A", member)
    assert (again.state, Paper.objects.count(), len(registries.asked)) == ("done", 1, 1)


def test_a_paper_known_by_another_name_is_here_and_has_both(registries, member):
    source = factories.make_source()
    [said] = catalogue.add_records(
        source, [factories.make_record("On matter 10.5555/a", authors=("Ada Weigher 10.5555/a",))]
    )
    registries.answer(
        "/crossref/works/10.5555/a", json.dumps({"message": crossref_work("10.5555/a")}).encode()
    )
    run = work(submit("10.5555/a", member))
    assert [state for _written, state in states(run)] == ["here"]
    assert PaperIdentifier.objects.get(scheme="doi").paper_id == said.paper_id


# DOIs


def test_a_doi_that_crossref_does_not_know_is_asked_for_at_its_agency(registries, member):
    dois = ["10.5555/x", "10.5281/y", "10.6666/z", "10.7777/none"]
    registries.answer("/crossref?" + ",".join(f"doi:{doi}" for doi in dois), crossref("10.5555/x"))
    agencies = [{"DOI": "10.5281/Y", "RA": "DataCite"}, {"DOI": "10.6666/z", "RA": "JaLC"},
                {"DOI": "10.7777/none", "status": "DOI does not exist"}]  # fmt: skip
    registries.answer("/agency/10.5281/y,10.6666/z,10.7777/none", json.dumps(agencies).encode())
    registries.answer("/datacite/10.5281/y", datacite("10.5281/y"))
    registries.answer("/negotiation/10.6666/z", csl("10.6666/z"))
    run = work(submit("\n".join(dois), member))
    assert [state for _written, state in states(run)] == ["added", "added", "added", "not_found"]
    assert reasons(run)[3] == "There is no such DOI: doi.org does not know it."
    negotiated = [asked for asked in registries.asked if asked.path.startswith("/negotiation")]
    assert [asked.headers["Accept"] for asked in negotiated] == [known_registries.CSL]


@pytest.mark.parametrize(
    "said", [b"<!doctype html><html><body>Welcome</body></html>", b""], ids=["web page", "nothing"]
)
def test_a_doi_that_is_described_nowhere(registries, member, said):
    registries.answer("/agency/10.6666/z", b'[{"DOI": "10.6666/z", "RA": "CNKI"}]')
    registries.answer("/negotiation/10.6666/z", said)
    run = work(submit("10.6666/z", member))
    assert reasons(run) == ["The DOI exists, but what it names is described nowhere that we can read."]


def test_whoever_has_a_doi_says_nothing_of_the_papers_of_others(registries, member, source):
    mine, other = (
        factories.make_paper(title, identifiers=(factories.make_identifier(doi, "doi"),))
        for title, doi in [("Light", "10.5555/light"), ("Matter", "10.5555/matter")]
    )
    registries.answer("/agency/10.6666/z", b'[{"DOI": "10.6666/z", "RA": "OP"}]')
    claims = {"is-preprint-of": [{"id-type": "doi", "id": "10.5555/light"}],
              "has-preprint": [{"id-type": "doi", "id": "10.5555/matter"}]}  # fmt: skip
    for said in (
        {**crossref_work("10.6666/z", "Forged"), "relation": claims},
        {**crossref_work("10.5555/light", "Forged"), "indexed": {"date-time": "2099-01-01T00:00:00Z"}},
        {**json.loads(csl("10.6666/z")), "note": "arXiv: 2504.00001\nPMID: 11", "title": "Forged"},
    ):
        registries.answer("/negotiation/10.6666/z", json.dumps({"message": said}).encode())
        if "note" in said:
            registries.answer("/negotiation/10.6666/z", json.dumps(said).encode())
        work(submit("10.6666/z", member))
        assert [Paper.objects.get(pk=paper.pk).title for paper in (mine, other)] == ["Light", "Matter"]
        forged = Paper.objects.exclude(pk__in=[mine.pk, other.pk])
        names = PaperIdentifier.objects.filter(paper__in=forged)
        assert {str(each) for each in names} <= {"doi:10.6666/z"}
        forged.delete()


def test_whoever_deposits_says_nothing_of_the_papers_of_others(registries, member, source):
    papers = [
        factories.make_paper(title, identifiers=(factories.make_identifier(value, scheme),))
        for title, value, scheme in [("Light", "10.5555/light", "doi"), ("Matter", "2504.00001", "arxiv")]
    ]
    registries.answer("/agency/10.5281/y", b'[{"DOI": "10.5281/Y", "RA": "DataCite"}]')
    said = json.loads(datacite("10.5281/y"))
    said["data"]["attributes"] |= {
        "relatedIdentifiers": [
            {"relatedIdentifier": doi, "relatedIdentifierType": kind, "relationType": "IsIdenticalTo"}
            for doi, kind in [("10.5555/light", "DOI"), ("2504.00001", "arXiv")]
        ]
    }
    registries.answer("/datacite/10.5281/y", json.dumps(said).encode())
    run = work(submit("10.5281/y", member))
    assert run.added == 1
    assert [Paper.objects.get(pk=paper.pk).title for paper in papers] == ["Light", "Matter"]


def test_a_doi_with_a_comma_is_asked_for_by_itself(registries, member):
    registries.answer(
        "/crossref/works/10.5555/a%2Cb", json.dumps({"message": crossref_work("10.5555/a,b")}).encode()
    )
    registries.answer(
        "/crossref/works/10.5555/c", json.dumps({"message": crossref_work("10.5555/c")}).encode()
    )
    run = work(submit("10.5555/a,b\n10.5555/c", member))
    assert [state for _written, state in states(run)] == ["added", "added"]


def test_an_alias_is_the_paper_it_leads_to(registries, member):
    registries.answer(
        "/crossref/works/10.5555/old", json.dumps({"message": crossref_work("10.5555/new")}).encode()
    )
    work(submit("10.5555/old", member))
    [paper] = Paper.objects.all()
    assert {each.value for each in paper.identifiers.all()} == {"10.5555/old", "10.5555/new"}


# The others


def test_openreview_is_asked_in_both_versions(registries, member):
    registries.answer("/openreview?Hidden1", b'{"name": "ForbiddenError"}', status="403 Forbidden")
    registries.answer("/openreview_1?OldOne1", openreview("OldOne1"))
    run = work(submit("openreview:OldOne1\nopenreview:Hidden1", member))
    assert [state for _written, state in states(run)] == ["added", "not_found"]
    assert reasons(run)[1] == "OpenReview knows no paper by it."


def test_pmc_tells_the_pmid(registries, member):
    records = {
        "records": [{"requested-id": "PMC77", "pmcid": "PMC77", "pmid": 11}, {"requested-id": "PMC78"}]
    }
    registries.answer("/pmc?PMC77,PMC78", json.dumps(records).encode())
    registries.answer("/pubmed?11", pubmed(11))
    run = work(submit("PMC77\nhttps://pmc.ncbi.nlm.nih.gov/articles/PMC78/", member))
    assert [state for _written, state in states(run)] == ["added", "not_found"]
    assert submissions.find_papers([factories.make_identifier("PMC77", "pmcid")], Paper.objects.all())


def test_an_isbn_cannot_be_looked_up(registries, member):
    run = submit("ISBN 978-3-16-148410-0", member)
    assert (run.state, [state for _written, state in states(run)]) == ("done", ["not_found"])


def test_what_the_services_really_answer(registries, member, shared_data):
    real = {
        "/arxiv?1707.08566,1707.08567": "arxiv-atom/id-list-two-asked-one-returned.xml",
        "/pubmed?41974676,41033137": "pubmed/efetch-6-articles-tuberculosis.xml",
        "/crossref/works/10.1101/gr.279093.124": "crossref/work-journal-article-10.1101_gr.279093.124.json",
        "/negotiation/10.4067/s0718-48082015000300006":
            "csl-json/crossref-content-negotiation-10.4067_s0718-48082015000300006.json",
    }  # fmt: skip
    for path, name in real.items():
        registries.answer(path, shared_data(name).read_bytes())
    agency = [{"DOI": "10.4067/s0718-48082015000300006", "RA": "Crossref"}]
    registries.answer("/agency/10.4067/s0718-48082015000300006", json.dumps(agency).encode())
    found = []
    for text in ("1707.08566 1707.08567", "pmid 41974676, pmid 41033137", "10.1101/gr.279093.124",
                 "10.4067/S0718-48082015000300006"):  # fmt: skip
        found += [state for _written, state in states(work(submit(text, member)))]
    assert found == ["not_found", "added", "added", "added", "added", "added"]
    assert Paper.objects.count() == 5, "nor does what was not asked for come in"


# What goes wrong


def test_not_found_is_told_with_its_place(registries, member):
    registries.answer("/arxiv?2504.00001,2504.99999", atom([("2504.00001", "2025-04-01")]))
    run = work(submit("2504.00001\nHello there\n2504.99999", member))
    assert [state for _written, state in states(run)] == ["added", "not_found", "unknown"]
    assert [(each.place, each.reason) for each in RejectedRecord.objects.filter(run=run)] == [
        ("line 2", "There is no identifier in this line."),
        ("line 3", "arXiv knows no paper by it."),
    ]


def test_one_that_a_service_stumbles_over_does_not_stop_the_others(registries, member):
    registries.answer("/arxiv?2504.00001,2504.00002", b"bad", status="400 Bad Request")
    registries.answer("/arxiv?2504.00001", b"bad", status="400 Bad Request")
    registries.answer("/arxiv?2504.00002", atom([("2504.00002", "2025-04-01")]))
    run = work(submit("2504.00001 2504.00002", member))
    assert [state for _written, state in states(run)] == ["not_found", "added"]


def test_one_record_that_cannot_be_taken_is_told(registries, member):
    both = {"message": {"items": [crossref_work("10.5555/a"), {**crossref_work("10.5555/b"), "title": []}]}}
    registries.answer("/crossref?doi:10.5555/a,doi:10.5555/b", json.dumps(both).encode())
    registries.answer(
        "/crossref/works/10.5555/b", json.dumps({"message": both["message"]["items"][1]}).encode()
    )
    run = work(submit("10.5555/a 10.5555/b", member))
    assert [state for _written, state in states(run)] == ["added", "not_found"]
    assert reasons(run)[1] == "Crossref has it, but it cannot be taken: There is no title."


def test_a_service_that_is_down_is_tried_again_and_then_told(registries, member):
    registries.answer("/arxiv?2504.00001", b"", status="500 Internal Server Error")
    registries.answer(
        "/crossref/works/10.5555/a", json.dumps({"message": crossref_work("10.5555/a")}).encode()
    )
    run = work(submit("2504.00001 10.5555/a", member))
    assert [state for _written, state in states(run)] == ["unanswered", "added"]
    assert (
        reasons(run)[0]
        == "arXiv did not answer. 127.0.0.1 answered 500 Internal Server Error. Try again later."
    )
    assert sum(asked.path.startswith("/arxiv") for asked in registries.asked) == looking_up.TRIES


def test_a_service_that_recovers_is_asked_again(registries, member, monkeypatch):
    answers = iter([answer(b"", status="502 Bad Gateway"), answer(b"<html>Oops</html>"), answer(atom([], total=1)[:-7]),
                    answer(atom([("2504.00001", "2025-04-01")]))])  # fmt: skip
    registries.answers["/arxiv?2504.00001"] = lambda _asked: next(answers)
    monkeypatch.setattr(looking_up, "TRIES", 4)
    run = work(submit("2504.00001", member))
    assert [state for _written, state in states(run)] == ["added"]


def test_an_empty_page_that_is_none_is_asked_for_again(registries, member):
    answers = iter([answer(atom([], total=1)), answer(atom([("2504.00001", "2025-04-01")]))])
    registries.answers["/arxiv?2504.00001"] = lambda _asked: next(answers)
    assert [state for _written, state in states(work(submit("2504.00001", member)))] == ["added"]


def test_retry_after_is_kept_to_while_the_others_go_on(registries, member, monkeypatch):
    monkeypatch.setattr(politeness, "PATIENCE", 0.0)
    registries.answer("/arxiv?2504.00001", b"", status="429 Too Many Requests", Retry_After="60")
    run = submit("2504.00001", member)
    importing.run_import(run.pk)
    run.refresh_from_db()
    assert run.state == "queued"
    assert timezone.now() + timedelta(seconds=30) < run.due_at < timezone.now() + timedelta(seconds=90)
    assert len(registries.asked) == 1


def test_a_service_that_asks_for_hours_has_not_answered(registries, member):
    registries.answer("/arxiv?2504.00001", b"", status="503 Service Unavailable", Retry_After="7200")
    run = work(submit("2504.00001", member), most=1)
    assert [state for _written, state in states(run)] == ["unanswered"]
    again = work(submit("2504.00001", member), most=1)
    assert [state for _written, state in states(again)] == ["unanswered"], "nor is it asked again before that"
    assert len(registries.asked) == 1


def test_a_cancelled_submission_stops(registries, member, monkeypatch):
    registries.answer("/arxiv?2504.00001", atom([("2504.00001", "2025-04-01")]))
    run = submit("2504.00001 10.5555/a", member)
    ask = looking_up.LookUp._ask

    def cancel(self, step, items):
        importing.cancel(Import.objects.get(pk=run.pk))
        return ask(self, step, items)

    monkeypatch.setattr(looking_up.LookUp, "_ask", cancel)
    work(run)
    assert (run.state, Paper.objects.count()) == ("cancelled", 0)


@pytest.mark.parametrize("content", [b"", b"{}", b"[", b'{"records": 5}', b"[" * 100_000], ids=range(5))
def test_puzzling_answers(content):
    for read in (known_registries.read_agencies, known_registries.read_pmc):
        with pytest.raises(Puzzling):
            read(content)


def test_requests_stay_short():
    dois = [factories.make_identifier(f"10.5555/{'x' * 200}{number}", "doi") for number in range(50)]
    count = known_registries.count_together("crossref", dois)
    assert 5 < count < 20
    assert len(known_registries.make_url("crossref", dois[:count])) < 3_000


# Survival, privacy, the club's list


def test_a_killed_worker_leaves_nothing_out(registries, member, monkeypatch):
    registries.answer("/arxiv?2504.00001", atom([("2504.00001", "2025-04-01")]))
    registries.answer(
        "/crossref/works/10.5555/a", json.dumps({"message": crossref_work("10.5555/a")}).encode()
    )
    run = submit("2504.00001 10.5555/a", member)
    ask = looking_up.LookUp._ask

    class Killed(BaseException):
        pass

    def die(self, step, items):
        if step == "crossref":
            raise Killed
        return ask(self, step, items)

    monkeypatch.setattr(looking_up.LookUp, "_ask", die)
    with pytest.raises(Killed):
        importing.run_import(run.pk)
    monkeypatch.setattr(looking_up.LookUp, "_ask", ask)
    run.refresh_from_db()
    assert (run.state, run.taken) == ("running", 1)
    Import.objects.filter(pk=run.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    work(run)
    assert (run.state, run.added, run.taken, run.attempts) == ("done", 2, 2, 2)
    assert sum(asked.path.startswith("/arxiv") for asked in registries.asked) == 1


def test_what_is_found_comes_on_the_clubs_list(registries, club, member):
    here = factories.make_paper(identifiers=(factories.make_identifier("2504.00002"),))
    registries.answer("/arxiv?2504.00001", atom([("2504.00001", "2025-04-01")]))
    run = work(submit("2504.00001 2504.00002", member, club=club, suggest=True))
    entries = Entry.objects.filter(club=club, state="suggested")
    assert {entry.suggested_by for entry in entries} == {member}
    assert len(entries) == 2 and here.pk in {entry.paper_id for entry in entries}
    assert not run.items.exclude(step="").exists()


def test_who_left_the_club_suggests_nothing(registries, club, member):
    registries.answer("/arxiv?2504.00001", atom([("2504.00001", "2025-04-01")]))
    run = submit("2504.00001", member, club=club, suggest=True)
    member.memberships.all().delete()
    work(run)
    assert (run.state, run.added, Entry.objects.count()) == ("done", 1, 0)


def test_many_known_papers_are_suggested_by_the_worker(registries, club, member):
    keys = [f"2504.{number:05}" for number in range(1, submissions.FEW + 2)]
    for key in keys:
        factories.make_paper(identifiers=(factories.make_identifier(key),))
    run = submit(" ".join(keys), member, club=club, suggest=True)
    assert (run.state, run.unchanged, Entry.objects.count()) == ("queued", len(keys), 0)
    work(run)
    assert (run.state, Entry.objects.filter(state="suggested").count(), registries.asked) == (
        "done",
        len(keys),
        [],
    )


def test_what_is_private_to_another_club_is_looked_up_as_if_it_were_not_there(
    registries, other_club, club, member
):
    paper = factories.make_paper("Their notes", source=factories.make_source(club=other_club, kind="upload"))
    PaperIdentifier.objects.create(paper=paper, scheme="doi", value="10.5555/a")
    assert paper.private_to == other_club
    assert submissions.find_known([factories.make_identifier("10.5555/a", "doi")], None) == set()
    assert submissions.find_known([factories.make_identifier("10.5555/a", "doi")], club) == set()
    run = submit("10.5555/a", member, club=club)
    assert (run.state, states(run)) == ("queued", [("10.5555/a", "waiting")])


def test_only_its_club_sees_a_submission(club, member, organiser, outsider, administrator):
    own, clubs = submit("2504.00001", member), submit("2504.00001", member, club=club)
    seen = {
        user: set(Import.objects.visible_to(user)) for user in (member, organiser, outsider, administrator)
    }
    assert seen == {member: {own, clubs}, organiser: {clubs}, outsider: set(), administrator: {own}}


# Bounds


def test_nobody_floods_the_services(member, outsider, monkeypatch):
    monkeypatch.setattr(submissions, "MOST_LOOKED_UP", 3)
    factories.make_paper(identifiers=(factories.make_identifier("2504.00009"),))
    submit("2504.00001 2504.00002", member)
    with pytest.raises(submissions.TooMuch) as refusal:
        submit("2504.00003 2504.00004", member)
    assert 3_500 < refusal.value.seconds <= 3_600
    assert SubmissionItem.objects.count() == 2
    submit("2504.00003 2504.00009", member)
    submit("2504.00001 2504.00002", outsider)


@pytest.mark.parametrize(
    ("text", "said"),
    [("Hello", "There is no identifier"), (" ".join(f"10.5555/{n}" for n in range(201)), "There are 201")],
    ids=["nothing", "too many"],
)
def test_a_submission_has_1_to_200_identifiers(member, text, said):
    with pytest.raises(submissions.Refused, match=said):
        submit(text, member)


def test_one_that_waits_for_ever_is_told(registries, member, monkeypatch):
    monkeypatch.setattr(looking_up, "MOST_WAITS", 1)
    monkeypatch.setattr(
        looking_up.LookUp, "_ask", lambda *_: (_ for _ in ()).throw(politeness.NotNow("x", 5))
    )
    run = work(submit("2504.00001", member), most=2)
    assert (run.state, reasons(run)) == (
        "done",
        ["arXiv did not answer. Too much is asked for at present. Try again later."],
    )


LOOK_UP = """
import sys
import django
django.setup()
from dataclasses import replace
from papers import importing
from papers.sources import politeness
from papers.sources.registries import REGISTRIES
politeness.PAUSES["127.0.0.1"] = 0
for step, registry in list(REGISTRIES.items()):
    alone = registry.alone_url and f"{sys.argv[2]}/{step}/works/{{}}"
    REGISTRIES[step] = replace(registry, url=f"{sys.argv[2]}/{step}?{{}}", alone_url=alone)
importing.run_import(int(sys.argv[1]))
"""


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_in_the_middle_of_a_request_loses_nothing(registries, monkeypatch):
    """Invariant 3, with a real SIGKILL."""
    member = factories.make_user()
    registries.answer("/arxiv?2504.00001", atom([("2504.00001", "2025-04-01")]))
    is_asked, goes_on = threading.Event(), threading.Event()

    def hang(_asked):
        is_asked.set()
        goes_on.wait(30)
        return answer(json.dumps({"message": crossref_work("10.5555/a")}).encode())

    registries.answers["/crossref/works/10.5555/a"] = hang
    monkeypatch.setattr(importing, "wake", lambda _run: None)
    run = submit("2504.00001 10.5555/a", member)
    database = connection.settings_dict
    who = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}"
    url = f"postgresql://{who}@{quote(database['HOST'], safe='')}:{database['PORT']}/{database['NAME']}"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "readinglist.settings", "DATABASE_URL": url,
                   "FETCH_ALLOWED_HOSTS": f"127.0.0.1:{registries.port}"}  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", LOOK_UP, str(run.pk), registries.address("")],
        cwd=settings.BASE_DIR, env=environment,
    )  # fmt: skip
    try:
        assert is_asked.wait(60)
    finally:
        process.kill()
        process.wait()
        goes_on.set()
    run.refresh_from_db()
    assert (run.state, run.taken) == ("running", 1)
    Import.objects.filter(pk=run.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    HostTurn.objects.update(busy_until=None)  # else a minute, until the turn of the killed one is over
    work(run)
    assert (run.state, run.added, run.taken, run.attempts) == ("done", 2, 2, 2)
    assert [asked.path for asked in registries.asked] == [
        "/arxiv?2504.00001", "/crossref/works/10.5555/a", "/crossref/works/10.5555/a",
    ]  # fmt: skip
