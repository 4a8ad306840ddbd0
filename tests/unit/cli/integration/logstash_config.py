"""Logstash's configuration language, read strictly: for looking at a pipeline without Logstash.

The grammar is that of its reference ("Structure of a pipeline"): sections of plugins, conditions around plugins, and
settings whose values are strings, numbers, barewords, arrays and hashes. What is not in it is an error here, so that a
pipeline that is read here has no syntax that Logstash would not take.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"(?P<space>[ \t\n]+|\#[^\n]*)"
    r'|(?P<string>"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')'
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<sign>=>|==|!=|[{}\[\],()])"
    r"|(?P<word>[A-Za-z_@][A-Za-z0-9_@]*)"
)
SECTIONS = ("input", "filter", "output")

Value = str | float | list["Value"] | dict[str, "Value"]


class LogstashSyntaxError(Exception):
    """What Logstash would not load, with its line."""


@dataclass
class Plugin:
    """A plugin with its settings, and the conditions that it stands under, outermost first."""

    section: str
    name: str
    settings: dict[str, Value] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def at_end(self) -> bool:
        return self._at == len(self._tokens)

    def peek(self) -> str:
        return "" if self.at_end() else self._tokens[self._at][1]

    def take(self, *wanted: str) -> str:
        kind, text, line = self._tokens[self._at] if not self.at_end() else ("end", "", -1)
        if wanted and text not in wanted and kind not in wanted:
            raise LogstashSyntaxError(f"line {line}: {text!r} where one of {wanted} should be")
        self._at += 1
        return text

    def value(self) -> Value:
        kind, text, _ = self._tokens[self._at]
        if text == "[":
            return self._array()
        if text == "{":
            return self._hash()
        self.take("string", "number", "word")
        if kind == "string":
            return text[1:-1]
        return float(text) if kind == "number" else text

    def _array(self) -> list[Value]:
        self.take("[")
        found: list[Value] = []
        while self.peek() != "]":
            found.append(self.value())
            if self.peek() != "]":
                self.take(",")
                if self.peek() == "]":
                    raise LogstashSyntaxError("a comma before the end of an array")
        self.take("]")
        return found

    def _hash(self) -> dict[str, Value]:
        self.take("{")
        found: dict[str, Value] = {}
        while self.peek() != "}":  # entries of a hash have no commas between
            name = self.take("string", "word").strip("\"'")
            self.take("=>")
            if name in found:
                raise LogstashSyntaxError(f"{name} twice in a hash")
            found[name] = self.value()
        self.take("}")
        return found


def read(text: str) -> list[Plugin]:
    """Return the plugins of the pipeline `text`, in order. Raises `LogstashSyntaxError`."""
    reader, found = _Reader(text), []
    while not reader.at_end():
        section = reader.take(*SECTIONS)
        reader.take("{")
        found += _plugins(reader, section, ())
    return found


def _plugins(reader: _Reader, section: str, conditions: tuple[str, ...]) -> list[Plugin]:
    found: list[Plugin] = []
    while reader.peek() != "}":
        name = reader.take("word")
        if name == "if":
            condition = _condition(reader)
            reader.take("{")
            found += _plugins(reader, section, (*conditions, condition))
            continue
        plugin = Plugin(section, name, conditions=conditions)
        reader.take("{")
        while reader.peek() != "}":
            setting = reader.take("word")
            reader.take("=>")
            if setting in plugin.settings:
                raise LogstashSyntaxError(f"{setting} twice in {name}")
            plugin.settings[setting] = reader.value()
        reader.take("}")
        found.append(plugin)
    reader.take("}")
    return found


def _condition(reader: _Reader) -> str:
    """Return `[field][sub] == "text"`, the one form of a condition that we use."""
    said = ""
    while reader.peek() == "[":
        said += reader.take("[") + reader.take("word") + reader.take("]")
    if not said:
        raise LogstashSyntaxError("a condition that names no field")
    return f"{said} {reader.take('==', '!=')} {reader.take('string')}"


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        line = text.count("\n", 0, place) + 1
        if found is None or found.lastgroup is None:
            raise LogstashSyntaxError(f"line {line}: {text[place : place + 20]!r} is nothing that stands there")
        if found.lastgroup != "space":
            yield found.lastgroup, found[0], line
        place = found.end()
