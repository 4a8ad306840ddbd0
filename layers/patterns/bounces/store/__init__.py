"""The tables, and the operations on them."""

from bounces.store.applied import Action, Applied
from bounces.store.checking import MAX_CHECKED, Checked
from bounces.store.decisions import Choice, Decision
from bounces.store.history import Decided, Past, What
from bounces.store.operations import Store
from bounces.store.pattern_store import PatternStore
from bounces.store.review import Group, ReviewStore
from bounces.store.review_reasons import is_about_nobody, names_somebody, review_reason
from bounces.store.reviewing import Reviewed, Reviewer
from bounces.store.states import Membership, State, Status
from bounces.store.suppressions import GLOBAL, Cause, Lift, Scope, Suppression
from bounces.store.versions import Note, Version
from bounces.store.waiting import Item

__all__ = [
    "GLOBAL",
    "MAX_CHECKED",
    "Action",
    "Applied",
    "Cause",
    "Checked",
    "Choice",
    "Decided",
    "Decision",
    "Group",
    "Item",
    "Lift",
    "Membership",
    "Note",
    "Past",
    "PatternStore",
    "ReviewStore",
    "Reviewed",
    "Reviewer",
    "Scope",
    "State",
    "Status",
    "Store",
    "Suppression",
    "Version",
    "What",
    "is_about_nobody",
    "names_somebody",
    "review_reason",
]
