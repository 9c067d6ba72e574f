"""Make a corpus of papers for load tests: gzip JSON lines, one paper a line.

    python -m bench.make_corpus -n 100000 -o papers-100k.jsonl.gz

The seeds (`--seeds`, by default the page of the demo lab) are a saved listing page: paragraphs between blank
lines, where a long paragraph (an abstract) follows a short one (its title). Where the abstracts are one
sentence or two, as the demo's are, each paper borrows those of its neighbours. The sentences of the abstracts
and the words of the titles are resampled: every paper gets 5 to 9 sentences, drawn from two "topics" (seed
papers) and from the whole pool, and about one word in twelve is swapped for another word of the seeds, so that
texts differ. Rare made-up terms (one in eight papers has one, such as "Qarvonet-417") give a search something
selective to find.

The same seeds, -n and --seed give the same bytes: the k-th paper depends on (seed, k) alone, so the first
10,000 papers of a 100,000-paper corpus are the 10,000-paper corpus. Memory does not grow with -n.

One line holds:
    id          arXiv-like, YYMM.NNNNN, unique; ids grow with time
    version     1 to 4
    title, abstract
    authors     list of 1 to 8 "Given Family" (a pool of about 14,000 names)
    categories  list of 1 to 3, the first is the primary one
    published, updated   ISO 8601 UTC; published grows with the line number
    doi         string or null
    comment     string or null, as a submitter's remark
    votes       integer, skewed: most papers have none
    tags        list of 0 to 4 short slugs

Dates run evenly from --since to --until (default 2007-04-01 to 2026-01-01).
--queries FILE also writes search queries, one a line, "KIND<TAB>QUERY": common (one frequent word), pair (two
words of one seed title), phrase (a quoted bigram), rare (a made-up term of one of the first 10,000 papers) and
author (a family name).
"""

# ruff: noqa: SIM905

import argparse
import datetime as dt
import gzip
import io
import json
import random
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from papers.importers import hf_page
from papers.records import Record

Seeds = list[tuple[str, list[str]]]

DEMO_PAGE = Path(__file__).parent.parent / "papers" / "demo" / "daily-papers-2025-04-25.txt"

CATEGORIES = [  # name, weight
    ("cs.LG", 30),
    ("cs.CL", 16),
    ("cs.CV", 16),
    ("cs.AI", 10),
    ("stat.ML", 6),
    ("cs.IR", 4),
    ("cs.RO", 4),
    ("cs.NE", 3),
    ("cs.DS", 2),
    ("cs.SE", 2),
    ("cs.CR", 2),
    ("math.OC", 2),
    ("eess.AS", 1),
    ("q-bio.QM", 1),
    ("quant-ph", 1),
]
GIVEN = """Ada Aiko Alan Amara Amir Ana Anders Anika Anton Arjun Aya Bao Beatriz Ben Carla Chen Chidi Clara
Daniel Dara David Deniz Diego Dmitri Elena Eli Emil Emma Erik Fatima Felix Gita Grace Hana Hugo Ian Ilya
Ines Ivan Jana Jin Jonas Jose Julia Kai Karim Kenji Lara Lei Leo Lin Lucia Lukas Maya Mei Mia Min Mira
Mohamed Nadia Nia Nikhil Nina Noah Nora Olga Omar Pablo Paul Petra Priya Qing Rachel Raj Rui Sakura Samuel
Sara Sven Tariq Tom Uma Vera Victor Wei Xin Yara Yuki Yusuf Zoe""".split()
FAMILY_A = """Al An Bar Ber Cas Chen Dal Dor Fal Gar Han Iva Jor Kal Kov Lan Mar Mor Nak Ol Pet Ros San Tan
Val Wei Xu Yam Zel""".split()
FAMILY_B = """aro berg chuk dez ens eva feld gupta hara idis kova lund mann moto nov ola quist rez sen son
ura vic well yan zio""".split()
RARE = """Qar vo net lu mi Zen tro pha dex Kry lo gon sta vel ix ora Bel tu sim""".split()
TAGS = """to-read journal-club classic survey dataset theory reproducible has-code controversial methods
baseline negative-result teaching scaling efficiency rl search pruning""".split()
COMMENTS = [
    "12 pages, 5 figures",
    "Accepted at a workshop",
    "Preprint",
    "Code available",
    "23 pages with appendix",
    "Extended version",
    "Under review",
]


def read_seeds(path: Path) -> Seeds:
    """Return [(title, [sentence, ...])] from a saved listing."""
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", path.read_text(encoding="utf-8"))]
    pairs = pairwise(paragraphs)
    found = [(title, abstract) for title, abstract in pairs if len(title) < 200 and len(abstract) > 400]
    if len(found) < 10:
        found = join_summaries(path)
    seeds = [(title, split_sentences(abstract)) for title, abstract in found]
    seeds = [(title, sentences) for title, sentences in seeds if len(sentences) >= 3]
    if len(seeds) < 10:
        sys.exit(f"{path}: found {len(seeds)} titles with abstracts, need 10 or more")
    return seeds


def join_summaries(path: Path) -> list[tuple[str, str]]:
    """Return the papers of a page of short summaries, each with those of the next four besides its own."""
    with path.open("rb") as file:
        papers = [each for each in hf_page.parse(file, date=dt.date(2025, 4, 25)) if isinstance(each, Record)]
    summaries = [paper.abstract for paper in papers] * 2
    return [(paper.title, " ".join(summaries[n : n + 5])) for n, paper in enumerate(papers)]


def split_sentences(abstract: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.!?])\s+(?=[A-Z])", abstract) if len(s) > 30]


class Corpus:
    def __init__(
        self,
        seeds: Seeds,
        n: int,
        seed: int = 1,
        since: dt.datetime = dt.datetime(2007, 4, 1, tzinfo=dt.UTC),
        until: dt.datetime = dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    ) -> None:
        self.seeds, self.n, self.seed = seeds, n, seed
        self.pool = [s for _, ss in seeds for s in ss]
        self.words = sorted({w for s in self.pool for w in re.findall(r"\b[a-z]{5,}\b", s)})
        self.title_words = [re.findall(r"[A-Za-z][A-Za-z0-9-]+", t) for t, _ in seeds]
        self.cats = [c for c, _ in CATEGORIES]
        self.cat_weights = [w for _, w in CATEGORIES]
        self.since, self.span = since, (until - since).total_seconds()

    def start(self, k: int) -> tuple[random.Random, str | None]:
        """Return the k-th paper's generator, and its made-up term or None."""
        rng = random.Random(self.seed * 1_000_003 + k)
        term = "".join(rng.choices(RARE, k=3)).capitalize() + "-" + str(rng.randrange(1000))
        return rng, term if rng.random() < 0.125 else None

    def vary(self, rng: random.Random, sentence: str) -> str:
        words = sentence.split(" ")
        for _ in range(max(1, len(words) // 12)):
            i = rng.randrange(len(words))
            if len(words[i]) > 4 and words[i].isalpha() and words[i].islower():
                words[i] = rng.choice(self.words)
        return " ".join(words)

    def paper(self, k: int, month: str, seq: int, when: dt.datetime) -> dict[str, Any]:
        rng, term = self.start(k)
        a, b = rng.randrange(len(self.seeds)), rng.randrange(len(self.seeds))
        wa, wb = self.title_words[a], self.title_words[b]
        title = " ".join(
            [
                *wa[: rng.randint(2, 5)],
                rng.choice(("for", "with", "via", "in", "without", "beyond")),
                *wb[-rng.randint(2, 4) :],
            ]
        )
        chosen = []
        for _ in range(rng.randint(5, 9)):
            r = rng.random()
            source = self.seeds[a][1] if r < 0.45 else self.seeds[b][1] if r < 0.75 else self.pool
            sentence = rng.choice(source)
            chosen.append(sentence if sentence not in chosen else rng.choice(self.pool))
        sentences = [self.vary(rng, s) for s in chosen]
        if term:
            title = f"{term}: {title}"
            sentences.insert(1, f"We call the resulting method {term}.")
        authors = []
        for _ in range(min(8, 1 + int(rng.expovariate(0.35)))):
            name = f"{rng.choice(GIVEN)} {rng.choice(FAMILY_A)}{rng.choice(FAMILY_B)}"
            if name not in authors:
                authors.append(name)
        categories = []
        for c in rng.choices(self.cats, self.cat_weights, k=rng.choice((1, 1, 2, 2, 3))):
            if c not in categories:
                categories.append(c)
        version = rng.choice((1, 1, 1, 1, 2, 2, 3, 4))
        updated = (
            when + dt.timedelta(days=rng.randint(5, 300), seconds=rng.randrange(86400))
            if version > 1
            else when
        )
        return {
            "id": f"{month}.{seq:05d}",
            "version": version,
            "title": title,
            "abstract": " ".join(sentences),
            "authors": authors,
            "categories": categories,
            "published": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "updated": updated.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "doi": f"10.5555/{month}.{seq:05d}" if rng.random() < 0.3 else None,
            "comment": rng.choice(COMMENTS) if rng.random() < 0.5 else None,
            "votes": int(rng.paretovariate(1.1)) - 1,
            "tags": rng.sample(TAGS, rng.choice((0, 0, 1, 1, 2, 4))),
        }

    def __iter__(self) -> Iterator[dict[str, Any]]:
        month, seq = "", 0
        # The step does not depend on n, so that a small corpus is a prefix of a large one.
        step = self.span / max(self.n, 1_000_000)
        for k in range(self.n):
            when = self.since + dt.timedelta(seconds=int(k * step))
            m = when.strftime("%y%m")
            month, seq = (m, seq + 1) if m == month else (m, 1)
            yield self.paper(k, month, seq, when)

    def queries(self, count: int) -> Iterator[tuple[str, str]]:
        rng = random.Random(self.seed)
        common = ["learning", "model", "data", "training", "performance", "language", "methods", "search"]
        for i in range(count):
            kind = ("common", "pair", "pair", "phrase", "rare", "author")[i % 6]
            if kind == "common":
                q = common[i // 6 % len(common)]
            elif kind == "pair":
                ws = [w for w in rng.choice(self.title_words) if len(w) > 4] or ["model", "pruning"]
                q = " ".join(rng.sample(ws, min(2, len(ws)))).lower()
            elif kind == "phrase":
                ws = [*re.findall(r"[a-z]{4,}", rng.choice(self.pool)), "neural", "network"]
                j = rng.randrange(len(ws) - 1)
                q = f'"{ws[j]} {ws[j + 1]}"'
            elif kind == "rare":
                term = None
                while not term:  # of one of the first papers, so that it is in every corpus
                    term = self.start(rng.randrange(min(self.n, 10_000)))[1]
                q = term
            else:
                q = rng.choice(FAMILY_A) + rng.choice(FAMILY_B)
            yield kind, q


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seeds", type=Path, default=DEMO_PAGE, help="saved listing of titles and abstracts")
    p.add_argument("-n", type=int, default=10_000, help="number of papers (default 10000)")
    p.add_argument(
        "-o", "--out", required=True, help="output file; plain text unless it ends in .gz; - for stdout"
    )
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--since", default="2007-04-01")
    p.add_argument("--until", default="2026-01-01")
    p.add_argument("--queries", help="also write search queries here")
    p.add_argument("--query-count", type=int, default=600)
    a = p.parse_args()
    utc = dt.UTC
    corpus = Corpus(
        read_seeds(a.seeds),
        a.n,
        a.seed,
        dt.datetime.fromisoformat(a.since).replace(tzinfo=utc),
        dt.datetime.fromisoformat(a.until).replace(tzinfo=utc),
    )
    lines = (json.dumps(paper, ensure_ascii=False) + "\n" for paper in corpus)
    if a.out == "-":
        sys.stdout.writelines(lines)
    elif a.out.endswith(".gz"):  # a fixed time and no name, for the same bytes every time
        with (
            open(a.out, "wb") as raw,
            gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=4) as packed,
            io.TextIOWrapper(packed, encoding="utf-8") as out,
        ):
            out.writelines(lines)
    else:
        with open(a.out, "w", encoding="utf-8") as out:
            out.writelines(lines)
    if a.queries:
        with open(a.queries, "w", encoding="utf-8") as f:
            f.writelines(f"{kind}\t{q}\n" for kind, q in corpus.queries(a.query_count))


if __name__ == "__main__":
    main()
