"""Bounces that real mail servers wrote of refusals of ours: what is read is what we answered.

mails/SERVER has the mails, and in truth.json what our hosts had answered when they were written (see truth.py, and
docs/genuine.md for how they are made). No server is needed here.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from bounces.patterns import Classifier
from bounces.reading import read_mail
from bounces.records import BounceType, Event, Report
from tests.genuine.truth import MAILS, Recipient

CLASSIFIER: Final = Classifier()


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail, and what is true of its recipients."""

    path: Path
    recipients: tuple[Recipient, ...]

    @property
    def reports(self) -> dict[str | None, Report]:
        """Return what the reader says of each recipient."""
        return {report.recipient: report for report in read_mail(self.path.read_bytes()).reports}


def _samples() -> list[Sample]:
    found = []
    for truths in sorted(MAILS.glob("*/truth.json")):
        for each in json.loads(truths.read_text("utf-8"))["mails"]:
            recipients = tuple(Recipient(**recipient) for recipient in each["recipients"])
            found.append(Sample(truths.parent / each["file"], recipients))
    return found


SAMPLES: Final = _samples()
every_mail = pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: f"{s.path.parent.name}-{s.path.stem}")


@every_mail
def test_each_recipient_that_the_mail_speaks_of_is_reported_once_and_no_other(sample: Sample) -> None:
    read = [report.recipient for report in read_mail(sample.path.read_bytes()).reports]
    assert sorted(map(str, read)) == sorted(each.address for each in sample.recipients)


@every_mail
def test_the_event_is_what_happened(sample: Sample) -> None:
    for true in sample.recipients:
        report = sample.reports[true.address]
        if true.event == "failure":
            assert report.is_failure, true
            if true.refused == "for good" and true.reply_code:
                assert report.event is Event.BOUNCE, true
        else:
            assert report.event is {"warning": Event.DELAY, "success": Event.DELIVERY}[true.event], true


@every_mail
def test_the_codes_are_ours_where_the_mail_has_them(sample: Sample) -> None:
    for true in sample.recipients:
        report = sample.reports[true.address]
        if true.shared:
            continue
        if true.reply_code:
            assert report.reply_code == true.reply_code, true
        if true.status_is == "ours":
            assert report.status == true.status, true


@every_mail
def test_a_status_that_is_not_ours_is_the_servers_or_none(sample: Sample) -> None:
    for true in sample.recipients:
        if true.status_is != "ours":
            status = sample.reports[true.address].status
            assert status is None or status.endswith(".0.0") or status in true.written, (true, status)


@every_mail
def test_the_diagnostic_is_in_our_words(sample: Sample) -> None:
    for true in sample.recipients:
        if true.words and not true.shared:
            diagnostic = sample.reports[true.address].diagnostic
            assert diagnostic, true
            assert true.words in diagnostic, true
            assert "\n" not in diagnostic


@every_mail
def test_nobody_is_told_what_another_was_answered(sample: Sample) -> None:
    for true in sample.recipients:
        diagnostic = sample.reports[true.address].diagnostic or ""
        for other in sample.recipients:
            if other.address != true.address and other.answer != true.answer and not true.shared:
                is_of_all = sample.reports[other.address].diagnostic == diagnostic
                assert is_of_all or other.address not in diagnostic, true
                assert not other.words or other.words not in diagnostic, true


@every_mail
def test_the_state_is_that_of_the_address_that_was_mailed(sample: Sample) -> None:
    for true in sample.recipients:
        assert sample.reports[true.address].addressee == true.address


@every_mail
def test_only_a_dead_address_is_hard(sample: Sample) -> None:
    for true in sample.recipients:
        verdict = CLASSIFIER.classify(sample.reports[true.address])
        if true.dead is False:
            assert verdict.bounce_type is not BounceType.HARD, (true, verdict.reason)
        elif true.dead and true.words:
            assert verdict.bounce_type is BounceType.HARD, (true, verdict.reason)


@every_mail
def test_what_the_returned_message_carried_is_read(sample: Sample) -> None:
    case = sample.path.stem.removesuffix("-2").removesuffix("-warning").removesuffix("-success")
    for report in sample.reports.values():
        assert (report.message_id or "").strip("<>") == f"{case}@sender.example"
        assert report.feedback_id == "n47:news:example"


def test_the_samples_have_every_oddity_that_they_are_kept_for() -> None:
    true = [recipient for sample in SAMPLES for recipient in sample.recipients]
    assert len({sample.path.parent for sample in SAMPLES}) >= 8
    assert {each.stage for each in true} == {"banner", "helo", "mail", "rcpt", "data", "dot", "host", "domain", ""}
    assert {each.event for each in true} == {"failure", "warning", "success"}
    assert {each.status_is for each in true} == {"ours", "invented", "absent"}
    assert any(each.refused == "never" and each.event == "failure" for each in true)
    assert any(each.answer and each.answer[0] in ("550", "550 ") for each in true)
    assert any(not "".join(each.answer).isascii() and each.words for each in true)
