"""What keeps Envoy from starting or from taking a new configuration: EGC5110 to EGC5149."""

from egc_host.findings import Kind

RUNNING = Kind(
    "EGC5110",
    "error",
    "another supervisor runs in this folder",
    "Two supervisors in one run folder would end each other's Envoy. The first one runs on.",
    "reload the running one, or give this one a --run-dir of its own",
)
NOT_RUNNING = Kind(
    "EGC5111",
    "error",
    "no supervisor answers",
    "Nothing answers at `ctl.sock` in the run folder: the service is stopped, runs in another folder, or runs as "
    "another user whose folder may not be entered.",
    "start the service, or name its folder with --run-dir",
)
RUN_FOLDER = Kind(
    "EGC5112",
    "error",
    "run folder cannot be used",
    "The run folder holds the sockets and the configurations that run. It has to exist, belong to the user that runs "
    "Envoy, and be writable.",
    "let systemd make it with RuntimeDirectory=, or create it for the user that runs Envoy",
)
SOCKET_PATH = Kind(
    "EGC5113",
    "error",
    "path of a socket is too long",
    "Linux takes at most 107 bytes for the path of a socket.",
    "choose a shorter run folder in egc.yaml (directories.run)",
)
ADMIN = Kind(
    "EGC5114",
    "error",
    "admin socket cannot be made",
    "Envoy makes its admin socket at the path in the configuration. The folder has to exist and be writable for the "
    "user that runs Envoy, and what is at the path may only be a socket.",
    "put it into the run folder (envoy.admin in egc.yaml)",
)
NO_ENVOY = Kind(
    "EGC5115",
    "error",
    "Envoy cannot be started",
    "There is no Envoy at that path, it is not executable, or it is built for another kind of machine.",
    "install Envoy, and name it with envoy.path in egc.yaml or with --envoy",
)
OTHER_ENVOY = Kind(
    "EGC5116",
    "error",
    "Envoy of another version than the bundle was built for",
    "A configuration is written for one minor version of Envoy: another one may lack fields, or read them otherwise.",
    "install that version, or build for the one that is installed (egc build --envoy PATH)",
)
HOT_RESTART = Kind(
    "EGC5117",
    "error",
    "Envoy cannot take over from the one that runs",
    "An Envoy takes the listeners over from a running one only if both have the same hot restart version "
    "(`envoy --hot-restart-version`). Otherwise the old one has to stop before the new one starts.",
    "reload with --allow-cold: the site is down for about a second after connections were drained",
)
PORT_TAKEN = Kind(
    "EGC5118",
    "error",
    "port is taken by another program",
    "A listener of the configuration is at a port where another program listens already. Envoy could not start, or "
    "would get only a part of the connections.",
    "stop the other program, or choose another port",
)
PRIVILEGED_PORT = Kind(
    "EGC5119",
    "error",
    "port may not be opened by this user",
    "Ports below `net.ipv4.ip_unprivileged_port_start` (1024) take the capability CAP_NET_BIND_SERVICE.",
    "give the service AmbientCapabilities=CAP_NET_BIND_SERVICE (install the bundle's unit), or use a higher port",
)
OPEN_FILES = Kind(
    "EGC5120",
    "warning",
    "limit of open files is lower than the configuration allows for",
    "Each connection takes one file, each proxied request another one. Where the limit is lower than the connections "
    "that the configuration admits, Envoy refuses connections before that.",
    "raise LimitNOFILE= of the service (install the bundle's unit)",
)
NOT_COPIED = Kind(
    "EGC5121",
    "error",
    "configuration cannot be copied into the run folder",
    "What is started is a copy, so that nobody can change it after it was checked. The copy failed: the disk is full, "
    "or a file may not be read.",
    "make room in the run folder, or let the user that runs Envoy read the bundle",
)
INVALID = Kind(
    "EGC5122",
    "error",
    "Envoy refuses the configuration",
    "`envoy --mode validate` found what it would not start with. The message is Envoy's own.",
    "mend the site's YAML and build again",
)
TIMEOUT = Kind(
    "EGC5123",
    "error",
    "check of the configuration does not end",
    "A check ran into its time limit: mostly the bundle or a certificate lies on a file system that does not answer.",
    "look at the file systems, or raise --validate-timeout-s",
)
ADDRESS_MISSING = Kind(
    "EGC5124",
    "error",
    "address of a listener is not this host's",
    "A listener is bound to an address that no interface of this host has, so Envoy could not open it.",
    "use 0.0.0.0, or an address that `ip address` shows",
)
NOT_READY = Kind(
    "EGC5125",
    "error",
    "new Envoy does not become ready",
    "The new Envoy started, but did not get through its initialisation in time: mostly a DNS server that never answers "
    "for the host of a backend. It was ended; the old one still serves.",
    "see what Envoy logged; look up the backends' names on this host; or raise --ready-timeout-s",
)
NEW_DIED = Kind(
    "EGC5126",
    "error",
    "new Envoy died before it served",
    "The new Envoy ended while it started. What it logged says why. The old one still serves.",
    "see what Envoy logged",
)
STUCK = Kind(
    "EGC5127",
    "warning",
    "next reload may need a full restart",
    "An Envoy that dies while it starts leaves a mark in shared memory that forbids every later hot restart. The "
    "supervisor knows how to remove the mark for the hot restart versions that it was tested with, and this is another "
    "one.",
    "if the next reload is refused, restart the service",
)
WATCHED_FOLDER = Kind(
    "EGC5128",
    "error",
    "folder of a certificate is missing",
    "With `certificates.reload: watch` Envoy watches the folder of each lineage. If it is missing when Envoy starts, "
    "Envoy never looks again.",
    "make it with a placeholder certificate: install the bundle again, or run egc-site certs issue",
)
WORKERS_KEPT = Kind(
    "EGC5129",
    "warning",
    "number of workers stays until the service is restarted",
    "An Envoy with fewer workers closes sockets on which connections may wait, and these would be reset. The kernel "
    "moves them to other sockets only if `net.ipv4.tcp_migrate_req` is 1. So the old number is kept.",
    "set net.ipv4.tcp_migrate_req=1 (the bundle's sysctl.conf does) and reload, or restart the service",
)
ADDRESS_CHANGED = Kind(
    "EGC5130",
    "warning",
    "address of a listener changes",
    "A listener at the same port gets another address. Its socket cannot be handed over: connections that wait in the "
    "old one at that moment are reset.",
    "expect a few reset connections, or reload when there is little traffic",
)
PINNED = Kind(
    "EGC5131",
    "warning",
    "change takes effect when the service is restarted",
    "Base id, run folder and state folder are what one Envoy finds the other by. They stay as they are until the "
    "supervisor itself is restarted.",
    "restart the service when it suits",
)
BASE_ID = Kind(
    "EGC5132",
    "error",
    "base id is in use",
    "Envoys that run side by side on one host need different base ids: with the same one the second would write into "
    "the shared memory of the first.",
    "give each site an envoy.baseId of its own in egc.yaml",
)
COLD = Kind(
    "EGC5133",
    "warning",
    "Envoy was stopped and started anew",
    "The new Envoy could not take over from the running one, and a cold start was allowed: connections were drained, "
    "the old Envoy stopped and the new one started.",
)
STOPPING = Kind(
    "EGC5134",
    "error",
    "supervisor is stopping",
    "The service is being stopped, so the reload was not begun, or was given up.",
    "start the service again",
)
LAST_GOOD = Kind(
    "EGC5135",
    "warning",
    "last good configuration is served",
    "The bundle could not be started. The configuration that served last was kept, and is served instead.",
    "mend the bundle and reload",
)
ACCEPTED = Kind(
    "EGC5136",
    "warning",
    "edited bundle is served",
    "A file of the bundle differs from its digest in `manifest.json`. It is served all the same: at boot, since a site "
    "that serves is better than none, or since --accept-edited was given.",
    "change the site's YAML and build again",
)
NO_PARENT = Kind(
    "EGC5137",
    "error",
    "socket of the running Envoy is gone",
    "The new Envoy finds the running one by a socket in the run folder, which somebody removed.",
    "reload with --allow-cold, or restart the service",
)
NOT_KEPT = Kind(
    "EGC5138",
    "warning",
    "served configuration could not be kept",
    "After each reload the configuration is copied into the state folder, to be served at boot if the bundle cannot "
    "be. The copy failed.",
    "make room in the state folder, and let the user that runs Envoy write below it",
)
ADMIN_GONE = Kind(
    "EGC5139",
    "warning",
    "admin socket is gone until the next good reload",
    "An Envoy hands its admin socket over to the next one as soon as that starts. The next one died, and the old "
    "configuration could not be started again either; its requests are served all the same.",
    "mend what the refusal says and reload",
)
RENEWED = Kind(
    "EGC5140",
    "warning",
    "serving configuration was started again",
    "An Envoy hands its admin socket over to the next one as soon as that starts. The next one died, so the "
    "configuration that serves was started once more to have the admin socket back. No request was lost.",
)
BAD_REQUEST = Kind(
    "EGC5141",
    "error",
    "supervisor does not know this command",
    "What came over `ctl.sock` is not a command of this version.",
    "use the egc-envoy of the bundle that runs",
)
SERVING_DIED = Kind(
    "EGC5142",
    "error",
    "serving Envoy died",
    "The Envoy that served is gone. The supervisor ends with status 1, for the service to be started anew.",
    "see what Envoy logged before; too little memory is the commonest cause",
)
TOOK_OVER = Kind(
    "EGC5143",
    "error",
    "new Envoy died after it had taken the listeners over",
    "The old Envoy no longer listens and the new one is gone. The supervisor ends with status 1, for the service to be "
    "started anew.",
    "see what Envoy logged before",
)
NOTHING_STARTS = Kind(
    "EGC5144",
    "error",
    "nothing can be started",
    "Neither the bundle nor a last good configuration could be started. The supervisor ends with status 2.",
    "mend what was said before",
)
OVERSTAYED = Kind(
    "EGC5145",
    "warning",
    "old Envoy did not end in time and was killed",
    "An Envoy that drains ends when its successor says so, after envoy.parentShutdownTime. This one did not.",
)
OUTSIDE = Kind(
    "EGC5148",
    "error",
    "operating system failed the supervisor",
    "Something that always works did not: no memory, no process, a folder that vanished. What was asked for was not "
    "done.",
    "see the message; the host lacks something",
)
DEFECT = Kind(
    "EGC5149",
    "error",
    "defect in the supervisor",
    "This is a mistake in egc. What was asked for was not done.",
    "report the message, which names the place",
)
