"""Envoy's structure, holding the users' specs by reference."""
