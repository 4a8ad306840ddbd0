"""What each category means and does: PowerMTA's seventeen names, and the rules by which soft bounces add up.

Both are data (`categories.toml`, `policy.toml`); an operator may override the policy with a file of the same form.
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


class Policy(NamedTuple):
    """What every category does."""

    conducts: Mapping[str, Conduct]
    escalations: Mapping[Counts, Escalation]

    def of(self, category: str) -> Conduct:
        """Return what `category` does; an unknown one does what `other` does."""
        return self.conducts.get(category) or self.conducts[OTHER]

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
    unknown = table.keys() - {"categories", "escalation"}
    if unknown:
        raise PatternError(f"the policy has an unknown part {shown(min(unknown))}; known are categories and escalation")
    conducts = dict(base.conducts) if base else {}
    escalations = dict(base.escalations) if base else {}
    try:
        for name, entry in table.get("categories", {}).items():
            if name not in categories():
                raise PatternError(f"policy for an unknown category {shown(name)}; known are {', '.join(categories())}")
            conducts[name] = _conduct(entry, conducts.get(name))
        for name, entry in table.get("escalation", {}).items():
            escalations[Counts(name)] = Escalation(**entry)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PatternError(f"the policy cannot be used: {shown(str(error))}; policy.toml shows its form") from error
    return Policy(conducts, escalations)


def _conduct(entry: Mapping[str, Any], base: Conduct | None) -> Conduct:
    unknown = entry.keys() - {"bounce_type", "counts", "transient_counts", "review"}
    if unknown:
        raise ValueError(f"unknown key {min(unknown)}")
    bounce_type = BounceType(entry["bounce_type"]) if base is None or "bounce_type" in entry else base.bounce_type
    counts = Counts(entry["counts"]) if base is None or "counts" in entry else base.counts
    transient = Counts(entry["transient_counts"]) if "transient_counts" in entry else base.transient if base else counts
    return Conduct(bounce_type, counts, transient, bool(entry.get("review", base.review if base else False)))
