"""Receipt notifications as SES writes them, for tests."""

import json
from typing import Any

BUCKET = "mail-bucket"
KEY = "incoming/o3vrnil0e2ic28trm7dfhrc2v0clambda4nbp0g1"
RETURN_PATH = "bounces+news.c7.17.abcdefghijklmn27@return.example.com"


def notification(
    bucket: str = BUCKET, key: str = KEY, message_id: str = "o3vrnil0e2ic28trm7dfhrc2v0clambda4nbp0g1"
) -> dict[str, Any]:
    """Return what SES publishes when it has stored the mail `key` in `bucket`."""
    return {
        "notificationType": "Received",
        "mail": {
            "timestamp": "2026-11-24T10:00:00.123Z",
            "source": "",
            "messageId": message_id,
            "destination": [RETURN_PATH],
            "headersTruncated": False,
            "headers": [{"name": "From", "value": "MAILER-DAEMON@mx.example"}],
            "commonHeaders": {"from": ["MAILER-DAEMON@mx.example"], "subject": "Undelivered Mail Returned to Sender"},
        },
        "receipt": {
            "timestamp": "2026-11-24T10:00:01.456Z",
            "processingTimeMillis": 222,
            "recipients": [RETURN_PATH],
            "spamVerdict": {"status": "PASS"},
            "virusVerdict": {"status": "PASS"},
            "spfVerdict": {"status": "GRAY"},
            "dkimVerdict": {"status": "FAIL"},
            "dmarcVerdict": {"status": "PROCESSING_FAILED"},
            "action": {
                "type": "S3",
                "topicArn": "arn:aws:sns:eu-west-1:123456789012:mail",
                "bucketName": bucket,
                "objectKeyPrefix": "incoming/",
                "objectKey": key,
            },
        },
    }


def wrapped(message: dict[str, Any]) -> str:
    """Return `message` in SNS's JSON, as a queue gets it without raw delivery."""
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": "arn:aws:sns:eu-west-1:123456789012:mail",
            "Subject": "Amazon SES Email Receipt Notification",
            "Message": json.dumps(message),
            "Timestamp": "2026-11-24T10:00:02.000Z",
            "SignatureVersion": "1",
        }
    )
