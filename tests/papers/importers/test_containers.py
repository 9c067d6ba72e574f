"""Archives, read as what they hold. All of them are made here."""

import gzip
import io
import random
import struct
import time
import tracemalloc
import zipfile
import zlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers import importers
from papers.importers import containers
from papers.records import Record, Rejection, UnreadableInput
from tests.papers.importers.conftest import DATA, Pipe, part, thorough

DAY = date(2025, 4, 25)
PAGE = (DATA / "hf-page.txt").read_bytes()
LIST = (DATA / "hf-json.json").read_bytes()
FEED = (DATA / "arxiv-atom.xml").read_bytes()


def read(data, **options):
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    return part(importers.read(stream, **({"date": DAY} | options)))


def pack(*members, method=zipfile.ZIP_DEFLATED):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


class TestGzip:
    def test_holds_what_was_packed(self):
        assert read(gzip.compress(LIST)) == read(LIST)

    def test_several_members_are_one_input(self):
        middle = len(LIST) // 2
        assert read(gzip.compress(LIST[:middle]) + gzip.compress(b"") + gzip.compress(LIST[middle:])) == read(
            LIST
        )

    def test_zeros_at_the_end_are_no_content(self):
        assert read(gzip.compress(LIST) + b"\0" * 100_000) == read(LIST)

    @pytest.mark.parametrize("at", [16_383, 16_384, 16_385])
    def test_member_may_begin_anywhere_in_a_chunk(self, at):
        first = gzip.compress(LIST, mtime=0)
        filled = (
            first[:3] + b"\x08" + first[4:10] + b"x" * (at - len(first) - 1) + b"\0" + first[10:]
        )  # a name
        assert len(filled) == at
        assert read(filled + gzip.compress(b" ")) == read(LIST)

    def test_format_is_told_from_what_it_holds(self):
        assert importers.tell_format(io.BytesIO(gzip.compress(FEED))) == "arxiv-atom"
        assert importers.tell_format(io.BytesIO(gzip.compress(b"banana"))) == ""
        assert importers.tell_format(io.BytesIO(pack(("a.xml", FEED)))) == ""

    def test_format_may_be_named(self):
        assert read(gzip.compress(PAGE), format="hf-page") == read(PAGE)
        with pytest.raises(UnreadableInput, match="no format"):
            read(gzip.compress(PAGE), format="docx")

    def test_cut_off_keeps_what_is_whole_and_says_so(self):
        whole, _ = read(FEED)
        packed = gzip.compress(FEED)
        records, rejections = read(packed[: len(packed) * 3 // 4])
        assert 0 < len(records) < len(whole)
        assert records == whole[: len(records)]
        assert (
            rejections[-1].reason == "The archive ends before its content does; what is missing was not read."
        )

    def test_record_at_the_break_is_not_half_of_one(self):
        """A page has no end mark, so an abstract that breaks off looks like a whole one."""
        packed = gzip.compress(
            PAGE[: PAGE.index(b"Knitting")] + b"A Title\n\nAn abstract of many words. " * 2
        )
        records, rejections = read(packed[:-12])
        assert [record.title for record in records] == [record.title for record in read(PAGE)[0]][
            : len(records)
        ]
        assert [rejection.reason for rejection in rejections][-2:] == [
            "The archive is broken here, so this may be half a record.",
            "The archive ends before its content does; what is missing was not read.",
        ]

    def test_wrong_checksum_is_named(self):
        packed = bytearray(gzip.compress(LIST))
        packed[-8] ^= 1
        records, rejections = read(bytes(packed))
        assert records == read(LIST)[0]
        assert rejections[-1].reason.startswith("Some of this is damaged, as its checksum shows")

    def test_damage_costs_nothing_before_it(self):
        packed = bytearray(
            gzip.compress(LIST.rstrip()[:-1] + b',"' + random.Random(1).randbytes(9_000).hex().encode())
        )
        packed[-5_000] ^= 0xFF
        records, rejections = read(bytes(packed))
        assert records == read(LIST)[0]
        assert rejections[-1].reason.startswith(("The archive is damaged", "Some of this"))

    def test_something_else_behind_it_is_named(self):
        records, rejections = read(gzip.compress(LIST) + b"banana")
        assert len(records) == len(read(LIST)[0])
        assert "something else" in rejections[-1].reason

    @pytest.mark.parametrize("data", [b"\x1f\x8b", b"\x1f\x8b\x08\0", b"\x1f\x8bbanana"])
    def test_nothing_but_a_beginning_is_refused(self, data):
        with pytest.raises(UnreadableInput, match=r"The archive (ends|is damaged)"):
            read(data)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "empty"),
            (b"banana", "not recognised"),
            (b"%PDF-1.7", "PDF"),
            (gzip.compress(LIST), "gzip archive within"),
            (pack(("a", LIST)), "ZIP archive within"),
            (b"refs.bib".ljust(257, b"\0") + b"ustar\x0000", "tar archive"),
        ],
        ids=["empty", "unknown", "pdf", "gzip", "zip", "tar"],
    )
    def test_what_it_holds_is_refused_as_a_file_would_be(self, content, message):
        with pytest.raises(UnreadableInput, match=message):
            read(gzip.compress(content))

    def test_progress_shows_on_the_outer_file(self):
        packed = gzip.compress(
            b"["
            + b",".join(b'{"paper": {"id": "%d", "title": "x%d"}}' % (n, n**9) for n in range(20_000))
            + b"]"
        )
        stream = io.BytesIO(packed)
        results = importers.read(stream)
        next(results)
        assert stream.tell() < len(packed) / 2
        assert sum(1 for _ in results) == 19_999
        assert stream.tell() == len(packed)


class TestZip:
    MEMBERS = (("lists/page.txt", PAGE), ("lists/", b""), ("papers.json", LIST), ("feed", FEED))

    def test_each_member_is_read_in_its_own_format(self):
        records, rejections = read(pack(*self.MEMBERS))
        expected = [(name, each) for name, content in self.MEMBERS if content for each in read(content)[0]]
        assert [(record.title, record.place) for record in records] == [
            (each.title, f"{name}: {each.place}") for name, each in expected
        ]
        assert rejections[0].place == "lists/page.txt: line 19"
        assert len(rejections) == sum(len(read(content)[1]) for _, content in self.MEMBERS if content)

    @pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    def test_from_a_pipe(self, method):
        data = pack(*self.MEMBERS, method=method)
        assert read(Pipe(data)) == read(data)

    def test_other_files_are_named_and_the_rest_comes_in(self):
        files = [
            ("a.pdf", b"%PDF-1.7"),
            ("__MACOSX/._page.txt", b"\0\5\x16\7"),
            ("d/.DS_Store", b"\0\0\0\1Bud1"),
        ]
        files += [
            ("notes.txt", b"banana"),
            ("inner.zip", pack(*self.MEMBERS)),
            ("x.gz", gzip.compress(LIST)),
            ("empty", b""),
        ]
        records, rejections = read(pack(*files, ("papers.json", LIST)))
        assert len(records) == len(read(LIST)[0])
        assert [(each.place, each.reason) for each in rejections][:5] == [
            ("a.pdf", "This is a PDF file, not a list of papers that can be read."),
            ("notes.txt", "This is in no format that can be read."),
            ("inner.zip", "This is a ZIP archive within an archive, not a list of papers that can be read."),
            ("x.gz", "This is a gzip archive within an archive, not a list of papers that can be read."),
            ("empty", "The file is empty."),
        ]
        assert rejections[1].raw == "banana"

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("../../etc/cron.d/x", "../../etc/cron.d/x"),
            ("/etc/passwd", "/etc/passwd"),
            ("C:\\x\\y.json", "C:\\x\\y.json"),
            ("a\nb\u202e.json", "a b.json"),
            ("Bücher.json", "Bücher.json"),
            ("x" * 300 + ".json", "…" + "x" * 44 + ".json"),
        ],
    )
    def test_names_are_shown_and_never_used(self, name, shown, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        records, _ = read(pack((name, LIST)))
        assert {record.place.partition(": ")[0] for record in records} == {shown}
        assert list(tmp_path.iterdir()) == []

    def test_name_in_utf8_that_does_not_say_so(self):
        data = pack(("B__cher.json", LIST)).replace(b"B__cher", "Bücher".encode())
        assert read(data)[0][0].place.startswith("Bücher.json: ")

    def test_locked_member_is_named(self):
        data = bytearray(pack(("locked.json", LIST), ("open.json", LIST)))
        data[6] |= 1
        data[data.index(b"PK\1\2") + 8] |= 1
        records, rejections = read(bytes(data))
        assert len(records) == len(read(LIST)[0])
        assert (rejections[0].place, rejections[0].reason) == (
            "locked.json",
            "It is locked with a password. Unpack it and import what it holds.",
        )

    @pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_other_methods_are_named(self, method):
        records, rejections = read(pack(("a.json", LIST), method=method))
        assert records == [] and "ordinary ZIP" in rejections[0].reason

    @pytest.mark.parametrize(
        "names",
        [
            ["docProps/app.xml", "[Content_Types].xml"],
            ["mimetype", "META-INF/manifest.xml"],
            ["META-INF/container.xml"],
        ],
        ids=["xlsx", "ods", "epub"],
    )
    def test_office_documents_are_refused(self, names):
        with pytest.raises(UnreadableInput, match=r"office document.*Save a table as CSV"):
            read(pack(*((name, b"<x/>") for name in names)))

    def test_one_without_files_is_refused(self):
        for data in (pack(), pack(("a/", b""))):
            with pytest.raises(UnreadableInput, match="holds no files"):
                read(data)

    def test_damaged_member_costs_no_other(self):
        data = pack(("a.json", LIST), ("b.json", LIST))
        broken = bytearray(data)
        broken[data.index(b"a.json") + 6 + 200] ^= 0xFF
        records, rejections = read(bytes(broken))
        assert [record for record in records if record.place.startswith("b.json")] == [
            record for record in read(data)[0] if record.place.startswith("b.json")
        ]
        assert any("damaged" in each.reason for each in rejections if each.place.startswith("a.json"))


def stream_pack(*members):
    """Pack as programs do that cannot seek: sizes follow what they are the sizes of."""

    class Forward(io.RawIOBase):
        data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data)
            return len(data)

    target = Forward()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return target.data


class TestBrokenZip:
    @pytest.mark.parametrize("pack", [pack, stream_pack])
    def test_without_its_list_everything_is_still_read(self, pack):
        data = pack(("a.json", LIST), ("__MACOSX/x", b"x"), ("b.txt", PAGE))
        assert read(data)[0]
        records, rejections = read(data[: data.index(b"PK\1\2")])
        assert records == read(data)[0]
        assert (rejections[-1].place, rejections[-1].reason) == (
            "end of the archive",
            "The list of what it holds is missing: the file is cut off or damaged.",
        )

    @pytest.mark.parametrize("pack", [pack, stream_pack])
    def test_cut_off_keeps_what_is_whole(self, pack):
        data = pack(("a.json", LIST), ("b.xml", FEED))
        whole = read(data)[0]
        records, rejections = read(data[: data.index(b"b.xml") + 400])
        assert records == whole[: len(records)] and len(records) >= len(read(LIST)[0])
        assert any(each.reason.startswith("The archive ends before this file does") for each in rejections)

    def test_stored_without_its_list(self):
        data = pack(("a.json", LIST), ("b.txt", PAGE), method=zipfile.ZIP_STORED)
        assert read(data[: data.index(b"PK\1\2")])[0] == read(data)[0]

    @pytest.mark.parametrize("data", [b"PK\3\4\x14\0", b"PK\5\6", b"PK\5\6" + b"\0" * 30])
    def test_nothing_but_a_beginning_is_refused(self, data):
        with pytest.raises(UnreadableInput) as refusal:
            read(data)
        assert "ZIP archive" in str(refusal.value)

    @thorough
    @given(data=st.data())
    def test_any_damage_raises_nothing_else(self, data):
        good = data.draw(st.sampled_from([SMALL_ZIP, SMALL_STREAMED, SMALL_GZIP]))
        bad = bytearray(good)
        for _ in range(data.draw(st.integers(1, 4))):
            bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(0, 255))
        del bad[data.draw(st.integers(len(bad) // 3, len(bad))) :]
        try:
            for found in importers.read(io.BytesIO(bytes(bad)), date=DAY):
                assert isinstance(found, Record | Rejection) and found.place
        except UnreadableInput as refusal:
            assert str(refusal).endswith(".")


SMALL_ZIP = pack(("a.json", LIST), ("b.txt", PAGE))
SMALL_STREAMED = stream_pack(("a.json", LIST), ("b.txt", PAGE))
SMALL_GZIP = gzip.compress(LIST[:500]) + gzip.compress(LIST[500:])


class TestBombs:
    @pytest.fixture(autouse=True)
    def _bounded(self):
        tracemalloc.start()
        started = time.process_time()
        yield
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 60_000_000
        assert time.process_time() - started < 30

    @pytest.fixture(autouse=True)
    def _small_bounds(self, monkeypatch):
        """The bounds, a hundred times smaller, so that the tests are quick."""
        monkeypatch.setattr(containers, "FREE", 640_000)

    def bomb(self, size):
        """A list that is good at first, and then blanks."""
        return LIST.rstrip()[:-1] + b"," + b" " * size

    def test_gzip_that_unpacks_to_too_much(self):
        records, rejections = read(gzip.compress(self.bomb(5_000_000)))
        assert len(records) == len(read(LIST)[0])
        assert "more than 100 times its size" in rejections[-1].reason

    def test_zip_of_many_that_are_fine_each(self):
        blanks = b"[" + b" " * 70_000 + b"]"
        records, rejections = read(pack(("papers.json", LIST), *((f"{n}.json", blanks) for n in range(40))))
        assert len(records) == len(read(LIST)[0])
        assert any("more than 100 times its size" in each.reason for each in rejections)

    def test_members_that_share_their_bytes(self):
        """What is stored once and listed often counts as often."""
        one = pack(("aaaaaa", self.bomb(300_000)))
        start = one.index(b"PK\1\2")
        entry = one[start : one.index(b"PK\5\6")]
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 50, 50, len(entry) * 50, start, 0)
        _, rejections = read(one[:start] + entry * 50 + end)
        assert any("more than 100 times its size" in each.reason for each in rejections)

    def test_more_than_there_may_be_at_all(self, monkeypatch):
        monkeypatch.setattr(containers, "MAX_UNPACKED", 100_000)
        _, rejections = read(gzip.compress(self.bomb(200_000)))
        assert rejections[-1].reason.startswith("The archive holds more than")

    @pytest.mark.parametrize("listed", [False, True])
    def test_many_members(self, listed):
        count = 10_001
        data = pack(*((str(n), b"") for n in range(count)))
        if listed:
            with pytest.raises(UnreadableInput, match="more than 10,000 files"):
                read(data)
        else:
            _, rejections = read(data[: data.index(b"PK\1\2")])
            assert len(rejections) == 10_001

    @pytest.mark.parametrize("size", [3_000_000, 2**32 - 1])
    def test_list_of_members_that_is_too_long(self, size):
        entry = pack(("a", b"")).partition(b"PK\1\2")[2].partition(b"PK\5\6")[0]
        listing = (b"PK\1\2" + entry) * 63_000
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 3, 3, min(size, len(listing)), 0, 0)
        with pytest.raises(UnreadableInput):
            read(b"PK\3\4" + listing + end)

    def test_endless_run_of_empty_members(self):
        data = gzip.compress(LIST) + gzip.compress(b"") * 30_000
        assert read(data) == read(LIST)

    def test_header_that_never_ends(self):
        with pytest.raises(UnreadableInput, match="ends before"):
            read(b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"x" * 5_000_000)


def test_ratio_of_real_lists_is_far_from_the_bound():
    """The most repetitive honest list: the same few words in every record."""
    data = b"[" + b",".join(b'{"paper": {"id": "%d", "title": "x"}}' % n for n in range(50_000)) + b"]"
    assert len(data) / len(zlib.compress(data)) < containers.RATIO / 4
