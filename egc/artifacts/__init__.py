"""From an Envoy configuration to files."""
