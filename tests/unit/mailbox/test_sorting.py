"""Whom a mail was for, and where it belongs."""

import pytest

from bounces.mailbox.ports import Place
from bounces.mailbox.sorting import MAX_RECIPIENTS, envelope_recipients, place_of
from bounces.reading import Reading, read_mail
from bounces.records import Event, Report, Source

TOKEN = "bounces+news.may.kim-7.aaaaaaaaaaaaaaaa@return.example.com"


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ("To: a@example.com", ("a@example.com",)),
        ("To: Bounces <a@example.com>, b@example.com", ("a@example.com", "b@example.com")),
        ("To: a@example.com\r\nDelivered-To: b@example.com", ("b@example.com", "a@example.com")),
        (
            "To: a@example.com\r\nEnvelope-To: e@b.c\r\nX-Original-To: x@example.com\r\ndelivered-to: d@example.com",
            ("d@example.com", "x@example.com", "e@b.c", "a@example.com"),
        ),
        (f"Delivered-To: box@example.com\r\nTo: <{TOKEN}>", (TOKEN, "box@example.com")),
        (f"Delivered-To: box@example.com\r\nX-Original-To:\r\n {TOKEN.upper()}", (TOKEN.upper(), "box@example.com")),
        ("Subject: To: a@example.com", ()),
        ("To: undisclosed-recipients:;", ()),
        ("To: a@example.com\r\n\r\nDelivered-To: body@example.com", ("a@example.com",)),
        ("", ()),
    ],
)
def test_envelope_recipients_are_those_of_the_fields_with_a_token_of_ours_first(
    headers: str, found: tuple[str, ...]
) -> None:
    raw = f"{headers}\r\n\r\nTo: body@example.org\r\n".encode()

    assert envelope_recipients(raw) == found
    assert envelope_recipients(raw.replace(b"\r\n", b"\n")) == found


def test_no_more_recipients_are_taken_than_the_limit() -> None:
    many = ", ".join(f"u{n}@example.com" for n in range(1000))

    assert len(envelope_recipients(f"To: {many}, {TOKEN}\n\n".encode())) == MAX_RECIPIENTS
    assert envelope_recipients(f"To: {many}, {TOKEN}\n\n".encode())[0] == TOKEN


def test_what_names_nobody_is_unrecognised() -> None:
    named = Report(id="1", source=Source.MAILBOX, event=Event.BOUNCE, recipient="kim@example.org")
    nameless = named.replaced(id="2", recipient=None)
    by_token = named.replaced(id="3", recipient=None, subscriber="kim-7")

    assert place_of(Reading((nameless, named), Event.BOUNCE, "")) is Place.PROCESSED
    assert place_of(Reading((by_token,), Event.COMPLAINT, "")) is Place.PROCESSED
    assert place_of(Reading((nameless,), Event.BOUNCE, "")) is Place.UNRECOGNISED
    assert place_of(read_mail(b"From: kim@example.org\n\nLunch?\n")) is Place.UNRECOGNISED
    assert place_of(read_mail(b"")) is Place.UNRECOGNISED
