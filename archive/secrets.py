"""What reaches neither disk nor screen: credentials in HTTP heads, in URLs and in messages."""

import re

MASK = "masked-by-pressmark"  # also a value that a cookie may have (RFC 6265, 4.1.1), so a masked head is still a head

_COOKIE = rb"set-cookie2?"
# What servers hand out or echo besides cookies; their values go as a whole.
_TOKENS = (
    rb"(?:proxy-)?authorization|(?:proxy-)?authentication-info|cookie2?"
    rb"|x-(?:[a-z0-9]{1,20}-){0,4}(?:auth|authorization|token|jwt|(?:csrf|xsrf)(?:token)?|session|sessionid)"
    rb"(?:-[a-z0-9]{1,20}){0,4}"
    rb"|x-(?:access|api|auth)-key"
)
_PLACES = rb"(?:content-)?location|refresh"
# A field with the line end before it, folded lines too (RFC 9112, 5.2). A fixed character at the beginning, not ^,
# makes the search of a head ten times as quick; so a lone CR, which ends a line for some, has a pattern of its own.
_FIELD = (
    rb"(?i)%%s[ \t]*(?:(?P<cookie>%s)|(?P<token>%s)|(?P<place>%s))[ \t]*:"
    rb"(?P<value>[^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*)" % (_COOKIE, _TOKENS, _PLACES)
)
_AFTER_LF = re.compile(_FIELD % rb"\n")
_AFTER_CR = re.compile(_FIELD % rb"\r(?!\n)")
# Attributes that say nothing of who was asked. Whatever else stands behind a cookie may be the rest of its value.
_ATTRIBUTE = re.compile(
    rb"(?i)(?:secure|httponly|partitioned|samesite\s*=\s*(?:lax|strict|none)|priority\s*=\s*(?:low|medium|high)"
    rb"|max-age\s*=\s*-?\d{1,12}|domain\s*=\s*[a-z0-9.-]{1,253}|path\s*=\s*/[a-z0-9/_.-]{0,60}"
    rb"|expires\s*=\s*[a-z]{3,9},?\s+\d{1,2}[ -][a-z]{3}[ -]\d{2,4}\s+[\d:]{4,8}(?:\s+[a-z]{3})?)?"
)
_IN_HEADER = re.compile(rb"(?:(?<=//)|(?<=[\\/]\\))[^/?#\s\\<>\",;]*@")
_SEPARATOR = re.compile(rb"([/\\?#\r\n]+)")
_SCHEME = re.compile(rb"(?i)https?:")

_IN_URL = re.compile(
    r"^(\s*[a-z][a-z0-9+.-]*:[/\\]+|\s*https?:|\s*[/\\]{2,})[^/?#\\]*@|^(\s*)(?!mailto:)[\w.+%-]+:[^/?#\\]*@",
    re.IGNORECASE,
)
_IN_TEXT = re.compile(r"([/\\]{2})[^/?#\\\s<>\"]*@")
_BARE_IN_TEXT = re.compile(r"(?<![\w/\\.+%@-])(?!mailto:)[\w.+%-]{1,200}:[^\s/?#\\@:]+@(?=[\w-]+\.)", re.IGNORECASE)
# Parameters that are plainly credentials. `key`, `hash`, `id` and `code` name articles as often.
_NAMES = (
    r"(?:[a-z]{1,20}[_-]?)?token|(?:api|auth|access|private)[_-]?key|auth|jwt|passwo?r?d|passwd|pwd|(?:[a-z]{1,20}[_-])?secret"
    r"|sig|signature|x-(?:amz|goog)-(?:signature|credential|security-token)|session[_-]?id|sid|phpsessid|jsessionid"
)
PARAMETER = re.compile(rf"(?<=[?&;#])({_NAMES})=([^&#;\s\"'<>`]+)", re.IGNORECASE)
PLACEHOLDER = re.compile(r"(?:\$|%24)(?:\{|%7[Bb])([A-Z][A-Z0-9_]*)(?:\}|%7[Dd])")


def masked_head(head: bytes) -> bytes:
    """HTTP fields without credentials; all other bytes as they were. Works on parts of a head, too.

    Of a cookie its name stays, and those attributes that cannot hold a part of it; its value becomes MASK. Fields that
    are a token altogether become MASK. `user:password@` goes from URLs, wherever they stand.
    """
    masked = _AFTER_LF.sub(_masked_field, b"\n" + head)[1:]
    if head.count(b"\r") != head.count(b"\r\n"):
        masked = _AFTER_CR.sub(_masked_field, masked)
    return _IN_HEADER.sub(b"", masked) if b"@" in masked else masked


def _masked_field(field: re.Match[bytes]) -> bytes:
    begin = field[0][: field.start("value") - field.start()]
    value = field["value"]
    if field["place"]:
        return begin + _without_users(value)
    return begin + (_masked_cookie(value) if field["cookie"] else b" " + MASK.encode())


def _masked_cookie(value: bytes) -> bytes:
    first, *more = value.split(b";")
    name, equals, _ = first.partition(b"=")
    pieces = [name + equals + MASK.encode() if equals else b" " + MASK.encode()]
    kept = (each if _ATTRIBUTE.fullmatch(each.strip()) else b" " + MASK.encode() for each in more)
    return b";".join((*pieces, *kept))


def _without_users(value: bytes) -> bytes:
    """A URL as browsers take it, or some text around one, without `user:password@`; in time linear to its length."""
    if b"@" not in value:
        return value
    pieces = _SEPARATOR.split(value)
    for at in range(0, len(pieces), 2):
        before, at_sign, host = pieces[at].rpartition(b"@")
        if not at_sign:
            continue
        slashes = len(pieces[at - 1]) - len(pieces[at - 1].rstrip(b"/\\")) if at else 0
        if scheme := _last_scheme(before):
            pieces[at] = before[:scheme] + host
        elif slashes > 1 or (slashes == 1 and _last_scheme(pieces[at - 2]) == len(pieces[at - 2])):
            pieces[at] = host
    return b"".join(pieces)


def _last_scheme(text: bytes) -> int:
    """Where the last `https:` in it ends; 0 when there is none."""
    return max((found.end() for found in _SCHEME.finditer(text)), default=0)


def without_userinfo(url: str) -> str:
    """A URL, or what somebody took for one, without `user:password@`; nothing else is changed. Never raises."""
    return _IN_URL.sub(lambda found: found[1] or found[2] or "", url) if "@" in url else url


def without_users(text: str) -> str:
    """Text without `user:password@` in the URLs that stand in it. Never raises."""
    return _IN_TEXT.sub(r"\1", text) if "@" in text else text


def shown(text: str) -> str:
    """A message fit for a screen and a log: no `user:password@` in its URLs, no value of a parameter like `token`.

    ${NAME} stays: it stands for a value that is nowhere written.
    """
    bare = _BARE_IN_TEXT.sub("", without_users(text)) if "@" in text else text
    return PARAMETER.sub(_masked_parameter, bare) if "=" in bare else bare


def _masked_parameter(found: re.Match[str]) -> str:
    return found[0] if PLACEHOLDER.fullmatch(found[2]) else f"{found[1]}={MASK}"
