"""What every Kubernetes-shaped API shares: models, scalars, parsing, and the kinds of Kubernetes itself."""
