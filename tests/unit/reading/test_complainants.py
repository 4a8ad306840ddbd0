"""Who complained, where the report does not say it."""

import pytest

from bounces.reading.feedback import complainants


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
