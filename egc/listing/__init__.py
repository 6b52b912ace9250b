"""What people ask about: the order of routes, and what becomes of each field."""
