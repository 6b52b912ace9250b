"""What a host may lack for its site: EGC5400 to EGC5449."""

from egc_host.findings import Kind

GLIBC = Kind(
    "EGC5400",
    "error",
    "glibc of this host is too old for Envoy, or there is none",
    "The released Envoy is linked with glibc. On a distribution with an older glibc, or with musl, it does not start.",
    "use a newer release of the distribution, or the compose target, whose image brings its own",
)
CAPABILITY = Kind(
    "EGC5401",
    "error",
    "capability that the site needs is not to be had on this host",
    "A port below 1024 needs `CAP_NET_BIND_SERVICE`. The first process of this host, or of this container, does not "
    "have it, and so it cannot give it to Envoy.",
    "give it to the container, or lower net.ipv4.ip_unprivileged_port_start",
)
NO_USER = Kind(
    "EGC5402",
    "error",
    "user that Envoy runs as does not exist",
    "The site is installed, but the user of `envoy.user` in egc.yaml was removed since. The next start will fail.",
    "install the bundle again",
)
OLD_PYTHON = Kind(
    "EGC5403",
    "error",
    "version of Python on this host is too old",
    "The programs of a bundle need Python 3.9 or newer as `python3`, and nothing but its standard library.",
    "install it with the package manager of this host",
)
DISK_FULL = Kind(
    "EGC5404",
    "error",
    "no room for another release",
    "The file system of the releases, of the state or of the run folder has less room than the bundle needs.",
    "make room, or set directories in egc.yaml to another file system",
)
DISK_LOW = Kind(
    "EGC5405",
    "warning",
    "little room is left",
    "Less than 100 MiB or 1,000 files are left where the site writes. Certificates that cannot be renewed for want of "
    "room expire.",
    "make room",
)
FILE_LIMIT = Kind(
    "EGC5406",
    "warning",
    "limit of open files is below what the site may need",
    "Each connection of a client and each to a backend is an open file. At the limit Envoy accepts nothing more.",
    "raise fs.nr_open, or lower envoy.connections in egc.yaml",
)
INOTIFY = Kind(
    "EGC5407",
    "warning",
    "few files can be watched",
    "With `certificates.reload: watch` each Envoy watches the folders of the certificates. Without a watch a renewed "
    "certificate is not taken up.",
    "raise fs.inotify.max_user_watches and fs.inotify.max_user_instances",
)
MEMORY = Kind(
    "EGC5408",
    "warning",
    "too little memory for a hot restart",
    "While the old Envoy drains, two of them run. If the kernel must end one for want of memory, connections are lost.",
    "add memory or swap, or set envoy.memory in egc.yaml",
)
MIGRATE_REQ = Kind(
    "EGC5409",
    "warning",
    "connections may be reset when the number of workers shrinks",
    "A worker that goes takes the connections with it that wait in its socket, unless `net.ipv4.tcp_migrate_req` is 1 "
    "(Linux 5.14 and later).",
    "sysctl -w net.ipv4.tcp_migrate_req=1; the bundle's sysctl.conf keeps it",
)
CLOCK = Kind(
    "EGC5410",
    "warning",
    "clock of this host is not synchronised",
    "Certificates and tokens are valid from and until a moment. With a clock that is off they are refused, or accepted "
    "too long.",
    "enable systemd-timesyncd or chrony",
)
FIREWALL = Kind(
    "EGC5411",
    "warning",
    "firewall is active on this host",
    "Whether it lets clients through to the ports of the site is not judged here.",
)
CERTBOT = Kind(
    "EGC5412",
    "warning",
    "certbot is missing",
    "The site has certificates that certbot is to obtain and renew. Without it, placeholders are served.",
    "install certbot, then run egc-site certs issue",
)
TIMER = Kind(
    "EGC5413",
    "warning",
    "timer of the site is off",
    "Certificates are renewed, and checked against what is served, by timers. This one is not enabled or not active.",
    "systemctl enable --now, with the timer's name",
)
DNS = Kind(
    "EGC5414",
    "warning",
    "name of a backend cannot be resolved",
    "Requests for the backend would get 503. If the DNS server does not answer at all, Envoy does not even get ready "
    "with a new configuration.",
    "correct the name in the site's YAML, or the DNS of this host",
)
BACKEND = Kind(
    "EGC5415",
    "warning",
    "backend does not accept connections",
    "Requests for it get 503 until it does.",
    "start it, or correct its host and port in the site's YAML",
)
UNSEEN = Kind(
    "EGC5416",
    "warning",
    "part of the host could not be looked at",
    "Some things only root may see, and some are not the same in every container.",
    "run egc-site doctor with sudo",
)
