"""Printing plain data: read back by libyaml and by Envoy itself, and good to look at."""

import json
import re
import subprocess
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from google.protobuf import text_format
from google.protobuf.message_factory import GetMessageClass

from egc.envoy import binary, descriptors
from egc.envoy.printer import to_json, to_yaml

# What one YAML version or another takes for something else than a string.
ODD = r"""
    y Y n N yes Yes YES no No NO on On ON off Off OFF true True TRUE false False FALSE null Null NULL ~ = <<
    0 -0 1 +1 -1 017 0o17 0x1F 0b101 1_000 1:20 190:20:30 1. .5 1.5 1e3 1E5 1e+3 12e03 0.0 1e1000 _1 e5 5e1s
    .inf -.inf +.INF .nan .NaN nan inf Infinity 2001-01-01 2001-12-14t21:59:43.10-05:00 10.0.0.1 ::1 5s 1.5s
    - ? : , [ ] { } & * ! | > ' " % @ ` # -a ?a :a &a *a !a |a >a %a @a `a #a a: a:b a#b [a] {a} 'a' "a" \ \n --- ...
"""
BLANKS = ["", " ", " a", "a ", "- a", "? a", "a: b", "a :b", "a #b", "a  b", "a\tb", "\ta", "# a", "k" * 2000]
LINES = [
    "\n",
    "a\n",
    "\na",
    "a\n\n",
    "a\nb",
    "a\n\n  b\n",
    "  a\nb\n",
    "a\n \nb\n",
    "a\n\tb\n",
    "a: b\nc: d",
    "# a\n---\n...\n",
]
SPECIAL = [
    "\r",
    "a\r\nb",
    "\0",
    "\x1b[0m",
    "\x7f",
    "\x85",
    "\xa0",
    "é",
    "\u2028",
    "a\u2029b\n",
    "\ufeff",
    "\ufffe",
    "😀",
]
WORDS = [*ODD.split(), *BLANKS, *LINES, *SPECIAL]


def test_libyaml_reads_every_string_as_itself() -> None:
    """No string changes, whether as a value, an item or a key."""
    data = {"values": WORDS, "keys": dict.fromkeys(WORDS, 1), "nested": [[WORDS], {word: [word] for word in WORDS}]}
    assert yaml.load(to_yaml(data), yaml.CSafeLoader) == data


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_envoy_reads_every_string_as_itself(envoy: Path, tmp_path: Path, suffix: str) -> None:
    """Envoy prints a configuration that breaks a rule: what it prints is what it was given."""
    executable = binary.find(str(envoy))
    assert executable is not None
    node: dict[str, Any] = {
        "client_features": WORDS,
        "metadata": dict.fromkeys((word for word in WORDS if "\0" not in word), 1),
    }
    data = {"node": node, "static_resources": {"clusters": [{"name": "a", "connect_timeout": "0s"}]}}
    file = tmp_path / f"envoy{suffix}"
    file.write_text(to_yaml(data) if suffix == ".yaml" else to_json(data), encoding="utf-8")
    command = [
        str(executable),
        "--mode",
        "validate",
        "--log-format",
        "%v",
        "--log-level",
        "error",
        "--config-path",
        str(file),
    ]
    log = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    printed = re.search(r"goo\.gle/debug\w+(.*)\n: Proto constraint", log, re.DOTALL)
    assert printed is not None, log
    message = descriptors.load(executable).message("envoy.config.bootstrap.v3.Bootstrap")
    assert message is not None
    read: Any = text_format.Parse(printed[1], GetMessageClass(message)())
    assert list(read.node.client_features) == WORDS
    assert set(read.node.metadata.fields) == set(node["metadata"])


def test_what_is_no_text_can_still_be_encoded() -> None:
    """Half a surrogate pair, which no file can hold, is escaped."""
    assert to_yaml("\ud800").encode() == b'"\\ud800"\n'


def test_a_configuration_is_good_to_read() -> None:
    """Block style, no quotes where none are needed, scripts as literal blocks."""
    text = dedent("""\
        static_resources:
          listeners:
          - name: web/eg/http
            address:
              socket_address:
                address: "0.0.0.0"
                port_value: 10080
            metadata: {}
            filter_chains: []
            typed_config:
              "@type": type.googleapis.com/envoy.config.route.v3.FilterConfig
              timeout: 0.25s
              retry_on: "5xx"
              ratio: 0.5
              enabled: false
              nothing: null
              domains:
              - "*"
              - www.example.com
              uri: https://example.com:8443/a?b
              log: "%REQ(:PATH)%"
              script: |
                function envoy_on_request(handle)
                  handle:logInfo("hi")

                end
              body: |-
                two
                lines
          - - a
            - - b
              - c: d
                e: []
            - {}
        """).replace("https://example.com:8443/a?b", '"https://example.com:8443/a?b"')
    assert to_yaml(yaml.safe_load(text)) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1e16, "1.0e+16"),
        (1.5e-7, "1.5e-07"),
        (-0.5, "-0.5"),
        (100.0, "100.0"),
        (float("inf"), ".inf"),
        (float("-inf"), "-.inf"),
        (float("nan"), ".nan"),
        (2**64, "18446744073709551616"),
        (True, "true"),
        (None, "null"),
    ],
)
def test_scalars(number: object, text: str) -> None:
    """Floats stay floats in YAML 1.1, which wants a dot and a sign."""
    assert to_yaml(number) == f"{text}\n"
    assert repr(yaml.load(to_yaml([number]), yaml.CSafeLoader)) == repr([number])


def test_the_order_of_keys_is_kept() -> None:
    """Nothing is sorted."""
    assert to_yaml({"b": 1, "a": 2}) == "b: 1\na: 2\n"


def test_other_objects_are_not_data() -> None:
    """An object that is no plain data is a mistake of the caller."""
    with pytest.raises(TypeError, match="Path is not plain data"):
        to_yaml({"a": Path()})


@pytest.mark.parametrize(
    "data", [{}, [], None, "é\n", {"a": [1, 1.5, True, None, {}, [], {"b": ["c"]}], "": {}}, {1: {True: None}}]
)
def test_json_is_what_the_standard_library_writes(data: object) -> None:
    """Byte for byte."""
    assert to_json(data) == json.dumps(data, indent=1, ensure_ascii=False) + "\n"
