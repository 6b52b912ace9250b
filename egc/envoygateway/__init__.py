"""Envoy Gateway's extensions: their models, and how policies find what they govern."""
