"""The echo backends over HTTP/2."""

import json
import socket
from io import BufferedReader

import h2.config
import h2.connection
import h2.events

from tests.serve.heard import Heard

PREFACE = b"PRI * HTTP/2.0\r\n"
"""The first line of a connection."""


def converse(connection: socket.socket, stream: BufferedReader, about: dict[str, object], heard: Heard) -> None:
    """Answer every request of a connection whose first line was PREFACE."""
    peer = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
    peer.initiate_connection()
    asked: dict[int, list[tuple[str, str]]] = {}
    bodies: dict[int, bytes] = {}
    data = PREFACE
    while data:
        for event in peer.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                asked[event.stream_id] = [(str(name), str(value)) for name, value in event.headers]
            elif isinstance(event, h2.events.DataReceived):
                bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                peer.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                fields, body = asked.pop(event.stream_id), bodies.pop(event.stream_id, b"")
                _answer(peer, event.stream_id, fields, body, about, heard)
        connection.sendall(peer.data_to_send())
        data = stream.read1(65536)


def _answer(
    peer: h2.connection.H2Connection,
    number: int,
    fields: list[tuple[str, str]],
    body: bytes,
    about: dict[str, object],
    heard: Heard,
) -> None:
    pseudo = {name: value for name, value in fields if name.startswith(":")}
    headers: dict[str, list[str]] = {}
    for name, value in fields:
        if not name.startswith(":"):
            headers.setdefault(name, []).append(value)
    told = {"method": pseudo[":method"], "path": pseudo[":path"], "host": pseudo.get(":authority", "")}
    content = {**about, **told, "protocol": "HTTP/2", "headers": headers, "body": body.decode(errors="replace")}
    heard.note(content)
    answer = [(":status", headers.get("x-echo-status", ["200"])[0]), ("x-echo-backend", str(about["backend"]))]
    for line in [*headers.get("x-echo-header", []), "content-type: application/json"]:
        name, _, value = line.partition(": ")
        answer.append((name.lower(), value))
    peer.send_headers(number, answer)
    peer.send_data(number, json.dumps(content).encode(), end_stream=True)
