"""The tables, and the operations on them."""

from bounces.store.applied import Action, Applied
from bounces.store.history import Past
from bounces.store.operations import Store
from bounces.store.states import GLOBAL, Cause, Membership, State, Status, Suppression

__all__ = [
    "GLOBAL",
    "Action",
    "Applied",
    "Cause",
    "Membership",
    "Past",
    "State",
    "Status",
    "Store",
    "Suppression",
]
