"""``make kubernetes``: whether a real API server and egc refuse the same objects.

``inputs`` reads the objects of the fixtures, ``server`` asks the API server, ``opinion`` asks egc, and ``verdicts``
compares the two by the list of ``differences.yaml``.
"""
