"""Where the models of Kubernetes' own kinds are."""

KINDS: dict[tuple[str, str], str] = {
    ("v1", "Namespace"): "egc.kube.core:Namespace",
    ("v1", "Service"): "egc.kube.core:Service",
    ("v1", "Secret"): "egc.kube.core:Secret",
    ("v1", "ConfigMap"): "egc.kube.core:ConfigMap",
    ("discovery.k8s.io/v1", "EndpointSlice"): "egc.kube.core:EndpointSlice",
}
