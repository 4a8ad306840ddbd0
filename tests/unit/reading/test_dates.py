"""Dates of mails, in the forms that mail systems write."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounces.reading.dates import parsed


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Fri, 29 Apr 2011 23:34:45 +0900", "2011-04-29T14:34:45+00:00"),
        ("29 Apr 2011 23:34:45 GMT", "2011-04-29T23:34:45+00:00"),
        ("Fri, 29 Apr 2011 23:34 -0330", "2011-04-30T03:04:00+00:00"),
        ("Fri, 29 Apr 2011 23:34:60 +0000 (UTC)", "2011-04-29T23:34:59+00:00"),
        ("Fri,29 Apr 2011 23:34:45 +0900", "2011-04-29T14:34:45+00:00"),  # the space left out
        ("Fri 29 Apr 2011 23:34:45 +0900", "2011-04-29T14:34:45+00:00"),  # the comma left out
        ("'Fri, 29 Apr 2011 23:34:45 +0000'", "2011-04-29T23:34:45+00:00"),
        ("Thu, 01 Oct 15 14:13:34 UTC", "2015-10-01T14:13:34+00:00"),  # RFC 5322 4.3, as are the next
        ("Thu, 01 Oct 98 14:13:34 EDT", "1998-10-01T18:13:34+00:00"),
        ("Sat, 01 Jan 100 00:00:01 GMT", "2000-01-01T00:00:01+00:00"),
        ("Fri, 29 Apr 2011 23:34:45 JST", "2011-04-29T14:34:45+00:00"),
        ("Fri, 29 Apr 2011 23:34:45", "2011-04-29T23:34:45+00:00"),
        ("Fri, 29 Apr 2011 23:34:45 IST", "2011-04-29T23:34:45+00:00"),  # India, Israel or Ireland
        ("Fri Apr 29 23:34:45 2011", "2011-04-29T23:34:45+00:00"),  # asctime
        ("Fri Apr 29 23:34:45 PDT 2011", "2011-04-30T06:34:45+00:00"),
        ("29-Apr-2011 23:34:45 +0200", "2011-04-29T21:34:45+00:00"),
        ("01 Jan 2001 00:01+0100", "2000-12-31T23:01:00+00:00"),
        ("Friday, April 29, 2011 12:05 AM", "2011-04-29T00:05:00+00:00"),
        ("Friday, April 29, 2011 9:00 PM", "2011-04-29T21:00:00+00:00"),
        ("2011-04-29T23:34:45Z", "2011-04-29T23:34:45+00:00"),
        ("2011-04-29 23:34:45", "2011-04-29T23:34:45+00:00"),
    ],
)
def test_a_date_is_read_in_each_form(written: str, meant: str) -> None:
    found = parsed(written)

    assert found is not None
    assert found.isoformat() == meant


@pytest.mark.parametrize(
    "written",
    [
        "",
        "soon",
        "31 Feb 2011 10:00:00 +0000",
        "29 Apr 10:00",
        "Apr 2011",
        "29 Apr 2011 25:00:00",
        "99999 Apr 1 10:00",
        "29 Apr 2011 10:00:00 +9999",
        "2012-10-31 04-46-42",
        "1 Jan 0001 00:00:00 +0900",
        ":" * 99,
        "1 " * 50 + "Apr",
    ],
)
def test_what_is_no_date_is_none(written: str) -> None:
    assert parsed(written) is None


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2049, 12, 31)),
    st.sampled_from(["+0000", "-0500", "EST", "PDT", "GMT"]),
    st.sampled_from(["%a, %d %b %y", "%d %b %Y", "%a %d %b %Y", "%a,%d %b %Y"]),
)
def test_the_stdlib_reads_the_obsolete_forms_alike(time: datetime, zone: str, form: str) -> None:
    written = f"{time.strftime(form)} {time:%H:%M:%S} {zone}"

    expected = parsedate_to_datetime(written)
    assert parsed(written) == (expected if expected.tzinfo else expected.replace(tzinfo=UTC))
