"""What a page says in place of an article: that nothing is at this address, or what it asks for first.

A notice speaks for the page: it is a headline of its own, or begins a sentence, and it is not quoted. An article about
banners, captchas and missing pages quotes them and goes on.
"""

import re
from collections.abc import Container, Sequence
from typing import Final

from archive.records import count_words
from scraper.extract import wordings
from scraper.extract.form import bare

_LOOKED_AT = 2_000  # characters of a line
_WORDS_OF_ONE = 40  # of a line, for each sentence in it that asks for something
_LONGEST_HEADING = 160  # characters
_LONGEST_NAME = 4  # words of an outlet's name
_AROUND = 100  # characters in which a quotation mark is looked for

_QUOTES: Final = ("“”", "„“", "„”", "«»", "»«", "‘’", "””", "「」", "『』")
_OPENING = re.compile(r"(?:^|[\s(\[])([\"'])(?=\S)")


def is_quoted(text: str, start: int, end: int) -> bool:
    """Whether what stands there lies between quotation marks, which are no farther than 100 characters from it."""
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    for opening, closing in _QUOTES:
        at = before.rfind(opening)
        if at >= 0 and closing not in before[at + 1 :] and closing in after:
            return True
    opened = list(_OPENING.finditer(before + text[start : start + 1]))
    if not opened:
        return False
    end_mark = re.compile(rf"{opened[-1][1]}(?!\w)")
    return not end_mark.search(before, opened[-1].end(1)) and end_mark.search(after) is not None


def _one_of(listed: str) -> str:
    return "|".join(listed.replace("\n  ", "").split("\n")[1:-1])


# ── what is asked for

# A sentence may begin with these.
_PLEASE = (
    r"(?:(?:please|sorry|hello|hi|welcome|bitte|veuillez|s['’]il vous plaît|por favor|per favore|prosimy|prosím"
    r"|пожалуйста|будь ласка|lütfen|zəhmət olmasa|من فضلك|يرجى|vennligst|vänligen|venligst|请|請|لطفا|נא|kérjük"
    r"|vă rugăm(?: să)?|παρακαλούμε|to continue|you (?:must|need to|have to)|¿|¡)[,!]? ?)?"
)


def _begun(*listed: str) -> re.Pattern[str]:
    """What begins a sentence with one of these."""
    begin = r"(?:^|(?<=[.!?…|] )|(?<=[.!?][”»\"] )|(?<=[。！？]))\W{0,3}"
    return re.compile(f"{begin}{_PLEASE}({'|'.join(map(_one_of, listed))})", re.IGNORECASE)


_DEMAND = _begun(wordings.ROBOTS, wordings.REGION, wordings.BLOCKERS, wordings.CONSENT)
_OFFER = _begun(wordings.OFFERS)
_SCRIPT_WANTED = re.compile(
    r"\b(?:enable|activate|allow|turn(?:ing)? on|switch on|requires?|needs?(?: to (?:enable|have|use|run))?"
    r"|(?:work|function|load|run)\w*(?: \w+)? without"
    r"|benötigt|erfordert|aktivier\w*|activ(?:er|ez|ar|e|a|ate|ați|eer)|habilit\w+|abilit\w+|ative|włącz\w*"
    r"|schakel|включите|увімкніть|تفعيل|הפעל\w*|启用|啟用|有効|활성화) [\w ’'()-]{0,40}java ?script"
    r"|java ?script[\w ’'()を가이를-]{0,40}(?:\b(?:disabled|enabled?\b|required|aktivier|activ|habilit|abilit|włącz"
    r"|inschakel)|etkin|включ|увімкн|有効|启用|啟用|활성화)"
    r"|(?:启用|啟用) ?java ?script",
    re.IGNORECASE,
)


def is_demand(line: str) -> bool:
    """Whether a line asks its reader for something before it gives an article: consent, a proof, advertisements.

    It begins so, outside of quotation marks, or one of its sentences in 40 words does.
    """
    return _asks(_DEMAND, line[:_LOOKED_AT])


def is_offer(line: str) -> bool:
    """Whether a line asks, as `is_demand` tells, for a login or a subscription."""
    return _asks(_OFFER, line[:_LOOKED_AT])


def _asks(asked: re.Pattern[str], text: str) -> bool:
    found = [each.start() for each in asked.finditer(text) if not is_quoted(text, *each.span(1))]
    return bool(found) and (found[0] == 0 or len(found) * _WORDS_OF_ONE >= count_words(text))


def wants_script(text: str) -> bool:
    """Whether a text says, outside of quotation marks, that the page needs JavaScript."""
    said = text[:_LOOKED_AT]
    return any(not is_quoted(said, *each.span()) for each in _SCRIPT_WANTED.finditer(said))


# ── headings that stand for a wall, or for nothing

# What may stand beside a notice.
_BESIDE = re.compile(
    r"(?:(?:http|error|status|code|fehler|erreur|ошибка|помилка|errore?|erro|fout|błąd|hata|xəta|fel|feil|fejl|virhe"
    r"|chyba|hiba|eroare|oops|ups|ops|sorry|whoops|uh[- ]oh|hoppla|hoppsan|désolé|lo sentimos|spiacenti|desculpe|helaas"
    r"|beklager|tyvärr|cloudflare|server|that['’]s an error|عذر[اً]*|抱歉|很抱歉|对不起|對不起|申し訳ありません"
    r"|죄송합니다|[45]\d\d)(?:[\W_]++|$))*+",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\b(?:404|410)\b")
_NUMBERED = re.compile(r"[45]\d\d ")
_LEAD, _REST = r"(?:[\w'’/-]++,? ){0,5}", r"(?:,? [\w'’/-]++){0,5}"
_MISSING = re.compile(_one_of(wordings.MISSING).replace("LEAD", _LEAD).replace("REST", _REST), re.IGNORECASE)
_WALL = re.compile(_one_of(wordings.WALL), re.IGNORECASE)
_PARTING = re.compile(r"\s*([|·•»«›:.!?()。，،！？…]|(?<=\s)[-–—]+(?=\s)|(?<=\d)[-–—]+(?=\s|\w))\s*")
_ANY_QUOTE = re.compile(r"[“”„\"‘「」『』]|(?<!\w)'")


def is_missing_notice(heading: str, outlets: Container[str] = (), *, is_title: bool = False) -> bool:
    """Whether a heading says nothing but that there is nothing here, in words that are not quoted.

    Each of its parts does, or names the outlet (outlets: bare names), or an error; the title of a page may also end, or
    begin, in an outlet's name of up to four words that nothing else names.
    """
    return _is_notice(heading, _MISSING, outlets, is_title=is_title)


def is_wall_notice(heading: str, outlets: Container[str] = (), *, is_title: bool = False) -> bool:
    """Whether a heading is that of a wall, as `is_missing_notice` tells."""
    return _is_notice(heading, _WALL, outlets, is_title=is_title)


def _is_notice(heading: str, notice: re.Pattern[str], outlets: Container[str], *, is_title: bool) -> bool:
    if len(heading) > _LONGEST_HEADING or _ANY_QUOTE.search(heading):
        return False
    pieces = _PARTING.split(heading)
    parts = [_NUMBERED.sub("", part) for part in pieces[::2] if part]
    notices = [part for part in parts if notice.fullmatch(part)]
    beside = [part for part in parts if part not in notices and (_BESIDE.fullmatch(part) or bare(part) in outlets)]
    others = [part for part in parts if part not in notices and part not in beside]
    is_said = bool(notices) or (notice is _MISSING and _NUMBER.search(heading) is not None)
    if not others:
        return is_said
    return is_title and is_said and ":" not in pieces and _may_be_name(others, parts)


def _may_be_name(others: Sequence[str], parts: Sequence[str]) -> bool:
    name = others[0]
    return len(others) == 1 and name in (parts[0], parts[-1]) and count_words(name) <= _LONGEST_NAME
