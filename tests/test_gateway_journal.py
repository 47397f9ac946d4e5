"""The journal, on SQLite and on PostgreSQL: what may run, in which order, and what is left of the dead."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crossdock.gateway.journal.entries import Answered, CallRecord, NewEntry
from crossdock.gateway.journal.journal import FencedError, Journal, now
from crossdock.gateway.journal.reading import read_journal
from crossdock.gateway.journal.store import JournalError, SqliteStore, WriteLock, open_store, owners_of
from gateway_kit import own_schema


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/journal.db"
    return own_schema(request.getfixturevalue("postgres_url"))


@pytest.fixture
def journal(url: str) -> Iterator[Journal]:
    opened = Journal(open_store(url))
    yield opened
    opened.close()


@pytest.fixture
def profile() -> str:
    return "shop"


def new(profile: str, key: str, *subjects: str, **more: Any) -> NewEntry:
    return NewEntry(profile, None, "order_cancel", f"{profile}-{key}", subjects, '{"a":1}', **more)


def test_a_request_runs_at_once_when_nothing_is_ahead(journal: Journal, profile: str) -> None:
    accepted = journal.accept(new(profile, "a", "1001"))
    assert accepted.turn is not None and accepted.same is None
    journal.finish(accepted.turn, "done", Answered(200, '{"events":[]}'))

    entry = journal.entry(accepted.entry)
    assert entry is not None
    assert (entry.state, entry.status, entry.response, entry.tries) == ("done", 200, '{"events":[]}', 1)


def test_a_repeat_gets_the_entry_of_the_first(journal: Journal, profile: str) -> None:
    first = journal.accept(new(profile, "a", "1001"))
    running = journal.accept(new(profile, "a", "1001"))
    assert running.same is not None and (running.same.id, running.same.state) == (first.entry, "running")

    assert first.turn is not None
    journal.finish(first.turn, "done", Answered(200, "{}"))
    done = journal.accept(new(profile, "a", "1001"))
    assert done.same is not None and (done.same.id, done.same.response) == (first.entry, "{}")


@pytest.mark.parametrize("state", ["failed", "dead"])
def test_what_failed_runs_again(journal: Journal, profile: str, state: Any) -> None:
    first = journal.accept(new(profile, "a", "1001"))
    assert first.turn is not None
    journal.finish(first.turn, state, Answered(200, "{}"), reason="status 500")
    again = journal.accept(new(profile, "a", "1001"))
    assert again.turn is not None and again.entry != first.entry


def test_a_repeat_after_the_window_runs_again(url: str, profile: str) -> None:
    journal = Journal(open_store(url), window_hours=0)
    first = journal.accept(new(profile, "a"))
    assert first.turn is not None
    journal.finish(first.turn, "done", Answered(200, "{}"))
    while now() == (journal.entry(first.entry) or pytest.fail()).finished:
        pass
    assert journal.accept(new(profile, "a")).turn is not None
    journal.close()


def test_requests_for_one_subject_run_in_their_order(journal: Journal, profile: str) -> None:
    first = journal.accept(new(profile, "a", "1001"))
    second = journal.accept(new(profile, "b", "1001", "1002"))
    third = journal.accept(new(profile, "c", "1002"))
    other = journal.accept(new(profile, "d", "1003"))
    elsewhere = journal.accept(new(f"{profile}-b", "a", "1001"))
    assert (second.turn, third.turn) == (None, None)
    assert other.turn is not None and elsewhere.turn is not None
    assert journal.claim(second.entry) is None and journal.claim(third.entry) is None

    assert first.turn is not None
    journal.finish(first.turn, "failed", Answered(200, "{}"))
    assert journal.claim(third.entry) is None
    turn = journal.claim(second.entry)
    assert turn is not None and journal.claim(second.entry) is None
    journal.finish(turn, "done", Answered(200, "{}"))
    assert journal.claim(third.entry) is not None


def test_only_the_last_state_answers_a_repeat(journal: Journal, profile: str) -> None:
    """5, 3 and 5 are three changes; 5 and 5 are one."""
    found = []
    for key in ("5", "5", "3", "5"):
        accepted = journal.accept(new(profile, key, "stock", supersedes=("order_cancel",)))
        found.append(accepted.turn is not None)
        if accepted.turn is not None:
            journal.finish(accepted.turn, "done", Answered(201, "{}"))
    assert found == [True, False, True, True]


def test_equal_requests_at_one_moment_are_one(journal: Journal, profile: str) -> None:
    barrier, found = threading.Barrier(8), []

    def accept() -> None:
        barrier.wait()
        found.append(journal.accept(new(profile, "a", "1001")))

    threads = [threading.Thread(target=accept) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.turn is not None for each in found) == 1
    assert len({each.entry for each in found}) == 1


def test_different_requests_for_one_subject_at_one_moment_have_one_turn(
    journal: Journal, profile: str
) -> None:
    barrier, found = threading.Barrier(8), []

    def accept(number: int) -> None:
        barrier.wait()
        found.append(journal.accept(new(profile, str(number), "1001")))

    threads = [threading.Thread(target=accept, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.turn is not None for each in found) == 1


def test_a_queued_entry_is_taken_when_it_is_due(journal: Journal, profile: str) -> None:
    later = journal.accept(new(profile, "a", "1001", queued=True))
    assert later.turn is None
    claimed = journal.claim_due()
    assert claimed is not None and claimed[1].id == later.entry
    journal.finish(claimed[0], "queued", reason="status 503", due=now() + 9_000)
    assert journal.claim_due() is None
    turn = journal.claim_queued(later.entry)
    assert turn is not None and turn.fence == 2
    journal.finish(turn, "done", Answered(200, "{}"))


def test_the_entries_of_a_dead_process_are_taken_by_another(url: str, profile: str) -> None:
    dead, alive = Journal(open_store(url)), Journal(open_store(url))
    running = dead.accept(new(profile, "a", "1001"))
    waiting = dead.accept(new(profile, "b", "1001"))
    assert running.turn is not None
    assert alive.adopt() == []

    dead.owner.release()
    assert alive.adopt() == [running.entry, waiting.entry]
    assert alive.claim(waiting.entry) is None
    turn = alive.claim(running.entry)
    assert turn is not None
    with pytest.raises(FencedError):
        dead.finish(running.turn, "done", Answered(200, "{}"))
    with pytest.raises(FencedError):
        dead.begin_call(running.turn, profile, call())
    alive.finish(turn, "done", Answered(200, "{}"))
    assert alive.claim(waiting.entry) is not None
    alive.close()
    dead.store.close()


def call(**more: Any) -> CallRecord:
    chosen: dict[str, Any] = {"outcome": "begun", **more}
    return CallRecord(
        "parcel", "POST", "http://shop/orders/1/packages", "identity", now(), body="{}", **chosen
    )


def test_a_call_without_an_outcome_is_remembered_until_it_has_one(journal: Journal, profile: str) -> None:
    accepted = journal.accept(new(profile, "a", "1001"))
    turn = accepted.turn
    assert turn is not None
    number = journal.begin_call(turn, profile, call())
    assert len(journal.unknown_calls(profile, "identity")) == 1
    assert journal.has_unknown(accepted.entry)
    ended = call(outcome="answered", status=201, id=number)
    journal.finish(turn, "done", Answered(200, "{}"), calls=[ended])

    assert journal.unknown_calls(profile, "identity") == []
    (kept,) = journal.calls(accepted.entry)
    assert (kept.outcome, kept.status, kept.step) == ("answered", 201, "parcel")


def test_a_dropped_entry_leaves_no_doubt(journal: Journal, profile: str) -> None:
    accepted = journal.accept(new(profile, "a", "1001"))
    assert accepted.turn is not None
    assert not journal.drop(accepted.entry, "by hand")
    journal.begin_call(accepted.turn, profile, call())
    journal.finish(accepted.turn, "dead", reason="unknown")
    assert journal.drop(accepted.entry, "by hand")
    assert journal.unknown_calls(profile, "identity") == []
    assert (journal.entry(accepted.entry) or pytest.fail()).reason == "by hand"


def test_a_replay_closes_an_entry_and_makes_the_next_or_does_neither(
    journal: Journal, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = journal.accept(new(profile, "a", "1001"))
    assert dead.turn is not None
    assert journal.replay(dead.entry, new(profile, "a", "1001", queued=True)) is None
    journal.finish(dead.turn, "dead", reason="unknown")

    def failing(*_: Any) -> Any:
        raise JournalError("the journal cannot be written: disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_inserted", failing)
        with pytest.raises(JournalError):
            journal.replay(dead.entry, new(profile, "a", "1001", queued=True))
    assert (journal.entry(dead.entry) or pytest.fail()).state == "dead"

    again = journal.replay(dead.entry, new(profile, "a", "1001", queued=True))
    assert again is not None
    assert [entry.state for entry in journal.entries(profile=profile)] == ["dropped", "queued"]


def test_what_came_again_is_not_replayed(journal: Journal, profile: str) -> None:
    """RetailOPS asked again, and it was done: another run would do it twice."""
    first = journal.accept(new(profile, "a", "1001"))
    assert first.turn is not None
    journal.finish(first.turn, "failed", reason="timeout")
    repeat = journal.accept(new(profile, "a", "1001"))
    assert repeat.turn is not None
    journal.finish(repeat.turn, "done", Answered(200, "{}"))

    refused = journal.replay(first.entry, new(profile, "a", "1001", queued=True))
    assert refused is not None and refused.same is not None and refused.same.id == repeat.entry
    assert [entry.state for entry in journal.entries(profile=profile)] == ["failed", "done"]
    again = journal.replay(repeat.entry, new(profile, "a", "1001", queued=True))
    assert again is not None and again.same is None
    assert [entry.state for entry in journal.entries(profile=profile)] == ["failed", "dropped", "queued"]


def test_a_dropped_entry_leaves_the_calls_of_a_repeat_that_runs(journal: Journal, profile: str) -> None:
    first = journal.accept(new(profile, "a", "1001"))
    assert first.turn is not None
    journal.begin_call(first.turn, profile, call())
    journal.finish(first.turn, "dead", reason="unknown")
    repeat = journal.accept(new(profile, "a", "1001"))
    assert repeat.turn is not None
    journal.begin_call(repeat.turn, profile, call())

    assert journal.drop(first.entry, "by hand")
    assert journal.has_unknown(repeat.entry) and not journal.has_unknown(first.entry)


def test_a_store_that_is_full_loses_nothing_that_it_took(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/journal.db")
    assert isinstance(store, SqliteStore)
    journal = Journal(store)
    pages = store.write(lambda connection: connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    store.write(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 20}"))
    taken = []
    with pytest.raises(JournalError, match="the journal cannot be written: database or disk is full"):
        for number in range(10_000):
            taken.append(journal.accept(new("shop", str(number), queued=True)).entry)
    assert taken
    assert [journal.entry(entry) is not None for entry in taken] == [True] * len(taken)

    store.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=100000"))
    assert journal.accept(new("shop", "later")).turn is not None
    journal.close()


@pytest.mark.parametrize(
    "url, message",
    [
        ("nonsense", "the journal's URL is not one of a database"),
        ("mysql://localhost/x", "the journal cannot be kept in `mysql`: use sqlite or postgresql"),
        ("sqlite://", "the journal needs a file: sqlite:///journal.db"),
        (
            "sqlite:////proc/none/journal.db",
            "the folder of the journal /proc/none/journal.db cannot be written: no such file or directory",
        ),
        ("sqlite+none:///journal.db", "the journal cannot be opened: NoSuchModuleError"),
        ("postgresql://a:canary@127.0.0.1:1/x", "the journal cannot be opened: OperationalError"),
        (
            "postgresql+psycopg2://a:canary@127.0.0.1:1/x",
            "the journal needs psycopg2: install crossdock[postgres]",
        ),
    ],
)
def test_a_journal_that_cannot_be_opened(
    url: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(JournalError) as caught:
        open_store(url)
    assert str(caught.value) == message


def test_a_version_that_is_not_a_number_is_refused(tmp_path: Path) -> None:
    """A table of another program that has the same name."""
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    store = open_store(url)
    for statement in (
        "DROP TABLE crossdock_version",
        "CREATE TABLE crossdock_version AS SELECT 'one' AS version",
    ):
        store.write(lambda connection, text=statement: connection.exec_driver_sql(text))
    store.close()
    with pytest.raises(JournalError) as caught:
        open_store(url)
    assert str(caught.value) == "crossdock_version has a version that is not a whole number"


def test_a_database_with_a_part_of_the_tables_is_refused(journal: Journal, url: str) -> None:
    """A dump that was restored in part, or tables of another program."""
    journal.store.write(lambda connection: connection.exec_driver_sql("DROP TABLE crossdock_version"))
    with pytest.raises(JournalError) as caught:
        open_store(url)
    assert str(caught.value) == "the database has tables of a journal, but no crossdock_version"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 900 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", "size=900k", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(["mount", *options], capture_output=True).returncode:
        pytest.skip("this user may not mount a file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_without_room_is_seen_before_a_request_is_refused(small_disk: Path, tmp_path: Path) -> None:
    """The journal can still be read, so that nothing but the room says so."""
    store = open_store(f"sqlite:///{small_disk}/journal.db")
    assert store.short_of_room() == "the disk of the journal is full: less than 1 MiB is left"
    store.close()
    store = open_store(f"sqlite:///{tmp_path}/journal.db")
    assert store.short_of_room() is None
    store.close()


def test_a_journal_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/journal.db"
    store = open_store(url)
    store.write(lambda connection: connection.exec_driver_sql("INSERT INTO crossdock_version VALUES (99)"))
    store.close()
    with pytest.raises(JournalError, match="the journal has version 99, and this program knows 1"):
        open_store(url)


def test_a_journal_is_looked_at_without_being_written(journal: Journal, url: str, profile: str) -> None:
    accepted = journal.accept(new(profile, "a", "1001"))
    assert accepted.turn is not None
    journal.finish(accepted.turn, "done", Answered(200, "{}"))
    reading = read_journal(url)
    newest = reading.summaries()[0]
    assert (newest.id, newest.profile, newest.state, newest.status, newest.calls) == (
        *(accepted.entry, profile, "done", 200, 0),
    )
    assert reading.entry(accepted.entry) == journal.entry(accepted.entry)
    with pytest.raises(JournalError, match="the journal cannot be read: "):
        reading.drop(accepted.entry, "by mistake")
    found = journal.entry(accepted.entry)
    assert found is not None and found.state == "done"


def test_a_journal_without_a_gateway_is_read_without_a_file_beside_it(tmp_path: Path) -> None:
    Journal(open_store(f"sqlite:///{tmp_path}/journal.db")).close()
    before = sorted(tmp_path.iterdir())
    assert read_journal(f"sqlite:///{tmp_path}/journal.db").summaries() == []
    assert sorted(tmp_path.iterdir()) == before == [tmp_path / "journal.db", tmp_path / "journal.db.owners"]


def test_a_process_that_is_halted_in_a_commit_holds_nothing_up_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crossdock.gateway.journal.store.LOCK_SECONDS", 0.05)
    other = open_store(f"sqlite:///{tmp_path}/journal.db")
    halted = WriteLock(owners_of(tmp_path / "journal.db"))
    with halted, pytest.raises(JournalError, match="the journal cannot be written: database is locked"):
        other.write(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())
    assert other.write(lambda connection: connection.exec_driver_sql("SELECT 1").scalar()) == 1
    halted.close()
    other.close()
