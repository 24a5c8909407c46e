"""Secrets in URLs: written as ${NAME}, sent by value, and in nothing that stays."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archive.secrets
from archive.errors import ArchiveError
from archive.heads import archived_head, fields, note_value
from archive.records import Exchange
from archive.secrets import MASK, shown
from scraper import addresses, config, network
from scraper.config import config_of, require_named, secrets_of, watched
from scraper.errors import ConfigError, FetchError, ScraperError
from scraper.fetcher import check_url
from scraper.network import Network, as_asked
from scraper.secrets import Secret, Secrets, names_in, read_named, why_not, written
from scraper.sources import sources_of
from scraper.tap import NetworkSettings
from scraper.urls import without_secrets
from scraper.yamlfile import shown as quoted
from tests.archive.pages import article
from tests.servers import moved, ok, origin

HOST = "vault.example"
HOME = f"http://{HOST}"
VALUE = "c4n4ry/+ ü=&x"
TOKEN = Secret(name="NEWS_TOKEN", origin=HOME, value=VALUE)
FEED = f"{HOME}/feed?token=$%7BNEWS_TOKEN%7D"


# ── names for values ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "url",
    [
        f"{HOME}/feed?token=c4n4ry",
        f"{HOME}/?a=b&api_key=c4n4ry",
        f"{HOME}/?X-Amz-Signature=c4n4ry",
        f"{HOME}/a;jsessionid=c4n4ry",
        f"{HOME}/?PHPSESSID=c4n4ry",
        f"{HOME}/?access_token=c4n4ry#x",
        f"{HOME}/?feed_token=c4n4ry",
        f"{HOST}/?sid=c4n4ry&b=c",
        f"{HOME}/?auth=c4n4ry",
        f"{HOME}/?client_secret=c4n4ry",
        f"{HOME}/?Signature=c4n4ry",
        f"{HOME}/?pwd=c4n4ry",
    ],
)
def test_a_url_that_is_its_own_password_is_not_taken_and_the_refusal_does_not_repeat_it(url: str):
    assert "network.secrets" in str(why_not(url))
    with pytest.raises(FetchError, match=r"network\.secrets") as typed:
        check_url(url)
    assert "c4n4ry" not in str(typed.value)
    if url.startswith("http"):
        with pytest.raises(ConfigError, match=r"network\.secrets") as listed:
            sources_of({"feeds": [url]}, where="config.yaml")
        assert "c4n4ry" not in str(listed.value)


@pytest.mark.parametrize(
    "url",
    [
        f"{HOME}/?id=1&key=harbour&code=a&hash=b",
        f"{HOME}/token/secret",
        f"{HOME}/?tokens=3&design=x&side=left",
        f"{HOME}/?token=",
        f"{HOME}/?token=${{NEWS_TOKEN}}",
        FEED,
        f"{HOME}/#token=x",
        f"{HOME}/?q=token=x",
    ],
)
def test_a_url_that_holds_no_value_of_a_secret_is_taken(url: str):
    assert why_not(url) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NEWS_TOKEN",
        "http://a.example",
        "http://a.example secret-value",
        "a.example T",
        "http://me:pw@a.example T",
        "http://a.example/feed T",
    ],
)
def test_what_names_no_secret_is_refused_without_being_repeated(text: str):
    with pytest.raises(ValueError, match="ORIGIN NAME") as refusal:
        read_named(text)
    assert "secret-value" not in str(refusal.value)


def test_a_secret_is_named_with_its_origin():
    assert read_named("HTTPS://News.Example:443/ NEWS_TOKEN") == ("https://news.example", "NEWS_TOKEN")
    assert names_in(f"{HOME}:8080/?t=${{A}}&u=$%7BB%7D") == ((f"{HOME}:8080", "A"), (f"{HOME}:8080", "B"))
    assert written(f"{HOME}/?t=${{A}}") == f"{HOME}/?t=$%7BA%7D"


def test_a_value_comes_from_the_environment_alone_and_must_be_there():
    settings = config_of({"network": {"secrets": [f"{HOME} NEWS_TOKEN"]}})
    assert secrets_of(settings, environ={"NEWS_TOKEN": VALUE}) == (TOKEN,)
    assert "c4n4ry" not in repr(TOKEN)
    for environ in ({}, {"NEWS_TOKEN": "short"}, {"NEWS_TOKEN": "c4n4ry c4n4ry\n"}):
        with pytest.raises(ConfigError, match="NEWS_TOKEN") as refusal:
            secrets_of(settings, environ=environ)
        assert "c4n4ry" not in str(refusal.value)


def test_a_source_whose_secret_nobody_named_is_a_mistake_in_the_settings():
    source = {"feeds": [f"{HOME}/feed?token=${{NEWS_TOKEN}}"]}
    named = config_of({"sources": {"list": [source]}, "network": {"secrets": [f"{HOME} NEWS_TOKEN"]}})
    assert [each.url for each in watched(named)] == [FEED]
    for secrets in ([], [f"{HOME} OTHER"], ["https://vault.example NEWS_TOKEN"]):
        with pytest.raises(ConfigError, match=f"{HOME} NEWS_TOKEN"):
            watched(config_of({"sources": {"list": [source]}, "network": {"secrets": secrets}}))
    with pytest.raises(ConfigError, match="OTHER"):
        require_named(named, [f"{HOME}/?token=${{OTHER}}"])


# ── on the wire ──────────────────────────────────────────────────────────────────────────────────────────────────────


def ask(url: str, port: int) -> Exchange:
    pins = tuple(addresses.Pin(name, 80, "127.0.0.1", port) for name in (HOST, "evil.example"))

    async def once() -> Exchange:
        async with Network(NetworkSettings(user_agent="pressmark test", pins=pins, secrets=(TOKEN,))) as door:
            return await door.exchange(url)

    return asyncio.run(once())


def test_the_value_is_sent_and_its_name_is_kept():
    with origin(lambda _: ok()) as server:
        exchange = ask(FEED, server.port)
    assert server.paths == [f"/feed?token={quote(VALUE, safe='')}"]
    assert (exchange.url, exchange.request_head.split()[1]) == (FEED, b"/feed?token=$%7BNEWS_TOKEN%7D")
    assert b"c4n4ry" not in exchange.request_head


@pytest.mark.parametrize("form", ["{raw}", "{all}", "{some}", "{plus}"])
def test_what_a_server_repeats_of_it_in_its_head_is_taken_out_again(form: str):
    forms = {
        "raw": VALUE,
        "all": quote(VALUE, safe=""),
        "some": quote(VALUE),
        "plus": quote(VALUE, safe="").replace("%20", "+").lower(),
    }
    said = form.format(**forms)
    answer = b"HTTP/1.1 103 Hints\r\nX-A: %s\r\n\r\n" % said.encode() + moved(f"/next?t={said}")
    with origin(lambda _: answer) as server:
        exchange = ask(FEED, server.port)
    kept = exchange.response_head + "".join(value for _, value in exchange.notes).encode()
    assert b"c4n4ry" not in kept.lower()
    assert b"Location: /next?t=$%7BNEWS_TOKEN%7D\r\n" in exchange.response_head


@pytest.mark.parametrize(
    "url", ["http://evil.example/?t=${NEWS_TOKEN}", f"{HOME}/?t=${{PGPASSWORD}}", f"{HOME}/?t=${{HOME}}"]
)
def test_a_stranger_who_writes_a_name_is_told_no_value(url: str):
    with origin(lambda _: ok()) as server:
        ask(url, server.port)
    assert server.paths[0].endswith(as_asked(url).rpartition("/")[2])


@pytest.mark.parametrize("said", [VALUE, quote(VALUE, safe=""), quote(VALUE)])
def test_a_page_that_repeats_it_in_the_addresses_and_captions_beside_its_text_is_told_without_it(said: str):
    signed = f"https://cdn.example/a@2x.jpg?t={said}"
    told = replace(
        article(f"The key is {said}."), canonical_url=signed, source_link=signed, image=signed, image_caption=said,
        image_credit=f"by {said}", disagreements={"image": (f"meta: {signed}", "json-ld: none")},
    )  # fmt: skip
    kept = Secrets([TOKEN]).told(told)
    marked = "https://cdn.example/a@2x.jpg?t=$%7BNEWS_TOKEN%7D"
    assert (kept.canonical_url, kept.source_link, kept.image) == (marked, marked, marked)
    assert (kept.image_caption, kept.image_credit) == ("$%7BNEWS_TOKEN%7D", "by $%7BNEWS_TOKEN%7D")
    assert kept.disagreements == {"image": (f"meta: {marked}", "json-ld: none")}
    assert kept.text == told.text


def test_a_password_in_the_address_of_an_image_is_left_out_whether_or_not_there_is_a_secret():
    told = replace(
        article(), image="https://me:c4n4ry@cdn.example/a//b@2x.jpg", source_link="https://me:c4n4ry@wire.example/",
        image_caption="See https://me:c4n4ry@cdn.example/", disagreements={"image": ("meta: //me:c4n4ry@b.example/",)},
    )  # fmt: skip
    kept = Secrets().told(told)
    assert (kept.image, kept.source_link) == ("https://cdn.example/a//b@2x.jpg", "https://wire.example/")
    assert (kept.image_caption, kept.disagreements["image"]) == ("See https://cdn.example/", ("meta: //b.example/",))


FORGED = f"{HOME}/search?q=$%7BNEWS_TOKEN%7D&r=${{NEWS_TOKEN}}"


def test_a_link_that_leads_to_its_origin_spends_no_value():
    with origin(lambda _: moved(FORGED)) as server:
        exchange = ask(FEED, server.port)
        [told] = (value for name, value in fields(exchange.response_head) if name == "location")
        ask(told, server.port)
    assert VALUE in unquote(server.paths[0])
    assert VALUE not in unquote(server.paths[1])
    assert Secrets([Secret(name="NEWS_TOKEN", origin=HOME, value=VALUE)]).target(told) == {}


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2FF), min_size=8).filter(str.isprintable))
def test_whatever_its_value_a_secret_is_put_in_and_taken_out(value: str):
    secrets = Secrets([Secret(name="T", origin=HOME, value=value)])
    target = secrets.target(f"{HOME}/?a=$%7BT%7D")["target"]
    assert target == f"/?a={quote(value, safe='')}".encode()
    assert secrets.taken_out(b"GET " + target) == b"GET /?a=$%7BT%7D"
    assert secrets.hidden(f"x{value}") == "x$%7BT%7D"


def test_where_no_secret_is_named_nothing_is_looked_for():
    none = Secrets()
    assert not none
    assert (none.target(FEED), none.taken_out(b"x"), none.hidden("x")) == ({}, b"x", "x")


# ── in messages ──────────────────────────────────────────────────────────────────────────────────────────────────────

TYPED = (
    "https://me:c4n4ry@news.example/",
    "ftp://me:c4n4ry@news.example",
    "//me:c4n4ry@news.example/",
    "me:c4n4ry@news.example/feed",
    "http:\\\\me:c4n4ry@news.example/",
    "https://me:c4n%40ry:c4n4ry@news.example/",
    "https://c4n4ry@news.example/",
    "https://news.example/?token=c4n4ry",
    "https://news.example/;jsessionid=c4n4ry?a",
    "https://me:c4n4ry@[::1]:99999/",
    "http://me:c4n4ry c4n4ry@news.example/",
)


@pytest.mark.parametrize("typed", TYPED)
def test_no_error_shows_the_secret_of_its_subject_or_of_what_it_quotes(typed: str):
    quote_of = typed.replace(" c4n4ry", "")  # in the middle of a sentence nobody knows where a URL with a space ends
    for error in (ScraperError(typed, f"`{quote_of}` is no URL"), ArchiveError(typed, f"({quote_of}), and so on")):
        assert "c4n4ry" not in str(error) + error.subject + error.message + repr(error.args)
    assert "c4n4ry" not in quoted(typed)
    assert "c4n4ry" not in quoted(f"https://{'u' * 50}:c4n4ry@news.example/")


@pytest.mark.parametrize(
    "said",
    [
        "mailto:desk@news.example",
        "config.yaml:41: wrong",
        "https://news.example:8080/@desk",
        "desk@news.example",
        "https://news.example/?id=4&key=b",
        "10:30 at a@b",
    ],
)
def test_a_message_without_a_secret_stands_as_it_is(said: str):
    assert shown(said) == said


@given(st.text(max_size=80))
def test_whatever_is_said_is_shown_somehow_and_shown_again_the_same(said: str):
    assert shown(shown(said)) == shown(said)
    without_secrets(said)


# ── what breaks without each mask ────────────────────────────────────────────────────────────────────────────────────


def _asked_with_authorization() -> bytes:
    async def once(port: int) -> Exchange:
        pins = (addresses.Pin(HOST, 80, "127.0.0.1", port),)
        async with Network(NetworkSettings(user_agent="pressmark test", pins=pins)) as door:
            return await door.exchange(f"{HOME}/", [("Authorization", "Basic c4n4ry")])

    with origin(lambda _: ok()) as server:
        return asyncio.run(once(server.port)).request_head


def _message(said: str) -> bytes:
    return ScraperError("x", said).message.encode()


def _subject(said: str) -> bytes:
    return ScraperError(said, "no").subject.encode()


def _note(raw: bytes) -> bytes:
    return note_value(raw).encode()


_NOTHING = re.compile(r"(?!)()")
_NO_BYTES = re.compile(rb"(?!)()")
# guard → (where it stands, what stands there without it, what then shows the secret)
MASKS: dict[str, tuple[Any, str, object, Callable[[], bytes]]] = {
    "Set-Cookie": (
        archive.secrets,
        "_masked_cookie",
        lambda value: value,
        lambda: archived_head(b"X\r\nSet-Cookie: a=c4n4ry\r\n"),
    ),
    "any field": (archive.secrets, "_AFTER_LF", _NO_BYTES, lambda: archived_head(b"X\r\nX-Auth-Token: c4n4ry\r\n")),
    "notes": (archive.secrets, "_AFTER_LF", _NO_BYTES, partial(_note, b"X\nSet-Cookie: a=c4n4ry\n")),
    "behind a lone CR": (
        archive.secrets,
        "_AFTER_CR",
        _NO_BYTES,
        lambda: archived_head(b"X: 1\rSet-Cookie: a=c4n4ry\r\n"),
    ),
    "cookie's attributes": (
        archive.secrets,
        "_ATTRIBUTE",
        re.compile(rb".*"),
        lambda: archived_head(b"X\r\nSet-Cookie: a=b;c4n4ry\r\n"),
    ),
    "Location": (
        archive.secrets,
        "_without_users",
        bytes,
        lambda: archived_head(b"X\r\nLocation: http:/me:c4n4ry@a/\r\n"),
    ),
    "Link": (archive.secrets, "_IN_HEADER", _NO_BYTES, lambda: archived_head(b"X\r\nLink: <http://me:c4n4ry@a/>\r\n")),
    "subject": (
        archive.secrets,
        "_IN_URL",
        _NOTHING,
        partial(_subject, "http:/me:c4n4ry@a.example/"),
    ),
    "message": (
        archive.secrets,
        "_IN_TEXT",
        _NOTHING,
        partial(_message, "see http://me:c4n4ry@a/"),
    ),
    "message without a scheme": (
        archive.secrets,
        "_BARE_IN_TEXT",
        _NOTHING,
        partial(_message, "see me:c4n4ry@a.example"),
    ),
    "parameter in a message": (
        archive.secrets,
        "PARAMETER",
        _NOTHING,
        partial(_message, "http://a/?sid=c4n4ry"),
    ),
    "request's Authorization": (network, "_SECRETS", _NO_BYTES, _asked_with_authorization),
}


@pytest.mark.parametrize("guard", MASKS)
def test_without_its_mask_a_secret_is_seen(monkeypatch: pytest.MonkeyPatch, guard: str):
    module, name, instead, look = MASKS[guard]
    assert b"c4n4ry" not in look()
    monkeypatch.setattr(module, name, instead)
    assert b"c4n4ry" in look()


def test_without_the_binding_to_an_origin_a_stranger_would_be_told():
    told = Secrets([TOKEN, Secret(name="NEWS_TOKEN", origin="http://evil.example", value=VALUE)])
    assert b"c4n4ry" in told.target("http://evil.example/?t=$%7BNEWS_TOKEN%7D")["target"]
    assert b"c4n4ry" not in Secrets([TOKEN]).target("http://evil.example/?t=$%7BNEWS_TOKEN%7D")["target"]


def test_the_contact_the_catalog_and_who_stamps_hold_no_secret():
    for section in (
        {"contact": "https://me:c4n4ry@news.example/"},
        {"contact": "https://news.example/?token=c4n4ry"},
        {"archive": {"catalog": "postgresql+psycopg://me:c4n/4ry@a/db"}},
        {"archive": {"catalog": "postgresql+psycopg://a/db?password=c4n4ry"}},
        {"archive": {"stamps": ["tsa rfc3161 https://me:c4n4ry@tsa.example/"]}},
        {"archive": {"stamps": ["tsa rfc3161 https://tsa.example/?apikey=c4n4ry"]}},
        {"network": {"proxy": "http://me:c4n4ry@127.0.0.1:3128"}},
    ):
        with pytest.raises(ConfigError) as refusal:
            config.config_of(section)
        assert "4ry" not in str(refusal.value)


def test_a_mask_is_a_value_that_a_cookie_may_have():
    assert MASK.replace("-", "").isalnum()
