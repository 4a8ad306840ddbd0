"""Which mail provider, of those that the built-in rules know, a report is about."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from bounces.patterns.rules import built_in_rules
from bounces.patterns.scopes import scopes_of_report
from bounces.records import Report


def provider_of(report: Report) -> str | None:
    """Return the id of the provider that the recipient's domain or the remote host is of; None where none is known."""
    known = _providers()
    met = [scope for scope in scopes_of_report(report) if scope in known]
    return known[min(met, key=_worth)] if met else None


def _worth(scope: str) -> tuple[bool, str]:
    """Order by which the host that answered comes first: the recipient's mail may be hosted elsewhere."""
    return not scope.startswith("@mx:"), scope


@cache
def _providers() -> Mapping[str, str]:
    """Return each scope by which a provider is recognised, with the provider's id."""
    providers = {rule.provider for rule in built_in_rules() if rule.provider}
    return {scope: provider.id for provider in sorted(providers) for scope in provider.scopes}
