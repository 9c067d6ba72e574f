import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.importers.html_text import to_text
from tests.papers.importers.conftest import thorough


@pytest.mark.parametrize(
    "text",
    [
        "a < b",
        "a < b and c > d",
        "<2.5% of all",
        "p < 0.05 and n > 3",
        "if p <q and q> r",
        "<p and q>",
        "the <projektor> hums",
        "Blum & Lykouris, AT&T, Q&A; R&D",
        "https://example.org/?a=1&copy=2&lt=3",
        "&nosuch; &#x; &;",
        "$x<y$ and $|\\psi\\rangle$",
        "x <!-- never closed",
        "<![CDATA[ never closed",
        "cut off <jats:ital",
        "cut off <p class='x",
        "List<T> and Map<K, V>",
        "",
    ],
)
def test_text_that_is_no_mark_up_survives(text):
    assert to_text(text) == text
    assert to_text(text, paragraphs=True) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "The <i>in vitro</i> life of <jats:italic>C. elegans</jats:italic>",
            "The in vitro life of C. elegans",
        ),
        ('&lt;p style="text-indent: 0px; margin: 0px;"&gt;Rain at Noon', "Rain at Noon"),
        ("&amp;lt;b&amp;gt;Rain&amp;lt;/b&amp;gt; &amp;amp; Snow", "Rain & Snow"),
        ("Wind &amp; Weather &#8211; a Reader&#x2019;s Guide", "Wind & Weather – a Reader’s Guide"),
        ("<P ALIGN=center>Rain<BR>Snow</P>", "Rain Snow"),
        ("<a href='https://example.org/?a>b'>Rain</a>", "Rain"),
        ("Rain<!-- <b> --> and<![CDATA[ <5 mm ]]>snow", "Rain and <5 mm snow"),
        ("<style>p { color: red }</style>Rain<script>alert(1)</script>", "Rain"),
        ("Rain <o:p></o:p><span lang=EN-GB>and</span> snow</span></i>", "Rain and snow"),
        ("<i>Rain", "Rain"),
        ("<jats:title>Abstract</jats:title>", "Abstract"),
        ("Abstract 12: Rain", "Abstract 12: Rain"),
    ],
    ids=str,
)
def test_mark_up_goes(html, text):
    assert to_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("CO<sub>2</sub> at 10<sup>−3</sup> m<sup>2</sup>", "CO₂ at 10⁻³ m²"),
        ("the 19<sup>th</sup> K<sub>max</sub> of N<sup>1/2</sup>", "the 19th Kmax of N^(1/2)"),
        (
            "<mml:math><mml:msub><mml:mi>x</mml:mi><mml:mi>k</mml:mi></mml:msub><mml:mo>=</mml:mo>"
            "<mml:mfrac><mml:mn>1</mml:mn><mml:mrow><mml:mi>a</mml:mi><mml:mo>+</mml:mo><mml:mi>b</mml:mi>"
            "</mml:mrow></mml:mfrac></mml:math>",
            "x_k = 1/(a+b)",
        ),
        (
            "<math>\n <msqrt>\n <msup> <mi>y</mi> <mn>2</mn> </msup></msqrt>\n"
            "<mo>&lt;</mo><mi>i</mi><mo>&gt;</mo><mover><mi>z</mi><mo>¯</mo></mover></math>",
            "√y² < i > z",
        ),
        (
            "<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>, <mroot><mi>x</mi><mn>3</mn></mroot>, "
            "<mfenced><mi>a</mi><mi>b</mi></mfenced>",
            "x₁², x^(1/3), (a, b)",
        ),
        (
            "the <jats:inline-formula><jats:alternatives><jats:tex-math>\\documentclass{x}\\begin{document}"
            "$$x^2 $$\\end{document}</jats:tex-math><mml:math><mml:mi>x</mml:mi></mml:math>"
            "</jats:alternatives></jats:inline-formula> one and <tex-math>y</tex-math>",
            "the $x^2$ one and $y$",
        ),
        (
            "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>\\hat x</annotation>"
            "</semantics></math> and <math><mi>y</mi></math>",
            "$\\hat x$ and y",
        ),
    ],
    ids=["chemistry", "words", "fraction", "root", "more", "tex", "annotation"],
)
def test_formulas_are_readable(html, text):
    assert to_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<jats:title>Abstract</jats:title><jats:p>Rain.</jats:p>\n<jats:p>Snow.</jats:p>", "Rain.\n\nSnow."),
        ("<ns3:p>Rain\n\n  and snow.</ns3:p>", "Rain and snow."),
        ("<p>Rain.<p>Snow.<br/><br/>Hail.", "Rain.\n\nSnow.\n\nHail."),
        (
            "<jats:sec>\n <jats:title>Background</jats:title>\n <jats:p>Rain.</jats:p></jats:sec>"
            "<jats:sec><jats:title>Why?</jats:title><jats:p>Snow.</jats:p></jats:sec>",
            "Background: Rain.\n\nWhy? Snow.",
        ),
        ("<p>Both:</p><ul><li>rain,<li>snow.</ul>", "Both:\n\nrain,\n\nsnow."),
        ("<jats:p/>", ""),
        ("Rain.\n\nSnow.", "Rain.\n\nSnow."),
        ("Abstract\nRain.", "Rain."),
        ("ABSTRACT Rain.", "Rain."),
        ("<b>Abstract:</b> Rain.", "Rain."),
        ("Abstract algebra is abstract: rain.", "Abstract algebra is abstract: rain."),
    ],
    ids=str,
)
def test_abstracts_have_paragraphs(html, text):
    assert to_text(html, paragraphs=True) == text


@pytest.mark.parametrize(
    "html",
    [
        *(
            piece * (1_000_000 // len(piece))
            for piece in ("<", "&", "&amp;", "<!--", "<![CDATA[", '<p a="', "<p ")
        ),
        *(
            piece * 50_000
            for piece in ("<sub>", "<math>", "</sub>", "<title>x", "<msub><mi>x", "<p a=\"'<p b='\"")
        ),
        "<sub>" * 60 + "y" * 1_000_000,
        "<p" + ' a=""' * 200_000,
        "<p" + " " * 1_000_000,
        "<p>" + "\n " * 500_000,
        "<tex-math>" + "\\begin{document}" * 60_000,
        "Abstract" + " " * 1_000_000,
    ],
    ids=lambda html: html[:24].strip(),
)
def test_work_grows_no_faster_than_the_input(html):
    """These take well under a second each; a quadratic step would take minutes, and the test run with it."""
    to_text(html)
    to_text(html, paragraphs=True)


PIECES = [
    "<",
    ">",
    "</",
    "/>",
    "&lt;",
    "&gt;",
    "&amp;",
    "&#0;",
    "&#xD800;",
    "&#99999999;",
    "<!--",
    "-->",
    "]]>",
]
PIECES += [
    "<![CDATA[",
    "<p>",
    "<jats:p",
    "<mml:math>",
    "<msub>",
    "<mi>x</mi>",
    "</msub>",
    "<sup>",
    "2",
    "</sup>",
]
PIECES += [
    "<title>",
    "</title>",
    "<tex-math>",
    "</tex-math>",
    '"',
    "'",
    "=",
    " a='b'",
    "\n\n",
    "\0",
    "x",
    "é",
]


@thorough
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_heaps_of_pieces_are_read(html):
    assert isinstance(to_text(html, paragraphs=True), str)
    assert "\n" not in to_text(html)


@thorough
@given(st.text(alphabet=st.characters(exclude_characters="<&"), max_size=200))
def test_words_are_never_lost(text):
    assert to_text(f"<p>{text}</p>").split() == to_text(text).split()
