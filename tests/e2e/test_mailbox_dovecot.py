"""A mailbox of Debian's Dovecot, scanned by processes that are killed and stopped at any point.

However often that happens, each bounce is applied once, each mail is in its folder once, and its flags are what they
were: the same as after one scan that nothing befell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests import dovecot
from tests.dovecot import Dovecot
from tests.e2e import mailbox_mails, mailbox_runs
from tests.e2e.mailbox_jobs import Strike
from tests.e2e.mailbox_mails import Sent
from tests.e2e.mailbox_runs import Aws

SEED = 8
SIZES = [pytest.param(200, id="200"), pytest.param(2_000, id="2000", marks=pytest.mark.full)]
FEW = 52
IMAP_CALLS = ("fetch", "take", "file", "keep")
POP3_CALLS = ("fetch", "take", "file", "remember")

State = dict[str, list[Any]]


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot.running() as started:
        yield started


@pytest.fixture(scope="module")
def undisturbed(served: Aws, server: Dovecot) -> Undisturbed:
    return Undisturbed(served, server)


class Undisturbed:
    """What one scan that nothing befalls leaves, by the number of mails."""

    def __init__(self, aws: Aws, server: Dovecot) -> None:
        self._aws, self._server = aws, server
        self._known: dict[int, State] = {}

    def state(self, mails: list[Sent]) -> State:
        """Return the state of the stack after a scan of a mailbox with `mails`; the stack is cleared then."""
        if len(mails) not in self._known:
            mine = self._server.of(f"undisturbed-{len(mails)}")
            mailbox_mails.deliver(mails, mine)
            told = mailbox_runs.ended(
                self._aws, mailbox_runs.job(self._aws, mailbox_runs.imap(mine), mine.password, len(mails))
            )
            assert told.error is None and told.outcome is not None and told.outcome["is_finished"], told
            require_filed(mine, mails)
            self._known[len(mails)] = mailbox_runs.state(self._aws)
            mailbox_runs.clear(self._aws)
        return self._known[len(mails)]


def require_filed(server: Dovecot, mails: list[Sent]) -> None:
    """Assert that each of `mails` is in the folder of its place, once and with its flags, and nothing else is."""
    expected: dict[str, list[tuple[str, list[str]]]] = {}
    for mail in mails:
        place = "Processed" if mail.says_something else "Unrecognised"
        expected.setdefault(place, []).append((mail.digest, sorted(mail.shown_flags)))
    found = {
        name: sorted((kept.digest, sorted(kept.flags)) for kept in kepts)
        for name, kepts in server.folders().items()
        if kepts
    }
    assert found == {name: sorted(those) for name, those in expected.items()}


def require_left(server: Dovecot, mails: list[Sent]) -> None:
    """Assert that `mails` are in the inbox, each once, and nothing is elsewhere.

    What POP3 fetches, Dovecot marks as \\Seen (`pop3_no_flag_updates`), whatever the client does.
    """
    assert server.digests() == ({"INBOX": sorted(mail.digest for mail in mails)} if mails else {})


def require_applied_once(state: State, mails: list[Sent]) -> None:
    """Assert that each bounce of `mails` was applied, and once."""
    assert mailbox_runs.histories(state) == mailbox_runs.told(mails)
    assert max(mailbox_runs.told(mails).values()) == 1


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_scan_that_is_killed_three_times_does_each_thing_once(
    clean: Aws, server: Dovecot, undisturbed: Undisturbed, count: int, security: str
) -> None:
    mails = mailbox_mails.filled(count, SEED)
    expected = undisturbed.state(mails)
    mine = server.of(f"killed-{security}-{count}")
    mailbox_mails.deliver(mails, mine)
    methods = IMAP_CALLS[:3] if security == "tls" else IMAP_CALLS[1:]

    job = mailbox_runs.job(clean, mailbox_runs.imap(mine, security), mine.password, len(mails))
    told = mailbox_runs.killed_and_ended(clean, job, mailbox_runs.strikes(SEED, count, methods))

    assert told.error is None and told.outcome is not None and told.outcome["is_finished"], told
    require_filed(mine, mails)
    state = mailbox_runs.state(clean)
    require_applied_once(state, mails)
    assert state == expected
    assert all(mine.logins())


@pytest.mark.parametrize(("method", "when"), [("take", "after"), ("file", "before")])
def test_a_scan_that_is_paused_past_its_lease_does_nothing_that_the_next_one_did(
    clean: Aws, server: Dovecot, undisturbed: Undisturbed, method: str, when: str
) -> None:
    mails = mailbox_mails.filled(FEW, SEED)
    expected = undisturbed.state(mails)
    mine = server.of(f"paused-{method}")
    mailbox_mails.deliver(mails, mine)
    job = mailbox_runs.job(clean, mailbox_runs.imap(mine, "starttls"), mine.password, len(mails))

    paused = clean.scanner.scan(replace(job, owner="paused", strike=Strike(method, 1, when, act="stop")))
    try:
        assert paused.is_stopped()
        following = mailbox_runs.ended(clean, job)
        paused.go_on()
        assert paused.ended().kind == "LeaseLost"
    finally:
        paused.end()

    assert following.error is None and following.outcome is not None and following.outcome["is_finished"], following
    require_filed(mine, mails)
    assert mailbox_runs.state(clean) == expected


def test_a_scan_is_refused_while_another_one_has_the_lease(clean: Aws, server: Dovecot) -> None:
    mails = mailbox_mails.filled(FEW, SEED)
    mine = server.of("busy")
    mailbox_mails.deliver(mails, mine)
    its = mailbox_runs.job(clean, mailbox_runs.imap(mine), mine.password, len(mails))
    job = replace(its, lease_seconds=600)

    paused = clean.scanner.scan(replace(job, owner="first", strike=Strike("take", 1, act="stop")))
    try:
        assert paused.is_stopped()
        assert clean.scanner.scan(job).ended().kind == "MailboxBusy"
        require_left(mine, mails)
        paused.go_on()
        assert paused.ended().error is None
    finally:
        paused.end()

    require_filed(mine, mails)


@pytest.mark.parametrize("count", [pytest.param(FEW, id=str(FEW)), SIZES[1]])
@pytest.mark.parametrize("filing", ["leave", "delete"])
def test_a_scan_by_pop3_that_is_killed_four_times_does_each_thing_once(
    clean: Aws, server: Dovecot, filing: str, count: int
) -> None:
    mails = mailbox_mails.filled(count, SEED)
    mine = server.of(f"pop3-{filing}-{count}")
    mailbox_mails.deliver(mails, mine)
    security = "tls" if filing == "leave" else "starttls"
    job = mailbox_runs.job(clean, mailbox_runs.pop3(mine, security, filing=filing), mine.password, len(mails))
    kills = mailbox_runs.strikes(SEED, count, POP3_CALLS)
    told = mailbox_runs.killed_and_ended(clean, job, kills)

    assert told.error is None and told.outcome is not None and told.outcome["is_finished"], told
    require_left(mine, mails if filing == "leave" else [mail for mail in mails if not mail.says_something])
    require_applied_once(mailbox_runs.state(clean), mails)
    assert all(mine.logins())


def test_a_mail_left_on_a_pop3_server_is_taken_once_and_a_new_one_at_the_next_scan(clean: Aws, server: Dovecot) -> None:
    *mails, late = mailbox_mails.filled(FEW // 2, SEED)
    mine = server.of("pop3-again")
    mailbox_mails.deliver(mails, mine)
    job = mailbox_runs.job(clean, mailbox_runs.pop3(mine, filing="leave"), mine.password, len(mails))
    first = mailbox_runs.ended(clean, job)
    assert first.outcome is not None and first.outcome["taken"] == len(mails), first
    again = mailbox_runs.ended(clean, job)
    assert again.outcome is not None and again.outcome["taken"] == 0, again

    mailbox_mails.deliver([late], mine)
    last = mailbox_runs.ended(clean, job)

    assert last.outcome is not None and last.outcome["taken"] == 1, last
    require_left(mine, [*mails, late])


def test_the_same_mail_twice_is_filed_twice_and_applied_once(clean: Aws, server: Dovecot) -> None:
    mails = [mail for mail in mailbox_mails.filled(FEW // 2, SEED) if mail.told][:3]
    mine = server.of("twins")
    mailbox_mails.deliver([*mails, *mails], mine)

    told = mailbox_runs.ended(clean, mailbox_runs.job(clean, mailbox_runs.imap(mine), mine.password, len(mails)))

    assert told.outcome is not None and told.outcome["places"] == {"processed": 6}, told
    require_filed(mine, [*mails, *mails])
    require_applied_once(mailbox_runs.state(clean), mails)


def test_a_mail_that_the_server_cannot_read_ends_in_failed_and_the_others_where_they_belong(
    clean: Aws, server: Dovecot
) -> None:
    """Dovecot ends the connection where it is asked for anything of such a mail's content."""
    first, damaged, *others = mailbox_mails.filled(FEW // 2, SEED)
    mine = server.of("damaged")
    mailbox_mails.deliver([damaged], mine)
    (path,) = (path for folder in ("cur", "new") for path in (mine.maildir / folder).iterdir())
    path.chmod(0)
    mailbox_mails.deliver([first, *others], mine)

    told = mailbox_runs.ended(clean, mailbox_runs.job(clean, mailbox_runs.imap(mine), mine.password, FEW // 2))

    assert told.error is None and told.outcome is not None and told.outcome["places"]["failed"] == 1, told
    for path in (mine.maildir / ".Failed" / "cur").iterdir():
        path.chmod(0o600)
    assert mine.digests()["Failed"] == [damaged.digest]
    assert mailbox_runs.handed_in(clean) == {mail.digest: 1 for mail in (first, *others)}


def test_folders_have_the_names_that_the_mailbox_gives_them(clean: Aws, server: Dovecot) -> None:
    """A name beyond ASCII goes over the wire in modified UTF-7 (RFC 3501 5.1.3)."""
    mails = mailbox_mails.filled(FEW // 2, SEED)
    mine = server.of("names")
    mailbox_mails.deliver(mails, mine)
    folders = {"processed": "Erledigt.Zurückgewiesen", "unrecognised": "Übrige & Rest", "failed": "Fehler"}

    told = mailbox_runs.ended(
        clean, mailbox_runs.job(clean, mailbox_runs.imap(mine, folders=folders), mine.password, len(mails))
    )

    assert told.error is None, told
    found = {name: len(kepts) for name, kepts in mine.folders().items() if kepts}
    says = sum(mail.says_something for mail in mails)
    assert found == {"Erledigt.Zur&APw-ckgewiesen": says, "&ANw-brige &- Rest": len(mails) - says}


def test_flagging_leaves_each_mail_where_it_is(clean: Aws, server: Dovecot) -> None:
    mails = mailbox_mails.filled(FEW // 2, SEED)
    mine = server.of("flagged")
    mailbox_mails.deliver(mails, mine)
    job = mailbox_runs.job(clean, mailbox_runs.imap(mine, filing="flag"), mine.password, len(mails))
    first, again = mailbox_runs.ended(clean, job), mailbox_runs.ended(clean, job)

    assert first.outcome is not None and first.outcome["taken"] == len(mails), first
    assert again.outcome is not None and again.outcome["taken"] == 0, again
    before = {mail.digest: mail.shown_flags for mail in mails}
    after = {kept.digest: kept.flags for kept in mine.folders()["INBOX"]}
    assert set(after) == set(before)
    added = Counter(flag for digest, flags in after.items() for flag in flags - before[digest])
    assert sum(added.values()) == len(mails) and not any(flag.startswith("\\") for flag in added)
    assert all(before[digest] <= flags for digest, flags in after.items())


def test_deleting_deletes_what_was_processed_alone(clean: Aws, server: Dovecot) -> None:
    mails = mailbox_mails.filled(FEW // 2, SEED)
    mine = server.of("deleted")
    mailbox_mails.deliver(mails, mine)
    its = mailbox_runs.job(clean, mailbox_runs.imap(mine, filing="delete"), mine.password, len(mails))

    told = mailbox_runs.killed_and_ended(clean, its, [Strike("file", 1, "after")])

    assert told.error is None, told
    left = sorted(mail.digest for mail in mails if not mail.says_something)
    assert mine.digests() == {"Unrecognised": left}
    require_applied_once(mailbox_runs.state(clean), mails)


@pytest.mark.parametrize(
    ("its", "password", "names"),
    [
        ({}, "wrong horse", "bounces-refused"),
        ({"folder": "Nowhere"}, None, "Nowhere"),
        ({"ca": None}, None, "certificate"),
        ({"security": "starttls", "ca": None}, None, "certificate"),
    ],
    ids=["password", "folder", "authority", "authority-starttls"],
)
def test_what_the_server_refuses_is_said_at_once(
    clean: Aws, server: Dovecot, its: dict[str, Any], password: str | None, names: str
) -> None:
    mine = server.of("bounces-refused")
    mailbox_mails.deliver(mailbox_mails.filled(1, SEED), mine)
    mailbox = mailbox_runs.imap(mine, its.get("security", "tls")) | its
    ended = clean.scanner.scan(mailbox_runs.job(clean, mailbox, password or mine.password, 1)).ended()
    assert ended.kind == "MailboxRefused", ended
    assert ended.error is not None and names in ended.error[1]
    assert "horse" not in ended.error[1]
