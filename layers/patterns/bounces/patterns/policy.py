"""What each category means and does: PowerMTA's seventeen names, the rules by which soft bounces add up, and what ends.

All are data (`categories.toml`, `policy.toml`); an operator may override the policy with a file of the same form.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final, NamedTuple

from bounces.errors import PatternError, shown
from bounces.knowledge import read_table
from bounces.records import BounceType

OTHER: Final = "other"


class Counts(StrEnum):
    """What a soft bounce counts towards."""

    ADDRESS = "address"  # the mailbox: enough of them and it is given up
    WAY = "way"  # the way there: likewise, with a rule of its own
    SENDER = "sender"  # whoever sent: never the address
    NOTHING = "nothing"


class Conduct(NamedTuple):
    """What is done for one category. `transient` is what it counts towards when the failure was transient (4xx)."""

    bounce_type: BounceType
    counts: Counts
    transient: Counts
    review: bool = False


class Escalation(NamedTuple):
    """When soft bounces become hard: on `days` different days, within or over a span of days, no delivery between."""

    days: int
    over_days: int | None = None  # the first and the last lie at least so far apart
    within_days: int | None = None  # all of them lie within this span


class Lists(StrEnum):
    """Which lists an address leaves."""

    NAMED = "named"  # the one that the report names
    EVERY = "every"  # all that the address is on
    NONE = "none"


class Ending(NamedTuple):
    """What is done to an address besides suppressing it, by whether the report names a list."""

    named_list: Lists
    no_list: Lists
    expires_after_days: int | None = None  # of the suppression; None: never

    def lists(self, list_id: str | None) -> Lists:
        """Return which lists a report leaves that names `list_id`."""
        return self.named_list if list_id else self.no_list


HARD_BOUNCE: Final = "hard-bounce"
COMPLAINT: Final = "complaint"
ESCALATION: Final = "escalation"
"""The reasons for which a report suppresses an address, as `policy.toml` and the suppressions name them."""

MAX_DAYS: Final = 5
"""On how many days a rule of escalation may insist: a status remembers little more (`bounces.store.soft_bounces`)."""

MAX_SPAN: Final = 366
"""Over how many days it may look: reports are remembered for little longer (`bounces.store.history`)."""


class Policy(NamedTuple):
    """What every category does, what adds up, and what ends. Lists are named as `list_name` writes them."""

    conducts: Mapping[str, Conduct]
    escalations: Mapping[Counts, Escalation]
    endings: Mapping[str, Ending]
    of_lists: Mapping[str, Mapping[Counts, Escalation]]  # where a list has a rule of its own

    def of(self, category: str) -> Conduct:
        """Return what `category` does; an unknown one does what `other` does."""
        return self.conducts.get(category) or self.conducts[OTHER]

    def escalation(self, counts: Counts, list_id: str | None) -> Escalation | None:
        """Return the rule for a soft bounce of a mail to `list_id` that counts towards `counts`; None without one."""
        own = self.of_lists.get(list_name(list_id or ""), {})
        return own.get(counts) or self.escalations.get(counts)

    def is_met_by(self, counts: Counts, tried: timedelta) -> bool:
        """Say whether one message that was `tried` for so long has met what `counts` asks of several.

        It failed on as many days, and was not delivered between. Longer than `within_days` is a clock that is wrong.
        """
        rule = self.escalations.get(counts)
        if rule is None:
            return False
        least, most = max(rule.days - 1, rule.over_days or 0), rule.within_days
        return timedelta(days=least) <= tried and (most is None or tried <= timedelta(days=most))

    def overridden(self, text: str) -> Policy:
        """Return this policy with what `text`, TOML of policy.toml's form, says instead. Raises `PatternError`."""
        import tomllib  # which only who overrides needs

        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PatternError(f"the policy is no TOML: {error}") from error
        return _policy(table, self)


def list_name(list_id: str) -> str:
    """Return `list_id` as it is compared: RFC 2919 6 has no case."""
    return list_id.strip().lower()


@cache
def categories() -> Mapping[str, str]:
    """Return every category with its meaning."""
    table = read_table("categories.toml")
    return {name: entry["meaning"] for name, entry in table["categories"].items()}


@cache
def default_policy() -> Policy:
    """Return the policy that holds where an operator says nothing else."""
    return _policy(read_table("policy.toml"), None)


def _policy(table: Mapping[str, Any], base: Policy | None) -> Policy:
    unknown = table.keys() - {"categories", "escalation", "endings", "lists"}
    if unknown:
        raise PatternError(
            f"the policy has an unknown part {shown(min(unknown))}; known are categories, escalation, endings and lists"
        )
    conducts = dict(base.conducts) if base else {}
    escalations = dict(base.escalations) if base else {}
    endings = dict(base.endings) if base else {}
    of_lists = dict(base.of_lists) if base else {}
    try:
        for name, entry in table.get("categories", {}).items():
            if name not in categories():
                raise PatternError(f"policy for an unknown category {shown(name)}; known are {', '.join(categories())}")
            conducts[name] = _conduct(entry, conducts.get(name))
        escalations.update(_escalations(table.get("escalation", {})))
        for name, entry in table.get("endings", {}).items():
            endings[name] = _ending(name, entry, endings.get(name))
        for name, entry in table.get("lists", {}).items():
            _refuse_unknown(entry, {"escalation"})
            of_lists[list_name(name)] = _escalations(entry.get("escalation", {}))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PatternError(f"the policy cannot be used: {shown(str(error))}; policy.toml shows its form") from error
    return Policy(conducts, escalations, endings, of_lists)


def _refuse_unknown(entry: Mapping[str, Any], known: set[str]) -> None:
    unknown = entry.keys() - known
    if unknown:
        raise ValueError(f"unknown key {min(unknown)}")


def _conduct(entry: Mapping[str, Any], base: Conduct | None) -> Conduct:
    _refuse_unknown(entry, {"bounce_type", "counts", "transient_counts", "review"})
    bounce_type = BounceType(entry["bounce_type"]) if base is None or "bounce_type" in entry else base.bounce_type
    counts = Counts(entry["counts"]) if base is None or "counts" in entry else base.counts
    transient = Counts(entry["transient_counts"]) if "transient_counts" in entry else base.transient if base else counts
    return Conduct(bounce_type, counts, transient, bool(entry.get("review", base.review if base else False)))


def _escalations(table: Mapping[str, Any]) -> dict[Counts, Escalation]:
    return {Counts(name): _escalation(name, entry) for name, entry in table.items()}


def _escalation(name: str, entry: Mapping[str, Any]) -> Escalation:
    rule = Escalation(**entry)
    spans = [span for span in (rule.over_days, rule.within_days) if span is not None]
    _refuse_beyond(f"escalation.{name}: days", rule.days, MAX_DAYS)
    for span in spans:
        _refuse_beyond(f"escalation.{name}: a span of days", span, MAX_SPAN)
    if len(spans) > 1:
        raise ValueError(f"escalation.{name} has over_days and within_days; a rule has one of them")
    return rule


def _ending(name: str, entry: Mapping[str, Any], base: Ending | None) -> Ending:
    if base is None and name not in (HARD_BOUNCE, COMPLAINT, ESCALATION):
        raise ValueError(f"unknown ending {name}; known are {HARD_BOUNCE}, {COMPLAINT} and {ESCALATION}")
    _refuse_unknown(entry, {"named_list", "no_list", "expires_after_days"})
    if name == ESCALATION and "named_list" in entry:
        raise ValueError("endings.escalation has no named_list: it rests on several reports")
    named = Lists(entry.get("named_list", base.named_list if base else "none"))
    unnamed = Lists(entry.get("no_list", base.no_list if base else "none"))
    if unnamed is Lists.NAMED:
        raise ValueError(f"endings.{name}: no_list cannot be named")
    days = entry.get("expires_after_days", base.expires_after_days if base else None)
    if days == 0:  # which undoes an earlier setting
        days = None
    if days is not None:
        _refuse_beyond(f"endings.{name}: expires_after_days", days, 10 * MAX_SPAN)
    return Ending(named, unnamed, days)


def _refuse_beyond(what: str, value: Any, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ValueError(f"{what} is a number from 1 to {most}, not {value}")
