"""The files of each MTA and shipper, from the templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bounces.reading.accounting import COLUMNS, LINE
from bounces_cli.batches import OCTETS
from bounces_cli.errors import CommandError
from bounces_cli.integration.fill import Filled, filled, joined, quoted
from bounces_cli.integration.specification import AccountFile, specification
from bounces_cli.integration.wish import Wish

POWERMTA: Final = "powermta"
KUMOMTA: Final = "kumomta"
LOGSTASH: Final = "logstash"
SYSLOG_NG: Final = "syslog-ng"

# syslog-ng knows no "all others", so each answer that is no 2xx is named.
REFUSALS: Final = range(300, 600)
_A_LINE: Final = 4

_SYSLOG_NG_TOKEN: Final = "bounce_processing_token"  # noqa: S105  a name


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """A file that is made: its name, the place on the mail server that it is for, and its text."""

    name: str
    place: str
    text: str


def files_for(mta: str, shipper: str | None, wish: Wish) -> tuple[GeneratedFile, ...]:
    """Return the files that make `mta` send by `shipper`. Raises `CommandError` where the two do not go together."""
    if mta == KUMOMTA:
        if shipper is not None:
            raise CommandError("KumoMTA sends its records itself; leave --shipper out")
        if wish.folder is not None:
            raise CommandError("--folder is where PowerMTA writes; KumoMTA's log hook writes no files")
        return (_kumomta(wish),)
    if shipper is None:
        raise CommandError(f"PowerMTA only writes files; say what sends them: --shipper {' or '.join(SHIPPERS)}")
    places = _Places.of(wish)
    return (_powermta(places), *SHIPPERS[shipper](places, wish))


@dataclass(frozen=True, slots=True)
class _Places:
    """Where PowerMTA writes, where it moves what it has written, and which files."""

    live: str
    moved: str
    accounts: tuple[AccountFile, ...]

    @classmethod
    def of(cls, wish: Wish) -> _Places:
        known = specification()
        live = wish.folder or str(known.powermta["folder"])
        accounts = tuple(each for each in known.account_files if wish.with_deliveries or not each.is_optional)
        return cls(live, f"{live}/{known.powermta['moved']}", accounts)


def _powermta(places: _Places) -> GeneratedFile:
    parts = [
        filled(
            "powermta-file.conf",
            says=each.says,
            folder=places.live,
            moved=places.moved,
            stem=each.stem,
            type=each.type,
            records=each.records,
            columns=",".join(each.columns),
            move_interval=specification().powermta["move_interval"],
        )
        for each in places.accounts
    ]
    text = filled("powermta.conf", folder=places.live, moved=places.moved, files=joined(parts))
    return GeneratedFile("powermta-accounting.conf", "/etc/pmta/bounce-processing.conf", text)


def _logstash(places: _Places, wish: Wish) -> tuple[GeneratedFile, ...]:
    own = specification().logstash
    place = f"{own['folder']}/powermta.conf"
    inputs, filters = [], []
    for each in places.accounts:
        inputs.append(
            filled(
                "logstash-input.conf",
                type=each.type,
                live=Filled(f"{places.live}/{each.pattern}"),
                moved=Filled(f"{places.moved}/{each.pattern}"),
                sincedb=f"{own['state']}/bounce-processing-{each.stem}.sincedb",
            )
        )
        filters.append(
            filled(
                "logstash-filter.conf",
                type=each.type,
                quoted=quoted(each.header),
                columns=",".join(each.header),
                columns_field=COLUMNS,
            )
        )
    text = filled(
        "logstash.conf",
        place=place,
        inputs=joined(inputs),
        filters=joined(filters),
        record_bytes=own["record_bytes"],
        line=LINE,
        content_type=OCTETS,
        url=f"{wish.address}/v1/push/powermta",
        token=wish.token_variable,
        retryable_codes=", ".join(map(str, own["retryable_codes"])),
    )
    pipelines = filled("logstash-pipelines.yml", folder=own["folder"], batch=own["batch"])
    return (
        GeneratedFile("powermta.conf", place, text),
        GeneratedFile("pipelines.yml", "/etc/logstash/pipelines.yml (add it to what is there)", pipelines),
    )


def _syslog_ng(places: _Places, wish: Wish) -> tuple[GeneratedFile, ...]:
    own = specification().syslog_ng
    records = [
        filled(
            "syslog-ng-record.conf",
            says=each.says,
            folder=places.live,
            moved=places.moved,
            stem=each.stem,
            type=each.type,
            columns=",".join(each.header),
        )
        for each in places.accounts
    ]
    text = filled(
        "syslog-ng.conf",
        place=own["file"],
        token=_SYSLOG_NG_TOKEN,
        content_type=OCTETS,
        token_file=wish.token_file or own["token_file"],
        url=f"{wish.address}/v1/push/powermta",
        batch=own["batch"],
        batch_bytes=own["batch_bytes"],
        record_bytes=own["record_bytes"],
        buffer_bytes=own["buffer_bytes"],
        reopen_seconds=own["reopen_seconds"],
        state=own["state"],
        responses=_responses(),
        records=joined(records),
    )
    return (GeneratedFile("syslog-ng.conf", own["file"], text),)


def _responses() -> Filled:
    each = [f"response-action({code} => disconnect)" for code in REFUSALS]
    lines = (" ".join(each[start : start + _A_LINE]) for start in range(0, len(each), _A_LINE))
    return Filled("".join(f"        {line}\n" for line in lines))


def _kumomta(wish: Wish) -> GeneratedFile:
    known = specification()
    own = known.kumomta
    types = own["types"] + (own["optional_types"] if wish.with_deliveries else [])
    text = filled(
        "kumomta.lua",
        place=own["file"],
        url=f"{wish.address}/v1/push/kumomta",
        token_file=wish.token_file or own["token_file"],
        request_bytes=known.request_bytes,
        record_bytes=own["record_bytes"],
        message_bytes=own["message_bytes"],
        batch=own["batch"],
        types=Filled("".join(f"      {kind} = {{ enable = true }},\n" for kind in types)),
    )
    return GeneratedFile("bounce_processing.lua", own["file"], text)


SHIPPERS: Final[Mapping[str, Callable[[_Places, Wish], tuple[GeneratedFile, ...]]]] = {
    LOGSTASH: _logstash,
    SYSLOG_NG: _syslog_ng,
}
