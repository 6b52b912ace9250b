"""What can go wrong when a bundle is put on a host, or taken back: EGC5300 to EGC5349."""

from egc_host.findings import Kind

WHICH_BUNDLE = Kind(
    "EGC5300",
    "error",
    "no bundle was named, and there is not just one",
    "Run from a release's `bin` folder, or through `/usr/local/bin/egc-site`, the programs know their bundle. From "
    "elsewhere they look for the only site that is installed in `/opt/egc`.",
    "name the bundle's folder with --bundle",
)
NEEDS_ROOT = Kind(
    "EGC5301",
    "error",
    "this needs root",
    "Releases, units and certificates belong to root, so that the user that Envoy runs as cannot change what it "
    "serves. The control socket and the keys are for root and that user alone.",
    "run it with sudo",
)
BUSY = Kind(
    "EGC5302",
    "error",
    "another install or rollback of this site is under way",
    "One at a time holds the lock of a site, from the copy of the bundle until the served digest is verified. The lock "
    "goes with the process that holds it; there is nothing to clean up.",
    "wait until it has ended, then look at egc-site status",
)
SYMLINK = Kind(
    "EGC5303",
    "error",
    "symbolic link where root would write",
    "Whoever may place a symbolic link where root writes chooses which file root overwrites. Links that root made are "
    "followed on the way to a folder; a link in place of what is written never is.",
    "look who made it, and remove it",
)
NO_SPACE = Kind(
    "EGC5304",
    "error",
    "no space left for the release",
    "The file system is full, or out of inodes or quota. What was written of the release is removed again.",
    "make room, for instance with a smaller keepReleases",
)
CANNOT_WRITE = Kind(
    "EGC5305",
    "error",
    "host refused access to its files",
    "The operating system refused to read, write or rename a file of the installation. The old release serves on.",
    "see the reason given; a second run takes up where this one ended",
)
OTHER_SITE = Kind(
    "EGC5306",
    "error",
    "another site of this host is in the way",
    "Two sites would share a run folder, or the units of systemd. One Envoy can serve both if they are built as one "
    "site.",
    "give each site its own directories.run, or build them as one site",
)
NO_ACCOUNT = Kind(
    "EGC5307",
    "error",
    "user that Envoy runs as could not be made",
    "Neither `systemd-sysusers` nor `useradd` made the user that `envoy.user` in egc.yaml names.",
    "make the user by hand: useradd --system --no-create-home --shell /usr/sbin/nologin",
)
COMMAND_FAILED = Kind(
    "EGC5308",
    "error",
    "command of the host failed",
    "A command that install runs, such as `systemctl`, ended with an error. Everything is put back as it was.",
)
DID_NOT_START = Kind(
    "EGC5309",
    "error",
    "site did not start",
    "The service was started for the first time and did not come to serve. It is stopped again, and nothing of it is "
    "left enabled.",
    "look for the reason with journalctl -u egc-envoy",
)
OTHER_SERVED = Kind(
    "EGC5310",
    "error",
    "what is served is not what was installed",
    "After a reload, the digest that the supervisor reports must be that of the release. It is another: the supervisor "
    "was started with another bundle, or fell back to the last good configuration.",
    "look at egc-site status, and at the BUNDLE that the supervisor was started with",
)
NO_RELEASE = Kind(
    "EGC5311",
    "error",
    "no such release on this host",
    "A release is named by its digest or the first digits of it. Only the last releases are kept, as many as "
    "`keepReleases` in egc.yaml says.",
    "choose one from egc-site releases",
)
NO_PREVIOUS = Kind(
    "EGC5312",
    "error",
    "no other release to go back to",
    "No other release on this host was ever served, so there is nothing to roll back to.",
    "install an older bundle instead",
)
NOT_SERVING = Kind(
    "EGC5313",
    "error",
    "site is not served",
    "Nothing answers on the supervisor's control socket, or the supervisor has no Envoy that is ready.",
    "look why not with egc-site logs",
)
RESTART_DUE = Kind(
    "EGC5314",
    "warning",
    "change that takes effect only with the next restart",
    "A hot restart replaces Envoy, not the supervisor nor what systemd gave it: its unit, capabilities and limits. "
    "The site is served with the new configuration; the rest waits.",
    "at a quiet moment: egc-site restart",
)
STRANGER = Kind(
    "EGC5315",
    "warning",
    "file that is not of the bundle",
    "A release has exactly the files that `manifest.json` lists. Others are left where they are.",
    "add it to the site's input if it is needed",
)
BAD_PATH = Kind(
    "EGC5316",
    "error",
    "path in the manifest leads out of the bundle",
    "Files of a bundle have plain relative paths, and none is a symbolic link. This manifest was not written by "
    "`egc build`.",
    "build again and copy the bundle again",
)
NOT_BELOW_PREFIX = Kind(
    "EGC5317",
    "error",
    "service is not managed below a prefix",
    "With `--prefix`, nothing is asked of systemd: a service on this host has nothing to do with files below a prefix.",
    "start and stop the supervisor yourself",
)
RELOAD_REFUSED = Kind(
    "EGC5318",
    "error",
    "new release was refused",
    "The supervisor refused the release and gave no code for the reason.",
    "look for the reason with egc-site logs",
)
NOT_READY = Kind(
    "EGC5319",
    "error",
    "host is not ready for the site",
    "Before the first start, what would keep Envoy from starting is looked for. Nothing was started, and nothing is "
    "left enabled.",
    "mend what was found and run the install again",
)
NOT_CURRENT = Kind(
    "EGC5320",
    "warning",
    "what is served is not the current release",
    "An install or a reload was interrupted, or the site fell back to its last good configuration.",
    "take it up with egc-site reload, or choose another with egc-site rollback",
)
NOT_INSTALLED = Kind(
    "EGC5321",
    "error",
    "site is not installed on this host",
    "There is no current release, so there is nothing to roll back, to reload or to restart. A bundle that lies "
    "somewhere else is not served from there.",
    "install it with the bundle's install.sh",
)
DEFECT = Kind(
    "EGC5322",
    "error",
    "defect in egc-site",
    "This is a mistake in egc. What was begun is taken back as far as that is possible.",
    "report the message, which names the place, and look at egc-site status",
)
NOT_TIDY = Kind(
    "EGC5323",
    "warning",
    "old release could not be deleted",
    "The new release is served. One that is no longer kept still takes room.",
    "delete its folder by hand; the next install tries again",
)
