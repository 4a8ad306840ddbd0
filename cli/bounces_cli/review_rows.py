"""What waits for review as JSON."""

from __future__ import annotations

from typing import Any

from bounces.store import Decision, Group, Item, Reviewed


def group_row(group: Group) -> dict[str, Any]:
    """Return a group for JSON."""
    return {
        "group": group.id,
        "why": group.why,
        "shape": group.shape,
        "waiting": group.waiting,
        "total": group.total,
        "first": group.first.isoformat(),
        "last": group.last.isoformat(),
        "sample": item_row(group.sample) if group.sample else None,
    }


def item_row(item: Item) -> dict[str, Any]:
    """Return an item for JSON: its verdict is as `Verdict.to_json` has it."""
    return {
        "id": item.id,
        "group": item.shape_id,
        "why": item.why,
        "came": item.came.isoformat(),
        "verdict": item.verdict.to_json(),
        "decision": _decision_row(item.decision) if item.decision else None,
    }


def reviewed_row(reviewed: Reviewed) -> dict[str, Any]:
    """Return what became of an item for JSON."""
    return {
        "id": reviewed.item.id,
        "decision": _decision_row(reviewed.item.decision) if reviewed.item.decision else None,
        "done": reviewed.words,
        "new": reviewed.is_new,
        "waits": reviewed.problem is not None,
    }


def _decision_row(decision: Decision) -> dict[str, Any]:
    return {
        "choice": decision.choice.value,
        "category": decision.category,
        "recipient": decision.recipient,
        "by": decision.by,
        "at": decision.at.isoformat(),
        "why": decision.why,
    }
