"""Who complained, where the report does not say it."""

import json
from typing import Any

import pytest

from bounces.reading import read_mail
from bounces.reading.feedback import complainants
from bounces.records import Event


@pytest.mark.parametrize(
    ("returned", "named"),
    [
        ({"x-hmxmroriginalrecipient": ["kim@example.com"], "to": ["bo@example.com"]}, ["kim@example.com"]),
        ({"x-original-rcpt-to": ["<kim@example.com>"], "delivered-to": ["bo@example.com"]}, ["kim@example.com"]),
        ({"x-original-rcpt-to": ["redacted@example.com"], "to": ["Kim <kim@example.com>"]}, ["kim@example.com"]),
        ({"x-rcpt-to": [""], "to": ["kim@example.com"]}, ["kim@example.com"]),
        ({"to": ["team@lists.example.com, bo@example.com"]}, []),
        ({"to": ["team@lists.example.com", "bo@example.com"]}, []),
        ({}, []),
    ],
)
def test_the_surest_header_counts_alone(returned: dict[str, list[str]], named: list[str]) -> None:
    assert complainants([], returned) == named


def test_whom_the_report_names_counts_before_any_header() -> None:
    assert complainants(["kim@example.com"], {"to": ["bo@example.com"]}) == ["kim@example.com"]


def test_the_reports_own_parties_are_not_named() -> None:
    assert complainants([], {"delivered-to": ["fbl@example.com"], "to": ["kim@example.com"]}, "fbl@example.com") == [
        "kim@example.com"
    ]


@pytest.mark.parametrize(("said", "kind"), [(None, "abuse"), ("fraud", "fraud"), ("not-spam", "not-spam")])
def test_a_complaint_that_ses_tells_without_a_type_is_one_of_abuse(said: str | None, kind: str) -> None:
    complaint: dict[str, Any] = {"complainedRecipients": [{"emailAddress": "ann@example.com"}]}
    if said is not None:
        complaint["complaintFeedbackType"] = said
    told = {"notificationType": "Complaint", "complaint": complaint, "mail": {}}
    mail = f"From: no-reply@sns.amazonaws.com\nSubject: AWS Notification Message\n\n{json.dumps(told)}\n"
    (report,) = read_mail(mail.encode()).reports
    assert (report.event, report.recipient, report.feedback_type) == (Event.COMPLAINT, "ann@example.com", kind)
