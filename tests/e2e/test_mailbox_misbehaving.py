"""A mailbox whose server does what no server should: no mail is lost or counts twice, and the scan goes on.

What cannot be had ends in Failed, and everything else where it belongs.
"""

from __future__ import annotations

import random
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from bounces.mail_size import MAX_MAIL_BYTES
from tests.dovecot import digest
from tests.e2e import mailbox_mails, mailbox_runs
from tests.e2e.mailbox_jobs import Job, Strike
from tests.e2e.mailbox_mails import Sent
from tests.e2e.mailbox_runs import Aws, Ended
from tests.mailbox_servers.imap import ImapServer, Script
from tests.mailbox_servers.mails import MailStore, StoredMail
from tests.mailbox_servers.pop3 import Pop3Script, Pop3Server
from tests.mailbox_servers.serving import ScriptedServer

SEED = 9
COUNT = 40
OFTEN = 1_000
LITERAL_BYTES = 100_000_000
ENDLESS_BYTES = 60_000_000  # more than is taken of a mail
GROWN_BYTES = 64 * 1024 * 1024
"""By how much a scan may grow that does not take the long mail."""
GROWN_BY_LONGEST_BYTES = 7 * MAX_MAIL_BYTES
"""By how much one may that takes as much of it as of any mail, reads it and stores it."""
SECRET = "pass word"


@pytest.fixture
def mails() -> list[Sent]:
    return mailbox_mails.filled(COUNT, SEED)


@pytest.fixture
def store(mails: list[Sent]) -> MailStore:
    made = MailStore()
    for mail in mails:
        made.inbox.add(mail.raw.replace(b"\n", b"\r\n"), mail.shown_flags, mail.received)
    return made


def job(aws: Aws, server: ScriptedServer, protocol: str = "imap", **its: Any) -> Job:
    """Return the job to scan the mailbox of `server`."""
    mailbox = {"protocol": protocol, "host": "127.0.0.1", "port": server.port, "security": "plain", "user": "bounces"}
    return mailbox_runs.job(aws, mailbox | its, SECRET, COUNT)


def require_filed(store: MailStore, mails: list[Sent], places: dict[int, str] | None = None) -> None:
    """Assert that each of `mails` is where it belongs, once and with its flags; `places` has other folders, by UID."""
    expected = Counter(
        (
            (places or {}).get(uid) or ("Processed" if mail.says_something else "Unrecognised"),
            mail.digest,
            flags_of(mail),
        )
        for uid, mail in enumerate(mails, 1)
    )
    found = Counter(
        (name, digest(mail.raw), " ".join(sorted(mail.flags)))
        for name, folder in store.folders.items()
        for mail in folder.mails
    )
    assert (expected - found, found - expected) == (Counter(), Counter())


def flags_of(mail: Sent) -> str:
    return " ".join(sorted(mail.shown_flags))


def require_handed_in(aws: Aws, mails: list[Sent], without: tuple[int, ...] = ()) -> None:
    """Assert that `mails`, but for those of the UIDs `without`, were handed in, each as it is, and nothing else.

    How often makes no difference, since it is one report each time (`test_mailbox_dovecot`).
    """
    those = {mail.digest for uid, mail in enumerate(mails, 1) if uid not in without}
    assert set(mailbox_runs.handed_in(aws)) == those


def uid_of_bounce(mails: list[Sent], *, is_last: bool) -> int:
    """Return the UID of a bounce that is the last of its batch, or is not."""
    batch = mailbox_runs.batch_mails(COUNT)
    return next(uid for uid, mail in enumerate(mails, 1) if mail.told and (uid % batch == 0) == is_last)


def require_finished(ended: Ended) -> None:
    assert ended.error is None and ended.outcome is not None and ended.outcome["is_finished"], ended


@pytest.mark.parametrize(
    "script",
    [
        Script(drops_mid_fetch={3: 1, 20: 1, 38: 1}),
        Script(drops={"MOVE": 1}),  # it took effect, and nobody was told
        Script(drops_before={"MOVE": 1}),
        Script(drops_before={"SELECT": 1, "CREATE": 1}),
        Script(size_of=lambda mail: 1),
        Script(size_of=lambda mail: 0),
        Script(size_of=lambda mail: 2**40),
        Script(size_of=lambda mail: random.Random(mail.uid).randrange(10**9)),
        Script(takes_partial=False),
        Script(capabilities=("IMAP4rev1", "UIDPLUS")),
        Script(refused_once={"MOVE": ["NO [INUSE] later"], "FETCH": ["NO [SERVERBUG] again"]}),
        Script(renumbers_at={10, 35}),
    ],
    ids=[
        "drops-mid-fetch",
        "drops-after-move",
        "drops-before-move",
        "drops-before-select",
        "sizes-1",
        "sizes-0",
        "sizes-huge",
        "sizes-random",
        "no-partial",
        "no-move",
        "refuses-once",
        "renumbers",
    ],
)
def test_one_scan_does_each_thing_once_all_the_same(
    clean: Aws, mails: list[Sent], store: MailStore, script: Script
) -> None:
    with ImapServer(store, script).serving() as server:
        ended = mailbox_runs.ended(clean, job(clean, server))
    require_finished(ended)
    require_filed(store, mails)
    require_handed_in(clean, mails)


@pytest.mark.parametrize(
    "script",
    [
        lambda uid: Script(drops_mid_fetch={uid: OFTEN}),
        lambda uid: Script(refused_uids={uid: "NO [SERVERBUG] it is damaged"}),
        lambda uid: Script(announced={uid: LITERAL_BYTES}),
    ],
    ids=["drops", "refused", "literal-of-100-mb"],
)
@pytest.mark.parametrize("place", ["within", "last"])
def test_a_mail_that_cannot_be_had_ends_in_failed_and_the_others_where_they_belong(
    clean: Aws, mails: list[Sent], store: MailStore, script: Callable[[int], Script], place: str
) -> None:
    """Also where it is the last of a batch, with which the line is lost when the batch is filed."""
    uid = uid_of_bounce(mails, is_last=place == "last")
    with ImapServer(store, script(uid)).serving() as server:  # type: ignore[assignment]
        ended = mailbox_runs.ended(clean, job(clean, server))
    require_finished(ended)
    assert ended.grown_bytes < GROWN_BYTES, ended
    require_filed(store, mails, {uid: "Failed"})
    require_handed_in(clean, mails, without=(uid,))


def test_mails_that_may_not_be_moved_stay_and_are_filed_once_they_may(
    clean: Aws, mails: list[Sent], store: MailStore
) -> None:
    script = Script(refusals={"MOVE": "NO [OVERQUOTA] full", "COPY": "NO [OVERQUOTA] full"})
    with ImapServer(store, script).serving() as server:
        first = mailbox_runs.ended(clean, job(clean, server))
        assert first.error is None and first.outcome is not None and first.outcome["unfiled"] == COUNT, first
        require_filed(store, mails, dict.fromkeys(range(1, COUNT + 1), "INBOX"))

        script.refusals.clear()
        require_finished(mailbox_runs.ended(clean, job(clean, server)))

    require_filed(store, mails)
    require_handed_in(clean, mails)


def test_new_numbers_between_two_scans_bring_nothing_back(clean: Aws, mails: list[Sent], store: MailStore) -> None:
    with ImapServer(store).serving() as server:
        its = job(clean, server)
        mailbox_runs.killed(clean, replace(its, strike=Strike("keep", 1, "before")))
        store.inbox.renumber()
        require_finished(mailbox_runs.ended(clean, replace(its, owner="next")))
    require_filed(store, mails)
    require_handed_in(clean, mails)


def test_a_line_that_drops_amid_copies_and_again_at_the_next_scan_doubles_no_mail(
    clean: Aws, mails: list[Sent], store: MailStore
) -> None:
    """The batch of the next scan is then shorter than the one that was copied."""
    script = Script(capabilities=("IMAP4rev1", "UIDPLUS"), drops_before={"STORE": OFTEN})
    with ImapServer(store, script).serving() as server:
        assert mailbox_runs.ended(clean, job(clean, server)).kind == "Disconnected"
        script.drops_before.clear()
        script.drops_mid_fetch[2] = 1
        require_finished(mailbox_runs.ended(clean, job(clean, server)))
    require_filed(store, mails)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.full)])
def test_a_bad_line_and_a_process_that_is_killed_together_change_nothing(
    clean: Aws, mails: list[Sent], store: MailStore, seed: int
) -> None:
    draw = random.Random(seed)
    uids = range(1, COUNT + 1)
    script = Script(
        drops_mid_fetch=dict.fromkeys(draw.sample(uids, 3), 1),
        drops={"MOVE": 1},
        drops_before={"STORE": 1, "COPY": 1},
        renumbers_at={draw.choice(uids)},
        size_of=lambda mail: zlib.crc32(mail.raw),  # wrong, but the same of a copy
        capabilities=draw.choice([Script().capabilities, ("IMAP4rev1", "UIDPLUS")]),
    )
    with ImapServer(store, script).serving() as server:
        ended = mailbox_runs.killed_and_ended(
            clean, job(clean, server), mailbox_runs.strikes(seed, COUNT, ("fetch", "take", "file"))
        )
    require_finished(ended)
    require_filed(store, mails)
    assert mailbox_runs.histories(mailbox_runs.state(clean)) == mailbox_runs.told(mails)


@pytest.fixture
def pop3_server(store: MailStore) -> Iterator[Pop3Server]:
    server = Pop3Server(store)
    with server.serving():
        yield server


@pytest.fixture
def pop3_mails(mails: list[Sent]) -> list[Sent]:
    """Return `mails` as POP3 sends them, which has whole lines only (RFC 1939 3)."""
    return [replace(mail, raw=mail.raw.removesuffix(b"\n") + b"\n") for mail in mails]


@pytest.mark.parametrize("filing", ["leave", "delete"])
def test_a_pop3_server_that_drops_the_line_loses_nothing(
    clean: Aws, pop3_mails: list[Sent], store: MailStore, pop3_server: Pop3Server, filing: str
) -> None:
    pop3_server.script.drops_mid_mail.update({3: 1, 20: 1})
    pop3_server.script.drops_before.update({"DELE": 1, "QUIT": 1})
    ended = mailbox_runs.ended(clean, job(clean, pop3_server, "pop3", filing=filing))
    require_finished(ended)
    left = [raw_of(mail) for mail in pop3_mails if filing == "leave" or not mail.says_something]
    assert sorted(map(with_whole_lines, store.inbox.mails)) == sorted(left)
    require_handed_in(clean, pop3_mails)


def raw_of(mail: Sent) -> bytes:
    return mail.raw.replace(b"\n", b"\r\n")


def with_whole_lines(mail: StoredMail) -> bytes:
    return mail.raw.removesuffix(b"\r\n") + b"\r\n"


def test_of_an_endless_mail_by_pop3_the_beginning_is_taken_and_the_mail_stays(clean: Aws, mails: list[Sent]) -> None:
    """What is not safe as a whole is not deleted, though it was understood."""
    endless, other = [raw_of(mail) for mail in mails if mail.told][:2]
    store = MailStore()
    for raw in (endless, other):
        store.inbox.add(raw)

    with Pop3Server(store, Pop3Script(endless={1: ENDLESS_BYTES})).serving() as server:
        ended = mailbox_runs.ended(clean, job(clean, server, "pop3", filing="delete"))

    require_finished(ended)
    assert ended.grown_bytes < GROWN_BY_LONGEST_BYTES, ended
    assert [mail.raw for mail in store.inbox.mails] == [endless]
    assert mailbox_runs.handed_in(clean)[digest(other)] == 1
