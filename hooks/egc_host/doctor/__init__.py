"""What a host lacks for its bundle."""
