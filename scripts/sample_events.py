"""Make the sample events of classify and apply_actions anew from that of ingest_ses, with the project's own code.

To be run after a change of the reader, the classifier or the records. The tests say when it is needed.
"""

import hashlib
import json
from pathlib import Path

from bounces import envelopes, notifications
from bounces.patterns import Classifier
from bounces.reading import Arrival, read_mail
from bounces.records import Report, Source, Verdict

EVENTS = Path(__file__).parents[1] / "events"


def main() -> None:
    receipt = notifications.read_receipt(_body("ingest_ses"))
    arrival = Arrival(
        source=Source.SES,
        received_time=receipt.received_time,
        envelope_recipients=receipt.envelope_recipients,
        authentication=receipt.verdicts,
        raw=f"s3://{receipt.bucket}/{receipt.key}",
    )
    reports = read_mail((EVENTS / "mails" / "postfix-user-unknown.eml").read_bytes(), arrival).reports
    verdicts = [Classifier().classify(report) for report in reports]
    _write("classify", *envelopes.pack(Report, reports))
    _write("apply_actions", *envelopes.pack(Verdict, verdicts))


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
