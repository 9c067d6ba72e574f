"""The documentation against the project: links lead somewhere, commands and settings are those of the code."""

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parent.parent
# What git knows or would add: neither packages in a virtual environment nor what runs have left.
PAGES = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    if (ROOT / name).exists()
)  # fmt: skip
IDS = [str(page.relative_to(ROOT)) for page in PAGES]

# What the code reads, but an operator does not set.
NOT_SETTINGS = {"DJANGO_SETTINGS_MODULE", "MAKELEVEL", "PYTEST_XDIST_WORKER"}


def read(name):
    return (ROOT / name).read_text("utf-8")


def drop_code(text):
    """Blocks and spans of code: what stands there is no link."""
    text = re.sub(r"^( *)```.*?^\1```", "", text, flags=re.M | re.S)
    return re.sub(r"`[^`]*`", "", re.sub(r"^(?: {4}|\t).*$", "", text, flags=re.M))


def find_links(text):
    text = drop_code(text)
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    return links + re.findall(r"(?:src|srcset|href)=\"([^\"]+)\"", text)


def find_anchors(text):
    """The anchors of headings, made as the usual hosts make them."""
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_to_files(page):
    missing = []
    for link in find_links(page.read_text("utf-8")):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        target = (page.parent / unquote(path)).resolve() if path else page
        is_there = target.exists() and ROOT in (target, *target.parents)
        if is_there and anchor:
            is_there = anchor in find_anchors(target.read_text("utf-8"))
        if not is_there:
            missing.append(link)
    assert missing == []


def test_pictures_are_small():
    pictures = list((ROOT / "docs" / "screenshots").glob("*.png"))
    assert pictures
    assert [path.name for path in pictures if path.stat().st_size > 200_000] == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_named_make_targets_are_there(page):
    targets = set(re.findall(r"^([a-z][a-z-]*):", read("Makefile"), re.M))
    text = page.read_text("utf-8").replace("```", "")
    code = re.findall(r"`([^`]+)`", text) + re.findall(r"^ {4,}(.+)$", text, re.M)
    named = set()
    for words in re.findall(r"(?:^|&& |[A-Z_]+=\S+ )make ([^&|;#\n]*)", "\n".join(code), re.M):
        named |= {word for word in words.split() if re.fullmatch(r"[a-z][a-z-]*", word)}
    assert named <= targets


def test_readme_names_the_targets_people_need():
    for target in ("run", "test", "lint", "bench"):
        assert re.search(rf"`make {target}`", read("README.md"))


def test_every_setting_is_described():
    read_by_code = set()
    for path in [*(ROOT / "readinglist").rglob("*.py"), ROOT / "manage.py"]:
        text = path.read_text("utf-8")
        read_by_code |= set(re.findall(r"os\.environ(?:\.get\(|\[)\s*\"(\w+)\"", text))
        read_by_code |= set(
            re.findall(r"read_(?:bool|int|site_url|mail_server|contact|hosts)\(\s*\"(\w+)\"", text)
        )
        read_by_code |= set(re.findall(r"\"(\w+)\" in os\.environ", text))
    described = set(re.findall(r"^- \*\*`(\w+)`\*\*", read("docs/settings.md"), re.M))
    assert {"SITE_URL", "DATABASE_URL", "PUBLIC_CATALOGUE", "EMAIL_URL", "WEB_CONCURRENCY"} <= read_by_code
    assert read_by_code - NOT_SETTINGS - described == set(), "say it in docs/settings.md"


def test_every_described_setting_is_read():
    described = re.findall(r"^- \*\*`(\w+)`\*\*", read("docs/settings.md"), re.M)
    sources = [*(ROOT / "readinglist").rglob("*.py"), *(ROOT / "bench").glob("*.py")]
    sources += [ROOT / "Makefile", ROOT / "tests" / "find-chromium"]
    text = "\n".join(path.read_text("utf-8") for path in [*sources, ROOT / "requirements" / "install"])
    assert [name for name in described if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("name", ["base.in", "dev.in"])
def test_every_library_has_a_reason(name):
    reasons = read("docs/decisions/0002-libraries.md")
    lines = [line for line in read(f"requirements/{name}").splitlines() if line and not line.startswith("#")]
    libraries = [re.split(r"[\[<>=]", line)[0] for line in lines]
    assert libraries
    # As a word of its own, so that "redis" is not found in "rediscovered".
    assert [each for each in libraries if not re.search(rf"(?<![\w-]){each}(?![\w-])", reasons)] == []


def test_every_decision_is_in_the_index():
    index = set(find_links(read("docs/README.md")))
    pages = {f"decisions/{path.name}" for path in (ROOT / "docs" / "decisions").glob("*.md")}
    assert pages <= index


def test_fragments_of_the_changelog_are_one_line_each():
    fragments = [path for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    assert fragments
    for path in fragments:
        assert re.fullmatch(r"[a-z0-9-]+\.(added|changed|fixed|removed)\.md", path.name), path.name
        assert re.fullmatch(r"\S.*\n", path.read_text("utf-8")), path.name
