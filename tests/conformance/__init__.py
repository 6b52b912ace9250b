"""The Gateway API's own conformance suite, run unmodified against egc, its supervisor and a real Envoy.

The suite talks to a real kube-apiserver and etcd. What a cluster has besides is here: a node that runs the suite's
backends (`node`), and a controller that builds each state of the cluster with egc and serves it (`controller`).
"""
