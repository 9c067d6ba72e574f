import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.importers.latex import to_address, to_text
from papers.records import clean_line

TABLE = [
    # Accents, in all spellings.
    (r"J\"org Deigm\"oller", "Jörg Deigmöller"),
    (r"J{\"o}rg", "Jörg"),
    (r"J\"{o}rg", "Jörg"),
    (r"J{\"{o}}rg", "Jörg"),
    (r"\" o", "ö"),
    (r"Nikola Pi\v{z}urica", "Nikola Pižurica"),
    (r"\v z\v{c}{\v s}", "žčš"),
    (r"Fran\c cois, Fran\c{c}ois", "François, François"),
    (r"Garc\'\i a, Garc\'{\i}a, Garc{\'\i}a, Garc\'ia, Garc\'{i}a", "García, García, García, García, García"),
    (r"\u{\i}, \={\i}, \^{\j}", "ĭ, ī, ĵ"),
    (r"\r{a}ngstr\"om, \r aa", "ångström, åa"),
    (r"Erd\H{o}s and Erd\H os", "Erdős and Erdős"),
    (r"W\k{a}sowski, Nguy{\~{\^e}}n, Nguy\~{\^{e}}n", "Wąsowski, Nguyễn, Nguyễn"),
    (r"\d{s}\b{d}\.{I}\.z\=a\u g", "ṣḏİżāğ"),
    (r"\t{oo}", "o͡o"),
    (r"\`a\'e\^i\~n\'{A}\^{E}", "àéîñÁÊ"),
    (r"\'{\OE}, \'{\ae}, \'{\o}", "Œ́, ǽ, ǿ"),
    (r"\textcommabelow{S}", "Ș"),
    (r"\'{}x \~{} \^{}", "´x ~ ^"),
    ("gar\\c\n{c}on", "garçon"),
    # Letters.
    (r"{\o}re, \o re, \O{}re, K{\o}benhavn", "øre, øre, Øre, København"),
    (r"Stra\ss e, Stra{\ss}e, Stra\ss{}e", "Straße, Straße, Straße"),
    (r"\L{}ukasz \l\'od\'z", "Łukasz łódź"),
    (r"\AA rhus \ae \oe{} \th{} \dh \i", "Århus æœ þ ðı"),
    # Characters, quotes and dashes.
    (r"R\&D at 50\% of \$5 \#1 a\_b \{x\}", "R&D at 50% of $5 #1 a_b {x}"),
    (r"about 50% of it & more", "about 50% of it & more"),
    ("pp. 1--2 --- ``quoted'' it's", "pp. 1–2 — “quoted” it's"),
    (r"J.~K. Rowling and J.\,K.\ Rowling", "J. K. Rowling and J. K. Rowling"),
    (r"?`Qu\'e? !`S\'i!", "¿Qué? ¡Sí!"),
    (r"hy\-phen\/ation", "hyphenation"),
    (r"one\\two\newline three", "one two three"),
    (r"\textquotedblleft a\textquotedblright{} \textendash{} \dots \copyright{} \S 3", "“a” – …© §3"),
    (r"25\textdegree{}C, 3\,\textmu m", "25°C, 3 µm"),
    # Braces and commands.
    (r"The {B}ayesian {LaTeX} {{Companion}}", "The Bayesian LaTeX Companion"),
    (r"\emph{Escherichia coli} in \textit{vitro} {\em and} {\bf more}", "Escherichia coli in vitro and more"),
    (r"{\LaTeX} and \TeX{} and {\BibTeX}", "LaTeX and TeX and BibTeX"),
    (r"{{\CSTUG{}}} and \XeTeX\ and \ConTeXt{} in C:\Users", r"CSTUG and XeTeX and ConTeXt in C:\Users"),
    (r"{\noopsort{1973b}}1973", "1973"),
    (r"{\noopsort {1973b}}1973", "1973"),
    (r"\printfirst{1986}{82}", "1986"),
    (r"{\switchargs{--90}{1968}}", "1968–90"),
    (r"L[eslie] A. Aamport", "L[eslie] A. Aamport"),
    (r"\unknown{kept} and \strange", r"kept and \strange"),
    (r"\url{http://example.org/a--b_c} \href{http://x.org}{shown}", "http://example.org/a--b_c shown"),
    (r"CO\textsubscript{2}, 10\textsuperscript{-3}, a\textsuperscript{th}", "CO₂, 10⁻³, ath"),
    (r"\enquote{so} \textsc{Small} \mbox{box} \uppercase{x}", "“so” Small box x"),
    (r"\texorpdfstring{$\alpha$}{alpha}-particles", "alpha-particles"),
    (r"a } b { c", "a b c"),
    (r"DVIto\kern-.15em VDU, \raise 0.5ex\hbox{x}", "DVItoVDU, x"),
    # Mathematics.
    (r"$\omega$Test", r"$\omega$Test"),
    (r"The {$\alpha$} of $x^{2}_{--}$ and \(y\'\)", r"The $\alpha$ of $x^{2}_{--}$ and \(y\'\)"),
    (r"$$E = mc^2$$ \[a\\b\]", r"$$E = mc^2$$ \[a\\b\]"),
    (r"$a\$b$ \'e", r"$a\$b$ é"),
    (r"\ensuremath{\mu}m", r"$μ$m"),
    (r"only $5 of it", "only $5 of it"),
    (r"{$5} and {\'e $6}", "$5 and é $6"),
    (r"\(never closed \'e", "(never closed é"),
    (r"an \alpha-particle", "an α-particle"),
    # Nothing to do.
    ("", ""),
    ("Plain title: of 3 (three) [words]", "Plain title: of 3 (three) [words]"),
    ("Größe, 漢字", "Größe, 漢字"),
]


@pytest.mark.parametrize(("latex", "text"), TABLE, ids=[latex[:30] for latex, _ in TABLE])
def test_latex_becomes_what_a_reader_sees(latex, text):
    assert clean_line(to_text(latex)) == text


def test_an_empty_line_stays_the_end_of_a_paragraph():
    assert to_text("One {two}\n\nthree\\par four") == "One two\n\nthree\n\nfour"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (r"10.1007/3-540-46145-0{\_}17", "10.1007/3-540-46145-0_17"),
        (r"\url{http://example.org/\~{}jo/a--b\%20c\&d}", "http://example.org/~jo/a--b%20c&d"),
        (r"http://example.org/{\textasciitilde}jo", "http://example.org/~jo"),
        (r"http://example.org/$\sim$jo", "http://example.org/~jo"),
        ("http://example.org/a_b~c", "http://example.org/a_b~c"),
    ],
)
def test_addresses_lose_only_what_protects_them(written, address):
    assert to_address(written) == address


@given(st.text(st.sampled_from("\\{}$~'`\"^=.-[]() \nabcuvoi%&é漢\u0301\ud800"), max_size=60))
def test_any_text_is_read(text):
    assert len(to_text(text)) <= 3 * len(text)
    assert len(to_address(text)) <= len(text)


@given(st.text(st.characters(exclude_characters="\\{}$~`'-")))
def test_text_without_commands_is_left_as_it_is(text):
    assert to_text(text) is text


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "{",
            "}",
            "$",
            "$$",
            "\\(",
            "\\[",
            "\\",
            "-",
            "`",
            "{a",
            "$\\",
            "$ {",
            "$} ",
            "\\c ",
            "\\'",
            "\\'{",
            "{\\'}",
        ),
        *(
            "\\noopsort{",
            "\\noopsort",
            "\\url{",
            "\\url",
            "\\enquote{a}",
            "\\switchargs{a}",
            "\\ensuremath{$",
        ),
    ],
)
def test_time_is_in_proportion_to_the_length(piece):
    check_time(lambda size: piece * (size // len(piece)))


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("{", "}"),
        ("\\noopsort{a", "}"),
        ("\\enquote{a", "}"),
        ("\\textsuperscript{1", "}"),
        ("\\switchargs{a", "}{b}"),
        ("\\switchargs{a}{b", "}"),
        ("$", "$"),
    ],
)
def test_deep_groups_take_time_in_proportion_to_the_length(opening, closing):
    check_time(lambda size: opening * (size // len(opening)) + closing * (size // len(opening)), 400_000)


def test_heap_of_accents_on_one_letter_is_cut():
    assert len(to_text("\\'" * 1_000 + "a")) <= 5


def check_time(make, size=100_000):
    def seconds(size):
        text = make(size)
        started = time.process_time()
        to_text(text)
        return time.process_time() - started

    # A quadratic step would take minutes; on a busy machine anything may take a second.
    assert seconds(size) < 4 * max(seconds(size // 2), 0.5)
