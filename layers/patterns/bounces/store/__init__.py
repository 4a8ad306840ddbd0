"""The tables, and the operations on them."""

from bounces.store.applied import Action, Applied
from bounces.store.history import Past
from bounces.store.operations import Store
from bounces.store.pattern_store import PatternStore
from bounces.store.states import GLOBAL, Cause, Membership, State, Status, Suppression
from bounces.store.versions import Note, Version

__all__ = [
    "GLOBAL",
    "Action",
    "Applied",
    "Cause",
    "Membership",
    "Note",
    "Past",
    "PatternStore",
    "State",
    "Status",
    "Store",
    "Suppression",
    "Version",
]
