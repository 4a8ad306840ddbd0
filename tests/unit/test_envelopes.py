"""Queue messages: how records are packed, and what is refused on reading."""

import json
from typing import Any

import pytest

from bounces import envelopes, records
from bounces.envelopes import MAX_BYTES, MAX_RECORDS
from bounces.errors import RecordError, UnknownVersion
from bounces.records import BounceType, Event, Report, Source, Verdict


def report(number: int = 0, **fields: Any) -> Report:
    return Report(id=f"r{number}", source=Source.SES, event=Event.BOUNCE, recipient="user@example.com", **fields)


def verdict(number: int = 0, **fields: Any) -> Verdict:
    return Verdict(report=report(number, **fields), category="other", bounce_type=BounceType.SOFT)


@pytest.mark.parametrize(("number", "messages"), [(0, 0), (1, 1), (100, 1), (101, 2), (1000, 10), (1001, 11)])
def test_records_are_packed_by_the_hundred_in_their_order(number: int, messages: int) -> None:
    packed = list(envelopes.pack(Report, map(report, range(number))))
    assert len(packed) == messages
    opened = [record for message in packed for record in envelopes.unpack(Report, message).records]
    assert opened == [report(each) for each in range(number)]


def test_a_message_stays_within_its_size() -> None:
    packed = list(envelopes.pack(Verdict, (verdict(number, diagnostic="é" * 2000) for number in range(50))))
    assert len(packed) > 1
    assert max(len(message.encode()) for message in packed) <= MAX_BYTES
    assert sum(len(envelopes.unpack(Verdict, message).records) for message in packed) == 50


def largest_report() -> Report:
    """Return a report with every text at its limit, in the characters that JSON in ASCII makes most of."""
    astral = "\U0001f4a9"
    texts: dict[str, Any] = dict.fromkeys(records._REPORT_LIMITS, astral * 4000)
    headers = {f"{number}{astral * 300}": astral * 1000 for number in range(16)}
    return Report(source=Source.SES, event=Event.BOUNCE, headers=headers, authentication=headers, **texts)


def test_the_largest_report_fits_a_message() -> None:
    (message,) = envelopes.pack(Report, [largest_report()])
    assert len(message) <= MAX_BYTES
    (opened,) = envelopes.unpack(Report, message).records
    assert opened.diagnostic == largest_report().diagnostic
    assert {"headers", "authentication"} <= set(opened.cuts)


def test_the_largest_verdict_fits_a_message() -> None:
    texts: dict[str, Any] = dict.fromkeys(records._VERDICT_LIMITS, "\U0001f4a9" * 4000)
    (message,) = envelopes.pack(Verdict, [Verdict(report=largest_report(), bounce_type=BounceType.SOFT, **texts)])
    assert len(message) <= MAX_BYTES
    (opened,) = envelopes.unpack(Verdict, message).records
    assert opened.report.diagnostic == largest_report().diagnostic
    assert opened.reason is not None


def test_a_message_is_ascii() -> None:
    (message,) = envelopes.pack(Report, [report(diagnostic="postfach überfüllt ￿ \x00")])
    assert message.isascii()
    assert message.isprintable()


def test_a_record_that_cannot_be_read_does_not_keep_the_others() -> None:
    good, odd = report(1).to_json(), {"version": 1, "id": 7}
    message = json.dumps({"version": 1, "kind": "reports", "records": [odd, good, None, good]})
    opened = envelopes.unpack(Report, message)
    assert opened.records == (report(1), report(1))
    assert [(part.place, part.record) for part in opened.rejected] == [(0, odd), (2, None)]
    assert "report" in opened.rejected[0].reason


def test_what_was_rejected_is_packed_as_it_came() -> None:
    odd = {"version": 9, "new": ["ü"]}
    opened = envelopes.unpack(Report, json.dumps({"version": 1, "kind": "reports", "records": [odd]}))
    message = envelopes.repack(Report, opened.rejected)
    assert json.loads(message) == {"version": 1, "kind": "reports", "records": [odd]}


REFUSED = [
    ("", "JSON envelope"),
    ("not JSON", "JSON envelope"),
    ("[]", "JSON envelope"),
    ("null", "JSON envelope"),
    ('"text"', "JSON envelope"),
    ("[" * 100_000, "JSON envelope"),
    ('{"version":1,"kind":"verdicts","records":[{}]}', "kind 'verdicts'"),
    ('{"version":1,"records":[{}]}', "kind None"),
    ('{"version":1,"kind":["reports"],"records":[{}]}', "kind"),
    ('{"version":1,"kind":"reports"}', "list of 1 to"),
    ('{"version":1,"kind":"reports","records":{}}', "list of 1 to"),
    ('{"version":1,"kind":"reports","records":[]}', "list of 1 to"),
    ('{"version":1,"kind":"reports","records":[' + ",".join(["{}"] * (MAX_RECORDS + 1)) + "]}", "list of 1 to"),
]


@pytest.mark.parametrize(("message", "reason"), REFUSED)
def test_what_is_no_envelope_is_refused_with_its_reason(message: str, reason: str) -> None:
    with pytest.raises(RecordError, match=reason):
        envelopes.unpack(Report, message)


@pytest.mark.parametrize("message", ["{}", '{"version":2,"kind":"reports","records":[{}]}', '{"version":"1"}'])
def test_another_version_is_refused(message: str) -> None:
    with pytest.raises(UnknownVersion, match="version"):
        envelopes.unpack(Report, message)
