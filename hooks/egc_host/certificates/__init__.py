"""The certificates that Envoy serves: where they lie, who renews them, and whether they are what they should be."""
