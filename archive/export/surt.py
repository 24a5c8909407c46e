"""The sort key under which replay tools look a URL up: `org,example)/2026/harbour` for https://www.example.org/2026/Harbour/

Made by the rules that the Wayback Machine, pywb and cdxj-indexer share: http and https, www., letter case, order of the
query and session ids make no difference. Ours, because their package is under the AGPL and brings a downloader.
`tests/archive/export/test_surt.py` holds the two together.
"""

import re
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

_LEFT_ALONE = "!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~"  # what is written as it is; all else that is no letter is escaped
_DEFAULT_PORTS = {"http": 80, "https": 443}
_WWW = re.compile(r"^www\d*\.")
_PATH_SESSIONS = [
    re.compile(rf"^(.*/)\({session}\)/([^?]+\.aspx.*)$") for session in (r"(?:[a-z]\([0-9a-z]{24}\))+", "[0-9a-z]{24}")
]
_QUERY_SESSIONS = [
    re.compile(rf"^(.*){session}(?:&|$)", re.IGNORECASE)
    for session in (
        "jsessionid=[0-9a-z]{32}",
        "phpsessid=[0-9a-z]{32}",
        "sid=[0-9a-z]{32}",
        "aspsessionid[a-z]{8}=[a-z]{24}",
        "cfid=[^&]+&cftoken=[^&]+",
    )
]


def sort_key(url: str) -> str:
    """The key of an http or https URL, in ASCII; of anything else, the URL escaped."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return _escaped(url)
    if parts.scheme not in _DEFAULT_PORTS or not host:
        return _escaped(url)
    shown = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{_reversed(host)}{shown}){_path(parts.path)}{_query(parts.query)}"


def _reversed(host: str) -> str:
    """Labels from the right, without www.: "org,example"."""
    plain = _WWW.sub("", _escaped(host.replace("..", ".").strip(".")), count=1)
    return ",".join(reversed(plain.split(".")))


def _path(path: str) -> str:
    kept: list[str] = []
    for each in _escaped(path).removeprefix("/").split("/"):
        if each == ".." and kept:
            kept.pop()
        elif each != ".":
            kept.append(each)
    plain = "/".join(["", *filter(None, kept[:-1]), *kept[-1:]]).lower()
    for session in _PATH_SESSIONS:
        plain = session.sub(r"\1\2", plain)
    return plain.removesuffix("/") or "/"


def _query(query: str) -> str:
    plain = _escaped(query)
    for session in _QUERY_SESSIONS:
        plain = session.sub(r"\1", plain)
    if not plain:
        return ""
    # By name, then value; a name without "=" stands before the same name with one.
    return "?" + "&".join(sorted(plain.lower().split("&"), key=lambda field: field.split("=", 1)))


def _escaped(part: str) -> str:
    """Unescaped until nothing is left to unescape, then escaped once: however a character was written."""
    plain = part.encode("utf-8", "surrogateescape")
    while (unescaped := unquote_to_bytes(plain)) != plain:
        plain = unescaped
    return quote_from_bytes(plain, safe=_LEFT_ALONE)
