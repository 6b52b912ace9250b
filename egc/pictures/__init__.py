"""Pictures of a site: what is attached to what, and what is broken. Graphviz places the cards."""
