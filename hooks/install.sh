#!/bin/sh
# Makes this bundle the one that the host serves, or changes nothing. Options: see install.sh --help.
set -eu

folder=$(dirname "$(readlink -f "$0")")
if ! python3 -IS -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
    echo 'error[EGC5403]: Python 3.9 or newer is needed, as python3' >&2
    echo '  help: install it with the package manager of this host' >&2
    exit 1
fi
exec python3 -IS "$folder/bin/egc-site" install "$folder" "$@"
