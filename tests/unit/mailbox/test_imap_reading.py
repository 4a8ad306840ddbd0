"""Reading by IMAP: what waits, mails as they are, and what a server that misbehaves costs."""

import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest

from bounces.errors import Disconnected, MailUnavailable, MailVanished
from bounces.mail_size import MAX_MAIL_BYTES
from bounces.mailbox import imap_client, imap_listing
from bounces.mailbox.connecting import Timeouts
from bounces.mailbox.imap_folders import ImapFolders, Opened
from bounces.mailbox.mailboxes import Filing
from bounces.mailbox.ports import Place
from tests.mailbox_servers.imap import ImapServer, Script
from tests.unit.mailbox.sessions import imap, listed, mail, mailbox_at, opened, placed, seen, store_of

HUGE = 100 * 1024 * 1024


def test_mails_come_in_order_with_their_bytes() -> None:
    store = store_of(5)
    with imap(store) as (session, _):
        found = list(session.waiting(2))
        assert [(one.number, one.name) for one in found] == [(3, "3"), (4, "4"), (5, "5")]
        fetched = session.fetch(found[0])
        assert (fetched.raw, fetched.is_whole, session.epoch) == (mail(3), True, "1")
        assert fetched.received_time == datetime(2026, 4, 29, 23, 34, 45, tzinfo=UTC)


def test_a_mailbox_that_is_done_has_nothing_waiting() -> None:
    """`n:*` names the last mail even where it is below n."""
    with imap(store_of(3)) as (session, _):
        assert list(session.waiting(3)) == []
        assert list(session.waiting(2**32 - 1)) == []


def test_an_empty_mailbox_has_nothing_waiting() -> None:
    with imap(store_of(0)) as (session, _):
        assert list(session.waiting(0)) == []


def test_deleted_mails_do_not_wait() -> None:
    store = store_of(3)
    store.inbox.mails[1].flags.add("\\Deleted")
    with imap(store) as (session, _):
        assert [one.number for one in session.waiting(0)] == [1, 3]


def test_uids_far_apart_cost_no_more_searches() -> None:
    store = store_of(4)
    for number, one in enumerate(store.inbox.mails):
        one.uid = 1 + number * 1_000_000_000
    store.inbox.next_uid = 4_000_000_000
    with imap(store) as (session, server):
        assert [one.number for one in session.waiting(1)] == [1_000_000_001, 2_000_000_001, 3_000_000_001]
        assert sum(command.startswith("UID SEARCH") for command in server.commands) <= 2 + 1


@pytest.mark.parametrize("after", [0, 1, 17, 30, 59])
def test_mails_filed_on_the_way_hide_none(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    monkeypatch.setattr(imap_listing, "WINDOW", 7)
    store = store_of(60)
    met = []
    with imap(store) as (session, _):
        for one in session.waiting(after):
            met.append(one.number)
            if len(met) % 5 == 0:
                assert not session.file({Place.PROCESSED: listed(*met[-5:])}, again=False)
    assert met == list(range(after + 1, 61))


def test_mails_that_go_while_another_folder_is_open_hide_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody tells of them: the folder is left to look into the target, and opened anew."""
    monkeypatch.setattr(imap_listing, "WINDOW", 4)
    store = store_of(24)
    opening = ImapFolders.open

    def open_while_others_delete(folders: ImapFolders, name: str, *, is_read_only: bool) -> Opened:
        with store.lock:
            del store.inbox.mails[:3]
        return opening(folders, name, is_read_only=is_read_only)

    script = Script(capabilities=("IMAP4rev1", "UIDPLUS"))
    with imap(store, script) as (session, _):
        monkeypatch.setattr(ImapFolders, "open", open_while_others_delete)
        met = []
        for one in session.waiting(0):
            met.append(one.number)
            if one.number == 8:
                assert not session.file({Place.PROCESSED: listed(8)}, again=True)
    assert met == list(range(1, 25))


def test_the_first_piece_is_found_by_halving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap_listing, "WINDOW", 4)
    with imap(store_of(256), filing=Filing.LEAVE) as (session, server):
        assert [one.number for one in session.waiting(250)] == list(range(251, 257))
        assert sum(command.startswith("UID SEARCH") for command in server.commands) < 12


def test_reading_changes_no_flag() -> None:
    store = store_of(4)
    before = seen(store)
    with imap(store) as (session, _):
        for one in session.waiting(0):
            session.fetch(one)
    assert seen(store) == before


def test_leaving_opens_for_reading_only() -> None:
    with imap(store_of(1), filing=Filing.LEAVE) as (session, server):
        session.fetch(listed(1)[0])
        assert "EXAMINE INBOX" in [command.replace('"', "") for command in server.commands]
        assert not any(command.startswith("SELECT") for command in server.commands)


def test_a_mail_that_has_gone_has_vanished() -> None:
    with imap(store_of(2)) as (session, _), pytest.raises(MailVanished, match="UID 9"):
        session.fetch(listed(9)[0])


def test_a_server_that_says_so_of_a_mail_that_has_gone() -> None:
    script = Script(refused_uids={1: "NO [EXPUNGEISSUED] some are gone"})
    with imap(store_of(2), script) as (session, _), pytest.raises(MailVanished):
        session.fetch(listed(1)[0])


@pytest.mark.parametrize("said", ["NO cannot read the file", "BAD internal error", "NO [CONTACTADMIN] broken"])
def test_a_mail_that_is_refused_is_unavailable_and_the_others_are_not(said: str) -> None:
    with imap(store_of(2), Script(refused_uids={1: said})) as (session, _):
        with pytest.raises(MailUnavailable, match="UID 1"):
            session.fetch(listed(1)[0])
        assert session.fetch(listed(2)[0]).raw == mail(2)


def test_a_mail_without_content_is_unavailable() -> None:
    store = store_of(0)
    store.inbox.add(b"")
    with imap(store) as (session, _), pytest.raises(MailUnavailable, match="without its content"):
        session.fetch(listed(1)[0])


def test_a_mail_that_the_server_cannot_read_does_not_keep_the_others_from_being_listed() -> None:
    script = Script(refused_uids={1: "NO [SERVERBUG] it cannot be read"})  # whatever is asked of it, its size too
    with imap(store_of(2), script) as (session, _):
        found = list(session.waiting(0))
        assert [one.number for one in found] == [1, 2]
        assert session.fetch(found[1]).raw == mail(2)


def test_a_time_in_the_future_is_now() -> None:
    store = store_of(0)
    store.inbox.add(mail(1), received=datetime.now(UTC) + timedelta(days=400))
    with imap(store) as (session, _):
        assert session.fetch(listed(1)[0]).received_time <= datetime.now(UTC)


@pytest.mark.parametrize("takes_partial", [True, False])
def test_a_mail_beyond_the_bound_is_cut(monkeypatch: pytest.MonkeyPatch, takes_partial: bool) -> None:
    monkeypatch.setattr("bounces.mailbox.imap.MAX_MAIL_BYTES", 100)
    with imap(store_of(1), Script(takes_partial=takes_partial)) as (session, _):
        fetched = session.fetch(listed(1)[0])
    assert (fetched.raw, fetched.is_whole) == (mail(1)[:100], False)


def test_a_mail_as_long_as_the_bound_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bounces.mailbox.imap.MAX_MAIL_BYTES", len(mail(1)))
    with imap(store_of(1)) as (session, _):
        assert session.fetch(listed(1)[0]).is_whole


def test_a_hundred_megabytes_are_not_read() -> None:
    """The server ignores the partial range; what it announces is refused before it is read."""
    store = store_of(2)
    with ImapServer(store, Script(announced={1: HUGE})).serving() as server:
        session = opened(mailbox_at(server))
        tracemalloc.start()
        with pytest.raises(MailUnavailable, match="UID 1"):
            session.fetch(listed(1)[0])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < MAX_MAIL_BYTES
        with pytest.raises(Disconnected):
            session.fetch(listed(2)[0])
        session.close()
        assert opened(mailbox_at(server)).fetch(listed(2)[0]).raw == mail(2)


def test_a_mail_is_held_once_or_twice_and_not_as_text_for_a_log() -> None:
    store = store_of(0)
    store.inbox.add(b"Subject: x\r\n\r\n" + b"\xff" * 8_000_000)
    with imap(store) as (session, _):
        tracemalloc.start()
        session.fetch(listed(1)[0])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 3.5 * 8_000_000  # with what the server, in this process, holds


def test_a_line_that_drops_amid_a_mail() -> None:
    store = store_of(2)
    with ImapServer(store, Script(drops_mid_fetch={1: 1})).serving() as server:
        session = opened(mailbox_at(server))
        with pytest.raises(Disconnected):
            session.fetch(listed(1)[0])
        with pytest.raises(Disconnected):
            list(session.waiting(0))
        session.close()
        assert opened(mailbox_at(server)).fetch(listed(1)[0]).raw == mail(1)


def test_uids_that_change_within_a_session_end_it() -> None:
    store = store_of(3)
    store.inbox.mails[0].uid = 0
    with ImapServer(store, Script(renumbers_at={2})).serving() as server:
        session = opened(mailbox_at(server))
        with pytest.raises(Disconnected, match="other UIDs"):
            session.fetch(listed(2)[0])
        with pytest.raises(Disconnected):
            session.file(placed(2), again=False)
        assert opened(mailbox_at(server)).epoch == "2"
    assert len(store.inbox.mails) == 3


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INUSE"])
def test_what_passes_is_worth_another_try(code: str) -> None:
    script = Script(refused_uids={1: f"NO [{code}] later"})
    with imap(store_of(1), script) as (session, _), pytest.raises(Disconnected, match="later"):
        session.fetch(listed(1)[0])


def test_a_goodbye_is_a_disconnection_that_says_why() -> None:
    script = Script(said_before={"FETCH": b"* BYE too many \x1b[31mcommands\r\n"}, drops={"FETCH": 0})
    with imap(store_of(1), script) as (session, _), pytest.raises(Disconnected) as raised:
        session.fetch(listed(1)[0])
    assert "too many" in str(raised.value)
    assert "\x1b" not in str(raised.value)


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_set() -> None:
    with ImapServer(store_of(1), Script(stalls={"FETCH": 3})).serving() as server:
        session = opened(mailbox_at(server), timeouts=Timeouts(connect=5, read=0.2))
        with pytest.raises(Disconnected, match="in time"):
            session.fetch(listed(1)[0])


@pytest.mark.parametrize(
    "noise",
    [
        b"* SEARCH " + b"1 " * 600_000 + b"\r\n",
        b"* OK " + b"x" * 2_000_000 + b"\r\n",
        b"* LIST () NIL x\r\n" * (imap_client.MAX_RESPONSES + 1),
        b"* 1 FETCH (UID 1 X {999999999}\r\n",
        b"what is this\r\n",
        b"* 1 FETCH (UID 1 " + b"(" * 5_000 + b"\r\n",
    ],
    ids=["long search", "long line", "many responses", "long literal", "no IMAP", "nested"],
)
def test_noise_without_bounds_is_refused(noise: bytes) -> None:
    script = Script(said_before={"FETCH": noise})
    with imap(store_of(1), script) as (session, _), pytest.raises((Disconnected, MailUnavailable)):
        session.fetch(listed(1)[0])
        session.fetch(listed(1)[0])


def test_many_removals_by_others_are_no_noise() -> None:
    removals = b"* 2 EXPUNGE\r\n" * (imap_client.MAX_RESPONSES * 2)
    script = Script(said_before={"NOOP": b"", "FETCH": removals})
    with imap(store_of(1), script) as (session, _):
        assert session.fetch(listed(1)[0]).raw == mail(1)


def test_flags_that_others_change_are_no_content() -> None:
    """An untagged FETCH that nobody asked for (RFC 3501 7.4.2), before the one that was."""
    script = Script(said_before={"FETCH": b"* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 7 FETCH (FLAGS ())\r\n"})
    with imap(store_of(2), script) as (session, _):
        assert session.fetch(listed(1)[0]).raw == mail(1)
        assert session.fetch(listed(2)[0]).raw == mail(2)
