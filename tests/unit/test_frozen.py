"""Records by keyword that nobody can change."""

import copy
import pickle
from typing import Any

import pytest

from bounces.frozen import Frozen
from bounces.records import BounceType, Event, Report, Source, Verdict


class Point(Frozen):
    x: int
    y: int = 0


class Shortened(Frozen, limits={"text": 3}, collections=("tags",)):
    text: str
    note: str = ""
    tags: tuple[str, ...] = ()

    @classmethod
    def _bound(cls, fields: dict[str, Any], names: list[str]) -> list[str]:
        if "tags" in names:
            fields["tags"] = fields["tags"][:3]
        return super()._bound(fields, names)


REPORT = Report(id="a1", source=Source.SES, event=Event.BOUNCE, recipient="kim@example.com")


def test_fields_are_the_annotated_names_and_a_value_there_is_the_default() -> None:
    assert Point.FIELDS == ("x", "y")
    assert (Point(x=1).x, Point(x=1).y, Point(x=1, y=2).y) == (1, 0, 2)


@pytest.mark.parametrize(
    ("given", "said"),
    [({}, "a Point needs x"), ({"y": 1}, "a Point needs x"), ({"x": 1, "z": 2}, "a Point has no field z")],
)
def test_what_is_missing_or_unknown_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        Point(**given)


def test_a_field_can_neither_be_set_nor_deleted() -> None:
    point = Point(x=1)
    with pytest.raises(AttributeError, match="x of a Point cannot be set"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="x of a Point cannot be deleted"):
        del point.x
    assert point.x == 1


def test_a_class_may_bound_what_it_was_given_and_what_is_changed() -> None:
    assert Shortened(text="abcdef").text == "abc"
    assert Shortened(text="abc", tags=("a", "b", "c", "d")).tags == ("a", "b", "c")
    assert Shortened(text="abc", note="abcdef").note == "abcdef"
    assert Shortened(text="a\ud800\u00fcx").text == "a?\u00fc"
    assert Shortened(text="a").replaced(text="uvwxyz").text == "uvw"


def test_records_are_equal_where_their_class_and_all_fields_are() -> None:
    assert Point(x=1) == Point(x=1, y=0)
    assert Point(x=1) != Point(x=2)
    assert Point(x=1) != Shortened(text="x")
    assert Point(x=1).replaced(y=5) == Point(x=1, y=5)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Point(x=1))


def test_all_fields_are_shown() -> None:
    assert repr(Point(x=1)) == "Point(x=1, y=0)"


def test_reports_and_verdicts_can_be_copied_and_sent_to_another_process() -> None:
    verdict = Verdict(report=REPORT, category="bad-mailbox", bounce_type=BounceType.HARD)
    assert pickle.loads(pickle.dumps(verdict)) == verdict
    assert copy.deepcopy(verdict) == verdict
    assert REPORT.replaced(status="5.1.1").status == "5.1.1"
    assert REPORT.status is None
    with pytest.raises(TypeError):
        REPORT.headers["x"] = "y"  # type: ignore[index]
