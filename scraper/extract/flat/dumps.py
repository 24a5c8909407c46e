"""What a program left that flattened a page: its lines read as lines of the text form, its marks as what they mean.

Read are Markdown (html2text, pandoc), the dumps of text browsers (lynx, w3m, links), inscriptis, and lines that
somebody copied out of a browser.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

from archive.records import count_words
from scraper.extract import cues
from scraper.extract.form import Kind, Line, folded, unescaped

# A link's words stand between _OPEN and _CLOSE, its address between _CLOSE and _END; a picture's between _PICTURE and
# _CLOSE.
_OPEN, _CLOSE, _END, _PICTURE = "\x02", "\x03", "\x04", "\x05"
_OWN_MARKS = str.maketrans("", "", _OPEN + _CLOSE + _END + _PICTURE)
_MARKS = re.compile(f"[{_OPEN}{_PICTURE}]|{_CLOSE}[^{_END}]*+{_END}")
_PIECES = re.compile(f"([{_OPEN}{_PICTURE}]|{_CLOSE}[^{_END}]*+{_END})")
_LONGEST_CREDIT = 200  # characters of a line that names the article's source

_NARROWEST, _WIDEST = 40, 132  # columns at which programs and people break lines
_FEWEST_BREAKS = 5  # that show a margin
_HYPHEN = re.compile(r"\w[^\W\d_]-(?=\w[^\W\d_])")  # where textwrap breaks a word
_SENTENCE_ENDS = frozenset('.!?…。！？।"”»')
_HAND_WRAPPED = range(50, 101)
_MARGINS_OF_RUNS = range(60, 101)  # columns of a margin that fewer breaks show

_BULLET = re.compile(r"\s*(?:[*•‣◦▪●○■□☆◆]|-|\d{1,3}[.)])\s+(?=\S)|\s{4,}[+o@#]\s+(?=\S)")
_NUMBER = re.compile(r"\s*(\d{1,3})[.)]\s")
_RULE = re.compile(r"[\s\W_]*")
_HEADING = re.compile(r"(#{1,6})\s+(?=\S)")
_QUOTED = re.compile(r"(?:>\s?)+")
_UNDERLINE = re.compile(r"(=|-)\1{3,}\s*")

# Of marks alone only those that stand in blocks of their own: a page may print "## Exclusive" itself.
_MARKDOWN = re.compile(
    r"\]\((?:https?:|/|#|<|mailto:|www\.)|^\[[^\]\n]{1,60}\]: https?:"
    r"|(?:\A|\n[ \t]*\n)#{1,6} \S[^\n]*+(?:\n[^#\n][^\n]*+)?(?:\Z|\n[ \t]*(?:\n|\Z))",
    re.MULTILINE,
)
_BOLD = re.compile(r"(?:\A|\n[ \t]*\n)[^\n*]{0,80}\*\*[^\s*][^*\n]{0,200}\*\*")
_TOKEN = re.compile(
    r"\\.|!?\[|\]\(\s*+(?P<target><[^<>\n]*+>|(?:[^\s()\\]|\\.|\([^\s()]*+\)|(?<=-)\n)*+)"
    r"(?:\s++(?:\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'))?+\s*+\)"
    r"|\]\((?P<spaced>(?:https?:|/)[^()\n]*+)\)"  # html2text leaves spaces in an address
    r"|\]\[(?P<name>[^\[\]\n]{1,60})\]|\]",
    re.DOTALL,
)
_DEFINED = re.compile(r"\s{0,6}\[([^\]\n]{1,60})\]:\s+<?(\S+?)>?(?:\s+[\"'(].*)?")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|>~$<-])")
_ITALIC = re.compile(r"(?<![^\W_])_([^_]++)_(?![^\W_])(?: (?=[,.)]))?")
_STARRED = re.compile(r"(?<![\w*])\*([^*\s][^*]*+)\*(?![\w*])(?: (?=[,.)]))?")
_STRONG = re.compile(r"(?:\*\*|__)(?: (?=[,.)]))?")
_COLUMNS = re.compile(r"[\s|:+-]*-{3,}[\s|:+-]*")

_REFERENCE = re.compile(r"\s{0,6}(\d{1,5})\. (\S+:\S*)\s*")
_LINK_NUMBER = re.compile(r"\[(\d{1,5})\]")
_LABELLED = re.compile(
    r"\s*(?:IFRAME:|REFRESH\(|Link: |\d*#(?:\[\d+\])?\w|#\[\d+\])"
)  # what no reader of the page sees
_CONTROL = re.compile(
    r"\(BUTTON\)|\[(?:INLINE|IMG|IMAGE|EMBED|LINK|USEMAP[^\]]{0,80})\]|\[[\w%.-]{1,60}\.(?:gif|jpe?g|png|svg|webp)\]"
    r"|\[ [^\[\]]{0,60} \]|\[\s*\]|_{4,}|\([ *]\) "
)
_IMAGE_NAME = re.compile(r"\s*\[[a-z0-9_.-]{3,60}\](?=\w)")
_ONLY_CONTROL = re.compile(r"\s*\[[^\[\]]{1,30}\]\s*")  # w3m's buttons, and its pictures without words
_CELLS = re.compile(r"\s*[|│┃]\s*")
_BOX = frozenset("|│┃")
_IMAGE = re.compile(r"\[(?:INLINE|IMG|IMAGE|[^\[\]\s]{1,60}\.(?:gif|jpe?g|png|svg|webp))\]")
_LYNX_INDENT = 3  # columns before a paragraph in lynx and links; their headings have none
_OF_A_LINK = 2  # words of a link in a sentence; lynx does not tell where it ends
_GAP = re.compile(r"(?<=[^\s.!?…:;,])\s{2,}(?=\S)")


@dataclass(frozen=True, slots=True)
class Printed:
    """A line as a program printed it, its marks read and taken off."""

    line: Line
    linked: int = 0  # words of it that lead elsewhere, as far as that can be told
    level: int = 0  # of a heading: 1 is the page's; 0: it is none, or nothing tells
    button: bool = False  # a control of the page
    pictured: bool = False  # a picture stands in it, or directly above it


def printed_lines(text: str) -> list[Printed]:
    """The lines of a flattened text, in their order, without those that hold no word."""
    raw = [line.rstrip() for line in text.removeprefix("\ufeff").translate(_OWN_MARKS).splitlines()]
    raw, addresses = _without_references(raw)
    if _is_markdown("\n".join(raw)):
        return list(_of_markdown(_unwrapped(raw, markdown=True)))
    return list(_of_plain(_unwrapped(raw), addresses))


def _is_markdown(text: str) -> bool:
    return _MARKDOWN.search(text) is not None or len(_BOLD.findall(text)) > 1


# ── lines broken at a margin


@dataclass(frozen=True, slots=True)
class _Break:
    """The end of a line that another follows."""

    columns: int
    longer: int  # columns it would have had with the next line's first word
    indent: int
    ends: bool  # in a sentence's end
    after: str  # the next line's first letter


def _unwrapped(raw: Sequence[str], *, markdown: bool = False) -> list[str]:
    """The lines with those joined that were one before a margin broke it; markdown: by a program that counts
    letters, not columns, and breaks behind hyphens, too (Python's textwrap)."""
    breaks = _breaks(raw, markdown=markdown)
    margin = _margin(breaks)
    if margin is None or _overrun(raw, margin, markdown=markdown) * 5 > len(breaks):
        return _joined_blocks(raw) if _is_hand_wrapped(raw) else _with_runs_joined(raw, markdown=markdown)
    near = range(margin - 8, margin + 9)
    margins = {
        indent: _margin([each for each in breaks if each.indent == indent], near) or margin
        for indent in {each.indent for each in breaks}
    }
    return _joined(raw, [margins.get(_indent(line), margin) for line in raw], markdown=markdown)


def _joined(raw: Sequence[str], margins: Sequence[int], *, markdown: bool) -> list[str]:
    """The lines, those joined that go on from one to the next; margins: each line's."""
    joined: list[str] = []
    for at, line in enumerate(raw):
        if at and _continues(raw[at - 1], line, margins[at - 1], markdown=markdown):
            joined[-1] = _join(joined[-1], _QUOTED.sub("", line.strip()), markdown=markdown)
        else:
            joined.append(line)
    return joined


def _with_runs_joined(raw: Sequence[str], *, markdown: bool) -> list[str]:
    """The lines of a text that shows no margin as a whole, those blocks joined of which each shows one alone."""
    joined: list[str] = []
    for _, block in groupby(raw, key=bool):
        lines = list(block)
        margin = _margin_of_run(_breaks(lines, markdown=markdown)) if len(lines) > 1 and lines[0] else None
        is_within = margin and all(_columns(line, markdown=markdown) <= margin for line in lines)
        joined += _joined(lines, [margin or 0] * len(lines), markdown=markdown) if is_within else lines
    return joined


def _breaks(raw: Sequence[str], *, markdown: bool) -> list[_Break]:
    return [
        _Break(
            columns=columns,
            longer=columns + _step(line, after, markdown=markdown),
            indent=_indent(line),
            ends=line[-1] in _SENTENCE_ENDS,
            after=after.lstrip()[0],
        )
        for line, after in pairwise(raw)
        if line and after and not _begins(after) and (columns := _columns(line, markdown=markdown)) >= _NARROWEST // 2
    ]


def _margin(breaks: Sequence[_Break], within: range = range(_NARROWEST, _WIDEST + 1)) -> int | None:
    """The column at which lines end because the next word would not fit; None when there is no such column."""
    margin, broken, near = _fitting(breaks, within)
    best = len(broken)
    in_sentences = sum(1 for each in broken if not each.ends)
    is_margin = best >= _FEWEST_BREAKS and best * 3 >= near and in_sentences * 5 >= best * 3
    return margin if is_margin else None


def _margin_of_run(breaks: Sequence[_Break]) -> int | None:
    """As `_margin`, of one block of a few lines: nearly all of them end there, and the text runs on.

    Two of three breaks lie within a sentence, and half before no capital; one or two show a margin only where a small
    letter follows: else they could be a list's.
    """
    margin, broken, near = _fitting(breaks, _MARGINS_OF_RUNS)
    best = len(broken)
    going_on = [each for each in broken if not (each.ends or each.after.isupper())]
    in_sentences = sum(1 for each in broken if not each.ends)
    if not best or (near - best) * 3 > best or in_sentences * 3 < best * 2 or len(going_on) * 2 < best:
        return None
    return margin if best * 2 > _FEWEST_BREAKS or any(each.after.islower() for each in going_on) else None


def _fitting(breaks: Sequence[_Break], within: range) -> tuple[int, list[_Break], int]:
    """The column that fits most breaks, those that it fits, and how many are near it or fit."""
    letters: Counter[int] = Counter()  # so that paragraphs outweigh menus
    for each in breaks:
        letters[each.columns] += each.columns  # a line of 70 columns, 78 with the next word: margins of 70 to 77
        letters[each.longer] -= each.columns
    fitting = list(accumulate(letters[column] for column in range(within.stop)))
    margin = max(within, key=lambda column: fitting[column])
    broken = [each for each in breaks if each.columns <= margin < each.longer]
    return margin, broken, sum(1 for each in breaks if margin * 2 < each.columns * 3 <= margin * 3)


def _overrun(raw: Sequence[str], margin: int, *, markdown: bool) -> int:
    """How many lines go past a margin although they could have been broken."""
    return sum(
        1
        for line in raw
        if len(line) > margin
        and " " in line.strip()
        and "|" not in line
        and not _begins(line)
        and not (markdown and _indent(line) >= 4)  # html2text leaves it as it is
        and _columns(line, markdown=markdown) > margin + 1
    )


def _continues(before: str, line: str, margin: int, *, markdown: bool) -> bool:
    if not before or not line or _RULE.fullmatch(before) or _RULE.fullmatch(line):
        return False
    if _begins(line) and (_begins(before) or _indent(line) != _indent(before) or not _BULLET.match(line)):
        return False  # "on | 21. August" goes on: a list stands apart, or has more than one item
    if not markdown and _indent(line) > _indent(before) and not _begins(before):
        return False
    columns = _columns(before, markdown=markdown)
    if columns > margin + 1 and " " in before.strip():
        return False
    return columns + _step(before, line, markdown=markdown) > margin


def _begins(line: str) -> bool:
    """Whether a line shows by a mark that it begins something."""
    return _BULLET.match(line) is not None or _HEADING.match(line) is not None or line.lstrip()[:1] in ("|", "│")


def _step(line: str, after: str, *, markdown: bool) -> int:
    """How many columns the line would have grown by the next line's first word."""
    first = _first_word(_QUOTED.sub("", after.lstrip()), markdown=markdown)
    return _columns(first, markdown=markdown) + (0 if _touches(line, first, markdown=markdown) else 1)


def _first_word(text: str, *, markdown: bool) -> str:
    if text and _stands_alone(text[0]):
        return text[0]
    word = text.split(maxsplit=1)[0] if text else ""
    hyphen = _HYPHEN.search(word) if markdown else None
    return word[: hyphen.end()] if hyphen else word


def _join(line: str, after: str, *, markdown: bool) -> str:
    return line + ("" if _touches(line, after, markdown=markdown) else " ") + after


def _touches(line: str, after: str, *, markdown: bool) -> bool:
    """Whether no space stood between a line and the next before they were parted."""
    if markdown and line.endswith("-") and line[-2:-1].isalnum():
        return after[:4].lower() not in ("und ", "oder", "bis ", "and ", "or t")
    return bool(line and after) and _stands_alone(line[-1]) and _stands_alone(after[0])


def _columns(text: str, *, markdown: bool) -> int:
    return len(text) if markdown or text.isascii() else len(text) + sum(map(_is_wide, text))


def _is_wide(letter: str) -> bool:
    return letter >= "\u1100" and unicodedata.east_asian_width(letter) in "WF"


def _stands_alone(letter: str) -> bool:
    """Whether a line may be broken at each letter of its script: Korean parts its words by spaces."""
    return _is_wide(letter) and not "\uac00" <= letter <= "\ud7a3"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_hand_wrapped(raw: Sequence[str]) -> bool:
    """Whether somebody broke the paragraphs into lines: most lines that another follows are of one length or so."""
    followed = [line for line, after in pairwise(raw) if line and after]
    full = [line for line in followed if len(line) in _HAND_WRAPPED]
    return len(followed) > _FEWEST_BREAKS and len(full) * 10 > len(followed) * 9 and "" in raw


def _joined_blocks(raw: Sequence[str]) -> list[str]:
    return [" ".join(block.split("\n")) for block in "\n".join(raw).split("\n\n")]


# ── Markdown


def _of_markdown(raw: Sequence[str]) -> Iterator[Printed]:
    names = {found[1].casefold(): found[2] for line in raw if (found := _DEFINED.fullmatch(line))}
    whole = _with_links_marked("\n".join(line for line in raw if not _DEFINED.fullmatch(line)), names)
    lines = whole.split("\n")
    rows = _rows([_MARKS.sub("", line) for line in lines])
    open_marks: list[str] = []
    above = False  # the line above is a picture
    for at, line in enumerate(lines):
        shape = _shape(line, row=at in rows, after=lines[at + 1] if at + 1 < len(lines) else "")
        words = _words(shape.rest, open_marks)
        if text := _unmarked(words.text):
            text = " | ".join(cell for each in text.split("|") if (cell := each.strip())) if at in rows else text
            line_of_form = Line(shape.kind, text, shape.mark)
            yield Printed(line_of_form, words.linked, shape.level, pictured=words.picture or above)
        if text or words.picture:
            above = words.picture and not text


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the marks at a line's beginning say of it."""

    rest: str
    kind: Kind = "paragraph"
    mark: str = ""
    level: int = 0


def _shape(line: str, *, row: bool = False, after: str = "") -> _Shape:
    rest = line.lstrip(f" \t\xa0{_OPEN}")
    inside = _OPEN if _OPEN in line[: len(line) - len(rest)] else ""  # a link around blocks: "[ ### Headline"
    if row:
        return _Shape(line, "row")
    if found := _QUOTED.match(rest):
        return _Shape(inside + rest[found.end() :], "quote", "> ")
    if found := _HEADING.match(rest):
        return _Shape(inside + rest[found.end() :].rstrip("# "), "subhead", level=len(found[1]))
    if _UNDERLINE.fullmatch(after) and rest:
        return _Shape(inside + rest, "subhead", level=1 if after[0] == "=" else 2)
    if found := _BULLET.match(line[: len(line) - len(rest)].replace(_OPEN, "") + rest):
        number = _NUMBER.match(rest)
        return _Shape(
            inside + rest[found.end() - found.start() - _indent(found[0]) :],
            "list",
            f"{number[1]}. " if number else "- ",
        )
    return _Shape(inside + rest)


@dataclass(frozen=True, slots=True)
class _Words:
    text: str
    linked: int = 0
    picture: bool = False


def _words(line: str, open_marks: list[str]) -> _Words:
    """A line's words without the marks of its links; open_marks: what is open before it, and then behind it."""
    said: list[str] = []
    linked, picture, address = 0, False, ""
    for piece in _PIECES.split(line):
        if piece in (_OPEN, _PICTURE):
            open_marks.append(piece)
            picture = picture or piece == _PICTURE
        elif piece[:1] == _CLOSE:
            if open_marks and open_marks.pop() == _OPEN:
                address = address or piece[1:-1]
        elif _PICTURE not in open_marks:
            linked += count_words(piece) if open_marks else 0
            said.append(piece)
    return _Words(_with_source("".join(said), address), linked, picture)


def _with_source(text: str, address: str) -> str:
    """A line that names the article's source, with the address behind its link; any other as it is."""
    if not address or len(text) > _LONGEST_CREDIT:
        return text
    if cues.SOURCE_WORD.fullmatch(text):
        return f"{text.strip(' :')}: {address}"
    label = text.partition(":")[0]
    return f"{label}: {address}" if cues.SOURCE_LINK.fullmatch(f"{label}: {address}") else text


def _unmarked(text: str) -> str:
    """A line's words without the marks of emphasis; "" when no word is left."""
    for pattern in (_STRONG, _ITALIC, _STARRED):
        if pattern is _STRONG:
            text = pattern.sub("", text)
        elif "_" in text or "*" in text:
            text = pattern.sub(r"\1", text)
    text = folded(unescaped(_ESCAPED.sub(r"\1", text)))
    return "" if _RULE.fullmatch(text) else text


def _rows(shapes: Sequence[str]) -> set[int]:
    """The lines that are rows of tables."""
    rows: set[int] = set()
    for at, line in enumerate(shapes):
        if "|" not in line or not _COLUMNS.fullmatch(line):
            continue
        if at and "|" in shapes[at - 1]:
            rows.add(at - 1)
        under = at + 1
        while under < len(shapes) and "|" in shapes[under] and under not in rows:
            rows.add(under)
            under += 1
    return rows


def _with_links_marked(text: str, names: Mapping[str, str]) -> str:
    """The text with its links and pictures between marks of ours.  Source: CommonMark 0.31, 6.3 to 6.5."""
    pieces: list[str] = []
    opened: list[int] = []  # where in pieces a bracket stands that may begin a link
    end = 0
    for token in _TOKEN.finditer(text):
        pieces.append(text[end : token.start()])
        end = token.end()
        target = _target(token, names)
        if token[0] in ("[", "!["):
            opened.append(len(pieces))
        if token[0][0] != "]" or not opened:
            pieces.append(token[0])
            continue
        at = opened.pop()
        if target is None:
            pieces.append(token[0])
        else:
            pieces[at] = _PICTURE if pieces[at] == "![" else _OPEN
            pieces.append(f"{_CLOSE}{target.strip('<>')}{_END}".replace("\n", ""))
    return "".join(pieces) + text[end:]


def _target(token: re.Match[str], names: Mapping[str, str]) -> str | None:
    """The address that a closing bracket leads to; None when it leads nowhere."""
    if token["name"] is not None:
        return names.get(token["name"].casefold())
    return token["target"] if token["target"] is not None else token["spaced"]


# ── text browsers, and what is copied out of others


def _without_references(raw: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The lines without the list of addresses that lynx prints below them, and that list by number."""
    at = max((at for at, line in enumerate(raw) if line == "References"), default=len(raw))
    listed = [found for line in raw[at + 1 :] if (found := _REFERENCE.fullmatch(line))]
    others = [line for line in raw[at + 1 :] if line and not _REFERENCE.fullmatch(line) and "links:" not in line]
    if not listed or others:
        return list(raw), {}
    return list(raw[:at]), {found[1]: found[2] for found in listed}


def _of_plain(raw: Sequence[str], addresses: Mapping[str, str]) -> Iterator[Printed]:
    numbered = bool(addresses) or _counts_links(raw)
    body = _body_indent(raw)
    rows = _gap_rows(raw)
    above = False
    for at, line in enumerate(raw):
        if _LABELLED.match(line) or _ONLY_CONTROL.fullmatch(line):
            continue
        bare_line, picture = _without_controls(line)
        text, linked = _without_numbers(bare_line, addresses) if numbered else (bare_line, 0)
        row = at in rows or text.lstrip()[:1] in _BOX
        shape = _row(text) if row else _plain_shape(text, body, after=raw[at + 1] if at + 1 < len(raw) else "")
        words = folded(shape.rest)
        if not _RULE.fullmatch(words):
            button = line.lstrip().startswith("(BUTTON)")
            linked = min(linked, count_words(words))
            yield Printed(Line(shape.kind, words, shape.mark), linked, shape.level, button, picture or above)
        if words or picture:
            above = picture and not words


def _counts_links(raw: Sequence[str]) -> bool:
    """Whether numbers in brackets count up through the text: lynx's links, their list cut off."""
    numbers = [int(found) for line in raw for found in _LINK_NUMBER.findall(line)]
    return len(numbers) > _FEWEST_BREAKS and all(1 <= after - one <= 3 for one, after in pairwise(numbers))


def _body_indent(raw: Sequence[str]) -> int:
    letters: Counter[int] = Counter()
    for line in raw:
        letters[_indent(line)] += len(line) if len(line) > _NARROWEST else 0
    return max(letters, key=lambda indent: letters[indent], default=0)


def _without_controls(line: str) -> tuple[str, bool]:
    """The line without what only a browser works with, and whether a picture's name was among it."""
    if "[" not in line and "_" not in line and "(" not in line:
        return line, False
    named = _IMAGE_NAME.match(line)
    text = line[: _indent(line)] + line[named.end() :] if named else line
    cleared = _CONTROL.sub(" ", text)
    return cleared, bool(named) or (cleared != text and bool(_IMAGE.search(text)))


def _without_numbers(line: str, addresses: Mapping[str, str]) -> tuple[str, int]:
    """The line without its link numbers, and how many words of it lead elsewhere, as far as the numbers tell."""
    found = list(_LINK_NUMBER.finditer(line))
    if not found:
        return line, 0
    text = _LINK_NUMBER.sub("", line)
    sentence = text.rstrip()[-1:] in '.!?…。”"»'
    linked = _OF_A_LINK * len(found) if sentence else count_words(line[found[0].end() :])
    address = addresses.get(found[-1][1], "")
    return _with_source(text, address), linked


def _plain_shape(text: str, body: int, *, after: str) -> _Shape:
    indent = _indent(text)
    if found := _BULLET.match(text):
        number = _NUMBER.match(text)
        return _Shape(text[found.end() :], "list", f"{number[1]}. " if number else "- ")
    rest = text.strip()
    if found := _QUOTED.match(rest):
        return _Shape(rest[found.end() :], "quote", "> ")
    if _UNDERLINE.fullmatch(after) and rest and _indent(after) == indent:
        return _Shape(rest, "subhead", level=1 if after.lstrip()[0] == "=" else 2)
    if body == _LYNX_INDENT and not indent:
        return _Shape(rest, "subhead", level=2)
    return _Shape(rest, "quote", "> ") if (body, indent) == (_LYNX_INDENT, _LYNX_INDENT + 2) else _Shape(rest)


def _row(text: str) -> _Shape:
    cells = _CELLS.split(text.strip("|│┃ ")) if text.lstrip()[:1] in _BOX else _GAP.split(text.strip())
    return _Shape(" | ".join(cell for each in cells if (cell := each.strip())), "row")


def _gap_rows(raw: Sequence[str]) -> set[int]:
    """The lines that are rows of a table because gaps part them into columns: two or more, one under the other."""
    gaps = [len(_GAP.findall(line.strip())) for line in raw]
    return {
        at
        for at, count in enumerate(gaps)
        if count and count in (gaps[at - 1] if at else 0, gaps[at + 1] if at + 1 < len(gaps) else 0)
    }
