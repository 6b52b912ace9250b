"""Envoy Gateway's rules."""
