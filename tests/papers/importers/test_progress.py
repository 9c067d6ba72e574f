import gzip
import io
import zipfile

import pytest

from papers import importers
from papers.importers.text import CHUNK

ENTRY = "@article{{k{0}, title = {{Paper {0} on rain}}, abstract = {{{1}}}, crossref = {{all}} }}\n"
ITEM = (
    '<bib:Article rdf:about="#i{0}"><z:itemType>journalArticle</z:itemType><dc:title>Paper {0}</dc:title>'
    "<dcterms:abstract>{1}</dcterms:abstract></bib:Article>\n"
)
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:z="http://www.zotero.org/namespaces/export#" xmlns:dcterms="http://purl.org/dc/terms/"'
    ' xmlns:bib="http://purl.org/net/biblio#">\n'
)


def make_bibtex(number):
    return "".join(ENTRY.format(n, "It rains. " * 500) for n in range(number)).encode()


def make_rdf(number):
    return (RDF + "".join(ITEM.format(n, "It rains. " * 500) for n in range(number)) + "</rdf:RDF>").encode()


def make_zip(*contents):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}", content)
    return packed.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(make_bibtex(1_000), id="bibtex-of-5-MB"),
        pytest.param(make_rdf(1_000), id="zotero-rdf"),
        pytest.param(gzip.compress(make_bibtex(1_000), mtime=0), id="gzip"),
        pytest.param(make_zip(make_bibtex(500), make_rdf(500)), id="zip"),
    ],
)
def test_what_is_read_twice_is_half_done_when_half_of_the_records_are_there(data):
    stream = io.BytesIO(data)
    progress = importers.Progress(stream)
    positions = []
    for _record in importers.read(stream, progress=progress):
        positions.append(progress.position)
    assert positions == sorted(positions)
    count = len(positions)
    assert count >= 1_000
    for part in (1, 2, 3):
        assert abs(positions[count * part // 4] - len(data) * part / 4) < len(data) * 0.05
    # The last records come from the last piece that was read of the copy.
    assert positions[int(count * 0.95)] < len(data)
    assert positions[-1] <= len(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(make_bibtex(400), id="bibtex"),
        pytest.param(make_rdf(400), id="zotero-rdf"),
        pytest.param(gzip.compress(make_bibtex(400), 0, mtime=0), id="gzip"),
        pytest.param(make_zip(make_bibtex(400)), id="zip"),
    ],
)
def test_reading_is_noted_long_before_a_record_comes(data):
    stream, reads = io.BytesIO(data), []
    found = importers.read(stream, progress=importers.Progress(stream, on_read=lambda: reads.append(1)))
    next(found)
    # Once for each piece of the input, and for the copy that BibTeX looks through for what others refer to.
    passes = 1 if data.startswith(b"<") else 2
    assert len(reads) > passes * 0.9 * len(data) / CHUNK
    before = len(reads)
    for _record in found:
        pass
    assert len(reads) > before + 0.9 * len(data) / CHUNK


def test_what_hears_of_reading_may_end_it():
    def stop():
        raise KeyError

    stream = io.BytesIO(make_bibtex(10))
    with pytest.raises(KeyError):
        next(importers.read(stream, progress=importers.Progress(stream, on_read=stop)))


def test_what_is_read_once_is_as_far_as_it_was_read():
    data = b"TY  - JOUR\nTI  - On Rain\nER  - \n" * 5_000
    stream = io.BytesIO(data)
    progress = importers.Progress(stream)
    for _record in importers.read(stream, progress=progress):
        assert progress.position == stream.tell()
    assert progress.position == len(data)
