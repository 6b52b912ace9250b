"""The long form of the tests under load: ``python -m tests.host.soak``, about a quarter of an hour."""
