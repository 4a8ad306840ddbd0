"""The generated files agree with each other, with the reader and with what each program documents."""

import fnmatch
import gzip
import json
import random
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from bounces.reading import Arrival
from bounces.reading.accounting import COLUMNS, LINE, known_columns, read_push
from bounces.reading.accounting.limits import MAX_RECORDS, MAX_UNPACKED
from bounces.records import Source
from bounces_cli.errors import CommandError
from bounces_cli.integration import SHIPPERS, Wish, files_for
from bounces_cli.integration.fill import filled
from local import http_event
from tests.unit.cli.integration import logstash_config
from tests.unit.cli.integration.generated import ADDRESS, FOLDER, account_files, made, option

REQUEST_BYTES = 2 * 1024 * 1024
OPTIONS = tomllib.loads(Path(__file__).with_name("logstash_options.toml").read_text("utf-8"))
FIELD_CODES = [401, 403, 404, 408, 413, 429, 500, 502, 503, 504]


def powermta(shipper: str = "logstash") -> dict[str, Any]:
    return {each.type: each for each in account_files(made(shipper)["powermta-accounting.conf"].text)}


def pipeline() -> list[logstash_config.Plugin]:
    return logstash_config.read(made("logstash")["powermta.conf"].text)


def plugins(section: str, name: str) -> list[logstash_config.Plugin]:
    return [each for each in pipeline() if (each.section, each.name) == (section, name)]


def of_type(kind: str) -> str:
    return f'[@metadata][record] == "{kind}"'


def tails(pattern: str, path: str) -> bool:
    """Whether a glob of one folder, as both shippers understand it, has `path`."""
    given, wanted = PurePosixPath(path), PurePosixPath(pattern)
    return given.parent == wanted.parent and fnmatch.fnmatchcase(given.name, wanted.name)


def test_powermta_writes_one_file_for_each_type_of_record() -> None:
    files = powermta()
    assert list(files) == ["b", "rb", "f", "d"]
    assert len({file.path for file in files.values()}) == 4
    for kind, file in files.items():
        assert known_columns().type_names.get(file.directives["records"], file.directives["records"]) == kind
        assert file.directives["move-to"].startswith(str(PurePosixPath(file.path).parent))
        assert "delete-after" not in file.directives  # PowerMTA ignores it beside move-to
    without = made("logstash", deliveries=False)["powermta-accounting.conf"].text
    assert [each.type for each in account_files(without)] == ["b", "rb", "f"]


def test_the_fields_are_those_that_the_reader_knows_and_say_who_it_was() -> None:
    layouts = {kind: each for each in known_columns().layouts if each.generated for kind in each.types}
    for kind, file in powermta().items():
        assert tuple(name.lower() for name in file.header) == layouts[kind].columns
        assert {"timelogged", "orig", "rcpt"} <= {name.lower() for name in file.header}
    assert {"feedbackType", "header_X-FBLId", "header_X-HmXmrOriginalRecipient"} <= set(powermta()["f"].header)


@pytest.mark.parametrize("kind", ["b", "rb", "f", "d"])
def test_what_powermta_writes_is_what_logstash_tails_and_nothing_twice(kind: str) -> None:
    file = powermta()[kind]
    for path in (file.written("2026-01-31", 0), file.moved("2026-01-31", 17)):
        inputs = [
            each
            for each in plugins("input", "file")
            for pattern in each.settings["path"]  # type: ignore[union-attr]
            if tails(str(pattern), path)
        ]
        assert [each.settings["add_field"] for each in inputs] == [{"[@metadata][record]": kind}]


@pytest.mark.parametrize("kind", ["b", "rb", "f", "d"])
def test_logstash_names_the_columns_that_powermta_writes(kind: str) -> None:
    (csv,) = [each for each in plugins("filter", "csv") if each.conditions == (of_type(kind),)]
    assert tuple(csv.settings["columns"]) == powermta()[kind].header  # type: ignore[arg-type]
    assert csv.settings["skip_header"] == "true"
    assert "autodetect_column_names" not in csv.settings
    (mutate,) = [each for each in plugins("filter", "mutate") if each.conditions == (of_type(kind),)]
    assert mutate.settings["add_field"] == {COLUMNS: ",".join(powermta()[kind].header)}


def test_logstash_keeps_the_line_under_the_name_that_is_read() -> None:
    (last,) = [each for each in plugins("filter", "mutate") if not each.conditions]
    assert last.settings["rename"] == {"message": LINE}
    assert {LINE, COLUMNS}.isdisjoint(last.settings["remove_field"])  # type: ignore[arg-type]


def test_the_pipeline_is_in_documented_options_of_their_kinds() -> None:
    for plugin in pipeline():
        known = OPTIONS[plugin.section][plugin.name]
        for name, value in plugin.settings.items():
            assert name in known, f"{plugin.name} has no option {name}"
            assert is_of_kind(value, known[name]), f"{plugin.name} {name}: {value!r} is not {known[name]}"
        assert plugin.settings.keys() >= set(OPTIONS["required"].get(f"{plugin.section}.{plugin.name}", ()))
    assert {each.section for each in pipeline()} == set(logstash_config.SECTIONS)


def is_of_kind(value: logstash_config.Value, kind: str | list[str]) -> bool:
    if isinstance(kind, list):
        return value in kind
    if kind == "boolean":
        return value in ("true", "false")
    return isinstance(value, {"string": str, "number": float, "array": list, "hash": dict}[kind])


def test_each_input_of_logstash_reads_from_the_beginning_with_a_sincedb_of_its_own() -> None:
    inputs = plugins("input", "file")
    assert len({str(each.settings["sincedb_path"]) for each in inputs}) == len(inputs) == 4
    for each in inputs:
        assert (each.settings["mode"], each.settings["start_position"]) == ("tail", "beginning")


def test_logstash_sends_batches_packed_and_drops_none() -> None:
    (http,) = plugins("output", "http")
    assert http.settings["url"] == f"{ADDRESS}/v1/push/powermta"
    assert (http.settings["format"], http.settings["http_compression"]) == ("json_batch", "true")
    assert not http_event.is_text(str(http.settings["content_type"]))  # else API Gateway damages what is packed
    assert http.settings["headers"] == {"Authorization": "Bearer ${BOUNCES_PUSH_TOKEN}"}
    assert http.settings["retryable_codes"] == FIELD_CODES
    assert "retry_failed" not in http.settings  # its default is what we need
    assert not http.conditions


def test_the_name_is_one_that_logstash_loads() -> None:
    files = made("logstash")
    (own,) = yaml.safe_load(files["pipelines.yml"].text)
    place = files["powermta.conf"].place
    assert tails(own["path.config"], place)
    assert place.endswith(".conf")
    # The service's own pipeline loads that folder, with its batch size and its queue in memory.
    assert PurePosixPath(place).parent != PurePosixPath("/etc/logstash/conf.d")
    assert own["queue.type"] == "persisted"


def events_of(contents: str, count: int, limit: int) -> bytes:
    """Return what Logstash sends of `count` rows that are as long as truncate lets them be."""
    header = ",".join(powermta()["f"].header)
    line = contents.encode()[:limit].decode("utf-8", "ignore")
    event = {LINE: line, COLUMNS: header, "@timestamp": "2026-11-25T10:00:00.000000000Z", "tags": ["_csvparsefailure"]}
    return json.dumps([event] * count, ensure_ascii=False).encode()


def test_no_request_of_logstash_can_be_too_large() -> None:
    (own,) = yaml.safe_load(made("logstash")["pipelines.yml"].text)
    (truncate,) = plugins("filter", "truncate")
    count, limit = int(own["pipeline.batch.size"]), int(truncate.settings["length_bytes"])  # type: ignore[arg-type]
    assert truncate.settings["fields"] == ["message"]
    assert count * limit <= REQUEST_BYTES
    dice = random.Random(1)
    worst = {
        "text": "".join(chr(dice.randrange(0x21, 0x7F)) for _ in range(limit)),
        "quotes": '"\\' * limit,
        "control characters, six bytes each": "".join(chr(dice.randrange(1, 0x20)) for _ in range(limit)),
    }
    for contents in worst.values():
        sent = events_of(contents, count, limit)
        assert len(sent) <= MAX_UNPACKED
        # One event alone, times their number: gzip finds the equal ones again, and other contents would not be equal.
        assert count * len(gzip.compress(events_of(contents, 1, limit))) <= REQUEST_BYTES
    assert count <= MAX_RECORDS


def test_an_event_of_logstash_is_read_as_the_row_itself() -> None:
    header = powermta()["b"].header
    cells = {"type": "b", "timeLogged": "2026-11-20 10:00:00+0100", "rcpt": "u@example.org", "dsnAction": "failed"}
    row = ",".join(cells.get(name, "") for name in header)
    arrival = Arrival(source=Source.POWERMTA, received_time=datetime(2026, 11, 25, tzinfo=UTC), raw="k")
    of_file = read_push(f"{','.join(header)}\n{row}\n".encode(), arrival, "application/octet-stream")
    event = json.dumps([{LINE: row, COLUMNS: ",".join(header), "@timestamp": "2026-11-25T10:00:00Z"}])
    (http,) = plugins("output", "http")
    content_type = str(http.settings["content_type"])
    of_event = read_push(gzip.compress(event.encode()), arrival, content_type, "gzip")
    assert [each.id for each in of_file.reports] == [each.id for each in of_event.reports] != []


@pytest.mark.parametrize("kind", ["b", "rb", "f", "d"])
def test_what_powermta_writes_is_what_syslog_ng_tails(kind: str) -> None:
    file = powermta("syslog-ng")[kind]
    (log,) = [part for part in re.split(r"^log \{", text_of_syslog_ng(), flags=re.M)[1:] if f'record("{kind}")' in part]
    sources = re.findall(r'bounce-processing-files\(folder\("([^"]+)"\) stem\("([^"]+)"\)', log)
    patterns = [f"{folder}/{stem}-*.csv" for folder, stem in sources]
    assert sum(tails(pattern, file.written("2026-01-31", 0)) for pattern in patterns) == 1
    assert sum(tails(pattern, file.moved("2026-01-31", 0)) for pattern in patterns) == 1
    assert option(log, "columns") == ",".join(file.header)
    assert "flags(flow-control);" in log


def text_of_syslog_ng() -> str:
    return made("syslog-ng")["syslog-ng.conf"].text


def test_no_request_of_syslog_ng_can_be_too_large() -> None:
    text = text_of_syslog_ng()
    header = max(len(",".join(file.header)) for file in powermta().values())
    # A request is sent when a row has taken it beyond batch-bytes.
    assert header + int(option(text, "batch-bytes")) + int(option(text, "log-msg-size")) + 2 <= REQUEST_BYTES
    assert int(option(text, "batch-lines")) <= MAX_RECORDS


def test_syslog_ng_takes_no_answer_but_2xx_for_success_and_drops_at_none() -> None:
    actions = re.findall(r"response-action\((\d+) => (\w+)\)", text_of_syslog_ng())
    assert [int(code) for code, _ in actions] == list(range(300, 600))
    assert {action for _, action in actions} == {"disconnect"}


def test_syslog_ng_sends_bytes_with_a_token_that_stands_in_a_file() -> None:
    text = text_of_syslog_ng()
    assert (
        'headers("Authorization: Bearer `bounce_processing_token`", "Content-Type: application/octet-stream")' in text
    )
    assert '@include "/etc/syslog-ng/bounce-processing.token.conf"' in text
    assert option(text, "url") == f"{ADDRESS}/v1/push/powermta"


def test_the_folder_and_the_place_of_the_token_are_the_user_s() -> None:
    files = made("syslog-ng", folder="/data/pmta/acct", token_file="/run/keys/push.conf")
    assert '@include "/run/keys/push.conf"' in files["syslog-ng.conf"].text
    for file in files.values():
        assert FOLDER not in file.text.replace("/etc/syslog-ng/conf.d", "")
    (http,) = [
        each
        for each in logstash_config.read(made("logstash", token_variable="PUSH_TOKEN")["powermta.conf"].text)
        if each.section == "output"
    ]
    assert http.settings["headers"] == {"Authorization": "Bearer ${PUSH_TOKEN}"}


@pytest.mark.parametrize("shipper", [*SHIPPERS, None])
def test_no_hole_is_left_in_a_file(shipper: str | None) -> None:
    for file in made(shipper, mta="powermta" if shipper else "kumomta").values():
        assert "@@" not in file.text
        assert file.text.endswith("\n")


@pytest.mark.parametrize(
    "wish",
    [
        {"folder": "relative/path"},
        {"folder": '/var/log"; system("x"); "'},
        {"folder": "/var/log/../../etc"},
        {"folder": "/var/log/`x`"},
        {"folder": "/var/log/\n/x"},
        {"folder": "/var/log/"},
        {"token_file": "/etc/$(id)"},
        {"token_variable": "A B"},
        {"token_variable": "X}${Y"},
    ],
)
def test_what_could_be_syntax_is_refused(wish: dict[str, str]) -> None:
    with pytest.raises(CommandError):
        Wish(ADDRESS, **wish)  # type: ignore[arg-type]


def test_a_value_with_syntax_in_it_is_not_written() -> None:
    with pytest.raises(CommandError, match="only letters, digits"):
        filled("logstash-pipelines.yml", folder='/x"', batch=1)
    with pytest.raises(ValueError, match="no place for more"):
        filled("logstash-pipelines.yml", folder="/x", batch=1, more="y")
    with pytest.raises(KeyError):
        filled("logstash-pipelines.yml", folder="/x")


def test_what_does_not_go_together_is_said() -> None:
    with pytest.raises(CommandError, match="leave --shipper out"):
        files_for("kumomta", "logstash", Wish(ADDRESS))
    with pytest.raises(CommandError, match="--shipper logstash or syslog-ng"):
        files_for("powermta", None, Wish(ADDRESS))
    with pytest.raises(CommandError, match="writes no files"):
        files_for("kumomta", None, Wish(ADDRESS, folder="/x"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("input { file { path => } }", "where one of"),
        ('input { file { path => ["a",] } }', "comma"),
        ('output { http { url => "a" url => "b" } }', "twice"),
        ("inputs { }", "where one of"),
        ("input { file { mode -> tail } }", "nothing that stands there"),
        ('output { http { headers => { "a" => "b", "c" => "d" } } }', "where one of"),
    ],
)
def test_the_test_s_own_parser_refuses_what_logstash_does(text: str, fault: str) -> None:
    with pytest.raises(logstash_config.LogstashSyntaxError, match=fault):
        logstash_config.read(text)
