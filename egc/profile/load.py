"""Reading egc.yaml."""

import sys
from pathlib import Path

from pydantic import ValidationError

from egc.diagnostics import Place, Sink
from egc.gatewayapi.graph import Endpoint
from egc.gatewayapi.rules.services import is_ip
from egc.kube.model import Home
from egc.kube.parse import report_schema, validate
from egc.profile.judge import BAD_PROFILE, UNREADABLE, is_name, is_port, judged
from egc.profile.model import Profile
from egc.source import At, read, read_paths

Listens = dict[str, dict[int, tuple[Endpoint, ...]]]


def load_profile(path: str | None, sink: Sink) -> Profile:
    """The profile in file *path*; all defaults when there is none or it cannot be read (which is reported)."""
    if path is None:
        return Profile()
    texts = read_paths([path], sys.stdin.buffer, sink)
    own = Sink()
    documents = [document for text in texts for document in read(text.file, text.text, own, number_keys=True)]
    sink.found |= own.found
    if own.failed:
        sink.report(BAD_PROFILE, Place(path), "the host profile cannot be read")
        return UNREADABLE
    if not documents:
        return Profile()
    if len(documents) > 1:
        sink.report(BAD_PROFILE, At(documents[1]), "a host profile is one document")
    document = documents[0]
    home = Home(document)
    try:
        profile = validate(Profile, document.data, home)
    except ValidationError as error:
        report_schema(error, Profile, At(document), sink, BAD_PROFILE)
        profile = _sound_part(document.data, error, home)
    home.top = profile
    return judged(profile, sink)


def _sound_part(data: object, error: ValidationError, home: Home) -> Profile:
    """The profile without the top-level keys that are at fault."""
    wrong = {str(detail["loc"][0]) for detail in error.errors() if detail["loc"]}
    if not isinstance(data, dict) or not wrong:
        return UNREADABLE
    sound = validate(Profile, {key: value for key, value in data.items() if key not in wrong}, home)
    return sound.replace(dns=UNREADABLE.dns) if wrong & {"services", "dns"} else sound


def listens(profile: Profile, sink: Sink) -> Listens:
    """The profile's ``services`` as endpoints, by namespace/name and port."""
    found: Listens = {}
    for service, ports in profile.services.items():
        for port, addresses in ports.items():
            at = profile.at("services", service, port)
            if not is_port(port):
                sink.report(BAD_PROFILE, at.key, f'"{port}" is not a port number')
                continue
            endpoints = [_endpoint(address) for address in addresses]
            for i, endpoint in enumerate(endpoints):
                if endpoint is None:
                    message = f'"{addresses[i]}" is neither host:port nor unix:/path'
                    sink.report(BAD_PROFILE, at / i, message)
            found.setdefault(service, {})[int(port)] = tuple(e for e in endpoints if e is not None)
    return found


def _endpoint(address: str) -> Endpoint | None:
    if address.startswith("unix:/"):
        return Endpoint(path=address.removeprefix("unix:"))
    host, _, port = address.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not is_port(port) or not (is_ip(bare) or is_name(bare)):
        return None
    return Endpoint(bare, int(port), is_name=not is_ip(bare))


def mapped(profile: Profile, profile_path: str | None, path: str, beside: Path) -> Path:
    """Where *path*, written in an EnvoyGateway file that lies in *beside*, really is.

    The longest prefix in ``paths`` is replaced by its folder (relative to the profile). A path that no prefix fits
    is taken as written; a relative one is relative to the EnvoyGateway file.
    """
    for prefix in sorted(profile.paths, key=len, reverse=True):
        if path == prefix or path.startswith(prefix.rstrip("/") + "/"):
            base = Path(profile_path).parent if profile_path else beside
            return base / profile.paths[prefix] / path[len(prefix.rstrip("/")) :].lstrip("/")
    return beside / path
