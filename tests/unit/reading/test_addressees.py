"""Whom the sender mailed: the one who is marked must be dead, or lead to who is, and never be somebody beside them."""

import pytest

from bounces.reading import read_mail
from bounces.records import Event, Report

PATH = "bounces+news@return.sender.example"
FROM = "From: Sender <news@sender.example>\n"
DEAD = "Final-Recipient: rfc822; kim@else.example\nAction: failed\nStatus: 5.1.1\n"


def _reports(*blocks: str, returned: str, reporting: str = "mx1.held.example") -> list[Report]:
    head = (
        f"From: MAILER-DAEMON@{reporting}\nTo: <{PATH}>\nSubject: failure\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n'
    )
    status = "\n".join((f"Reporting-MTA: dns; {reporting}\n", *blocks))
    mail = (
        f"{head}\n--b\n\nIt failed.\n--b\nContent-Type: message/delivery-status\n\n{status}\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{returned}\n--b--\n"
    )
    return list(read_mail(mail.encode()).reports)


def _failed(*blocks: str, returned: str, reporting: str = "mx1.held.example") -> str | None:
    (failed,) = [r for r in _reports(*blocks, returned=returned, reporting=reporting) if r.event is Event.BOUNCE]
    return failed.addressee


@pytest.mark.parametrize("reporting", ["mx1.held.example", "mail-ab1.host.example"])
def test_who_forwards_is_whom_the_returned_message_was_to(reporting: str) -> None:
    assert _failed(DEAD, returned=f"{FROM}To: eva@held.example\n", reporting=reporting) == "eva@held.example"


@pytest.mark.parametrize(
    ("headers", "reporting"),
    [
        pytest.param("To: all@lists.example\nList-Post: <mailto:all@lists.example>", "mx1.host.example", id="list"),
        pytest.param("To: all@lists.example\nX-BeenThere: all@lists.example", "mx1.host.example", id="Mailman"),
        pytest.param("To: all@lists.example\nReturn-Path: <owner-all@lists.example>", "mx1.host.example", id="owner"),
        pytest.param("To: customers@sender.example", "mx1.host.example", id="the sender's organisation"),
        pytest.param("To: news@sender.example", "mx1.host.example", id="the sender"),
        pytest.param("To: press@return.sender.example", "mx1.host.example", id="the return path's"),
        pytest.param("To: eva@held.example\nCc: kim@else.example", "mx1.host.example", id="Cc"),
        pytest.param("To: eva@held.example\nCc: per@third.example", "mx1.host.example", id="another Cc"),
        pytest.param("To: eva@held.example", "mx2.else.example", id="its own host says so"),
        pytest.param("To: eva@held.example", "out.sender.example", id="the sender's host says so"),
        pytest.param(
            "To: eva@held.example\nReceived: from out.sender.example by mx.host.example with ESMTP id 4x\n"
            "\tfor <Kim@else.example>; Thu, 5 Nov 2026 12:00:00 +0000",
            "mx1.host.example",
            id="taken for it",
        ),
    ],
)
def test_beside_another_it_is_who_failed(headers: str, reporting: str) -> None:
    """A Bcc to an archive that is gone must not end everyone who was mailed."""
    assert _failed(DEAD, returned=f"{FROM}{headers}\n", reporting=reporting) == "kim@else.example"


@pytest.mark.parametrize(
    "sign",
    [
        "Delivered-To: eva@held.example",
        "X-Original-To: eva@held.example",
        "Received: from a by mx1.held.example for <eva@held.example>; Thu, 5 Nov 2026 12:00:00 +0000",
    ],
)
def test_whose_host_took_the_message_forwards_it_whoever_reports(sign: str) -> None:
    returned = f"{FROM}To: eva@held.example\n{sign}\n"
    assert _failed(DEAD, returned=returned, reporting="mx2.else.example") == "eva@held.example"


def test_one_mailbox_under_two_names_of_its_host() -> None:
    block = DEAD.replace("kim@else.example", "eva@mail.cloud.example")
    assert _failed(block, returned=f"{FROM}To: eva@sender.example\n") == "eva@sender.example"


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded", "delayed"])
@pytest.mark.parametrize("is_first", [True, False])
def test_to_with_a_report_of_its_own_did_not_forward(action: str, is_first: bool) -> None:
    own = f"Final-Recipient: rfc822; eva@held.example\nAction: {action}\nStatus: 2.0.0\n"
    blocks = (own, DEAD) if is_first else (DEAD, own)
    reports = _reports(*blocks, returned=f"{FROM}To: eva@held.example\n")
    assert [r.addressee for r in reports if r.event is Event.BOUNCE] == ["kim@else.example"]


@pytest.mark.parametrize("member", ["eva@held.example", "per@third.example"])
@pytest.mark.parametrize(
    "said", ["Action: delivered\nStatus: 2.0.0", "Action: delayed\nStatus: 4.4.1", "Action: failed\nStatus: 5.2.2"]
)
def test_an_alias_with_another_way_is_alive(member: str, said: str) -> None:
    original = "Original-Recipient: rfc822; eva@held.example\n"
    other = f"{original}Final-Recipient: rfc822; {member}\n{said}\n"
    reports = _reports(original + DEAD, other, returned=f"{FROM}To: eva@held.example\n")
    assert [r.addressee for r in reports if r.status == "5.1.1"] == ["kim@else.example"]


def test_who_was_delivered_to_beside_the_one_that_failed_is_not_to() -> None:
    other = "Final-Recipient: rfc822; per@third.example\nAction: delivered\nStatus: 2.0.0\n"
    reports = _reports(DEAD, other, returned=f"{FROM}To: eva@held.example\n")
    assert {r.recipient: r.addressee for r in reports} == {
        "kim@else.example": "eva@held.example",
        "per@third.example": "per@third.example",
    }


def test_an_alias_of_which_all_members_are_dead_is_dead() -> None:
    original = "Original-Recipient: rfc822; eva@held.example\n"
    blocks = (original + DEAD, original + DEAD.replace("kim", "per"))
    reports = _reports(*blocks, returned=f"{FROM}To: eva@held.example\n")
    assert [r.addressee for r in reports] == ["eva@held.example"] * 2


@pytest.mark.parametrize(
    ("original", "final", "addressee"),
    [
        ("eva+2Bnews@held.example", "eva+news@held.example", "eva+news@held.example"),
        ("eva+3Dnews@held.example", "kim@else.example", "eva=news@held.example"),
        ("eva+20b@held.example", "eva+20b@held.example", "eva+20b@held.example"),
        ("eva+20b@held.example", "kim@else.example", "eva+20b@held.example"),
        ("root@localhost", "kim@held.example", "kim@held.example"),
    ],
)
def test_an_original_recipient_in_the_form_of_a_command(original: str, final: str, addressee: str) -> None:
    """RFC 3461 4: xtext belongs into the ORCPT of a command, and some leave it in the report."""
    block = f"Original-Recipient: rfc822; {original}\nFinal-Recipient: rfc822; {final}\nAction: failed\nStatus: 5.1.1\n"
    assert _failed(block, returned=f"{FROM}To: eva=news@held.example\n") == addressee


def test_the_end_of_what_is_no_address_is_nobody() -> None:
    block = "Final-Recipient: rfc822; =run|'/x y'!A1@held.example\nAction: failed\nStatus: 5.1.1\n"
    assert _failed(block, returned=FROM) is None


@pytest.mark.parametrize("to", ["all@lists.example", "customers@sender.example"])
def test_a_complaint_that_names_nobody_is_not_the_lists(to: str) -> None:
    mail = (
        "From: fbl@provider.example\nTo: abuse@sender.example\nSubject: complaint\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n--b\n\nA complaint.\n'
        "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n"
        f"--b\nContent-Type: message/rfc822\n\n{FROM}To: {to}\nList-Post: <mailto:all@lists.example>\n\nHi.\n--b--\n"
    )
    (report,) = read_mail(mail.encode()).reports
    assert (report.event, report.recipient) == (Event.COMPLAINT, None)


@pytest.mark.parametrize("to", ["all@lists.example", "news@sender.example", "eva@held.example, kim@else.example"])
def test_a_bounce_that_names_nobody_is_not_of_a_list(to: str) -> None:
    mail = (
        f"From: MAILER-DAEMON@mx1.held.example\nTo: <{PATH}>\nSubject: Undelivered Mail Returned to Sender\n\n"
        "Your message could not be delivered: 550 5.1.1 user unknown\n\n----- Original message -----\n\n"
        f"{FROM}To: {to}\nList-Post: <mailto:all@lists.example>\nSubject: Spring\n\nHi.\n"
    )
    (report,) = read_mail(mail.encode()).reports
    assert report.recipient is None
