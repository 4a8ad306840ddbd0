"""The configuration that makes an MTA and a shipper send their records to the push door.

What is written is data: the templates, and `integration.toml` with names, places and bounds. The columns are those that
the reader knows as generated, so that what PowerMTA writes, what the shipper names and what is read cannot drift apart.
"""

from bounces_cli.integration.files import KUMOMTA, LOGSTASH, POWERMTA, SHIPPERS, SYSLOG_NG, GeneratedFile, files_for
from bounces_cli.integration.wish import TOKEN_VARIABLE, Wish

__all__ = [
    "KUMOMTA",
    "LOGSTASH",
    "POWERMTA",
    "SHIPPERS",
    "SYSLOG_NG",
    "TOKEN_VARIABLE",
    "GeneratedFile",
    "Wish",
    "files_for",
]
