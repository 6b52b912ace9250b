"""A bundle that is not what it should be: EGC5100 to EGC5104."""

from egc_host.findings import Kind

NO_BUNDLE = Kind(
    "EGC5100",
    "error",
    "folder is no bundle for a host",
    "The folder has no `manifest.json` or no `host.json` that could be read: it is not the output of `egc build`, was "
    "copied in part, or was built with `target: none`.",
    "build with target: systemd or compose in egc.yaml, and copy the whole folder",
)
FILE_MISSING = Kind(
    "EGC5101",
    "error",
    "file of the bundle is missing",
    "`manifest.json` lists the files of a bundle. One of them is not there: the copy is not complete.",
    "copy the bundle again, with all its files",
)
EDITED = Kind(
    "EGC5102",
    "error",
    "bundle was edited by hand",
    "A file of the bundle differs from its digest in `manifest.json`. What runs would not be what was built and "
    "reviewed, and the next build would undo it.",
    "change the site's YAML and build again, or accept the edit once with --accept-edited",
)
OTHER_FORMAT = Kind(
    "EGC5103",
    "error",
    "bundle of another format",
    "The bundle was made by a version of egc whose format these programs do not know.",
    "use the programs in the bundle's own bin folder",
)
