"""Which report is which: what changes an id, and what does not."""

import pytest

from bounces.identity import ID_CHARACTERS, mail_digest, record_digest, report_id

ID = b"<1@mx.example>"
DATE = b"Tue, 24 Nov 2026 10:00:00 +0000"
BODY = b"Delivery failed.\n\nFrom here on, nothing.\n"

SAME = [
    (ID, DATE, BODY),
    (ID, DATE, BODY.replace(b"\n", b"\r\n")),
    (ID, DATE, BODY.replace(b"\n", b"\r")),
    (ID, DATE, BODY + b"\n\n"),
    (ID, DATE, BODY + b"\r\n"),
    (ID, DATE, BODY.rstrip(b"\n")),
    (ID, DATE, BODY.replace(b"From ", b">From ")),
    (ID, DATE, BODY.replace(b"From ", b">>From ")),
    (b" " + ID + b" ", DATE.replace(b" ", b"\r\n ", 1), BODY),
]

OTHER = [
    (b"<2@mx.example>", DATE, BODY),
    (b"", DATE, BODY),
    (ID, b"", BODY),
    (ID, DATE.replace(b":00 ", b":01 "), BODY),
    (ID, DATE, BODY + b"."),
    (ID, DATE, BODY.replace(b"\n\n", b"\n")),
    (ID, DATE, b""),
    (ID + b"\0" + DATE, b"", BODY),
]


@pytest.mark.parametrize("mail", SAME)
def test_what_a_carrier_changes_is_the_same_mail(mail: tuple[bytes, bytes, bytes]) -> None:
    assert mail_digest(*mail) == mail_digest(ID, DATE, BODY)


@pytest.mark.parametrize("mail", OTHER)
def test_what_an_author_wrote_otherwise_is_another_mail(mail: tuple[bytes, bytes, bytes]) -> None:
    assert mail_digest(*mail) != mail_digest(ID, DATE, BODY)


def test_a_report_is_one_by_mail_event_and_recipient() -> None:
    digest, other = mail_digest(ID, DATE, BODY), mail_digest(ID, DATE, b"")
    ids = {
        report_id(digest, "bounce", "user@example.com"),
        report_id(digest, "bounce", "other@example.com"),
        report_id(digest, "delay", "user@example.com"),
        report_id(digest, "bounce", ""),
        report_id(other, "bounce", "user@example.com"),
    }
    assert len(ids) == 5
    assert report_id(digest, "bounce", "User@Example.com") in ids
    assert {len(each) for each in ids} == {ID_CHARACTERS}


def test_ids_stay_what_they_are() -> None:
    """Ids are keys of stored items: a release that makes others would apply every report a second time."""
    made = report_id(mail_digest(ID, DATE, BODY), "bounce", "user@example.com")
    assert made == "f4d9b960b3eb789676ed21f38c1b20f4997e9f19"


def test_a_recipient_that_is_no_sound_text_has_an_id() -> None:
    assert len(report_id(mail_digest(ID, DATE, BODY), "bounce", "\ud800@example.com")) == ID_CHARACTERS


FIELDS = [("timeLogged", "2026-11-20 10:00:00+0100"), ("rcpt", "user@example.com"), ("dsnDiag", "550 a\nb")]


@pytest.mark.parametrize(
    "fields",
    [
        [*FIELDS, ("jobId", "")],
        [(name, f" {value} ") for name, value in FIELDS],
        [(name, value.replace("\n", "\r\n")) for name, value in FIELDS],
        [(name, value.replace("\n", "\r")) for name, value in FIELDS],
    ],
)
def test_what_a_shipper_changes_is_the_same_record(fields: list[tuple[str, str]]) -> None:
    assert record_digest("powermta", "b", fields) == record_digest("powermta", "b", FIELDS)


def test_what_an_mta_logged_otherwise_is_another_record() -> None:
    others = [
        ("kumomta", "b", FIELDS),
        ("powermta", "rb", FIELDS),
        ("powermta", "b", FIELDS[1:]),
        ("powermta", "b", [*FIELDS, ("jobId", "1")]),
        ("powermta", "b", [("rcpt", "2026-11-20 10:00:00+0100"), ("timeLogged", "user@example.com"), FIELDS[2]]),
        ("powermta", "b", [(name, value.upper()) for name, value in FIELDS]),
    ]
    assert len({record_digest(*other) for other in [*others, ("powermta", "b", FIELDS)]}) == len(others) + 1
