"""The supervisor: it runs Envoy, and replaces it by the next one without losing a request.

From the outside in: main (command line), service (the whole), boot and reload (what happens), candidate with snapshot,
binary, preflight and ports (what is looked at before), fleet with sink, shared_memory, admin and stop (the Envoys),
loop and children (how all of it waits), control, client, record, report, metrics, notify and journal (what is told).
"""
