"""Lines of JSON on mails, and the chunks that processes share."""

import json
from itertools import chain

import pytest

from bounces.records import BounceType, Event, Report, Source, Verdict
from bounces_cli.inspect import LAST, PART, _parted_at_the_end
from bounces_cli.outcomes import Row, _line_of, report_of
from bounces_cli.sources import Place

ODD = 'a"b\\c\u00fc\U0001f4a9\u2028\x00\ud800 {}'


def _verdict(diagnostic: str | None) -> Verdict:
    report = Report(id="a1", source=Source.SES, event=Event.BOUNCE, recipient="kim@example.com", diagnostic=diagnostic)
    return Verdict(report=report, category="bad-mailbox", bounce_type=BounceType.HARD)


@pytest.mark.parametrize("diagnostics", [[], [None], [ODD], ["550 5.1.1 a", ODD, ""]])
def test_a_line_is_what_the_encoder_of_json_writes(diagnostics: list[str | None]) -> None:
    row = Row(f"/{ODD}", [_verdict(diagnostic) for diagnostic in diagnostics], "")
    told = {"source": row.source, "reports": [report_of(verdict) for verdict in row.verdicts]}
    assert _line_of(row) == json.dumps(told) + "\n"


@pytest.mark.parametrize("count", [0, 1, LAST, LAST + 3])
def test_the_last_chunks_are_parted_and_no_mail_is_lost(count: int) -> None:
    chunks = [[Place(f"{chunk}.{mail}", "") for mail in range(2 * PART + 1)] for chunk in range(count)]
    parted = list(_parted_at_the_end(iter(chunks)))
    assert list(chain.from_iterable(parted)) == list(chain.from_iterable(chunks))
    whole = max(0, count - LAST)
    assert parted[:whole] == chunks[:whole]
    assert [len(part) for part in parted[whole:]] == [PART, PART, 1] * (count - whole)
