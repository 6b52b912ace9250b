"""egc: compiles Gateway API YAML into one complete static Envoy configuration."""

__version__ = "0.1.0"
