"""Bundles on a host: put there, switched, taken back."""
