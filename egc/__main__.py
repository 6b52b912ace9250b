"""``python -m egc``."""

from egc.cli import main

main()
