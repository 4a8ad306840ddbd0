"""What is no bounce, though it names an address and says of one that it does not exist: nobody may be called dead for
what a person, a shop or a program writes of others.
"""

import pytest

from bounces.reading import read_mail
from bounces.records import Event

GONE = "I have left the company, and this address does not exist any more. Please write to:\n\n    eva@held.example\n"


def _events(headers: str, text: str, subject: str = "") -> list[tuple[Event, str | None]]:
    head = f"{headers}\nTo: news@sender.example\nSubject: {subject}\nDate: Fri, 06 Nov 2026 12:00:00 +0000\n"
    reports = read_mail(f"{head}MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{text}".encode()).reports
    return [(report.event, report.recipient) for report in reports if report.event is not Event.OTHER]


@pytest.mark.parametrize("sender", ["mail", "postmaster", "noreply", "admin", "kim"])
@pytest.mark.parametrize("subject", ["Automatic reply: Spring sale", "Re: Delivery of your parcel", "My new address"])
@pytest.mark.parametrize("sign", ["Auto-Submitted: auto-replied", "Auto-Submitted: auto-replied\nReturn-Path: <>"])
def test_an_automatic_reply_names_no_one_who_is_dead(sender: str, subject: str, sign: str) -> None:
    assert _events(f"From: Kim Held <{sender}@held.example>\n{sign}", GONE, subject) == [
        (Event.AUTO_REPLY, f"{sender}@held.example")
    ]


@pytest.mark.parametrize(
    ("headers", "subject", "text"),
    [
        ("From: notifications@forge.example\nList-Id: <mta.forge.example>", "[mta] Crash on 550 (#12)", GONE),
        ("From: Jobs <noreply@jobs.example>", "New entries", "Not found elsewhere:\n\n    kim@held.example\n"),
        ("From: root@web1.shop.example", "Cron <www@web1> sync", "user kim@held.example does not exist, skipping\n"),
        ("From: noreply@shop.example", "Reset your password", "No such user: kim@held.example\n"),
        ("From: postmaster@held.example\nIn-Reply-To: <1@sender.example>", "Re: blocked?", "Fixed: kim@held.example\n"),
        ("From: Shop <mail@shop.example>", "Zwrot zamówienia", "Adres nie istnieje:\nkim@held.example\n"),
        ("From: list-bounces@lists.example", "Bounce action notification", "Disabled: kim@held.example, not found\n"),
        ("From: LISTSERV@lists.example", "Output of your job", "kim@held.example: No such user; not found in list\n"),
        ("From: Parcels <noreply@parcel.example>", "Delivery failed", "No such address: kim@held.example\n"),
        ("From: noreply@bank.example", "Returned to sender", "No account:\n\nkim@held.example\n550 5.1.1 unknown\n"),
        ("From: Watch <watch@shop.example>", "DOWN: undeliverable 40", "550 5.1.1 unknown user: kim@held.example\n"),
        ("From: Parcel Delivery Service <info@p.example>", "Delivery failed", "No such address: kim@held.example\n"),
        ("From: Kim Daemon <kim@held.example>", "undelivered boxes", "for eva@held.example: unknown user, they say\n"),
    ],
)
def test_who_writes_of_others_reports_no_bounce(headers: str, subject: str, text: str) -> None:
    assert _events(headers, text, subject) == []


@pytest.mark.parametrize(
    ("headers", "subject"),
    [
        ("From: Mail Delivery System <MAILER-DAEMON@mx.held.example>\nAuto-Submitted: auto-replied", "Odd words"),
        ("From: MAILER-DAEMON@mx.held.example\nIn-Reply-To: <1@sender.example>", "Re: Spring sale"),
        ("From: postmaster@held.example\nAuto-Submitted: auto-replied\nIn-Reply-To: <1@x.example>", "Re: Spring sale"),
        ("From: postmaster@held.example\nAuto-Submitted: auto-replied", "Undeliverable: Automatic reply: Away"),
        ("From: postmaster@held.example\nIn-Reply-To: <1@sender.example>", "Undeliverable: Spring sale"),
        ("From: Mail System <noreply@held.example>\nAuto-Submitted: auto-replied", "Undelivered mail"),
        ("From: kim@held.example\nReturn-Path: <>", "Returned mail: User unknown"),
        ("From: Relay <noreply@held.example>", "Delivery failed"),
        ("From: relay@held.example", "Delivery failed"),
        ("From: Relay Delivery Service <relay@held.example>", "Delivery failed"),
        ("From: Filter <noreply@held.example>", "**Message you sent blocked by our filter**"),
    ],
)
def test_a_mail_systems_words_are_a_bounce(headers: str, subject: str) -> None:
    text = "Your message could not be delivered:\n\n    kim@held.example\n\n    550 5.1.1 User unknown\n"
    assert _events(headers, text, subject) == [(Event.BOUNCE, "kim@held.example")]


@pytest.mark.parametrize(
    "text",
    [
        "Ihre Nachricht konnte nicht zugestellt werden:",
        "Votre message n'a pas été remis :",
        "Su mensaje no se pudo entregar:",
        "Sua mensagem não foi entregue:",
        "Il suo messaggio non è stato consegnato:",
        "Uw bericht kon niet worden bezorgd:",
        "Wiadomość nie została dostarczona:",
        "Ваше сообщение не было доставлено:",
        "送信されたメールを配信できませんでした。",
        "您的邮件未能送达:",
    ],
)
def test_who_writes_other_mail_too_speaks_of_the_mail_that_was_sent(text: str) -> None:
    text += "\n\n    kim@held.example\n\n    550 5.1.1 User unknown\n"
    assert _events("From: noreply@held.example", text, "Delivery failed") == [(Event.BOUNCE, "kim@held.example")]


@pytest.mark.parametrize(
    "text",
    [
        "La remise de votre message a été retardée :",
        "La entrega de su mensaje se ha retrasado:",
        "次の宛先への配信が遅延しています。",
    ],
)
@pytest.mark.parametrize(
    ("sender", "events"),
    [("Postmaster <postmaster@held.example>", [(Event.DELAY, "kim@held.example")]), ("noreply@held.example", [])],
)
def test_a_mail_systems_warning_needs_no_words_of_failure(
    text: str, sender: str, events: list[tuple[Event, str]]
) -> None:
    assert _events(f"From: {sender}", f"{text}\n\n    kim@held.example\n", "Delivery status: spring") == events


def test_a_report_of_success_in_prose_is_no_failure() -> None:
    text = "This is the mail system at host mx.\n\n<kim@held.example>: delivery via local: 250 2.0.0 Saved\n"
    assert _events("From: MAILER-DAEMON@mx.held.example", text, "Successful Mail Delivery Report") == [
        (Event.DELIVERY, "kim@held.example")
    ]


@pytest.mark.parametrize(
    ("disposition", "events"),
    [
        ("automatic-action/MDN-sent-automatically; deleted", [Event.BOUNCE]),
        ("manual-action/MDN-sent-manually; displayed", []),
    ],
)
def test_a_receipt_that_someone_read_the_mail_is_no_refusal(disposition: str, events: list[Event]) -> None:
    mail = f"""From: kim@held.example
To: news@sender.example
Subject: Disposition: Your order was rejected
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary=b

--b

Your message to <kim@held.example> was automatically rejected: Your order was rejected

--b
Content-Type: message/disposition-notification

Final-Recipient: rfc822; kim@held.example
Disposition: {disposition}

--b--
"""
    reports = read_mail(mail.encode()).reports
    assert [report.event for report in reports if report.event is not Event.OTHER] == events


QUOTED = (
    "Hi, my mail to a colleague came back. Is that you?\n\n> Delivery has failed to these recipients:\n>\n"
    "> eva@held.example\n> The address couldn't be found.\n>\n> 550 5.1.1 User unknown\n\nKim\n"
)


@pytest.mark.parametrize("prefix", ["Re: ", "RE: ", "AW: ", "Antw: ", "SV: ", "RIF: ", "Odp: ", "RES: ", "回复：", ""])
@pytest.mark.parametrize("subject", ["Undeliverable: Spring", "Mail delivery failed: returning message to sender"])
@pytest.mark.parametrize("sign", ["Message-ID: <1@held.example>", "Return-Path: <>"])
def test_a_bounce_that_a_person_quotes_is_theirs(prefix: str, subject: str, sign: str) -> None:
    assert _events(f"From: Kim Held <kim@held.example>\n{sign}", QUOTED, prefix + subject) == []


def test_an_answer_by_a_mail_system_says_so_at_the_end_of_its_subject() -> None:
    text = "Your message could not be delivered to\neva@held.example\n"
    subject = "RE: Your message to the spring list waits for approval: non remis (delivery failed)"
    assert _events("From: mx@held.example", text, subject) == [(Event.BOUNCE, "eva@held.example")]
