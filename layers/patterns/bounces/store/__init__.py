"""The tables, and the operations on them."""

from bounces.store.applied import Action, Applied
from bounces.store.decisions import Choice, Decision
from bounces.store.history import Past
from bounces.store.operations import Store
from bounces.store.pattern_store import PatternStore
from bounces.store.review import Group, ReviewStore
from bounces.store.review_reasons import names_somebody, review_reason
from bounces.store.reviewing import Reviewed, Reviewer
from bounces.store.states import GLOBAL, Cause, Membership, State, Status, Suppression
from bounces.store.versions import Note, Version
from bounces.store.waiting import Item

__all__ = [
    "GLOBAL",
    "Action",
    "Applied",
    "Cause",
    "Choice",
    "Decision",
    "Group",
    "Item",
    "Membership",
    "Note",
    "Past",
    "PatternStore",
    "ReviewStore",
    "Reviewed",
    "Reviewer",
    "State",
    "Status",
    "Store",
    "Suppression",
    "Version",
    "names_somebody",
    "review_reason",
]
