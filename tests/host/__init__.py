"""What runs on the host, against real Envoy, certbot and their peers."""
