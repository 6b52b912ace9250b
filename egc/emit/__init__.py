"""Plan to Envoy messages."""
