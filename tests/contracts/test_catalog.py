"""What every database that holds a catalog must do alike."""

import hashlib
import threading
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from archive.catalog import Writing
from archive.databases import SCHEMA_VERSION
from archive.errors import Damaged, NewerFormat, NotAnArchive, ReadOnly
from archive.migrations import settings, upgrade
from archive.records import ADDED, Capture, Facts, Redaction, Revision, Ruling, Site, Visit
from archive.tables import revisions, schema
from tests.archive.pages import MORE_FACTS

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
URL = "https://harbour-post.example/strike"

CAPTURE = Capture(
    record_id="urn:uuid:c1", url=URL, captured_at=NOON, status=200, media_type="text/html", payload_digest="sha1:A",
    payload_sha256="a" * 64, payload_length=7, hop_from=None, revisit_of=None, truncated=None, etag='"1"',
    last_modified=None, warc="warc/a.warc.gz", offset=0, length=90,
)  # fmt: skip

VISIT = Visit(
    visit_id="urn:uuid:v1", url=URL, visited_at=NOON, role="article", outcome="new", status=200, capture="urn:uuid:c1",
    article=URL, aliases=(URL, "https://harbour-post.example/s"), seconds=0.25,
)  # fmt: skip

REVISION = Revision(
    record_id="urn:uuid:r1", capture="urn:uuid:c1", captured_at=NOON, verdict="new", sha256="d00c5ce0" + "0" * 56,
    words=3, text_file="text/harbour-post.example/2026/11/20/007_d00c5ce000000000.txt", names_file=True, copy_of=None,
    facts_changed=(), warc="warc/a.warc.gz", offset=90, length=40,
    facts=Facts(url=URL, canonical_url=URL, site="harbour-post.example", headline="Zürich – “ž”", authors=("A", "B"),
                origins={"authors": "json-ld"}, extractor={"pressmark": "0.1.0"}),
)  # fmt: skip


@pytest.fixture
def catalog(open_catalog):
    return open_catalog()


def test_values_come_back_as_they_went_in(catalog):
    with catalog.writing() as writing:
        writing.add_captures([CAPTURE])
        writing.add_visit(VISIT)
        writing.add_revision(REVISION)
    with catalog.reading() as reading:
        assert reading.capture("urn:uuid:c1") == CAPTURE
        assert reading.last_visits(URL) == [VISIT]
        assert reading.revision("urn:uuid:r1") == REVISION


def test_every_fact_comes_back_as_it_went_in(catalog):
    telling = replace(REVISION, facts=replace(REVISION.facts, reservations=("noai",), **MORE_FACTS))
    with catalog.writing() as writing:
        writing.add_revision(telling)
    with catalog.reading() as reading:
        assert reading.revision("urn:uuid:r1") == telling


def test_a_row_that_comes_twice_changes_nothing(catalog):
    for _ in range(2):
        with catalog.writing() as writing:
            writing.add_captures([CAPTURE])
            writing.add_visit(VISIT)
            writing.add_revision(REVISION)
    with catalog.reading() as reading:
        assert reading.counts() == {
            "aliases": 2,
            "articles": 1,
            "captures": 1,
            "redactions": 0,
            "revisions": 1,
            "rulings": 0,
            "sites": 0,
            "texts": 1,
            "visits": 1,
            "warcs": 0,
        }


def test_a_transaction_that_fails_leaves_nothing(catalog):
    def fail() -> None:
        with catalog.writing() as writing:
            writing.add_captures([CAPTURE])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with catalog.reading() as reading:
        assert reading.capture("urn:uuid:c1") is None


def test_writing_transactions_come_one_after_the_other(open_catalog):
    open_catalog()
    ordinals = []

    def take_a_number() -> None:
        with open_catalog().writing() as writing:
            folder = "text/harbour-post.example/2026/11/20"
            number = writing.next_ordinal(folder)
            ordinals.append(number)
            text_file, sha256 = f"{folder}/{number:03}_x.txt", f"{number:064}"
            record_id = f"urn:uuid:r{number}"
            writing.add_revision(replace(REVISION, record_id=record_id, sha256=sha256, text_file=text_file))

    threads = [threading.Thread(target=take_a_number) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(ordinals) == list(range(8))


def test_the_newest_whole_capture_gives_the_validators(catalog):
    cut = replace(
        CAPTURE, record_id="urn:uuid:c2", captured_at=NOON + timedelta(hours=2), truncated="time", etag='"cut"'
    )
    gone = replace(CAPTURE, record_id="urn:uuid:c3", captured_at=NOON + timedelta(hours=3), status=404, etag='"gone"')
    with catalog.writing() as writing:
        writing.add_captures([CAPTURE, cut, gone])
    with catalog.reading() as reading:
        assert reading.validators(URL).etag == '"1"'
        assert reading.validators("https://other.example/") is None


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_url_that_has_redirected_since_has_no_validators(catalog, status):
    moved = replace(CAPTURE, record_id="urn:uuid:c2", captured_at=NOON + timedelta(hours=1), status=status)
    gone = replace(CAPTURE, record_id="urn:uuid:c3", captured_at=NOON + timedelta(hours=2), status=503)
    with catalog.writing() as writing:
        writing.add_captures([CAPTURE, moved, gone])
    with catalog.reading() as reading:
        assert reading.validators(URL) is None


def test_a_url_that_has_ceased_to_redirect_has_its_validators_again(catalog):
    moved = replace(CAPTURE, record_id="urn:uuid:c0", captured_at=NOON - timedelta(hours=1), status=301)
    unchanged = replace(CAPTURE, record_id="urn:uuid:c2", captured_at=NOON + timedelta(hours=1), status=304)
    with catalog.writing() as writing:
        writing.add_captures([moved, CAPTURE, replace(unchanged, revisit_of=CAPTURE.record_id, etag='"2"')])
    with catalog.reading() as reading:
        assert reading.validators(URL).etag == '"2"'


def test_a_payload_is_found_only_whole_and_only_in_a_response(catalog):
    revisit = replace(CAPTURE, record_id="urn:uuid:c0", captured_at=NOON - timedelta(hours=1), revisit_of="urn:uuid:x")
    cut = replace(CAPTURE, record_id="urn:uuid:c2", captured_at=NOON - timedelta(hours=2), truncated="length")
    with catalog.writing() as writing:
        writing.add_captures([revisit, cut, CAPTURE])
    with catalog.reading() as reading:
        assert reading.payload_of(URL, "sha1:A") == CAPTURE


def test_revisions_are_counted_by_capture_time_whatever_order_they_came_in(catalog):
    earlier = replace(REVISION, record_id="urn:uuid:r0", captured_at=NOON - timedelta(days=1), names_file=False)
    with catalog.writing() as writing:
        writing.add_revision(REVISION)
        writing.add_revision(earlier)
    with catalog.reading() as reading:
        assert [each.record_id for each in reading.revisions_of(URL)] == ["urn:uuid:r0", "urn:uuid:r1"]
        assert reading.latest(URL) == REVISION


def test_an_alias_leads_where_it_was_last_seen_to_lead_in_any_order(catalog):
    newer = replace(VISIT, visit_id="urn:uuid:v2", visited_at=NOON + timedelta(hours=1), article="https://new.example/")
    with catalog.writing() as writing:
        writing.add_visit(newer)
        writing.add_visit(VISIT)
    with catalog.reading() as reading:
        assert reading.article_at("https://harbour-post.example/s") == "https://new.example/"
        assert reading.known([URL, "https://never.example/"]) == {URL}


@pytest.mark.parametrize("order", [1, -1])
def test_an_alias_seen_at_once_to_lead_to_two_articles_leads_to_the_same_one_in_any_order(catalog, order):
    other = replace(VISIT, visit_id="urn:uuid:v2", article="https://zeitung.example/")
    with catalog.writing() as writing:
        for each in (VISIT, other)[::order]:
            writing.add_visit(each)
    with catalog.reading() as reading:
        assert reading.article_at("https://harbour-post.example/s") == "https://zeitung.example/"


def test_a_catalog_that_cannot_be_read_is_damage(catalog):
    def ask() -> None:
        with catalog.reading() as reading:
            reading.last_visits(URL)

    with catalog.writing() as writing:
        writing._sql.exec_driver_sql("DROP TABLE visits")
    with pytest.raises(Damaged, match="the catalog cannot be read"):
        ask()


def test_a_visit_written_by_two_writers_stands_in_the_same_record_in_any_order(catalog):
    for journal in ("urn:uuid:j2", "urn:uuid:j1", "urn:uuid:j3"):
        with catalog.writing() as writing:
            writing.add_visit(VISIT, journal=journal)
    with catalog.reading() as reading:
        assert any('"journal": "urn:uuid:j1"' in line for line in reading.dump())


def test_a_text_is_found_by_the_first_digits_of_its_hash_and_no_wildcard_is_one(catalog):
    with catalog.writing() as writing:
        writing.add_revision(REVISION)
    with catalog.reading() as reading:
        assert reading.texts_like("d00c5c") == [REVISION]
        assert reading.texts_like("%") == reading.texts_like("______") == []


def test_the_next_ordinal_follows_the_highest_in_the_folder(catalog):
    with catalog.writing() as writing:
        writing.add_revision(REVISION)
        assert writing.next_ordinal("text/harbour-post.example/2026/11/20") == 8
        assert writing.next_ordinal("text/harbour-post.example/2026/11/21") == 0


def test_the_dump_is_the_same_for_the_same_rows(catalog):
    with catalog.writing() as writing:
        writing.add_visit(VISIT)
        writing.add_captures([CAPTURE])
    with catalog.reading() as reading:
        lines = list(reading.dump())
    said = (
        '{"captured_at": "2026-11-20T12:00:00.000000Z", "etag": "\\"1\\"", "hop_from": null, "last_modified": null, '
        '"length": 90, "media_type": "text/html", "offset": 0, "payload_digest": "sha1:A", "payload_length": 7, '
        f'"payload_sha256": "{"a" * 64}", "record_id": "urn:uuid:c1", "revisit_of": null, "status": 200, '
        f'"table": "captures", "truncated": null, "url": "{URL}", "warc": "warc/a.warc.gz"}}'
    )
    assert [line for line in lines if '"table": "captures"' in line] == [said]


def test_a_catalog_that_is_not_there_is_not_made_by_reading(open_catalog):
    with pytest.raises(NotAnArchive):
        open_catalog(write=False)


def test_a_schema_from_the_future_is_refused(open_catalog):
    with open_catalog().writing() as writing:
        writing._sql.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerFormat, match="9999"):
        open_catalog()


def test_migrations_lead_to_the_schema_that_the_code_knows(open_catalog):
    catalog = open_catalog()
    with catalog.writing() as writing:
        schema.drop_all(writing._sql)
        writing._sql.exec_driver_sql("DROP TABLE alembic_version")
    upgrade(catalog._engine)
    with catalog._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema) == []
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == SCHEMA_VERSION


def of_before(writing: Writing, version: str) -> None:
    """Make the catalog what a pressmark of that schema left, with one revision in it."""
    connection = writing._sql
    schema.drop_all(connection)
    connection.exec_driver_sql("DROP TABLE alembic_version")
    config = settings()
    config.attributes["connection"] = connection
    command.upgrade(config, version)
    there = {each["name"] for each in sa.inspect(connection).get_columns("revisions")}
    then = sa.table("revisions", *(sa.column(each.name, each.type) for each in revisions.columns if each.name in there))
    said = {**asdict(REVISION), **asdict(REVISION.facts)}
    connection.execute(then.insert(), {name: value for name, value in said.items() if name in there})


@pytest.mark.parametrize("version", ["0001", "0002", "0003", "0004"])
def test_a_catalog_of_before_is_brought_up_when_it_may_be_written_and_its_rows_say_nothing_of_what_came_later(
    open_catalog, version
):
    with open_catalog().writing() as writing:
        of_before(writing, version)
    with pytest.raises(ReadOnly, match="older schema"):
        open_catalog(write=False)
    more = replace(REVISION.facts, reservations=("noai",), **MORE_FACTS)
    later = replace(REVISION, record_id="urn:uuid:r2", captured_at=NOON + timedelta(days=1), facts=more)
    with open_catalog().writing() as writing:
        writing.add_revision(replace(later, names_file=False, verdict="facts", facts_changed=("reservations",)))
    with open_catalog(write=False).reading() as reading:
        assert reading.revision("urn:uuid:r1") == REVISION
        assert [each.facts for each in reading.revisions_of(URL)] == [REVISION.facts, more]
        assert not any(getattr(REVISION.facts, name) for name in ADDED)


def test_the_code_knows_the_newest_migration():
    assert ScriptDirectory.from_config(settings()).get_current_head() == SCHEMA_VERSION


RULING = Ruling(revision="urn:uuid:r1", ruled_at=NOON, reason="import", verdict="revised", facts_changed=("authors",))
LATER = Ruling(revision="urn:uuid:r1", ruled_at=NOON + timedelta(hours=1), reason="import", verdict="superseded")


@pytest.mark.parametrize("order", ["revision first", "rulings first", "latest ruling first"])
def test_the_latest_ruling_on_a_revision_counts_in_whatever_order_the_records_are_read(catalog, order):
    with catalog.writing() as writing:
        if order == "revision first":
            writing.add_revision(REVISION)
        rulings = [RULING, LATER] if order != "latest ruling first" else [LATER, RULING]
        for number, ruling in enumerate(rulings):
            writing.add_ruling(ruling, record=f"urn:uuid:{number}")
        if order != "revision first":
            writing.add_revision(REVISION)
    with catalog.reading() as reading:
        assert reading.revision("urn:uuid:r1") == replace(REVISION, verdict="superseded")


def test_a_superseded_revision_is_none_of_its_article_and_is_found_by_its_pressmark(catalog):
    with catalog.writing() as writing:
        writing.add_revision(REVISION)
        writing.add_ruling(LATER, record="urn:uuid:x")
    with catalog.reading() as reading:
        assert reading.latest(URL) is None
        assert reading.revisions_of(URL) == []
        assert list(reading.revisions_where([], limit=None)) == []
        assert reading.counts()["articles"] == 0
        assert [each.record_id for each in reading.texts_like("d00c5ce0")] == ["urn:uuid:r1"]


@pytest.mark.parametrize("rows_first", [True, False])
def test_what_is_redacted_has_no_row_and_its_number_stays_taken(catalog, rows_first):
    gone: dict[str, Any] = {
        "redacted_at": NOON,
        "reason": "court order",
        "url": URL,
        "captured_at": NOON,
        "warc": "warc/a.warc.gz",
    }
    redactions = [
        Redaction(record_id="urn:uuid:c1", offset=0, **gone),
        Redaction(record_id="urn:uuid:r1", offset=90, sha256=REVISION.sha256, text_file=REVISION.text_file, **gone),
    ]
    with catalog.writing() as writing:
        if rows_first:
            writing.add_captures([CAPTURE])
            writing.add_revision(REVISION)
        for redaction in redactions:
            writing.add_redaction(redaction)
    with catalog.reading() as reading:
        assert reading.capture("urn:uuid:c1") is None
        assert reading.revision("urn:uuid:r1") is None
        assert reading.next_ordinal("text/harbour-post.example/2026/11/20") == 8
        assert reading.redactions_of(URL) == redactions
        assert reading.redacted_texts("d00c5ce0") == reading.redactions_in("warc/a.warc.gz")[1:]


def test_each_state_of_a_sites_memory_is_kept(catalog):
    states = [Site(site="caliber.az", number=n, learned_at=NOON, memory={"lines": [n]}) for n in (1, 2)]
    with catalog.writing() as writing:
        for state in states:
            writing.add_site(state, record=f"urn:uuid:{state.number}")
    with catalog.reading() as reading:
        assert reading.site("caliber.az", number=1) == replace(states[0], memory={"lines": [1]})
        newest = reading.site("caliber.az")
        assert newest
        assert newest.number == 2
        assert reading.site("other.example") is None
        assert reading.site("caliber.az", number=0) is None


def test_the_sites_that_were_learned_are_told_with_their_newest_number(catalog):
    with catalog.writing() as writing:
        for name, number in (("caliber.az", 1), ("caliber.az", 12), ("caliber.az", 9), ("vedomosti.ru", 1)):
            site = Site(site=name, number=number, learned_at=NOON)
            writing.add_site(site, record=f"urn:uuid:{name}{number}")
    with catalog.reading() as reading:
        assert reading.sites() == {"caliber.az": 12, "vedomosti.ru": 1}


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_states_with_one_number_that_which_was_learned_later_counts_in_any_order(catalog, order):
    early = Site(site="caliber.az", number=1, learned_at=NOON, memory={"lines": ["Share"]})
    late = replace(early, learned_at=NOON + timedelta(hours=1), memory={"lines": ["Follow us"]})
    with catalog.writing() as writing:
        for record, site in [("urn:uuid:z", early), ("urn:uuid:a", late)][::order]:
            writing.add_site(site, record=record)
    with catalog.reading() as reading:
        assert reading.site("caliber.az") == late


# ── what a site's layout is learned from ─────────────────────────────────────────────────────────────────────────────

Telling = tuple[str, int, str]  # path of the article, hour of the capture, text


def told(writing: Writing, tellings: Iterable[Telling], *, host: str = "harbour-post.example", **said: Any) -> None:
    for path, hour, text in tellings:
        url = f"https://{host}/{path}"
        facts = replace(REVISION.facts, url=url, canonical_url=url, site=host, kind=said.get("kind", "article"))
        revision = replace(
            REVISION, record_id=f"urn:uuid:{host}/{path}@{hour}", captured_at=NOON + timedelta(hours=hour), facts=facts,
            sha256=hashlib.sha256(text.encode()).hexdigest(), names_file=False, offset=hour,
        )  # fmt: skip
        writing.add_revision(revision)


def names(found: Iterable[Revision]) -> list[str]:
    return [each.record_id.rpartition("/")[2] for each in found]


def test_of_each_article_of_a_site_the_newest_revision_is_learned_from_newest_first(catalog):
    with catalog.writing() as writing:
        told(writing, [("a", 1, "One."), ("b", 2, "Two."), ("a", 3, "One, edited."), ("c", 0, "Three.")])
        told(writing, [("d", 4, "Elsewhere.")], host="kosova-wire.example")
        told(writing, [("e", 5, "Below.")], host="sport.harbour-post.example")
    with catalog.reading() as reading:
        assert names(reading.articles_of("harbour-post.example")) == ["a@3", "b@2", "c@0"]
        assert names(reading.articles_of("harbour-post.example", limit=2)) == ["a@3", "b@2"]
        assert reading.articles_of("unknown.example") == []


def test_of_two_captures_of_one_second_the_one_kept_later_is_learned_from(catalog):
    with catalog.writing() as writing:
        told(writing, [("a", 1, "One.")])
        told(writing, [("b", 1, "Two.")])
        first = writing.revision("urn:uuid:harbour-post.example/a@1")
        writing.add_revision(replace(first, record_id="urn:uuid:x/again", offset=99, sha256="ab" * 32))
    with catalog.reading() as reading:
        assert names(reading.articles_of("harbour-post.example")) == ["again", "b@1"]


def test_only_articles_of_a_kind_are_learned_from_when_it_is_named(catalog):
    with catalog.writing() as writing:
        told(writing, [("a", 1, "One."), ("b", 2, "Two.")])
        told(writing, [("c", 3, "Minute by minute.")], kind="live-blog")
    with catalog.reading() as reading:
        assert names(reading.articles_of("harbour-post.example", kind="live-blog")) == ["c@3"]
        assert names(reading.articles_of("harbour-post.example", kind="article", limit=1)) == ["b@2"]


def test_what_a_site_tells_at_two_addresses_is_learned_from_once_and_a_wire_report_on_each_site_that_has_it(catalog):
    with catalog.writing() as writing:
        told(writing, [("a", 1, "The same."), ("a-amp", 2, "The same."), ("b", 0, "Another.")])
        told(writing, [("wire", 3, "The same.")], host="kosova-wire.example")
    with catalog.reading() as reading:
        assert names(reading.articles_of("harbour-post.example", limit=2)) == ["a-amp@2", "b@0"]
        assert names(reading.articles_of("kosova-wire.example")) == ["wire@3"]


def test_what_was_superseded_or_redacted_is_not_learned_from(catalog):
    with catalog.writing() as writing:
        told(writing, [("a", 1, "One."), ("a", 2, "One, misread."), ("b", 3, "Private.")])
        ruled = Ruling(revision="urn:uuid:harbour-post.example/a@2", ruled_at=NOON, reason="reextract",
                       verdict="superseded")  # fmt: skip
        writing.add_ruling(ruled, record="urn:uuid:x")
        gone = "urn:uuid:harbour-post.example/b@3"
        writing.add_redaction(Redaction(record_id=gone, redacted_at=NOON, reason="court order", url=URL,
                                        captured_at=NOON, warc="warc/a.warc.gz", offset=3))  # fmt: skip
    with catalog.reading() as reading:
        assert names(reading.articles_of("harbour-post.example")) == ["a@1"]


def test_the_articles_of_a_site_are_found_by_index_however_many_others_there_are(catalog_url, catalog):
    if catalog_url:
        pytest.skip("PostgreSQL plans by what it has counted")
    asked: list[tuple[str, Any]] = []
    with catalog.reading() as reading:
        sa.event.listen(reading._sql, "before_cursor_execute", lambda *said: asked.append((said[2], said[3])))
        reading.articles_of("harbour-post.example", kind="article")
        plan = reading._sql.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0][0]}", asked[0][1]).all()
    steps = [step for *_, step in plan]
    assert steps[0] == "SEARCH revisions USING INDEX revisions_by_site (site=?)"
    assert "SEARCH later USING INDEX revisions_by_article (canonical_url=? AND captured_at>?)" in steps
    assert not any(step.startswith("SCAN") for step in steps)


@pytest.mark.parametrize(("server", "ours"), [("off", "on"), ("remote_apply", "remote_apply")])
def test_a_server_that_is_set_to_acknowledge_what_may_be_lost_waits_for_its_medium_all_the_same(
    catalog_url, open_catalog, server, ours
):
    if catalog_url is None:
        pytest.skip("SQLite has no server")
    admin = sa.create_engine(catalog_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar()
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = {server}")
    admin.dispose()
    with open_catalog().writing() as writing:
        assert writing._sql.exec_driver_sql("SHOW synchronous_commit").scalar() == ours


def test_every_commit_to_a_sqlite_catalog_waits_for_the_medium(catalog_url, open_catalog):
    if catalog_url:
        pytest.skip("PostgreSQL has a setting of its own")
    with open_catalog().writing() as writing:
        assert writing._sql.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def told_at(hours: int, **said: Any) -> Revision:
    """A revision of an article of its own, captured so many hours after noon."""
    url = f"{URL}-{hours}"
    facts = replace(REVISION.facts, url=url, canonical_url=url, **said)
    at = NOON + timedelta(hours=hours)
    return replace(REVISION, record_id=f"urn:uuid:r{hours}", captured_at=at, names_file=False, facts=facts)


def test_what_decides_whether_a_site_is_learned_is_told(catalog):
    site = Site(site="harbour-post.example", number=2, learned_at=NOON + timedelta(hours=2))
    by_it, by_another = "harbour-post.example@2", "harbour-post.example@1"
    told = [
        told_at(1, site_memory=by_it),  # before it was learned: read again since
        told_at(3, site_memory=by_another),
        told_at(4, site_memory=by_it, extractor={"template": "fits"}),
        told_at(5, site_memory=by_it, extractor={"template": "misfit"}),
        replace(told_at(6, site_memory=by_it), verdict="superseded"),
    ]
    with catalog.writing() as writing:
        for revision in told:
            writing.add_revision(revision)
    with catalog.reading() as reading:
        assert reading.read_by(site, limit=9) == [
            (NOON + timedelta(hours=5), {"template": "misfit"}),
            (NOON + timedelta(hours=4), {"template": "fits"}),
        ]
        assert len(reading.read_by(site, limit=1)) == 1
        assert [reading.count_articles(site.site, limit=limit) for limit in (2, 9)] == [2, 4]
        assert reading.count_articles("elsewhere.example", limit=9) == 0
        assert reading.has_news(site.site, since=NOON + timedelta(hours=4))
        assert not reading.has_news(site.site, since=NOON + timedelta(hours=5))
        assert reading.sites_told() == [site.site]


def test_the_periods_of_a_site_are_told_newest_first(catalog):
    held = {"from": "2026-11-01T00:00:00+00:00", "to": "2026-11-02T00:00:00+00:00"}
    with catalog.writing() as writing:
        for number, memory in ((1, {"held": held}), (2, {})):
            state = Site(site="a.example", number=number, learned_at=NOON, memory=memory)
            writing.add_site(state, record=f"urn:uuid:s{number}")
    with catalog.reading() as reading:
        assert reading.periods("a.example") == [(NOON, 2), (datetime(2026, 11, 1, tzinfo=UTC), 1)]
        assert reading.periods("b.example") == []
