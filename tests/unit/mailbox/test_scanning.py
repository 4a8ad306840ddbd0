"""A scan loses no mail and files each one in its place, wherever it is cut off."""

from collections.abc import Callable
from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounces.errors import Disconnected, LeaseLost, MailboxRefused, MailUnavailable
from bounces.mailbox.batches import BATCH_MAILS, Limits, Sorted
from bounces.mailbox.missed import DROPS, MOST
from bounces.mailbox.ports import Place, Progress
from bounces.mailbox.scanning import Outcome, scan
from tests.unit.mailbox.in_memory import Door, Killed, Mailbox, State, no_strike

NAME = "imap://bounces@mail.example.com:993/INBOX"
ENDLESS = Limits(mails=1_000_000, seconds=3600)


def bounce(number: int) -> bytes:
    return (
        f"From: Mail Delivery System <MAILER-DAEMON@mx.example.net>\r\nTo: bounces@example.com\r\n"
        f"Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <{number}@mx.example.net>\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nNo such user here.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n"
        f"Final-Recipient: rfc822; user{number}@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n--b--\r\n"
    ).encode()


def letter(number: int) -> bytes:
    return f"From: kim@example.org\r\nTo: bounces@example.com\r\nSubject: Lunch {number}\r\n\r\nAt noon?\r\n".encode()


def mails(how_many: int) -> dict[int, bytes]:
    """Return mails by number, every third an ordinary one, with gaps between the numbers."""
    return {3 * n + 2: letter(n) if n % 3 == 0 else bounce(n) for n in range(how_many)}


def scanned(mailbox: Mailbox, door: Door, state: State, limits: Limits = ENDLESS) -> Outcome:
    return scan(NAME, mailbox.open, door, state, limits=limits, clock=lambda: 0.0)


def assert_done(mailbox: Mailbox, door: Door, given_mails: dict[int, bytes]) -> None:
    assert not mailbox.waiting
    assert sorted(mailbox.folders[Place.PROCESSED]) == sorted(m for m in given_mails.values() if b"report" in m)
    assert sorted(mailbox.folders[Place.UNRECOGNISED]) == sorted(m for m in given_mails.values() if b"Lunch" in m)
    assert {mail.raw for mail in door.taken} == set(given_mails.values())


def test_each_mail_is_handed_in_and_goes_where_it_belongs() -> None:
    given_mails = mails(2 * BATCH_MAILS + 7)
    mailbox, door, state = Mailbox(dict(given_mails)), Door(), State()

    outcome = scanned(mailbox, door, state)

    assert_done(mailbox, door, given_mails)
    assert len(door.taken) == len(given_mails) == outcome.taken
    assert outcome.is_finished
    assert outcome.places == {Place.PROCESSED: 71, Place.UNRECOGNISED: 36}
    assert state.progress == Progress("17", max(given_mails))
    assert door.taken[1].name == f"{NAME}#5"
    assert door.taken[1].reading.reports[0].recipient == "user1@example.org"
    assert door.taken[1].envelope_recipients == ("bounces@example.com",)


@settings(max_examples=25)
@given(st.lists(st.integers(1, 150), max_size=12), st.sampled_from([Killed, Disconnected]))
def test_a_scan_that_is_cut_off_anywhere_goes_on(strikes: list[int], error: type[BaseException]) -> None:
    given_mails = mails(BATCH_MAILS + 11)
    strike = striking(strikes, error)
    mailbox = Mailbox(dict(given_mails), strike=strike)
    door, state = Door(strike), State(strike)

    for _ in range(30):
        try:
            if scanned(mailbox, door, state).is_finished:
                break
        except (Killed, Disconnected):
            assert mailbox.everything() == sorted(given_mails.values())

    assert mailbox.everything() == sorted(given_mails.values())
    blamed = mailbox.folders[Place.FAILED]
    assert len(blamed) <= (len(strikes) // DROPS if error is Disconnected else 0)
    assert_done(mailbox, door, {number: raw for number, raw in given_mails.items() if raw not in blamed})


@pytest.mark.parametrize("is_numbered", [True, False])
@settings(max_examples=25)
@given(strikes=st.lists(st.integers(1, 150), max_size=8))
def test_mails_that_stay_where_they_are_are_handed_in_once(is_numbered: bool, strikes: list[int]) -> None:
    given_mails = mails(BATCH_MAILS + 11)
    strike = striking(strikes, Killed)
    mailbox = Mailbox(dict(given_mails), is_numbered=is_numbered, keeps=True, strike=strike)
    door, state = Door(strike), State(strike)
    for _ in range(30):
        try:
            if scanned(mailbox, door, state).is_finished:
                break
        except Killed:
            pass

    again = scanned(mailbox, (late := Door()), state)

    assert {mail.raw for mail in door.taken} == set(given_mails.values())
    assert len(door.taken) <= len(given_mails) + BATCH_MAILS * len(strikes)
    assert (again.taken, again.known, late.taken) == (0, 0, [])
    assert mailbox.waiting == given_mails


def striking(strikes: list[int], error: type[BaseException]) -> Callable[[str], None]:
    """Return what raises `error` after so many calls as the first of `strikes` says, and so on."""
    left = list(strikes)
    calls = count(1)

    def strike(call: str) -> None:
        nonlocal calls
        if left and next(calls) >= left[0]:
            left.pop(0)
            calls = count(1)
            raise error(call)

    return strike


def test_mails_whose_numbers_changed_are_known_by_their_content() -> None:
    mailbox, door, state = Mailbox(mails(20), keeps=True), Door(), State()
    scanned(mailbox, door, state)
    mailbox.epoch = "18"
    mailbox.waiting = {n + 1: raw for n, raw in enumerate(mailbox.waiting.values())} | {99: bounce(99)}

    outcome = scanned(mailbox, door, state)

    assert (outcome.taken, outcome.known) == (1, 20)
    assert state.progress == Progress("18", 99)


def test_a_mailbox_without_numbers_that_has_not_changed_is_not_asked_for_its_mails() -> None:
    mailbox, door, state = Mailbox(mails(5), is_numbered=False, keeps=True), Door(), State()
    scanned(mailbox, door, state)
    asked: list[str] = []
    state.strike = asked.append

    assert scanned(mailbox, door, state).is_finished
    assert "known" not in asked

    mailbox.waiting[100] = bounce(100)
    assert scanned(mailbox, door, state).taken == 1


def test_a_mailbox_without_numbers_in_which_nothing_comes_is_asked_for_its_mails_before_they_are_forgotten() -> None:
    mailbox, door, state = Mailbox(mails(5), is_numbered=False, keeps=True), Door(), State()
    asked_on: list[int] = []

    for day in range(0, 1000, 5):

        def strike(call: str, day: int = day) -> None:
            if call == "known" and day not in asked_on:
                asked_on.append(day)

        state.strike = strike
        scan(NAME, mailbox.open, door, state, limits=ENDLESS, clock=lambda: 0.0, now=lambda day=day: day * 24 * 3600.0)

    half_of_what_a_mark_lasts = 200
    assert all(later - day < half_of_what_a_mark_lasts for day, later in pairwise([*asked_on, 1000]))
    assert 2 < len(asked_on) < 20
    assert len(door.taken) == 5


def test_limits_end_a_scan_between_mails_and_the_next_goes_on() -> None:
    given_mails = mails(120)
    mailbox, door, state = Mailbox(dict(given_mails)), Door(), State()

    first = scanned(mailbox, door, state, Limits(mails=70, seconds=60))
    clock = iter(range(1000))
    second = scan(NAME, mailbox.open, door, state, limits=Limits(1000, seconds=20), clock=lambda: next(clock))

    assert (first.taken, first.is_finished) == (70, False)
    assert 0 < second.taken < 50
    assert not second.is_finished
    assert scanned(mailbox, door, state).is_finished
    assert_done(mailbox, door, given_mails)
    assert len(door.taken) == 120


def test_a_mail_that_drops_the_line_each_time_is_set_aside() -> None:
    given_mails = mails(10)
    mailbox, door, state = Mailbox(dict(given_mails)), Door(), State()

    def strike(call: str) -> None:
        if call == "fetch 11":
            raise Disconnected("the line dropped")

    mailbox.strike = strike
    outcome = scanned(mailbox, door, state)

    assert outcome.is_finished
    assert mailbox.folders[Place.FAILED] == [given_mails[11]]
    assert given_mails[11] not in [mail.raw for mail in door.taken]
    assert outcome.taken == 9
    assert mailbox.everything() == sorted(given_mails.values())


def test_a_mail_that_cannot_be_had_is_set_aside_and_the_others_go_on() -> None:
    given_mails = mails(10)
    mailbox, door = Mailbox(dict(given_mails)), Door()

    def strike(call: str) -> None:
        if call == "fetch 11":
            raise MailUnavailable("the server says NO")

    mailbox.strike = strike
    told: list[Sorted] = []
    outcome = scan(NAME, mailbox.open, door, State(), limits=ENDLESS, on_filed=told.append)

    assert outcome.places[Place.FAILED] == 1
    assert [mail.reading.reason for mail in told if mail.place is Place.FAILED] == ["the server says NO"]
    assert mailbox.folders[Place.FAILED] == [given_mails[11]]


def test_of_a_mail_that_is_too_long_the_beginning_is_handed_in_and_the_whole_is_set_aside() -> None:
    long = bounce(1) + b"x" * 5_000
    mailbox, door = Mailbox({1: long, 2: bounce(2)}, most=len(long) - 1), Door()

    told: list[Sorted] = []
    scan(NAME, mailbox.open, door, State(), limits=ENDLESS, on_filed=told.append)

    assert [(mail.raw, mail.is_whole) for mail in door.taken] == [(long[:-1], False), (bounce(2), True)]
    assert [mail.reading.reports[0].recipient for mail in door.taken] == ["user1@example.org", "user2@example.org"]
    assert told[0].reading.reason == f"only its first {len(long) - 1} bytes were taken"
    assert (mailbox.folders[Place.FAILED], mailbox.folders[Place.PROCESSED]) == ([long], [bounce(2)])


def test_a_mail_without_a_number_that_could_not_be_had_is_asked_for_again() -> None:
    given_mails = mails(10)
    mailbox, door, state = Mailbox(dict(given_mails), is_numbered=False, keeps=True), Door(), State()

    def strike(call: str) -> None:
        if call == "fetch uidl-11":
            raise MailUnavailable("permission denied")

    mailbox.strike = strike
    first = scanned(mailbox, door, state)
    mailbox.strike = no_strike
    second = scanned(mailbox, door, state)

    assert (first.places[Place.FAILED], first.taken, first.is_finished) == (1, 9, True)
    assert (second.taken, second.places[Place.FAILED]) == (1, 0)
    assert scanned(mailbox, door, state).taken == 0
    assert {mail.raw for mail in door.taken} == set(given_mails.values())


def test_a_mail_that_stays_and_could_not_be_had_is_asked_for_again() -> None:
    given_mails = mails(10)
    mailbox, door, state = Mailbox(dict(given_mails), keeps=True), Door(), State()
    mailbox.strike = refusing(5, 11)

    first = scanned(mailbox, door, state)
    kept = state.progress
    mailbox.strike = refusing(5)
    second = scanned(mailbox, door, state)
    del mailbox.waiting[5]
    mailbox.strike = no_strike
    third = scanned(mailbox, door, state)

    assert kept == Progress("17", max(given_mails), (5, 11))
    assert [outcome.taken for outcome in (first, second, third)] == [8, 1, 0]
    assert [outcome.places[Place.FAILED] for outcome in (first, second, third)] == [2, 1, 0]
    assert state.progress == Progress("17", max(given_mails))
    assert {mail.raw for mail in door.taken} == set(given_mails.values()) - {bounce(1)}


def test_new_mails_are_taken_before_those_that_were_missed_are_asked_for_again() -> None:
    given_mails = mails(10)
    mailbox, door, state = Mailbox(dict(given_mails), keeps=True), Door(), State()
    mailbox.strike = refusing(*sorted(given_mails)[:5])

    scanned(mailbox, door, state, Limits(mails=5, seconds=3600))
    outcome = scanned(mailbox, door, state, Limits(mails=5, seconds=3600))

    assert outcome.taken == 5
    assert state.progress == Progress("17", max(given_mails), tuple(sorted(given_mails)[:5]))


def test_numbers_of_missed_mails_are_forgotten_with_their_epoch() -> None:
    mailbox, door, state = Mailbox(mails(10), keeps=True), Door(), State()
    mailbox.strike = refusing(11)
    scanned(mailbox, door, state)
    mailbox.epoch, mailbox.strike = "18", no_strike

    outcome = scanned(mailbox, door, state)

    assert (outcome.taken, outcome.known) == (1, 9)
    assert state.progress == Progress("18", 29)


def test_a_mail_that_was_moved_since_it_could_not_be_had_is_not_asked_for_where_it_was() -> None:
    mailbox, state = Mailbox(mails(10)), State()
    mailbox.strike = refusing(11)

    scanned(mailbox, Door(), state)

    assert state.progress.missed == ()
    assert len(mailbox.folders[Place.FAILED]) == 1


@pytest.mark.parametrize("keeps", [True, False])
def test_a_server_that_gives_out_nothing_is_not_taken_for_broken_mails(keeps: bool) -> None:
    given_mails = mails(3 * MOST)
    mailbox, door, state = Mailbox(dict(given_mails), keeps=keeps), Door(), State()
    served = sorted(given_mails)[:10]
    mailbox.strike = refusing(*(number for number in given_mails if number not in served))

    for _ in range(2):
        with pytest.raises(MailboxRefused, match=r"imap://.* 100 mails are not given out, .* \(the server says NO\)"):
            scanned(mailbox, door, state)
    missed = state.progress.missed
    mailbox.strike = no_strike
    scanned(mailbox, door, state)

    assert len(missed) <= MOST
    assert mailbox.everything() == sorted(given_mails.values())
    lost = set(given_mails.values()) - {mail.raw for mail in door.taken}
    assert lost == set(mailbox.folders[Place.FAILED])
    assert bool(lost) is not keeps


def test_where_nothing_missed_counts_as_done_any_number_may_be_missed() -> None:
    given_mails = mails(2 * MOST)
    mailbox, door, state = Mailbox(dict(given_mails), is_numbered=False, keeps=True), Door(), State()
    last = max(given_mails)

    def strike(call: str) -> None:
        if call.startswith("fetch") and call != f"fetch uidl-{last}":
            raise MailUnavailable("permission denied")

    mailbox.strike = strike
    first = scanned(mailbox, door, state)
    mailbox.strike = no_strike
    second = scanned(mailbox, door, state)

    assert (first.taken, first.places[Place.FAILED]) == (1, 2 * MOST - 1)
    assert second.taken == 2 * MOST - 1


def refusing(*numbers: int) -> Callable[[str], None]:
    """Return what refuses to give out the mails `numbers`."""
    refused = {f"fetch {number}" for number in numbers}

    def strike(call: str) -> None:
        if call in refused:
            raise MailUnavailable("the server says NO")

    return strike


def test_a_line_that_always_drops_ends_the_scan_with_a_reason() -> None:
    def strike(call: str) -> None:
        if call == "waiting":
            raise Disconnected("reset by peer")

    with pytest.raises(Disconnected, match=r"imap://.*dropped 4 times in a row: reset by peer"):
        scanned(Mailbox(mails(3), strike=strike), Door(), State())


def test_a_mailbox_that_is_not_there_is_opened_once() -> None:
    opened: list[str] = []

    def strike(call: str) -> None:
        opened.append(call)
        raise Disconnected("no route to host")

    with pytest.raises(Disconnected, match="no route"):
        scanned(Mailbox(mails(3), strike=strike), Door(), State())

    assert opened == ["open"]


def test_what_could_not_be_filed_is_filed_by_a_later_scan_and_handed_in_once() -> None:
    given_mails = mails(12)
    mailbox, door, state = Mailbox(dict(given_mails), unfilable=frozenset({Place.PROCESSED})), Door(), State()

    first = scanned(mailbox, door, state)
    still = scanned(mailbox, door, state)
    mailbox.unfilable = frozenset()
    scanned(mailbox, door, state)

    assert (first.unfiled, first.is_finished, still.unfiled) == (8, True, 8)
    assert_done(mailbox, door, given_mails)
    assert len(door.taken) == 12


def test_what_could_not_be_had_is_handed_in_before_a_later_scan_files_it() -> None:
    given_mails = mails(4)
    mailbox = Mailbox(dict(given_mails), unfilable=frozenset({Place.FAILED}), strike=refusing(5))
    door, state = Door(), State()

    first = scanned(mailbox, door, state)
    mailbox.strike = no_strike
    second = scanned(mailbox, door, state)

    assert (first.taken, first.unfiled, second.taken) == (3, 1, 1)
    assert_done(mailbox, door, given_mails)


def test_a_mail_that_somebody_took_back_is_handed_in_before_it_is_filed() -> None:
    given_mails = mails(4)
    mailbox, door, state = Mailbox(dict(given_mails)), Door(), State()
    deleted = mailbox.waiting.pop(5)

    scanned(mailbox, door, state)
    mailbox.waiting[5] = deleted
    scanned(mailbox, door, state)

    assert_done(mailbox, door, given_mails)


def test_what_is_handed_in_late_and_cannot_be_filed_is_handed_in_once() -> None:
    given_mails = mails(4)
    mailbox, door, state = Mailbox(dict(given_mails)), Door(), State()
    deleted = mailbox.waiting.pop(5)

    scanned(mailbox, door, state)
    mailbox.waiting[5], mailbox.unfilable = deleted, frozenset({Place.PROCESSED})
    for _ in range(3):
        scanned(mailbox, door, state)
    mailbox.unfilable = frozenset()
    scanned(mailbox, door, state)

    assert_done(mailbox, door, given_mails)
    assert len(door.taken) == 4


def test_a_door_that_fails_leaves_the_mails_where_they_are() -> None:
    given_mails = mails(5)

    def strike(call: str) -> None:
        if call == "after taking":
            raise ValueError("no bucket")

    mailbox, state = Mailbox(dict(given_mails)), State()
    with pytest.raises(ValueError, match="no bucket"):
        scanned(mailbox, Door(strike), state)

    assert mailbox.waiting == given_mails
    assert state.progress == Progress()
    assert state.was_cut_off


def test_a_scan_that_lost_its_lease_touches_nothing_further() -> None:
    given_mails = mails(5)
    renewals = count()

    def strike(call: str) -> None:
        if call == "renew" and next(renewals) == 6:
            raise LeaseLost("another scan has it")

    mailbox, door = Mailbox(dict(given_mails)), Door()
    with pytest.raises(LeaseLost):
        scanned(mailbox, door, State(strike))

    assert len(door.taken) == 5
    assert mailbox.waiting == given_mails
