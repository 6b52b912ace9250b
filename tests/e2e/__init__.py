"""Tests with a real Envoy."""
