"""From a report to a verdict: the operator's patterns, then words, then codes, then doubt.

The order, each step only where the ones before said nothing: the operator's patterns, the provider's own words,
general phrases, the enhanced status code, the reply code, the default. Text beats code, since the same code means
different things at different providers.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from datetime import timedelta
from typing import Final

from bounces.knowledge import vocabulary
from bounces.patterns import codes
from bounces.patterns.doubts import BAD_DOMAIN, Doubts, is_senders
from bounces.patterns.lexicon import Found, RuleLexicon, Sighting
from bounces.patterns.normal import Text, text_of
from bounces.patterns.operator_lexicon import OperatorLexicon
from bounces.patterns.operator_patterns import NO_PATTERNS, OperatorPatterns, Outcome
from bounces.patterns.policy import OTHER, Policy, categories, default_policy
from bounces.patterns.rules import PHRASE, PROVIDER, Rule, built_in_rules
from bounces.patterns.scopes import scopes_of_report
from bounces.patterns.stages import Stage, Stages
from bounces.patterns.words import Words
from bounces.records import BounceType, Event, Report, Verdict

OPERATOR: Final = "operator"
STATUS: Final = "status"
REPLY_CODE: Final = "reply-code"
DEFAULT: Final = "default"

SENDER_STATUSES: Final = (".1.7", ".1.8")  # behind the class
# In a reply: the sender's domain has a null MX (RFC 7505 4.2). As a status alone, sendmail gives 5.7.27 where a
# recipient's domain takes no mail.
SENDER_STATUSES_SAID: Final = (*SENDER_STATUSES, ".7.27")
SENDER_REPLIES: Final = frozenset({"517", "530", "534", "535", "538"})  # Courier refuses a sender; RFC 4954 6, a login

INVALID_SENDER: Final = "invalid-sender"
VAGUE: Final = frozenset({OTHER, "policy-related"})  # what single words say without knowing a reason

_EVENTS: Final = {
    Event.DELAY: "a delay: the sending host still tries",
    Event.DELIVERY: "a delivery: nothing failed",
    Event.COMPLAINT: "a complaint, which is no bounce",
    Event.AUTO_REPLY: "an automatic reply: the mail arrived",
    Event.OTHER: "no bounce",
}
_TYPES: Final = {Outcome.HARD: BounceType.HARD, Outcome.SOFT: BounceType.SOFT}


class Decision:
    """What one layer says. `soft` and `ignore` as the rule or pattern has them."""

    __slots__ = ("because", "category", "ignore", "layer", "matched", "rule", "soft", "text")

    def __init__(
        self,
        category: str,
        layer: str,
        rule: str | None,
        text: str | None,
        matched: str | None,
        because: str,
        soft: bool = False,
        ignore: bool = False,
    ) -> None:
        self.category = category
        self.layer = layer
        self.rule = rule
        self.text = text
        self.matched = matched
        self.because = because
        self.soft = soft
        self.ignore = ignore


class Classifier:
    """Judges reports by the built-in rules and one set of an operator's patterns, compiled once and kept."""

    def __init__(self, operator: OperatorPatterns = NO_PATTERNS, *, policy: Policy | None = None) -> None:
        """Compile. `operator` is what `parse_patterns` gave; `policy` what each category does (default: ours)."""
        self._policy = policy or default_policy()
        self._version = operator.version
        self._patterns = tuple(operator)
        self._rules = built_in_rules()
        self._words = Words(vocabulary())
        self._stages = Stages()
        self._doubts = Doubts(self._stages)
        self._rule_lexicon = RuleLexicon(self._rules, self._words)
        self._operator_lexicon = OperatorLexicon(self._patterns, self._words)
        self._words.seal()

    def classify(self, report: Report) -> Verdict:
        """Return the verdict on `report`. Only a bounce has a category; it never raises for any report."""
        return self.classify_all((report,))[0]

    def classify_all(self, reports: Sequence[Report]) -> list[Verdict]:
        """Return what `classify` does for each of `reports`, step by step over all of them.

        Each step's code and tables then stay in the processor's caches: some dozen mails are read and judged a
        twentieth faster, all in all, than where each report is judged by itself.
        """
        texts = [self.read(report) if report.is_failure else None for report in reports]
        decisions = [
            None if text is None else self.decide(report, text[0], text[1])
            for report, text in zip(reports, texts, strict=True)
        ]
        verdicts: list[Verdict] = []
        for report, text, decision in zip(reports, texts, decisions, strict=True):
            if text is None or decision is None:
                verdicts.append(
                    Verdict(
                        report=report, category=None, bounce_type=BounceType.NONE, reason=_EVENTS[report.event],
                        patterns_version=self._version,
                    )
                )  # fmt: skip
                continue
            met = self._operator_lexicon.met(text[1], text[0])
            verdicts.append(self._obeying(report, decision, met) if met else self._verdict(report, decision))
        return verdicts

    def decide(self, report: Report, text: Text, seen: Sighting, without: Container[str] = ()) -> Decision:
        """Return what the built-in layers say, leaving aside the rules whose ids are in `without`."""
        given_up = self._stages.given_up_in(text, seen.words)
        if given_up is not None:
            return _by_giving_up(*given_up)
        stage = self._stages.stage_of(text, seen.words, report.command)
        about_sender = stage is not None or _has_sender_status(report, text)
        for found in self._rule_lexicon.met(seen, text):
            rule = self._rules[found.number]
            if rule.id in without or (about_sender and rule.is_about_address):
                continue
            if not rule.weak:
                doubt = self._doubts.of_words(rule, found, text, seen, report)
                of_sender = doubt is not None and rule.category == BAD_DOMAIN and is_senders(doubt, report)
                return _by_words(rule, found, doubt, INVALID_SENDER if of_sender else OTHER)
            if stage is None:
                return _clearer(_by_words(rule, found, None), _by_status(report, text))
            break
        by_status = _by_status(report, text)
        if stage is not None:
            return by_status if by_status and _is_definite(by_status) else _by_stage(*stage)
        if by_status is not None:
            return self._doubted(by_status, report, text, seen)
        return _by_reply(report, text) or _by_default(report)

    def rules_met(self, seen: Sighting, text: Text) -> Iterator[Found]:
        """Yield every built-in rule that `seen` holds, the one that decides first."""
        return self._rule_lexicon.met(seen, text)

    def read(self, report: Report) -> tuple[Text, Sighting]:
        """Return the report's text in the form to be matched, and what was seen in it; for `decide`."""
        text = text_of(report.diagnostic or "")
        return text, Sighting(self._words.seen_in(text.folded), scopes_of_report(report))

    def _doubted(self, by_status: Decision, report: Report, text: Text, seen: Sighting) -> Decision:
        """Return `by_status`, a code with no known words beside it: of what the words say, as far as that is known."""
        if not _is_about_address(by_status.category):
            return by_status
        doubt = self._doubts.of_code(text, seen, report)
        if doubt is None:
            return by_status
        because = f'{by_status.because}, but "{_short(doubt)}" beside it leaves doubt, so soft'
        return Decision(OTHER, STATUS, by_status.rule, by_status.text, by_status.matched, because)

    def _type_of(self, report: Report, decision: Decision) -> tuple[BounceType, str]:
        """Return hard or soft by the policy, and why."""
        bounce_type = self._policy.of(decision.category).bounce_type
        if bounce_type is BounceType.HARD and decision.soft:
            return BounceType.SOFT, f"{decision.because}; it may pass, so soft"
        if bounce_type is BounceType.HARD and is_transient(report):
            if decision.layer in (PROVIDER, PHRASE) and self._has_lasted(report, decision.category):
                days = _tried(report).days
                return bounce_type, f"{decision.because}; the failure is transient, but has lasted for {days} days"
            return BounceType.SOFT, f"{decision.because}; the failure is transient, so soft"
        return bounce_type, decision.because

    def _verdict(self, report: Report, decision: Decision) -> Verdict:
        bounce_type, because = self._type_of(report, decision)
        return Verdict(
            report=report,
            category=decision.category,
            bounce_type=bounce_type,
            rule=decision.rule,
            rule_text=decision.text,
            layer=decision.layer,
            matched=decision.matched,
            reason=_sentence(because),
            patterns_version=self._version,
            ignore=decision.ignore,
        )

    def _has_lasted(self, report: Report, category: str) -> bool:
        """Say whether a transient failure was tried for so long that it has met the policy's escalation by itself."""
        return report.event is Event.BOUNCE and self._policy.is_met_by(
            self._policy.of(category).transient, _tried(report)
        )

    def _obeying(self, report: Report, decision: Decision, met: Found) -> Verdict:
        """Return the verdict as the operator's pattern wants it. Without a category of its own, ours is kept."""
        pattern = self._patterns[met.number]
        bounce_type = _TYPES.get(pattern.outcome) or self._type_of(report, decision)[0]
        decided = f"{pattern.outcome.value}:{pattern.category}" if pattern.category else pattern.outcome.value
        because = f'the operator\'s pattern {met.number + 1} says {decided} for "{_short(met.matched)}"'
        return Verdict(
            report=report, category=pattern.category or decision.category, bounce_type=bounce_type,
            rule=f"{OPERATOR}.{met.number + 1}", rule_text=pattern.line.strip(), layer=OPERATOR, matched=met.matched,
            reason=_sentence(because), patterns_version=self._version, ignore=pattern.outcome is Outcome.IGNORE,
        )  # fmt: skip


def is_transient(report: Report) -> bool:
    """Say whether the receiver refused for now only: a reply code or status of class 4, in whatever words.

    A 450 4.1.1 `user unknown` is no permanent answer: it counts, and enough of them become hard (policy.toml), or
    one that is known to have been tried for as long.
    """
    if report.event is Event.DELAY:
        return True  # given up for want of time: nobody has refused for good
    given = [code for code in (report.reply_code, report.status) if code]
    said = (report.diagnostic or "").casefold()
    if codes.starts_as_transient(said):
        return True
    if not given:
        given = [code for code in (codes.reply_code_in(said), *codes.statuses_in(said)[:1]) if code]
    return any(code.startswith(codes.TRANSIENT) for code in given)


def _tried(report: Report) -> timedelta:
    """Return for how long the message was tried, as far as the report says."""
    if report.first_attempt is None or report.last_attempt is None:
        return timedelta()
    return report.last_attempt - report.first_attempt


def _by_words(rule: Rule, found: Found, doubt: str | None, doubted: str = OTHER) -> Decision:
    whose = f"{rule.provider.name}'s words" if rule.layer == PROVIDER and rule.provider else "the words"
    because = f'{whose} "{_short(found.matched)}" say {_said(rule.category)}'
    category = rule.category
    if doubt:
        category, because = doubted, f'{because}, but "{_short(doubt)}" beside them leaves doubt, so soft'
    return Decision(category, rule.layer, rule.id, rule.text, found.matched, because, rule.soft, rule.ignore)


def _clearer(weak: Decision, by_status: Decision | None) -> Decision:
    """Return `by_status` where it says more than a single word of doubt, and nothing about the address."""
    return by_status if by_status and weak.category in VAGUE and _is_definite(by_status) else weak


def _is_definite(decision: Decision) -> bool:
    return decision.category != OTHER and not _is_about_address(decision.category)


def _by_status(report: Report, text: Text) -> Decision | None:
    given = [report.status] if report.status and not report.status.endswith(".0.0") else []
    said = [(status, codes.meaning_of_status(status)) for status in (*given, *codes.statuses_in(text.folded))]
    meanings = [(status, *meaning) for status, meaning in said if meaning]
    if not meanings:
        return None
    # Where the report and the receiver's own words have different codes, the one that is not about the address holds.
    careful = [meaning for meaning in meanings if not _is_about_address(meaning[2])]
    status, code, category = (careful or meanings)[0]
    because = f"no known words; the status {status} ({code.meaning}) says {_said(category)}"
    return Decision(category, STATUS, f"status.{code.code}", code.meaning, status, because)


def _has_sender_status(report: Report, text: Text) -> bool:
    """Say whether a code is given that is defined for the sender's address, 5.1.7 or 5.1.8 (RFC 3463 3.2) and in a
    reply 5.7.27, or a reply code that is, or for who logs in.
    """
    if (report.status or "")[1:] in SENDER_STATUSES or text.folded[text.answer : text.answer + 3] in SENDER_REPLIES:
        return True
    if not any(status in text.folded for status in SENDER_STATUSES_SAID):
        return False
    return any(status[1:] in SENDER_STATUSES_SAID for status in codes.statuses_in(text.folded))


def _by_stage(stage: Stage, matched: str) -> Decision:
    because = f'refused before the recipient was named ("{matched}"), so it says {_said(stage.category)}'
    return Decision(stage.category, PHRASE, f"stage.{stage.id}", stage.words, matched, because)


def _by_giving_up(stage: Stage, matched: str) -> Decision:
    because = f'the sending system gave up ("{matched}"), which says {_said(stage.category)}'
    return Decision(stage.category, PHRASE, f"stage.{stage.id}", stage.words, matched, because)


def _is_about_address(category: str) -> bool:
    return default_policy().of(category).bounce_type is BounceType.HARD


def _by_reply(report: Report, text: Text) -> Decision | None:
    reply_code = report.reply_code or codes.reply_code_in(text.folded)
    meaning = codes.meaning_of_reply(reply_code) if reply_code else None
    if reply_code is None or meaning is None:
        return None
    code, category = meaning
    because = f"no known words or status; the reply code {reply_code} ({code.meaning}) says {_said(category)}"
    return Decision(category, REPLY_CODE, f"reply-code.{code.code}", code.meaning, reply_code, because)


def _by_default(report: Report) -> Decision:
    said = "neither words nor codes are known" if report.diagnostic else "the report says no reason"
    return Decision(OTHER, DEFAULT, DEFAULT, None, None, f"{said}; doubt is soft, and goes to review")


def _said(category: str) -> str:
    return f"{category} ({categories()[category]})"


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:97] + "..."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
