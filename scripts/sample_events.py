"""Make the sample events anew but that of ingest_ses, from which classify's and apply_actions' follow.

They are made with the project's own code; ingest_push's is a push of events/pushes/bounces.csv.

To be run after a change of the reader, the classifier or the records. The tests say when it is needed.
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bounces import envelopes, notifications
from bounces.patterns import Classifier
from bounces.reading import Arrival, read_mail
from bounces.records import Report, Source, Verdict
from local import http_event

EVENTS = Path(__file__).parents[1] / "events"
TOKEN = "token-of-the-sample-event"


def main() -> None:
    """Write the events."""
    made = reports()
    _write("classify", *envelopes.pack(Report, made))
    _write("apply_actions", *envelopes.pack(Verdict, [Classifier().classify(report) for report in made]))
    path = EVENTS / "ingest_push.json"
    path.write_text(json.dumps(push(), indent=2) + "\n", "utf-8")


def reports() -> tuple[Report, ...]:
    """Return what the sample mail reports, as ingest_ses reads it by the sample notification."""
    receipt = notifications.read_receipt(_body("ingest_ses"))
    arrival = Arrival(
        source=Source.SES,
        received_time=receipt.received_time,
        envelope_recipients=receipt.envelope_recipients,
        authentication=receipt.verdicts,
        raw=f"s3://{receipt.bucket}/{receipt.key}",
    )
    return read_mail((EVENTS / "mails" / "postfix-user-unknown.eml").read_bytes(), arrival).reports


def push() -> dict[str, Any]:
    """Return the event of a push of the sample file, as an HTTP API hands it on."""
    headers = {
        "Host": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "text/csv",
        "User-Agent": "curl/7.88.1",
    }
    made = http_event.event(
        "POST /v1/push/powermta",
        "/v1/push/powermta",
        headers.items(),
        (EVENTS / "pushes" / "bounces.csv").read_bytes(),
        peer="192.0.2.4",
        received=datetime(2026, 11, 16, 8, 20, tzinfo=UTC),
        api_id="a1b2c3d4e5",
    )
    made["requestContext"]["requestId"] = "TfGxkjzLDoEEP4Q="
    return made


def _body(function: str) -> str:
    return str(json.loads((EVENTS / f"{function}.json").read_text("utf-8"))["Records"][0]["body"])


def _write(function: str, body: str) -> None:
    path = EVENTS / f"{function}.json"
    event = json.loads(path.read_text("utf-8"))
    event["Records"][0]["body"] = body
    event["Records"][0]["md5OfBody"] = hashlib.md5(body.encode()).hexdigest()
    path.write_text(json.dumps(event, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
