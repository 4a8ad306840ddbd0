"""The sample events are what the real queues would bring, and follow from one another."""

import hashlib
from datetime import datetime

import pytest

from bounces import envelopes, notifications
from bounces.patterns import Classifier
from bounces.records import Report, Verdict
from local import schedule
from scripts import sample_events as making
from tests.stack.expanded import ROOT, WRITTEN
from tests.stack.sample_events import body, event

FOLDERS = [
    part["Properties"]["CodeUri"].rpartition("/")[2]
    for part in WRITTEN["Resources"].values()
    if part["Type"] == "AWS::Serverless::Function"
]
WITHOUT_QUEUE = ("ingest_push", "ingest_mailbox")


@pytest.mark.parametrize("function", [folder for folder in FOLDERS if folder not in WITHOUT_QUEUE])
def test_every_function_has_a_sample_event_as_sqs_brings_it(function: str) -> None:
    (record,) = event(function)["Records"]
    assert record["eventSource"] == "aws:sqs"
    assert record["md5OfBody"] == hashlib.md5(record["body"].encode()).hexdigest()
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


def test_the_sample_push_is_as_an_http_api_brings_the_sample_file() -> None:
    assert set(FOLDERS) == {path.stem for path in (ROOT / "events").glob("*.json")}
    assert event("ingest_push") == making.push()


def test_the_sample_schedule_s_event_is_as_the_scheduler_brings_it() -> None:
    sample = event("ingest_mailbox")
    name = sample["resources"][0].rpartition("/")[2]
    made = schedule.event(name, datetime.fromisoformat(sample["time"]))
    assert made | {"id": sample["id"]} == sample


def test_the_sample_mail_gives_the_sample_report() -> None:
    assert notifications.read_receipt(body("ingest_ses")).key.startswith("incoming/")
    assert envelopes.unpack(Report, body("classify")).records == making.reports()


def test_the_sample_report_gives_the_sample_verdict() -> None:
    (report,) = envelopes.unpack(Report, body("classify")).records
    (verdict,) = envelopes.unpack(Verdict, body("apply_actions")).records
    found = Classifier().classify(report)
    assert verdict.report == report
    assert (verdict.category, verdict.bounce_type) == (found.category, found.bounce_type)
