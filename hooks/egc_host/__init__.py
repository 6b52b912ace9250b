"""What runs on the host: the supervisor of Envoy, the certificates and the releases.

Python 3.9 and its standard library only: a host needs no egc. `egc build` packs this package into bin/egc-envoy and
bin/egc-site.
"""
