"""The tables, and the operations on them."""

from bounces.store.applied import Action, Applied
from bounces.store.checking import MAX_CHECKED, Checked
from bounces.store.history import Decided, Past, What
from bounces.store.operations import Store
from bounces.store.pattern_store import PatternStore
from bounces.store.states import Membership, State, Status
from bounces.store.suppressions import GLOBAL, Cause, Lift, Scope, Suppression
from bounces.store.versions import Note, Version

__all__ = [
    "GLOBAL",
    "MAX_CHECKED",
    "Action",
    "Applied",
    "Cause",
    "Checked",
    "Decided",
    "Lift",
    "Membership",
    "Note",
    "Past",
    "PatternStore",
    "Scope",
    "State",
    "Status",
    "Store",
    "Suppression",
    "Version",
    "What",
]
