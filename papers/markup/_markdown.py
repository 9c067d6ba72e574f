"""Comments: Markdown with formulas, to HTML."""

import re
from collections.abc import MutableMapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from ._formulas import FORMULA_LIMIT, Allowance, Formula, FormulaFinder, match_opening
from ._mathml import render_formula
from ._text import ADDRESS, HOST, trim_address

NESTING_LIMIT = 40
"""Levels of quotations and lists (a list counts as two); what is nested deeper is left out by markdown-it."""

PARTS_LIMIT = 20_000
"""Tokens of a comment; one with more is shown as it was written."""

_SCHEME = re.compile(r"(?:https?://[^\s/?#]|mailto:[^\s@]+@)", re.IGNORECASE)
_HEADING_SHIFT = 3


def _is_allowed_link(address: str) -> bool:
    return bool(_SCHEME.match(address))


def _read_inline_formula(state: StateInline, silent: bool) -> bool:
    """Rule of markdown-it for a formula among words; must stand before the rule for backslashes."""
    if state.src[state.pos] not in "$\\":
        return False
    finder = state.env.get("finder")
    if finder is None or finder[0] is not state.src:
        finder = state.env["finder"] = (state.src, FormulaFinder(state.src))
    formula = finder[1].find_at(state.pos)
    if formula is None or formula.end > state.posMax:
        return False
    if not silent:
        _push_formula(state, formula)
    state.pos = formula.end
    return True


def _push_formula(state: StateInline | StateBlock, formula: Formula) -> Token:
    token = state.push("formula", "", 0)
    token.meta = {"formula": formula}
    return token


def _read_block_formula(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """Rule of markdown-it for a formula on lines of its own, no line of which is then a list or a heading."""
    if state.is_code_block(first):
        return False
    start = state.bMarks[first] + state.tShift[first]
    opening = match_opening(state.src, start)
    if opening is None or opening.closing == "$" or opening.closing == r"\)":
        return False
    # No formula of a length that would be converted: what there is, the rule for words finds and shows.
    stop = state.src.find(opening.closing, opening.end)
    if not 0 <= stop - start <= 2 * FORMULA_LIMIT:
        return False
    # Down to the line that it ends on, in the same quotation or item, without an empty line.
    line = first
    while line < last and state.eMarks[line] <= stop:
        line += 1
        if line == last or state.isEmpty(line) or state.sCount[line] < state.blkIndent:
            return False
    source = state.getLines(first, line + 1, state.blkIndent, False).strip()
    formula = FormulaFinder(source).find_at(0)
    if formula is None or formula.end < len(source):
        return False  # words after it: the formula belongs to a paragraph
    if silent:
        return True
    state.line = line + 1
    token = _push_formula(state, formula)
    token.block = True
    token.map = [first, state.line]
    return True


def _finish_inline(state: StateCore) -> None:
    """Rule of markdown-it for all lines: pictures become links, bare addresses too, headings step down."""
    for token in state.tokens:
        if token.type == "inline" and token.children:
            token.children = list(_link_all(token.children))
        elif token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + _HEADING_SHIFT, 6)}"
        elif token.type == "fence":
            token.type = "code_block"  # the same, without a class for its language
        if token.nesting == 1 or token.type == "code_block":
            token.attrSet("dir", "auto")


def _link_all(children: Sequence[Token]) -> list[Token]:
    linked: list[Token] = []
    depth = 0
    for child in children:
        if child.type in {"link_open", "link_close"}:
            depth += child.nesting
            linked.append(child)
        elif child.type == "image":
            address = str(child.attrGet("src") or "")
            words = child.content or address
            linked.extend([_make_text(words)] if depth else _make_link(address, words))
        elif child.type == "text" and not depth:
            linked.extend(_link_addresses(child.content))
        else:
            linked.append(child)
    return linked


def _link_addresses(text: str) -> list[Token]:
    tokens: list[Token] = []
    done = 0
    for found in ADDRESS.finditer(text):
        address = trim_address(found[0])
        if not HOST.match(address):
            continue
        if found.start() > done:
            tokens.append(_make_text(text[done : found.start()]))
        tokens.extend(_make_link(address, address))
        done = found.start() + len(address)
    if done < len(text) or not tokens:
        tokens.append(_make_text(text[done:]))
    return tokens


def _make_text(text: str) -> Token:
    return Token("text", "", 0, content=text)


def _make_link(address: str, words: str) -> list[Token]:
    return [
        Token("link_open", "a", 1, attrs={"href": address}),
        _make_text(words),
        Token("link_close", "a", -1),
    ]


def _render_formula(
    tokens: Sequence[Token], place: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    token = tokens[place]
    html = render_formula(token.meta["formula"], env["allowance"])
    return f'<p dir="auto">{html}</p>\n' if token.block else html


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": NESTING_LIMIT})
    parser.enable("strikethrough")
    setattr(parser, "validateLink", _is_allowed_link)  # noqa: B010  (the hook that markdown-it documents)
    parser.inline.ruler.before("escape", "formula", _read_inline_formula)
    parser.block.ruler.before(
        "fence", "formula", _read_block_formula, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.core.ruler.push("finish_inline", _finish_inline)
    parser.add_render_rule("formula", lambda self, *arguments: _render_formula(*arguments))
    return parser


_parser = _make_parser()


def to_html(text: str) -> str:
    """Return Markdown as HTML that still has to be sanitised; empty where it has too many parts.

    Twenty thousand characters can nest into hundreds of kilobytes of lists in lists, which nobody means.
    """
    env = {"allowance": Allowance()}
    tokens = _parser.parse(text, env)
    if sum(1 + len(token.children or ()) for token in tokens) > PARTS_LIMIT:
        return ""
    return str(_parser.renderer.render(tokens, _parser.options, env))
