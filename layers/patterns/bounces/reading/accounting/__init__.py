"""The bytes of a pushed body -> records of an MTA's accounting -> reports. Pure: no AWS, no clock, no environment."""

from bounces.reading.accounting.columns import Layout
from bounces.reading.accounting.columns import known as known_columns
from bounces.reading.accounting.logstash import COLUMNS, LINE
from bounces.reading.accounting.push import Push, SetAside, read_push

__all__ = ["COLUMNS", "LINE", "Layout", "Push", "SetAside", "known_columns", "read_push"]
