"""Envoy: its messages, typed; printing and checking a configuration; the binary that will run it."""
