"""The Gateway API: its models and its rules. Knows nothing of Envoy or of Envoy Gateway."""
