"""The specification's rules, a file for each of its chapters."""
