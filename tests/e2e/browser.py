"""A real browser, told what to do over two pipes: https://chromedevtools.github.io/devtools-protocol/"""

from __future__ import annotations

import base64
import json
import os
import select
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.needs import need

_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--no-first-run", "--remote-debugging-pipe"),
)
_PATIENCE = 60.0


class Browser:
    """One window of a browser. *requests* are the addresses that the page asked for."""

    def __init__(self, folder: Path, width: int = 1500, height: int = 900) -> None:
        program = need("chromium")
        self.requests: list[str] = []
        self.complaints: list[str] = []
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        size = [f"--window-size={width},{height}", f"--user-data-dir={folder / 'browser'}"]
        # It reads what to do from descriptor 3 and answers on 4.
        script = f'exec "$@" 3<&{to_read} 4>&{to_write}'
        command = ["bash", "-c", script, "bash", program, *_OPTIONS, *size, "about:blank"]
        with (folder / "browser.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, pass_fds=(to_read, to_write), stdout=log, stderr=log, start_new_session=True
            )
        os.close(to_read)
        os.close(to_write)
        self._left = b""
        self._loaded = False
        self._number = 0
        self._session = ""
        targets = self._ask("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = self._ask("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._ask(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def open(self, file: Path) -> None:
        """Show a file, and wait until it is there."""
        self._loaded = False
        self._ask("Page.navigate", url=file.as_uri())
        while not self._loaded:
            self._note(self._next())

    def value(self, expression: str) -> Any:
        """What an expression is in the page; AssertionError if it throws."""
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def click(self, x: float, y: float, count: int = 1) -> None:
        """Press and release the left button there, once or twice."""
        for number in range(1, count + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self._ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=number)

    def drag(self, x: float, y: float, by: tuple[float, float]) -> None:
        """Move what is there."""
        end = {"x": x + by[0], "y": y + by[1]}
        self._ask("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, button="left", clickCount=1)
        self._ask("Input.dispatchMouseEvent", type="mouseMoved", button="left", **end)
        self._ask("Input.dispatchMouseEvent", type="mouseReleased", button="left", clickCount=1, **end)

    def wheel(self, x: float, y: float, by: float) -> None:
        """Turn the wheel there."""
        self._ask("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=by)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self._ask("Input.insertText", text=text)

    def screenshot(self, file: Path) -> None:
        """Write what is seen as PNG."""
        file.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"]))

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        if event.get("method") == "Page.loadEventFired":
            self._loaded = True
        elif event.get("method") == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(parameters["exceptionDetails"]))
        elif event.get("method") == "Log.entryAdded":
            self.complaints.append(str(parameters["entry"]["text"]))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            assert select.select([self._read], [], [], _PATIENCE)[0], "the browser does not answer"
            some = os.read(self._read, 1 << 16)
            assert some, "the browser ended"
            self._left += some
        first, _, self._left = self._left.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        return message
