"""Tests that hold for every input of a kind, found by Hypothesis."""
