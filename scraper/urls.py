"""Names of places on the web: how URLs are joined, compared and grouped.

A URL is fetched as it was found and known by its `key`; nothing here reaches for the network.
"""

import re
from functools import lru_cache
from urllib.parse import SplitResult, unquote

import can_ada
import courlan
import tld

from archive.secrets import without_userinfo

LONGEST = 8_000  # characters of a URL; RFC 9110, 4.1 asks for at least as many

# Names of query parameters that tell who sent the reader, never which article is meant. courlan's own pattern matches
# the beginning of a name and drops `gallery=`, `global=` and a bare `?12345` with it: two articles would share a key.
_TRACKER = re.compile(
    r"(?:utm|mtm|pk|piwik|matomo|itm|at|hsa|vero|oly|mkt|ml|ns)_.*|mc_[ce]id|_ga|_gl|_hsenc|_hsmi|__twitter_impression"
    r"|(?:fb|g|d|tw|tt|y|ys|msc|dc)clid|msclkid|yclid|ysclid|igshid|igsh|[gw]braid|srsltid|li_fat_id"
    r"|xtor|cmpid?|icid|ocid|s_cid|ftag|smid|smtyp|ref|ref_?src|ref_?url|referr?er|source",
    re.IGNORECASE,
)
# Names of a visitor's session: a maze hands out a new one on every page, and the article is the same.
_SESSION = re.compile(
    r"php_?sess(?:ion)?_?id|j_?session_?id|asp(?:\.net_)?session_?id\w*|aspsessionid\w{0,12}|cfid|cftoken|oscsid|zenid"
    r"|xtc?sid|sess(?:ion)?_?(?:id|key|hash)|sessid",
    re.IGNORECASE,
)
# These may as well stand for "story" or "section", so they are dropped only where they look like a session's (32 hex
# digits), and where something else names the page.
_PERHAPS_SESSION = re.compile(r"s|sid|session", re.IGNORECASE)
_SESSION_VALUE = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_FOUR_DIGITS = re.compile(r"\d{4}")
_SESSION_IN_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;]*|/\([SAF]\([a-z0-9]{8,}\)+\)", re.IGNORECASE)
_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")


@lru_cache(maxsize=4_096)
def key(url: str) -> str:
    """The identity of a URL: two spellings of one place have one key, and a key is its own key.

    As a browser parses it (WHATWG), host in punycode, without credentials, fragment, trackers, a visitor's session and
    doubled slashes, the query sorted by name. Never merges http with https, nor `www.` with the bare host.
    Raises ValueError for what is no http(s) URL or is longer than LONGEST.
    """
    parsed = _parse(url)
    # courlan gets the path alone: it would turn the host into Unicode by IDNA 2003 and judge the query (see _TRACKER).
    bare = _without_session(parsed.pathname).lstrip("/")
    path = courlan.normalize_url(SplitResult("", "", "/" + bare, "", ""))
    return _upper_escapes(f"{parsed.protocol}//{host(url)}{path}{_query(parsed.search, path)}")


def origin(url: str) -> str:
    """Scheme, host and, where it is not the scheme's own, port: "https://news.example".

    Raises ValueError for what is no http(s) URL.
    """
    return f"{url.strip().partition(':')[0].lower()}://{host(url)}"


@lru_cache(maxsize=4_096)
def host(url: str) -> str:
    """The host in lower case and punycode, with `:port` only when it is not the scheme's own; no dot at its end.

    Raises ValueError for what is no http(s) URL.
    """
    parsed = _parse(url)
    return _hostname(parsed) + (f":{parsed.port}" if parsed.port else "")


@lru_cache(maxsize=4_096)
def site(url: str) -> str:
    """The host without port and without a leading `www.`: the folder of its texts.

    Raises ValueError for what is no http(s) URL.
    """
    name = _hostname(_parse(url))
    bare = name.removeprefix("www.")
    return bare if "." in bare else name


def path(url: str) -> str:
    """The path of a URL, of a file its name: what stands behind the host and before "?" and "#". Never raises."""
    told = url.partition("#")[0].partition("?")[0]
    _, marked, rest = told.partition("//")
    return f"/{rest.partition('/')[2]}" if marked else told


def same_publisher(a: str, b: str) -> bool:
    """Whether two URLs have one registrable domain; of addresses without a name: one host and port.

    Hosting companies whose customers are strangers to each other (github.io) count as suffixes.
    Raises ValueError when one is no http(s) URL.  Source: publicsuffix.org, the list that comes with `tld`.
    """
    return registrable(host(a)) == registrable(host(b))


def without_secrets(url: str) -> str:
    """The URL without its fragment and without `user:password@`; nothing else is changed. Never raises."""
    return without_userinfo(url.partition("#")[0])


def join(base: str, href: str) -> str | None:
    """The absolute http(s) URL that `href` means on the page `base`, as a browser would ask for it.

    Without fragment and credentials. None when there is no such URL. Never raises.
    """
    linked = link(base, href)
    return linked.partition("#")[0] if linked else None


def link(base: str, href: str) -> str | None:
    """As `join`, with the fragment: where on its page a link leads to."""
    try:
        joined = _parse(str((can_ada.parse(base) + href).href))
    except (ValueError, TypeError):  # TypeError: can_ada's word for a lone surrogate
        return None
    joined.username = joined.password = ""
    return joined.href


def _parse(url: str) -> can_ada.URL:
    """The URL as a browser reads it. Raises ValueError for what cannot be asked for over http(s)."""
    if len(url) > LONGEST:
        raise ValueError(f"a URL of {len(url)} characters; {LONGEST} is the most")
    try:
        parsed = can_ada.parse(url)
    except TypeError as error:  # can_ada's word for a lone surrogate
        raise ValueError("not a URL: a lone surrogate is in it") from error
    if parsed.protocol not in ("http:", "https:"):
        raise ValueError(f"not an http(s) URL: {url[:200]}")
    # A browser takes `http://../` and `http://a..b/`; DNS does not, and a host becomes the name of a folder.
    if not all(_hostname(parsed).split(".")) or len(parsed.hostname) > 254:
        raise ValueError(f"not a host: {parsed.hostname[:200]}")
    return parsed


def _hostname(parsed: can_ada.URL) -> str:
    """The host in punycode; `example.com.` and `example.com` are one host."""
    return parsed.hostname.removesuffix(".")


def _without_session(path: str) -> str:
    """/a;jsessionid=1A2B and /(S(x1y2z3))/a as /a; /a stays as it is."""
    if ";" not in path and "(" not in path:
        return path
    while (bare := _SESSION_IN_PATH.sub("", path)) != path:  # one may be written into another
        path = bare
    return path


def _query(search: str, path: str) -> str:
    """`?` and the parameters that say which page is meant, sorted by name; "" when there are none."""
    parts = [part for part in search.removeprefix("?").split("&") if part and not _tracks(part)]
    sure = [part for part in parts if not _may_be_session(part)]
    if len(sure) < len(parts) and (sure or _names_a_page(path)):
        parts = sure
    return "?" + "&".join(sorted(parts, key=_name)) if parts else ""


def _names_a_page(path: str) -> bool:
    last = path.rstrip("/").rpartition("/")[2]
    return last.count("-") > 1 or _FOUR_DIGITS.search(last) is not None


def _tracks(parameter: str) -> bool:
    """Whether a parameter with a value only follows the reader, or numbers his visit."""
    if "=" not in parameter:
        return False
    name = _name(parameter)
    return _TRACKER.fullmatch(name) is not None or _SESSION.fullmatch(name) is not None


def _may_be_session(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return _PERHAPS_SESSION.fullmatch(name) is not None and _SESSION_VALUE.fullmatch(value) is not None


def _name(parameter: str) -> str:
    return unquote(parameter.partition("=")[0])


def _upper_escapes(url: str) -> str:
    """Percent escapes in upper case: WordPress writes %d8, a browser %D8.  Source: RFC 3986, 6.2.2.1."""
    return _ESCAPE.sub(lambda escape: escape[0].upper(), url) if "%" in url else url


@lru_cache(maxsize=4_096)
def registrable(host: str) -> str:
    """The registrable domain of a host, or the host itself where none can be. Never raises."""
    if host.startswith("[") or host.rpartition(".")[2].partition(":")[0].isdigit():
        return host
    name = host.partition(":")[0]
    found = tld.get_fld(f"http://{name}/", fail_silently=True, search_private=True)
    # The prevailing rule for a suffix that is not on the list is "*": the last two labels.
    return found or ".".join(name.split(".")[-2:])
