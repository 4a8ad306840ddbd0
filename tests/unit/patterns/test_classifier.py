"""From a report to a verdict: the order of the layers, what is transient, and how a verdict explains itself."""

from datetime import UTC, datetime, timedelta

import pytest

from bounces.patterns import Classifier, parse_patterns
from bounces.records import BounceType, Event, Source, Verdict
from tests.unit.patterns.reports import report_of

CLASSIFIER = Classifier()


@pytest.mark.parametrize(
    ("diagnostic", "layer", "rule", "category", "bounce_type"),
    [
        ("550 p=NoSuchUser 1 - gsmtp", "provider", "google.no-such-user", "bad-mailbox", "hard"),
        ("550 5.7.1 <a@example.com>: user unknown", "phrase", "mailbox.user-unknown", "bad-mailbox", "hard"),
        ("550 5.1.1 <a@example.com> in zen.spamhaus.org", "phrase", "blocklist.named-list", "policy-related", "soft"),
        ("550 5.1.1 <a@example.com>... nope", "status", "status.1.1", "bad-mailbox", "hard"),
        ("550 5.1.2 <a@example.com>... nope", "status", "status.1.2", "bad-domain", "hard"),
        ("550 5.7.1 <a@example.com>... nope", "status", "status.7.1", "policy-related", "soft"),
        ("550 5.7.999 <a@example.com>... nope", "status", "status.7", "policy-related", "soft"),
        ("503 nope", "reply-code", "reply-code.503", "protocol-errors", "soft"),
        ("550 nope", "default", "default", "other", "soft"),
        (None, "default", "default", "other", "soft"),
    ],
)  # fmt: skip
def test_text_beats_status_beats_reply_code_beats_doubt(
    diagnostic: str | None, layer: str, rule: str, category: str, bounce_type: str
) -> None:
    verdict = CLASSIFIER.classify(report_of(diagnostic))
    assert (verdict.layer, verdict.rule, verdict.category, verdict.bounce_type) == (layer, rule, category, bounce_type)


def test_several_reports_are_judged_as_each_by_itself() -> None:
    classifier = Classifier(parse_patterns("nobody here==>Hard")[0])
    reports = [
        report_of("550 5.1.1 <a@example.com>: user unknown"),
        report_of("250 2.0.0 OK", event=Event.DELIVERY),
        report_of("550 nobody here"),
        report_of(None),
    ]
    verdicts = classifier.classify_all(reports)
    assert verdicts == [classifier.classify(report) for report in reports]
    assert [verdict.layer for verdict in verdicts] == ["phrase", None, "operator", "default"]
    assert classifier.classify_all(()) == []


def test_a_provider_is_known_by_its_host_by_the_recipients_domain_or_by_its_words() -> None:
    at_docomo = "550 Unknown user abe@example.com"
    for fields in ({"remote_mta": "mfsmax.docomo.ne.jp"}, {"recipient": "abe@docomo.ne.jp"}):
        assert CLASSIFIER.classify(report_of(at_docomo, **fields)).rule == "docomo.unknown"
    assert CLASSIFIER.classify(report_of(f"host mfsmax.docomo.ne.jp said: {at_docomo}")).rule == "docomo.unknown"
    assert CLASSIFIER.classify(report_of(at_docomo)).rule == "mailbox.unknown-user"


@pytest.mark.parametrize(
    ("diagnostic", "fields"),
    [
        ("450 4.1.1 <a@example.com>: Recipient address rejected: User unknown in virtual mailbox table", {}),
        ("450 <a@example.com>: user unknown", {}),
        ("user unknown", {"status": "4.4.7"}),
        ("user unknown", {"reply_code": "450"}),
        ("450 4.1.1 user unknown", {"status": None, "reply_code": None}),
        ("DNS type 'mx' lookup of example.invalid responded with code NXDOMAIN", {"status": "4.0.0"}),
    ],
)
def test_a_transient_failure_keeps_its_category_and_is_soft(diagnostic: str, fields: dict[str, object]) -> None:
    verdict = CLASSIFIER.classify(report_of(diagnostic, **fields))
    assert verdict.category in ("bad-mailbox", "bad-domain")
    assert verdict.bounce_type is BounceType.SOFT
    assert "transient" in (verdict.reason or "")


def _tried(diagnostic: str, days: float, **fields: object) -> BounceType:
    first = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
    attempts = {"first_attempt": first, "last_attempt": first + timedelta(days=days)}
    return CLASSIFIER.classify(report_of(diagnostic, **attempts, **fields)).bounce_type


def test_a_transient_failure_that_lasted_as_long_as_escalation_asks_is_hard() -> None:
    unknown = "450 4.1.1 <a@example.com>: Recipient address rejected: User unknown in virtual mailbox table"
    assert _tried(unknown, 4.9) is BounceType.HARD
    assert "has lasted for 4 days" in (
        CLASSIFIER.classify(
            report_of(
                unknown, first_attempt=datetime(2026, 11, 1, tzinfo=UTC), last_attempt=datetime(2026, 11, 5, tzinfo=UTC)
            )
        ).reason
        or ""
    )


@pytest.mark.parametrize(
    ("diagnostic", "days", "fields"),
    [
        ("450 4.1.1 <a@example.com>: User unknown", 3.9, {}),
        ("450 4.1.1 <a@example.com>: User unknown", -4.9, {}),
        ("450 4.1.1 <a@example.com>: User unknown", 400, {}),
        ("450 4.1.1 <a@example.com>: User unknown", 4.9, {"event": Event.DELAY, "action": "failed"}),
        ("450 4.1.1 <a@example.com>: User unknown", 4.9, {"event": Event.DELAY, "action": "delayed"}),
        ("450 4.1.1 <a@example.com>... nope", 4.9, {}),
        ("450 4.2.2 <a@example.com>: mailbox full", 4.9, {}),
        ("450 4.2.1 <a@example.com>: mailbox temporarily disabled", 4.9, {}),
        ("450 4.2.0 <a@example.com>: Recipient address rejected: Greylisted", 4.9, {}),
        ("450 4.1.1 <a@example.com>: User unknown, directory failure", 4.9, {}),
    ],
)
def test_time_alone_makes_nothing_hard(diagnostic: str, days: float, fields: dict[str, object]) -> None:
    assert _tried(diagnostic, days, **fields) is not BounceType.HARD


@pytest.mark.parametrize(
    "words",
    [
        "Connected to 192.0.2.112 but my name was rejected. Remote host said: 501 Invalid domain name",
        "Connected to 192.0.2.112 but sender was rejected. Remote host said: 550 user unknown",
        "SMTP error from remote mail server after MAIL FROM:<x@example.net>: host mx.example.com: 550 unknown user",
        "host mx.example.com said: 550 5.1.1 no such user (in reply to MAIL FROM command)",
        "host mx.example.com said: 550 5.1.1 gone (in reply to EHLO command)",
        "550 5.1.7 Invalid address",
        "550 5.1.8 user unknown",
    ],
)
def test_what_is_refused_before_the_recipient_is_named_or_by_a_senders_code_is_not_about_the_recipient(
    words: str,
) -> None:
    assert CLASSIFIER.classify(report_of(words)).bounce_type is BounceType.SOFT


def test_words_about_the_return_path_are_not_about_the_recipient() -> None:
    fields = {"envelope_recipient": "Bounces+l.c@return.example.net", "recipient": "a@example.com"}
    looked_up = "550 <bounces+l.c@return.example.net> does not exist"
    assert CLASSIFIER.classify(report_of(looked_up)).bounce_type is BounceType.HARD
    verdict = CLASSIFIER.classify(report_of(looked_up, **fields))
    assert (verdict.category, verdict.bounce_type) == ("other", BounceType.SOFT)
    at_google = f"{looked_up}: the email account that you tried to reach does not exist - gsmtp"
    assert CLASSIFIER.classify(report_of(at_google, **fields)).bounce_type is BounceType.SOFT
    both = "550 <a@example.com> user unknown, of bounces+l.c@return.example.net"
    assert CLASSIFIER.classify(report_of(both, **fields)).bounce_type is BounceType.HARD


@pytest.mark.parametrize("name", ["virus-found", "no.such.user", "spam", "blacklisted", "user-unknown", "mailbox-full"])
def test_words_in_an_address_say_nothing(name: str) -> None:
    verdict = CLASSIFIER.classify(report_of(f"550 5.7.1 <{name}@example.com> nope"))
    assert (verdict.layer, verdict.category) == ("status", "policy-related")


def test_the_receivers_answer_counts_before_the_sending_systems_prose() -> None:
    prose = "Google tried to deliver your message, but it was rejected by the recipient domain. The error was: "
    assert CLASSIFIER.classify(report_of(f"{prose}550 550 5.1.1 user unknown")).rule == "mailbox.user-unknown"
    assert CLASSIFIER.classify(report_of(f"{prose}550 5.1.1 <a@example.com>")).rule == "status.1.1"


def test_of_two_codes_the_one_that_is_not_about_the_address_holds() -> None:
    assert CLASSIFIER.classify(report_of("550 5.7.1 nope", status="5.1.1")).bounce_type is BounceType.SOFT
    assert CLASSIFIER.classify(report_of("550 5.1.1 nope", status="5.7.1")).bounce_type is BounceType.SOFT


NEVER_HARD = (
    "5.7.1 5.7.13 5.7.17 5.7.26 5.2.2 5.2.3 5.3.4 5.4.1 5.4.4 5.4.6 5.1.7 5.1.8 5.1.0 5.5.0 5.5.4 5.6.0 4.1.1 4.2.1"
)


@pytest.mark.parametrize("code", NEVER_HARD.split())
def test_codes_that_never_suppress_anyone(code: str) -> None:
    verdict = CLASSIFIER.classify(report_of(None, status=code, reply_code="550"))
    assert verdict.bounce_type is BounceType.SOFT


@pytest.mark.parametrize("event", [event for event in Event if event is not Event.BOUNCE])
def test_only_a_bounce_has_a_category(event: Event) -> None:
    verdict = CLASSIFIER.classify(report_of("550 5.1.1 user unknown", event=event))
    assert (verdict.category, verdict.bounce_type, verdict.rule) == (None, BounceType.NONE, None)
    assert verdict.reason


def test_an_echo_of_our_own_suppression_is_ignored() -> None:
    said = "Amazon SES did not send the message to this address because it is on the suppression list for your account"
    verdict = CLASSIFIER.classify(report_of(said, status="5.1.1"))
    assert (verdict.category, verdict.bounce_type, verdict.ignore) == ("other", BounceType.SOFT, True)


@pytest.mark.parametrize(
    ("source", "theirs", "diagnostic", "ours", "bounce_type"),
    [
        (Source.POWERMTA, "bad-mailbox", "550 5.1.1 <a@example.com> in zen.spamhaus.org", "policy-related", "soft"),
        (Source.POWERMTA, "spam-related", "550 5.7.1 <a@example.com>: user unknown", "bad-mailbox", "hard"),
        (Source.POWERMTA, "our-own-name", "552 5.2.2 <a@example.com> mailbox full", "quota-issues", "soft"),
        (Source.KUMOMTA, "InactiveMailbox", "450 4.2.1 receiving mail too quickly - gsmtp", "policy-related", "soft"),
        (Source.KUMOMTA, "QuotaIssues", "552 5.3.4 message size exceeds limit", "content-related", "soft"),
        (Source.KUMOMTA, "Uncategorized", "550 5.1.1 <a@example.com>: user unknown", "bad-mailbox", "hard"),
    ],
)
def test_a_sources_own_category_is_kept_beside_ours_and_decides_nothing(
    source: Source, theirs: str, diagnostic: str, ours: str, bounce_type: str
) -> None:
    verdict = CLASSIFIER.classify(report_of(diagnostic, source=source, source_category=theirs))
    assert (verdict.category, verdict.bounce_type) == (ours, bounce_type)
    kept = Verdict.from_json(verdict.to_json())
    assert (kept.category, kept.report.source_category) == (ours, theirs)
    assert CLASSIFIER.classify(report_of(diagnostic, source=source)).category == ours


def test_a_verdict_explains_itself() -> None:
    patterns, _ = parse_patterns("nothing like it==>Soft", version="v7")
    verdict = Classifier(patterns).classify(report_of("550-5.1.1 <a@example.com>:\r\n  User   Unknown in table"))
    assert verdict.rule == "mailbox.user-unknown"
    assert verdict.rule_text
    assert verdict.matched == "User Unknown"
    assert verdict.layer == "phrase"
    assert verdict.patterns_version == "v7"
    assert verdict.reason == 'The words "User Unknown" say bad-mailbox (no such recipient).'


def test_the_users_sample_line_turns_that_block_hard_and_is_not_on_by_default() -> None:
    block = (
        "550-5.7.1 Unfortunately, messages from [192.0.2.1] weren't\r\n 550 5.7.1 sent. Please contact your provider"
    )
    assert CLASSIFIER.classify(report_of(block)).bounce_type is BounceType.SOFT
    patterns, refused = parse_patterns("550 5.7.1 Unfortunately, messages from==>Hard")
    verdict = Classifier(patterns).classify(report_of(block))
    assert refused == ()
    assert (verdict.bounce_type, verdict.layer, verdict.category) == (BounceType.HARD, "operator", "policy-related")
    assert verdict.rule == "operator.1"
    assert verdict.rule_text == "550 5.7.1 Unfortunately, messages from==>Hard"
    assert verdict.matched == "550 5.7.1 Unfortunately, messages from"


@pytest.mark.parametrize(
    "diagnostic",
    ["", " ", "\x00", "\ud800", "@", "550", "<>" * 900, "550-" * 500, "é" * 2000, "ﷺ" * 2000, "\u200b", "5.1.1"],
)
def test_no_text_raises(diagnostic: str) -> None:
    assert CLASSIFIER.classify(report_of(diagnostic)).reason


@pytest.mark.parametrize(
    "diagnostic",
    [
        "Host or domain name not found. Name service error for name={} type=A: Host not found",
        "550 5.1.2 <kim@shop.example>... Host unknown (Name server: {}.: host not found)",
        "unable to look up host {}: Name or service not known",
    ],
)
@pytest.mark.parametrize(
    ("host", "bounce_type"),
    [
        ("shop.example", BounceType.HARD),
        ("mx1.shop.example", BounceType.HARD),
        ("relay.sender.example", BounceType.SOFT),
        ("otshop.example", BounceType.SOFT),
    ],
)
def test_a_host_that_is_not_the_recipients_kills_no_recipient(
    diagnostic: str, host: str, bounce_type: BounceType
) -> None:
    report = report_of(diagnostic.format(host), recipient="kim@shop.example")
    assert CLASSIFIER.classify(report).bounce_type is bounce_type


@pytest.mark.parametrize(
    "diagnostic",
    [
        "550 No MX or A record for {}",
        "550 5.1.2 Domain {} does not exist",
        "550 5.7.1 <kim@shop.example>: {} has no MX record",
        "550 {}: no such domain",
        "550 {} (unknown domain), no mail is taken of it",
        "550 <kim@shop.example>: invalid domain {}",
        "550 {} sends no mail: null MX",
        "DNS lookup of {} failed: NXDOMAIN",
        "550 5.4.310 DNS domain {} does not exist [AM5EUR03.eop-EUR03.prod.protection.outlook.com]",
        "The mail server could not deliver mail to kim@{}. The account or domain may not exist, and so on",
    ],
)
@pytest.mark.parametrize(
    ("host", "category"),
    [
        ("shop.example", "bad-domain"),
        ("mail.shop.example", "bad-domain"),
        ("back.brand.example", "invalid-sender"),
        ("brand.example", "invalid-sender"),
        ("mta4.esp.example", "other"),
    ],
)
def test_words_on_another_domain_than_the_recipients_kill_no_recipient(
    diagnostic: str, host: str, category: str
) -> None:
    fields = {"recipient": "kim@shop.example", "envelope_recipient": "b@back.brand.example"}
    verdict = CLASSIFIER.classify(report_of(diagnostic.format(host), **fields))
    assert (verdict.category, verdict.bounce_type is BounceType.HARD) == (category, category == "bad-domain")
    unknown = CLASSIFIER.classify(report_of(diagnostic.format(host), recipient=None))
    assert (unknown.category, unknown.bounce_type) == ("bad-domain", BounceType.HARD)


@pytest.mark.parametrize(
    ("diagnostic", "fields"),
    [
        (
            "550 Domain new.example does not exist",
            {"recipient": "k@new.example", "original_recipient": "k@a.example"},
        ),
        (
            "550 Domain a.example does not exist",
            {"recipient": "k@new.example", "original_recipient": "k@a.example"},
        ),
        ("550 Domain old.example does not exist", {"recipient": "k@new.example", "addressee": "k@old.example"}),
        ("550 Domain shop.example does not exist", {"recipient": "kim@news.shop.example"}),
        ("550 5.1.2 <kim@shop.example>: no such domain, said mx4.hoster.example", {"recipient": "kim@shop.example"}),
        ("550 no such domain - mx4.hoster.example", {"recipient": "k@a.example", "remote_mta": "mx4.hoster.example"}),
        ("550 no such domain. See https://help.hoster.example/17", {"recipient": "kim@shop.example"}),
        ("550 5.4.4 SMTPSEND.DNS.NonExistentDomain; nonexistent domain", {"recipient": "kim@shop.example"}),
    ],
)
def test_a_domain_of_any_recipient_is_meant_and_a_host_that_only_reports_is_not(
    diagnostic: str, fields: dict[str, object]
) -> None:
    assert CLASSIFIER.classify(report_of(diagnostic, **fields)).bounce_type is BounceType.HARD


@pytest.mark.parametrize("name", ["newsletter", "marketing", "billing", "Sender", "journal"])
def test_the_recipients_own_name_is_no_word_of_doubt(name: str) -> None:
    for address in (f"{name}@shop.example", f"kim@{name.lower()}.example"):
        said = f"550 5.1.1 <{address}>: Recipient address rejected: User unknown in mx.{address.partition('@')[2]}"
        assert CLASSIFIER.classify(report_of(said, recipient=address)).bounce_type is BounceType.HARD
        assert CLASSIFIER.classify(report_of(said, recipient="a@b.example")).bounce_type is BounceType.SOFT


def test_a_null_mx_of_the_sender_is_no_word_on_the_recipient() -> None:
    verdict = CLASSIFIER.classify(report_of("550 5.7.27 news.example has a null MX"))
    assert (verdict.category, verdict.bounce_type) == ("invalid-sender", BounceType.SOFT)
    by_sendmail = CLASSIFIER.classify(report_of("550 Host does not accept mail", status="5.7.27"))
    assert (by_sendmail.category, by_sendmail.bounce_type) == ("bad-domain", BounceType.HARD)


@pytest.mark.parametrize("command", ["MAIL", "EHLO", "HELO", "STARTTLS", "AUTH", "RSET"])
def test_what_was_refused_before_the_recipient_was_named_is_not_about_it(command: str) -> None:
    said = "550 5.1.1 no such user"
    assert CLASSIFIER.classify(report_of(said, command=command)).bounce_type is BounceType.SOFT
    assert CLASSIFIER.classify(report_of(said, command="RCPT")).bounce_type is BounceType.HARD
