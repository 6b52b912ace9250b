"""The rules of the CRDs, evaluated as an API server does, and objects that keep or break each of them.

``schema`` walks the CRDs, ``evaluate`` is the API server, ``objects`` reads ``fixtures/cel`` and asks egc.
"""
