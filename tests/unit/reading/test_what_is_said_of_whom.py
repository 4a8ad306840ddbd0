"""What a bounce says of its recipients, and what stands in it that is said of nobody."""

import pytest

from bounces.reading import read_mail
from bounces.records import Event, Report

EXCHANGE = (
    "This is an automatically generated Delivery Status Notification.\n\nDelivery to the following recipients failed.\n"
)
STATUS = (
    "Reporting-MTA: dns; mx1.example.com\n\nFinal-Recipient: rfc822; kim@example.com\nAction: failed\nStatus: 5.1.1\n"
)


def _reports(text: str, status: str = "", to: str = "news@sender.example") -> tuple[Report, ...]:
    head = f"From: MAILER-DAEMON@mx1.example.com\nTo: <{to}>\nSubject: Mail Delivery Problem\nMIME-Version: 1.0\n"
    if not status:
        return read_mail(f"{head}\n{text}".encode()).reports
    head += 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n'
    return read_mail(
        f"{head}\n--b\n\n{text}\n--b\nContent-Type: message/delivery-status\n\n{status}\n--b--\n".encode()
    ).reports


@pytest.mark.parametrize(
    "footer",
    [
        "________________________________\nThis email has been scanned for all viruses by Example Filter.",
        "-- \nExample Ltd. This mailbox does not exist on weekends.",
        "\n\n\nDo not answer: this account is closed.",
    ],
)
def test_a_footer_is_no_reason(footer: str) -> None:
    (report,) = _reports(f"{EXCHANGE}\n       kim@example.com\n\n{footer}\n", STATUS)
    assert (report.recipient, report.status, report.diagnostic) == ("kim@example.com", "5.1.1", None)


def test_whom_to_ask_is_no_reason_on_two_lines_either() -> None:
    text = "Your message was undeliverable:\n\nThe account is over quota.\n\n<kim@example.com>\n\n"
    (report,) = _reports(f"{text}Please reply to postmaster@mx1.example.com\nif you believe this to be wrong.\n")
    assert report.recipient == "kim@example.com"
    assert "over quota" in (report.diagnostic or "")


@pytest.mark.parametrize("dash", ["-", "--"])
def test_a_dash_behind_an_address_is_no_part_of_the_reply(dash: str) -> None:
    (report,) = _reports(f"Your message could not be delivered:\n\nkim@example.com {dash} 550 Unknown user kim\n")
    assert (report.reply_code, report.diagnostic) == ("550", "550 Unknown user kim")


@pytest.mark.parametrize("reason", ["mailbox full", "\n    mailbox full", "\n\n  mailbox full"])
def test_a_reason_may_stand_a_little_below(reason: str) -> None:
    (report,) = _reports(f"{EXCHANGE}\n       kim@example.com\n{reason}\n", STATUS)
    assert report.diagnostic == "mailbox full"


@pytest.mark.parametrize("mark", [".", ",", "!", ""])
def test_whom_a_greeting_names_is_not_who_failed(mark: str) -> None:
    text = f"Sorry news@sender.example{mark} Your mail to the following recipients could not be delivered:\n\tkim\n"
    assert [report.recipient for report in _reports(text)] == [None]


@pytest.mark.parametrize(
    ("reason", "event"),
    [
        ("User account is expired", Event.BOUNCE),
        ("mailbox expired", Event.BOUNCE),
        ("message expired", Event.DELAY),
        ("the message has expired in the queue", Event.DELAY),
        ("could not be delivered for 5 days", Event.DELAY),
        ("could not be delivered for the reason that it is unknown", Event.BOUNCE),
        ("mailbox is full: retry timeout exceeded", Event.BOUNCE),
    ],
)
def test_an_account_that_expired_is_no_message_that_did(reason: str, event: Event) -> None:
    text = f"The message that you sent was undeliverable to the following:\n\n\tkim@example.com ({reason})\n"
    (report,) = _reports(text)
    assert (report.recipient, report.event) == ("kim@example.com", event)


def test_what_was_not_delivered_for_a_reason_has_not_run_out_of_time() -> None:
    text = "Your message could not be delivered for the following reason:\n\nNo such user: kim@example.com\n"
    assert [(report.recipient, report.event) for report in _reports(text)] == [("kim@example.com", Event.BOUNCE)]


def test_a_reply_below_a_list_is_said_of_whom_it_names() -> None:
    text = "Delivery to the following recipients failed permanently:\n\n     kim@example.com\n     bo@example.com\n"
    text += (
        "     ann@example.com\n\nThe error was: 550 5.1.1 <bo@example.com>: Recipient address rejected: User unknown\n"
    )
    found = {report.recipient: report.status for report in _reports(text)}
    assert found == {"kim@example.com": None, "bo@example.com": "5.1.1", "ann@example.com": None}


def test_that_one_expired_says_nothing_of_the_others() -> None:
    text = "The following addresses failed:\n\n  kim@example.com\n    retry timeout exceeded\n\n  bo@example.com\n"
    text += "    No Such User Here\n"
    found = [(report.recipient, report.event) for report in _reports(text)]
    assert found == [("kim@example.com", Event.DELAY), ("bo@example.com", Event.BOUNCE)]


@pytest.mark.parametrize(
    ("recipient", "sender", "reason"),
    [
        ("Recipient", "Sender", "Error"),
        ("Empfänger", "Absender", "Fehler"),
        ("Destinataire", "Expéditeur", "Erreur"),
        ("받는사람", "보낸사람", "실패사유"),
        ("收件人/Recipient", "寄件人/Sender", "退信原因/Reason"),
    ],
)
def test_a_tables_row_on_the_sender_names_no_recipient(recipient: str, sender: str, reason: str) -> None:
    rows = ((recipient, "kim@example.com"), (sender, "shop@sender.example"), (reason, "550 5.1.1 No such user"))
    cells = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in rows)
    mail = (
        "From: MAILER-DAEMON@mx1.example.com\nTo: <news@sender.example>\nSubject: Undelivered Mail Returned to Sender\n"
        f"MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n<p>It failed.</p><table>{cells}</table>\n"
    )
    (report,) = read_mail(mail.encode()).reports
    assert (report.recipient, report.diagnostic) == ("kim@example.com", "550 5.1.1 No such user")


def test_the_return_path_in_a_text_is_no_recipient() -> None:
    text = (
        "A message sent by\n\n  <news@sender.example>\n\n"
        "could not be delivered to all of its recipients:\n\n  kim@example.com\n    Unrouteable address\n"
    )
    assert [(r.recipient, r.diagnostic) for r in _reports(text)] == [("kim@example.com", "Unrouteable address")]


def test_a_reply_that_is_told_behind_a_label_counts() -> None:
    text = (
        "Your message to kim@example.com couldn't be delivered.\n\nkim wasn't found at example.com.\n\n"
        "Status code: 550 5.1.10\nReported error: 550 5.1.10 Recipient kim@example.com not found by lookup\n"
    )
    (report,) = _reports(text)
    assert (report.recipient, report.reply_code, report.status) == ("kim@example.com", "550", "5.1.10")


def test_a_refusals_reason_names_a_new_address_and_not_who_refused() -> None:
    """As Sieve's `reject` is sent (RFC 5429 2.2): a disposition notification with the reason as its text."""
    mail = (
        "From: <kim@example.com>\nTo: <news@sender.example>\nSubject: Automatically rejected mail\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\n\n--b\n\n'
        "This message was automatically rejected. The reason given was:\n\nuser unknown, new address per@example.com\n"
        "\n--b\nContent-Type: message/disposition-notification\n\nReporting-UA: mx1.example.com\n"
        "Final-Recipient: rfc822; kim@example.com\nDisposition: automatic-action/MDN-sent-automatically; deleted\n\n"
        "--b\nContent-Type: message/rfc822\n\nFrom: <news@sender.example>\nTo: undisclosed-recipients:;\n\nHi.\n--b--\n"
    )
    assert [report.recipient for report in read_mail(mail.encode()).reports] == ["kim@example.com"]


@pytest.mark.parametrize(
    "text",
    [
        "Your message 'User unknown' for user kim@example.com could not be delivered.",
        'The mail "User unknown" for user\nkim@example.com could not be delivered.',
        "The mail \u00abUser unknown\u00bb for user kim@example.com could not be delivered.",
        "The mail for kim@example.com could not be delivered.\n\nSubject: 550 5.1.1 User unknown\n",
        "Your message\n  Subject: 550 5.1.1 User unknown\n  To: kim@example.com\ncould not be delivered.",
    ],
)
def test_the_subject_of_the_mail_that_was_sent_is_no_reason(text: str) -> None:
    (report,) = _reports(f"This is to tell you:\n\n{text}\n")
    assert report.recipient == "kim@example.com"
    assert "unknown" not in (report.diagnostic or "").lower()
    assert (report.reply_code, report.status) == (None, None)


@pytest.mark.parametrize("label", ["Důvod / Reason:", "Reason:\n-------", " *** Grund:", "原因：\n"])
def test_a_paragraph_with_a_code_behind_a_line_that_announces_the_reason_says_why(label: str) -> None:
    begin = "A letter to <kim@example.com> did not arrive.\nIt comes back with this."
    text = f"{begin}\n\n{label}\n\n5.1.1 kim has no post here\n\nBye\n"
    (report,) = _reports(text)
    assert (report.recipient, report.status) == ("kim@example.com", "5.1.1")
    assert report.diagnostic == "5.1.1 kim has no post here"


@pytest.mark.parametrize("label", ["Reasons to write:", "The reason", "Reason: see above\n:"])
def test_a_line_that_announces_something_else_leads_to_no_reason(label: str) -> None:
    text = (
        f"A letter to <kim@example.com> did not arrive.\nIt comes back with this.\n\n{label}\n\n5.1.1 is our ticket\n"
    )
    (report,) = _reports(text)
    assert report.status is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("It is not delivered: the mailbox\n<kim@example.com> is full.", "the mailbox is full."),
        ("It is not delivered. The account\n\n  kim@example.com\n\nhas been closed.", "The account has been closed."),
        ("It is not delivered, see why:\nkim@example.com does not exist", "kim@example.com does not exist"),
        ("It is not delivered.\nSubject: the account\n  kim@example.com is full", "kim@example.com is full"),
        ("It is not delivered. The user, kim@example.com,\nhas left us.", "The user, has left us."),
        (
            'Your mail "This account is closed" for the user\nkim@example.com was not delivered',
            "for the user was not delivered",
        ),
        ("Your mail on a user unknown to\nkim@example.com was not delivered", "was not delivered"),
        (
            "Le message n'a pas été remis car l\u2019adresse\nkim@example.com est fermée",
            "été remis car l\u2019adresse est fermée",
        ),
        ("It is not delivered.\nRecipient: kim@example.com\nis unknown", "kim@example.com is unknown"),
        ("It is not delivered to the account\n\n  kim@example.com\n\nThe box is full.", "The box is full."),
    ],
)
def test_a_sentence_around_an_address_is_told_from_its_beginning(text: str, told: str) -> None:
    (report,) = _reports(f"Your message could not be delivered.\n{text}\n")
    assert (report.recipient, report.diagnostic) == ("kim@example.com", told)


def test_a_reason_that_is_announced_does_not_hide_the_one_with_a_code_beside_the_address() -> None:
    text = "<kim@example.com>: 550 5.2.2 full\n\nReason:\n\n5.1.1 unknown\n"
    (report,) = _reports(text)
    assert report.status == "5.2.2"


def test_a_success_beside_a_failure_answered_another_command() -> None:
    text = (
        "   ----- The following addresses had permanent fatal errors -----\n<kim@example.com>\n\n"
        "   ----- Transcript of session follows -----\n... while talking to mx2.example.com.:\n"
        ">>> RCPT To:<kim@example.com>\n<<< 550 5.2.1 Kim has closed this box\n550 <kim@example.com>... User unknown\n"
    )
    status = "Final-Recipient: RFC822; kim@example.com\nAction: failed\nStatus: 2.0.0\nDiagnostic-Code: SMTP; 250 OK\n"
    (report,) = _reports(text, status)
    assert (report.event, report.reply_code, report.status) == (Event.BOUNCE, "550", "5.2.1")
    assert "closed this box" in (report.diagnostic or "")


@pytest.mark.parametrize(
    "below",
    [
        "If you have questions, write to:\n\n    eva@example.com\n",
        "Contact:\neva@example.com\n",
        "Delivered to:\neva@example.com\n",
        "-- \nEva Held, Mail Desk\neva@example.com\n",
    ],
)
def test_who_is_named_to_be_asked_or_as_served_has_not_failed(below: str) -> None:
    (report,) = _reports(f"Your message could not be delivered to:\n\n    kim@example.com\n    mailbox full\n\n{below}")
    assert (report.recipient, report.diagnostic) == ("kim@example.com", "mailbox full")


@pytest.mark.parametrize("between", ["; ", ", ", " and ", ">, <"])
def test_a_label_is_for_each_address_that_follows_it(between: str) -> None:
    reports = _reports(f"Your message was not delivered to <kim@example.com{between}eva@example.com>: 554 5.7.1 spam\n")
    assert [report.recipient for report in reports] == ["kim@example.com", "eva@example.com"]


def test_reasons_before_the_addresses_are_each_ones_own() -> None:
    text = "Your message was not delivered.\n\n* 550 5.1.1 no such mailbox: kim@example.com\n"
    reports = _reports(f"{text}* 552 5.2.2 over quota: eva@example.com\n")
    assert [(report.recipient, report.status) for report in reports] == [
        ("kim@example.com", "5.1.1"),
        ("eva@example.com", "5.2.2"),
    ]


def test_a_line_that_names_the_sender_is_no_part_of_the_reason() -> None:
    text = "Recipient: kim@example.com\nReason: 550 5.1.1 unknown\nSender: Lists <news@sender.example>\n"
    (report,) = _reports(f"Your message was not delivered.\n\n{text}")
    assert report.diagnostic == "Reason: 550 5.1.1 unknown"


@pytest.mark.parametrize("prompt", ["", "  ", "<<< "])
def test_the_lines_of_one_reply_are_read_as_one(prompt: str) -> None:
    lines = "".join(
        f"{prompt}{line}\n" for line in ("550-5.1.1 The account that you", "550-5.1.1 want", "550 5.1.1 is not.")
    )
    (report,) = _reports(f"Your mail to kim@example.com could not be delivered.\n\nThe server said:\n\n{lines}")
    assert (report.reply_code, report.status) == ("550", "5.1.1")
    assert "550-5.1.1 The account that you 550-5.1.1 want 550 5.1.1 is not." in (report.diagnostic or "")


def test_two_replies_with_one_code_are_two() -> None:
    text = "Your mail to kim@example.com could not be delivered.\n\n<<< 550 5.2.1 closed\n<<< 550 5.1.1 unknown\n"
    (report,) = _reports(text)
    assert (report.status, "unknown" in (report.diagnostic or "")) == ("5.2.1", False)


@pytest.mark.parametrize(
    "layout",
    [
        "1. {}\n   {}\n2. {}\n   {}",
        "{} => {}\n{} => {}",
        "{}\t{}\n{}\t{}",
        "{} - {}\n{} - {}",
        "(1) {}\n    {}\n(2) {}\n    {}",
        "Recipient: {}\nReason: {}\n\nRecipient: {}\nReason: {}",
    ],
)
@pytest.mark.parametrize("reasons", [("user unknown", "mailbox full"), ("mailbox full", "550 5.1.1 no such user")])
def test_each_of_a_list_has_its_own_reason(layout: str, reasons: tuple[str, str]) -> None:
    listed = layout.format("kim@example.com", reasons[0], "per@example.org", reasons[1])
    reports = _reports(f"Your message could not be delivered to some of its recipients:\n\n{listed}\n")
    assert [report.recipient for report in reports] == ["kim@example.com", "per@example.org"]
    assert [(report.diagnostic or "").removeprefix("Reason: ") for report in reports] == list(reasons)


def test_a_list_of_reasons_with_the_address_behind_each() -> None:
    one, other = _reports("Not delivered:\n\nThe mailbox is full: kim@example.com\nUser unknown: per@example.org\n")
    assert (one.recipient, one.diagnostic) == ("kim@example.com", "The mailbox is full")
    assert (other.recipient, other.diagnostic) == ("per@example.org", "User unknown")


@pytest.mark.parametrize("blank", ["", "\n"])
def test_what_leads_to_the_next_recipient_is_not_said_of_the_one_above(blank: str) -> None:
    text = f"Mailboxes are full:\n{blank}  kim@example.com\n{blank}Users are unknown:\n{blank}  per@example.org\n"
    reports = _reports(f"Your message could not be delivered.\n\n{text}")
    assert [report.recipient for report in reports] == ["kim@example.com", "per@example.org"]
    assert "unknown" not in (reports[0].diagnostic or "")


def test_what_is_told_of_the_next_recipient_is_not_said_of_the_one_above() -> None:
    text = "To: kim@example.com\nError: mailbox full\nTo: per@example.org\nError: user unknown\n"
    reports = {report.recipient: report.diagnostic for report in _reports(f"Your message was not delivered.\n\n{text}")}
    assert "unknown" not in (reports["kim@example.com"] or "")


@pytest.mark.parametrize(
    "layout", ["{} | {}\n{} | {}", "--- {} ---\n{}\n--- {} ---\n{}", "{} failed: {}\n{} failed: {}"]
)
def test_lines_that_go_on_alike_behind_an_address_are_a_list(layout: str) -> None:
    listed = layout.format("kim@example.com", "mailbox full", "per@example.org", "user unknown")
    one, other = _reports(f"Your message could not be delivered to some of its recipients:\n\n{listed}\n")
    assert (one.recipient, other.recipient) == ("kim@example.com", "per@example.org")
    assert "full" in (one.diagnostic or "")
    assert "unknown" not in (one.diagnostic or "")
    assert "unknown" in (other.diagnostic or "")


@pytest.mark.parametrize("text", ["{} <{}>\n{} <{}>", "Error: {} ({})\nError: {} ({})", "{}: {}\n{}: {}"])
def test_what_is_said_before_the_next_address_is_not_said_of_the_one_above(text: str) -> None:
    listed = text.format("message refused", "kim@example.com", "mailbox does not exist", "per@example.org")
    reports = {r.recipient: r.diagnostic for r in _reports(f"Your message was not delivered.\n\n{listed}\n")}
    assert "exist" not in (reports.get("kim@example.com") or "")
