"""The built-in rules: data files that say which words mean what, each rule with the samples that prove it.

`providers/*.toml` hold a provider's own words and how it is recognised, `phrases/*.toml` the words that mean the same
everywhere. The order is theirs: providers before phrases, files by `rank`, rules as they stand in their file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from bounces.errors import PatternError, shown
from bounces.knowledge import names_in, read_table
from bounces.patterns.policy import categories, default_policy
from bounces.patterns.scopes import is_scope
from bounces.records import BounceType

PROVIDER: Final = "provider"
PHRASE: Final = "phrase"
_FOLDERS: Final = {"providers": PROVIDER, "phrases": PHRASE}
_RULE_KEYS: Final = {
    "id", "category", "text", "regex", "samples", "near_miss", "covered_by", "weak", "soft", "ignore",
}  # fmt: skip
_FILE_KEYS: Final = {"rank", "about", "category", "rule", "name", "mx", "domains", "words", "weak"}


class Provider(NamedTuple):
    """A mail provider or gateway, and how its answers are recognised."""

    id: str
    name: str
    scopes: tuple[str, ...]  # of remote hosts and recipients' domains, as `bounces.patterns.scopes` writes them
    words: tuple[str, ...]  # literals in a diagnostic that only this provider writes


class Rule(NamedTuple):
    """Words, or an expression, and the category that they say."""

    id: str
    layer: str
    category: str
    text: str  # the literal, or the expression
    is_expression: bool
    samples: tuple[str, ...]
    near_miss: str | None
    provider: Provider | None
    weak: bool  # only where no other rule's words stand anywhere in the diagnostic
    soft: bool  # never hard, whatever the category does
    ignore: bool  # an echo of an earlier decision: to history, with no other effect
    covered_by: str | None  # the id of a rule that says the same of this one's samples

    @property
    def is_about_address(self) -> bool:
        """Say whether its category is one that can end in a hard bounce, by the default policy."""
        return default_policy().of(self.category).bounce_type is BounceType.HARD

    @property
    def can_be_hard(self) -> bool:
        """Say whether this rule alone can end in a hard bounce, by the default policy."""
        return not self.soft and not self.ignore and default_policy().of(self.category).bounce_type is BounceType.HARD


@cache
def built_in_rules() -> tuple[Rule, ...]:
    """Return all built-in rules, the first that matches wins. Raises `PatternError` where a file is wrong."""
    found: list[tuple[int, int, str, tuple[Rule, ...]]] = []
    for place, (folder, layer) in enumerate(_FOLDERS.items()):
        for name in names_in(folder):
            table = read_table(name)
            rules = tuple(_rules(name.partition("/")[2].removesuffix(".toml"), layer, table))
            found.append((place, table["rank"], name, rules))
    ordered = tuple(rule for *_, rules in sorted(found, key=lambda entry: entry[:3]) for rule in rules)
    ids = [rule.id for rule in ordered]
    if len(set(ids)) != len(ids):
        raise PatternError(f"two rules have the id {shown(next(i for i in ids if ids.count(i) > 1))}")
    return ordered


def _rules(stem: str, layer: str, table: Mapping[str, Any]) -> Iterator[Rule]:
    unknown = table.keys() - _FILE_KEYS
    if unknown or not isinstance(table.get("rank"), int):
        raise PatternError(f"{stem}.toml: unknown key {shown(min(unknown))}" if unknown else f"{stem}.toml has no rank")
    provider = _provider(stem, table) if layer == PROVIDER else None
    prefix = stem if provider else stem.partition("-")[2] or stem
    for entry in table.get("rule", []):
        try:
            defaults = {"category": table.get("category"), "weak": table.get("weak", False)}
            yield _rule(prefix, layer, provider, defaults | entry)
        except (KeyError, TypeError, ValueError) as error:
            raise PatternError(f"{stem}.toml, rule {shown(entry.get('id'))}: {shown(str(error))}") from error


def _rule(prefix: str, layer: str, provider: Provider | None, entry: Mapping[str, Any]) -> Rule:
    unknown = entry.keys() - _RULE_KEYS
    if unknown:
        raise ValueError(f"unknown key {min(unknown)}")
    if ("text" in entry) == ("regex" in entry):
        raise ValueError("a rule has either text or regex")
    if entry["category"] not in categories():
        raise ValueError(f"unknown category {entry['category']}")
    return Rule(
        id=f"{prefix}.{entry['id']}",
        layer=layer,
        category=entry["category"],
        text=entry["regex"] if "regex" in entry else entry["text"],
        is_expression="regex" in entry,
        samples=tuple(entry["samples"]),
        near_miss=entry.get("near_miss"),
        provider=provider,
        weak=bool(entry["weak"]),
        soft=bool(entry.get("soft", False)),
        ignore=bool(entry.get("ignore", False)),
        covered_by=entry.get("covered_by"),
    )


def _provider(stem: str, table: Mapping[str, Any]) -> Provider:
    scopes = tuple(f"@mx:{host}" for host in table.get("mx", ())) + tuple(f"@{d}" for d in table.get("domains", ()))
    for scope in scopes:
        if not is_scope(scope):
            raise PatternError(f"{stem}.toml: {shown(scope)} is no scope")
    return Provider(stem, table["name"], scopes, tuple(table.get("words", ())))
