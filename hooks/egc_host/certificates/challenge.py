"""Whether the CA's http-01 question would reach certbot through the running Envoy."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

from egc_host.certificates.served import places
from egc_host.findings import Finding
from egc_host.findings import certificates as findings

if TYPE_CHECKING:
    from egc_host.bundle import Bundle, Lineage

_PATH = "/.well-known/acme-challenge/egc-probe"
_PORT = 80
_TIMEOUT = 5.0


def unreachable(bundle: Bundle, lineage: Lineage) -> list[Finding]:
    """A finding for each hostname of an http-01 lineage whose challenge Envoy would not pass to certbot.

    certbot does not run yet: the route to it is right if Envoy answers 503, that nobody is there.
    """
    if "--http-01-port" not in (lineage.certbot or ()):
        return []
    plain = [listener for listener in bundle.listeners if not listener.tls]
    public = [listener for listener in plain if (listener.published or listener.port) == _PORT]
    listeners = places(public or plain)
    if not listeners:
        return [Finding(findings.NO_LISTENER, f"{lineage.name}: the bundle has no listener for plain HTTP")]
    found = []
    for hostname in lineage.hostnames:
        answers = [_ask(place, hostname) for place in listeners]
        if not any(isinstance(answer, int) for answer in answers):
            found.append(Finding(findings.NO_LISTENER, f"{lineage.name}: nothing answers for {hostname}: {answers[0]}"))
        elif 503 not in answers:
            said = ", ".join(str(answer) for answer in answers if isinstance(answer, int))
            found.append(
                Finding(findings.NO_CHALLENGE, f"{lineage.name}: {_PATH} of {hostname} answers {said}, not 503")
            )
    return found


def _ask(place: tuple[str, int], hostname: str) -> int | str:
    """The status that a listener answers with, or why it does not."""
    connection = http.client.HTTPConnection(*place, timeout=_TIMEOUT)
    try:
        connection.request("GET", _PATH, headers={"Host": hostname, "User-Agent": "egc"})
        return connection.getresponse().status
    except OSError as error:
        return f"{place[0]}:{place[1]}: {error.strerror or str(error) or type(error).__name__}"
    except http.client.HTTPException as error:
        return f"{place[0]}:{place[1]}: {str(error) or type(error).__name__}"
    finally:
        connection.close()
