"""The push door on the deployed stack: what it takes, what it keeps, and what it answers."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from bounces import envelopes, notifications
from bounces.records import Event, Report, Source
from bounces.store.review_reasons import UNREADABLE
from functions.apply_actions import app as apply_actions
from functions.classify import app as classify
from functions.ingest_ses import app as ingest_ses
from tests.stack import deployed
from tests.stack.deployed import Stack
from tests.stack.expanded import ROOT
from tests.stack.in_memory import calls
from tests.stack.pushes import CSV, HEADER, JSON, TOKEN, push, reports, row, rows
from tests.stack.said import Said
from tests.stack.sample_events import event

MAIL = ROOT / "events" / "mails" / "postfix-user-unknown.eml"
RETURN_PATH = "bounces+news.n47.s101@return.example.com"
DELIVERED = {
    "type": "Delivery", "id": "d1", "sender": RETURN_PATH, "recipient": "u1@example.org", "timestamp": 1795600000,
    "response": {"code": 250, "enhanced_code": None, "content": "queued", "command": None},
}  # fmt: skip


@pytest.fixture
def stack(deployed_stack: Stack) -> Stack:
    deployed_stack.clear()
    deployed.forget()
    deployed_stack.push_tokens(TOKEN)
    return deployed_stack


def test_records_become_reports_and_the_body_is_kept(stack: Stack) -> None:
    answered = push(stack, rows(3))
    assert (answered.status, answered.headers["Content-Type"]) == (200, "application/json")
    assert answered.told == {"accepted": 3, "ignored": {}, "rejected": 0, "rejections": [], "more": 0}
    ((key, kept),) = stack.kept("").items()
    assert gzip.decompress(kept) == rows(3)
    made = reports(stack)
    assert [report.recipient for report in made] == [f"u{number}@example.org" for number in range(3)]
    bucket = stack.deployed.resources["MailBucket"]
    assert [report.raw for report in made] == [f"s3://{bucket}/{key}#{line}" for line in (2, 3, 4)]
    assert {(report.source, report.event) for report in made} == {(Source.POWERMTA, Event.BOUNCE)}


def test_one_line_is_one_report_in_every_form_and_however_often_it_is_sent(stack: Stack) -> None:
    fields = dict(zip(HEADER.split(","), row(1).split(","), strict=True))
    for body, content_type, encoding in (
        (rows(1, 1), CSV, None),
        (rows(1, 1), "text/csv", None),
        (gzip.compress(rows(1, 1)), CSV, "gzip"),
        (gzip.compress(rows(1, 1)), "application/gzip", None),
        (json.dumps(fields).encode(), JSON, None),
        (json.dumps([fields]).encode(), JSON, None),
        (json.dumps(fields).encode() + b"\n", "application/x-ndjson", None),
        (rows(1, 1), CSV, None),
    ):
        assert push(stack, body, content_type=content_type, encoding=encoding).told["accepted"] == 1
    made = reports(stack)
    assert len(made) == 8
    assert len({report.id for report in made}) == 1
    keys = {report.raw.partition("#")[0].rpartition("/")[2] for report in made if report.raw}
    assert len(stack.kept("pushed/")) == len(keys) == 5  # the replay and the same bytes of another type are kept once


def test_what_cannot_be_read_is_set_aside_and_told_and_the_others_are_taken(stack: Stack) -> None:
    shifted = row(7).replace("u7@example.org", "5.1.1")
    bad = row(8).replace("u8@example.org", "\xe9").encode("latin-1").replace(b",bad-mailbox", b"")
    body = rows(2) + shifted.encode() + b"\nt,2026-11-20 10:00:00+0000,,,,,,,\n" + bad + b"\n"
    answered = push(stack, body)
    told = dict(answered.told)
    rejections = told.pop("rejections")
    assert (answered.status, told) == (200, {"accepted": 2, "ignored": {"t": 1}, "rejected": 2, "more": 0})
    assert [rejection["place"] for rejection in rejections] == [4, 6]
    assert all(rejection["reason"] for rejection in rejections)
    ((key, packed),) = stack.kept("rejected/").items()
    kept = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    assert [(part["place"], part["reason"]) for part in kept] == [(r["place"], r["reason"]) for r in rejections]
    assert kept[0]["record"] == shifted
    assert "record_base64" in kept[1]
    assert key.removeprefix("rejected/").removesuffix(".jsonl.gz") in kept[0]["body"]


def test_what_cannot_be_read_comes_before_a_person_by_the_ordinary_path(stack: Stack) -> None:
    shifted = [row(number).replace(f"u{number}@example.org", "5.1.1") for number in range(3)]
    body = "\n".join([HEADER, row(9), *shifted, shifted[0], "b,x"]).encode()
    for _ in range(2):
        assert push(stack, body).told["rejected"] == 5
    assert stack.call(classify, stack.messages("ReportQueue")) == []
    assert stack.call(apply_actions, stack.messages("VerdictQueue")) == []
    found = sorted(stack.review.groups(), key=lambda group: group.total)
    assert [(group.total, group.why) for group in found] == [(1, UNREADABLE), (3, UNREADABLE)]
    assert found[1].shape == "has a status in the column rcpt: its values stand under the columns of another record"
    ((key, packed),) = stack.kept("rejected/").items()
    places = {part["place"]: part["record"] for part in map(json.loads, gzip.decompress(packed).splitlines())}
    for item in stack.review.items(found[1].id):
        bucket_key, _, place = (item.verdict.report.raw or "").partition("#")
        assert bucket_key.endswith(key)
        assert places[int(place)].startswith((item.verdict.report.diagnostic or "")[:200])
    assert {suppression.address for suppression in stack.tables.store.suppressions()} == {"u9@example.org"}
    assert len(stack.tables.items()) == 4  # of u9 alone: status, membership, history, suppression


def test_two_thousand_rejections_travel_in_twenty_messages(stack: Stack) -> None:
    push(stack, rows(1))
    reports(stack)
    body = "\n".join([HEADER, *(row(number).replace(f"u{number}@example.org", "5.1.1") for number in range(2000))])
    with calls() as made:
        assert push(stack, body.encode()).told["rejected"] == 2000
    sends = [its for operation, its in made.made if operation == "SendMessageBatch"]
    assert sum(len(its["Entries"]) for its in sends) == 20
    assert made.operations.count("PutObject") == 2


def test_of_many_rejections_the_first_hundred_are_told_and_all_are_kept(stack: Stack) -> None:
    told = push(stack, HEADER.encode() + b"\n" + b"b,x\n" * 150).told
    assert (told["rejected"], len(told["rejections"]), told["more"]) == (150, 100, 50)
    (packed,) = stack.kept("rejected/").values()
    assert len(gzip.decompress(packed).splitlines()) == 150


def test_records_travel_in_few_messages_and_a_body_is_one_put(stack: Stack) -> None:
    push(stack, rows(1))
    with calls() as made:
        assert push(stack, rows(1000)).told["accepted"] == 1000
    assert made.operations.count("SendMessageBatch") <= 1000 / 50
    assert made.operations.count("PutObject") == 1
    assert set(made.operations) - {"GetFunctionConfiguration"} == {"PutObject", "SendMessageBatch"}  # the test's own


def test_a_kumomta_delivery_resets_and_a_bounce_ends(stack: Stack) -> None:
    bounce = {**DELIVERED, "type": "Bounce", "id": "b1", "timestamp": 1795500000}
    bounce["response"] = {"code": 452, "enhanced_code": None, "content": "4.2.2 mailbox full", "command": "RCPT TO"}
    for record, state in ((bounce, "soft-bouncing"), (DELIVERED, "active")):
        assert push(stack, json.dumps(record).encode(), "kumomta", content_type=JSON).told["accepted"] == 1
        assert stack.call(classify, stack.messages("ReportQueue")) == []
        assert stack.call(apply_actions, stack.messages("VerdictQueue")) == []
        assert stack.tables.store.status("u1@example.org").state == state


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("as_base64", [True, False])
def test_a_mail_goes_the_way_of_ses_s(stack: Stack, nested: bool, as_base64: bool) -> None:
    text = base64.b64encode(MAIL.read_bytes()).decode() if as_base64 else MAIL.read_text("utf-8")
    content = {"email_rfc822": text, "email_rfc822_is_base64": as_base64}
    posted = {"msg_from": "", "rcpt_to": RETURN_PATH, **({"content": content} if nested else content)}
    answered = push(stack, json.dumps(posted).encode(), "mail", content_type=JSON)
    assert (answered.status, answered.told["accepted"]) == (200, 1)
    ((key, kept),) = stack.kept("").items()
    assert kept == MAIL.read_bytes()
    assert key.startswith("incoming/pushed/")
    (message,) = stack.messages("MailQueue")
    receipt = notifications.read_receipt(message)
    assert (receipt.key, receipt.envelope_recipients, receipt.source) == (key, (RETURN_PATH,), Source.API)
    assert stack.call(ingest_ses, [message]) == []
    (report,) = envelopes.unpack(Report, stack.messages("ReportQueue")[0]).records
    assert (report.recipient, report.envelope_recipient, report.list_id) == ("ada@example.org", RETURN_PATH, "news")
    assert (report.source, report.received_time) == (Source.API, receipt.received_time)


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("Bearer another-token", 401),
        ("Bearer ", 401),
        ("Bearer", 401),
        ("Basic !!", 401),
        ("Digest " + TOKEN, 401),
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN}", 200),
        ("Basic YW55Om90aGVy", 401),  # any:other
        ("Basic bXRhOmEtdG9rZW4tb2YtdGhlLXRlc3Rz", 200),  # mta:TOKEN
    ],
)
def test_who_has_a_token_may_push(stack: Stack, authorization: str | None, status: int) -> None:
    answered = push(stack, rows(1), authorization=authorization)
    assert answered.status == status
    assert len(stack.kept("")) == len(reports(stack)) == (status == 200)
    if status == 401:
        assert answered.headers["WWW-Authenticate"].startswith("Bearer")
        assert "token" in answered.told["error"]


def test_records_sent_without_a_token_arrive_once_it_is_mended(stack: Stack) -> None:
    assert push(stack, rows(5), authorization=None).status == 401
    assert push(stack, rows(5), authorization="Bearer wrong").status == 401
    assert push(stack, rows(5)).told["accepted"] == 5
    assert len(reports(stack)) == 5


def test_a_rotation_is_followed_and_the_token_before_is_good(stack: Stack) -> None:
    assert push(stack, rows(1)).status == 200
    clock = [0.0]
    deployed.ingest_push._tokens()._clock = lambda: clock[0]  # a test's hand on the edge's clock
    deployed.ingest_push._tokens()._looked = 0.0
    stack.push_tokens("the-next-token", TOKEN)
    clock[0] = 5.0
    assert push(stack, rows(1), authorization="Bearer the-next-token").status == 200
    assert push(stack, rows(1)).status == 200
    stack.push_tokens("a-third-token", "the-next-token")
    clock[0] = 400.0
    assert push(stack, rows(1)).status == 401


def test_what_is_no_path_of_the_door_is_not_found(stack: Stack) -> None:
    assert push(stack, rows(1), "nothing").status == 404


def test_the_sample_event_is_taken(stack: Stack) -> None:
    sample = event("ingest_push")
    stack.push_tokens(sample["headers"]["authorization"].removeprefix("Bearer "))
    told = json.loads(stack.push(sample)["body"])
    assert told == {"accepted": 3, "ignored": {"t": 1}, "rejected": 0, "rejections": [], "more": 0}
    assert [report.event for report in reports(stack)] == [Event.BOUNCE] * 3


def test_what_is_logged_and_counted_names_no_one(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    said = Said(capsys)
    with said.listening():
        push(stack, rows(2) + b"b,x,victim@example.org\nt,,,,,,,,\n")
        push(stack, rows(1), authorization="Bearer wrong-token-of-someone")
        push(stack, rows(1), content_type="image/png")
    assert said.counted["PushesTaken"] == 1
    assert said.counted["ReportsMade"] == 2
    assert said.counted["RecordsIgnored"] == 1
    assert said.counted["PushesRefused"] == 2
    assert said.rejected == {"RecordError": 1}
    for secret in ("victim@", "u0@", TOKEN, "wrong-token-of-someone"):
        assert secret not in said.everything
