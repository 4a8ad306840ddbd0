"""Filing by IMAP: each mail is in one folder at the end, none is gone, and no flag of a person's has changed."""

import pytest

from bounces.errors import Disconnected
from bounces.mailbox.mailboxes import Filing, Folders
from bounces.mailbox.ports import Place
from tests.mailbox_servers.imap import CAPABILITIES, SYSTEM_FLAGS, ImapServer, Script
from tests.unit.mailbox.sessions import all_raw, imap, listed, mail, mailbox_at, opened, placed, seen, store_of

NO_MOVE = tuple(name for name in CAPABILITIES if name != "MOVE")
NEITHER = tuple(name for name in NO_MOVE if name != "UIDPLUS")
THREE = {Place.PROCESSED: listed(1, 2), Place.UNRECOGNISED: listed(3), Place.FAILED: listed(4)}
WAYS = pytest.mark.parametrize(
    "script",
    [
        Script(),
        Script(capabilities=NO_MOVE),
        Script(capabilities=NEITHER),
        Script(refusals={"MOVE": "NO [CANNOT] not here"}),
        Script(capabilities=NO_MOVE, permanent_flags=SYSTEM_FLAGS),
        Script(capabilities=NEITHER, permanent_flags=SYSTEM_FLAGS),
        Script(permanent_flags=None),
    ],
    ids=["MOVE", "UIDPLUS", "neither", "MOVE refused", "no keywords", "neither, no keywords", "no PERMANENTFLAGS"],
)


@WAYS
def test_mails_are_moved_and_keep_their_flags(script: Script) -> None:
    store = store_of(5)
    before, were_seen = all_raw(store), seen(store)
    with imap(store, script) as (session, _):
        assert list(session.file(THREE, again=False)) == []
    assert store.raw("Processed") == [mail(1), mail(2)]
    assert store.raw("Unrecognised") == [mail(3)]
    assert store.raw("Failed") == [mail(4)]
    assert store.raw("INBOX") == [mail(5)]
    assert (all_raw(store), seen(store)) == (before, were_seen)
    assert all(one.flags <= {"\\Seen"} for folder in store.folders.values() for one in folder.mails)


def test_folders_are_made_below_the_namespace_and_in_their_own_letters() -> None:
    store = store_of(2, prefix="INBOX.", delimiter=".")
    folders = Folders(processed="Bounces/Erledigt ü", unrecognised="INBOX.Rest")
    with imap(store, folders=folders) as (session, server):
        session.file({Place.PROCESSED: listed(1), Place.UNRECOGNISED: listed(2)}, again=False)
        assert sum(command.startswith("CREATE") for command in server.commands) == 2
    assert store.raw("INBOX.Bounces.Erledigt &APw-") == [mail(1)]
    assert store.raw("INBOX.Rest") == [mail(2)]


def test_folders_that_are_there_are_not_made() -> None:
    store = store_of(2)
    store.create("Processed")
    with imap(store) as (session, server):
        session.file(placed(1), again=False)
        session.file(placed(2), again=False)
        assert not any(command.startswith("CREATE") for command in server.commands)
        assert sum(command.startswith("LIST") for command in server.commands) == 1


def test_a_folder_that_somebody_removed_is_made_again() -> None:
    store = store_of(2)
    with imap(store) as (session, _):
        session.file(placed(1), again=False)
        with store.lock:
            del store.folders["Processed"]
        assert list(session.file(placed(2), again=False)) == []
    assert store.raw("Processed") == [mail(2)]


@pytest.mark.parametrize("capabilities", [CAPABILITIES, NEITHER])
def test_what_cannot_be_filed_stays_and_is_told(capabilities: tuple[str, ...]) -> None:
    store = store_of(3)
    full = "NO [OVERQUOTA] full"
    script = Script(capabilities=capabilities, refusals={"MOVE": full, "COPY": full})
    with imap(store, script) as (session, _):
        assert list(session.file(placed(1, 2), again=False)) == listed(1, 2)
        assert [one.number for one in session.waiting(0)] == [1, 2, 3]
    assert store.raw("INBOX") == [mail(1), mail(2), mail(3)]


def test_a_folder_that_cannot_be_made_loses_nothing() -> None:
    store = store_of(2)
    with imap(store, Script(refusals={"CREATE": "NO not allowed"})) as (session, _):
        assert list(session.file(placed(1), again=False)) == listed(1)
    assert store.raw("INBOX") == [mail(1), mail(2)]


def test_a_folder_that_cannot_be_made_loses_nothing_either_where_mails_are_copied() -> None:
    store = store_of(2)
    with imap(store, Script(capabilities=NO_MOVE, refusals={"CREATE": "NO not allowed"})) as (session, _):
        assert list(session.file(placed(1), again=True)) == listed(1)
        assert list(session.file(placed(2), again=False)) == listed(2)
    assert store.raw("INBOX") == [mail(1), mail(2)]


@pytest.mark.parametrize("capabilities", [NO_MOVE, NEITHER])
@pytest.mark.parametrize("command", ["COPY", "STORE", "EXPUNGE"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_scan_cut_off_between_copy_and_removal_makes_no_second_copy(
    capabilities: tuple[str, ...], command: str, when: str
) -> None:
    store = store_of(4)
    before, were_seen = all_raw(store), seen(store)
    cut = {command: 1}
    script = Script(capabilities=capabilities, **{"drops_before" if when == "before" else "drops": cut})
    with ImapServer(store, script).serving() as server:
        session = opened(mailbox_at(server))
        with pytest.raises(Disconnected):
            session.file(placed(1, 2), again=False)
        session.close()
        session = opened(mailbox_at(server))
        left = [one for one in session.waiting(0) if one.number <= 2]
        assert list(session.file({Place.PROCESSED: left}, again=True)) == []
        session.close()
    assert sorted(store.raw("Processed")) == [mail(1), mail(2)]
    assert store.raw("INBOX") == [mail(3), mail(4)]
    assert (all_raw(store), seen(store)) == (before, were_seen)


def test_a_mail_like_one_that_was_filed_before_is_kept_as_well() -> None:
    """The same mail delivered twice: one Message-ID and one size, and Received fields that differ."""
    store = store_of(0)
    first, second = mail(1), mail(1).replace(b"ESMTP id 1", b"ESMTP id 2")
    store.inbox.add(second)
    store.create("Processed").add(first)
    with imap(store, Script(capabilities=NO_MOVE)) as (session, _):
        assert list(session.file(placed(1), again=True)) == []
    assert store.raw("Processed") == [first, second]


@pytest.mark.parametrize("has_keywords", [True, False])
def test_what_a_person_deleted_is_not_removed(has_keywords: bool) -> None:
    store = store_of(3)
    store.inbox.mails[2].flags.add("\\Deleted")
    flags = SYSTEM_FLAGS + (r" \*" if has_keywords else "")
    with ImapServer(store, Script(capabilities=NEITHER, permanent_flags=flags)).serving() as server:
        session = opened(mailbox_at(server))
        assert list(session.file(placed(1), again=False)) == []
        assert store.raw("INBOX") == [mail(1), mail(2), mail(3)]
        assert [one.number for one in session.waiting(0)] == [2]
        session.close()
        store.inbox.mails[2].flags.discard("\\Deleted")  # the person has changed their mind
        opened(mailbox_at(server)).close()
    assert store.raw("Processed") == [mail(1)]
    assert store.raw("INBOX") == ([mail(2), mail(3)] if has_keywords else [mail(1), mail(2), mail(3)])


def test_flagging_sets_a_keyword_for_the_place() -> None:
    store = store_of(4)
    with imap(store, filing=Filing.FLAG) as (session, _):
        assert list(session.file(THREE, again=False)) == []
    assert [one.flags - {"\\Seen"} for one in store.inbox.mails] == [
        {"$BounceProcessed"}, {"$BounceProcessed"}, {"$BounceUnrecognised"}, {"$BounceFailed"},
    ]  # fmt: skip
    assert len(store.folders) == 1


def test_a_mail_that_was_missed_before_is_no_longer_flagged_as_failed() -> None:
    store = store_of(2)
    with imap(store, filing=Filing.FLAG) as (session, _):
        assert list(session.file(placed(1, 2, place=Place.FAILED), again=False)) == []
        again = list(session.listed_again((2,)))
        assert session.fetch(again[0]).raw == mail(2)
        assert list(session.file({Place.PROCESSED: again}, again=False)) == []
    assert [one.flags - {"\\Seen"} for one in store.inbox.mails] == [{"$BounceFailed"}, {"$BounceProcessed"}]


def test_a_folder_without_keywords_cannot_be_flagged() -> None:
    store = store_of(1)
    with imap(store, Script(permanent_flags=SYSTEM_FLAGS), filing=Filing.FLAG) as (session, _):
        assert list(session.file(placed(1), again=False)) == listed(1)


@pytest.mark.parametrize("capabilities", [CAPABILITIES, NO_MOVE, NEITHER])
def test_deletion_removes_what_was_processed_and_moves_the_rest(capabilities: tuple[str, ...]) -> None:
    store = store_of(5)
    with imap(store, Script(capabilities=capabilities), filing=Filing.DELETE) as (session, _):
        assert list(session.file(THREE, again=False)) == []
    assert store.raw("INBOX") == [mail(5)]
    assert (store.raw("Unrecognised"), store.raw("Failed"), store.find("Processed")) == ([mail(3)], [mail(4)], None)


def test_a_folder_that_lets_nothing_be_deleted_gets_no_copies() -> None:
    store = store_of(1)
    script = Script(capabilities=NO_MOVE, permanent_flags="\\Seen")
    with imap(store, script) as (session, _):
        assert list(session.file(placed(1), again=False)) == listed(1)
    assert (store.raw("INBOX"), store.raw("Processed")) == ([mail(1)], [])


def test_leaving_sends_nothing() -> None:
    store = store_of(4)
    with imap(store, filing=Filing.LEAVE) as (session, server):
        count = len(server.commands)
        assert list(session.file(THREE, again=False)) == []
        assert len(server.commands) == count


def test_a_mail_that_has_gone_stops_no_other() -> None:
    store = store_of(2)
    with imap(store) as (session, _):
        assert list(session.file(placed(1, 99), again=True)) == []
    assert store.raw("Processed") == [mail(1)]


def test_many_mails_are_filed_in_commands_of_bounded_length() -> None:
    store = store_of(900)
    with imap(store) as (session, server):
        assert list(session.file(placed(*range(1, 901)), again=False)) == []
        assert max(map(len, server.commands)) < 8_000
    assert len(store.raw("Processed")) == 900
