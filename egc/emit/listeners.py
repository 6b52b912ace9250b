"""Listeners and their filter chains."""

from egc.emit import hcm, l4, secrets
from egc.envoy import api as pb
from egc.features import FEATURES, Context, Feature
from egc.plan.model import Chain, Listener

ON_LISTENER = tuple(feature for feature in FEATURES if type(feature).on_listener is not Feature.on_listener)
_TLS = "envoy.transport_sockets.tls"
_INSPECTOR = "envoy.filters.listener.tls_inspector"


def listener(plan: Listener, ctx: Context) -> "pb.listener.Listener":
    """One port: plain HTTP in the default filter chain, or a chain for each TLS server name, or what is passed on."""
    addresses = [_address(host, plan.port) for host in plan.addresses] or [_any_address(plan.port)]
    if plan.udp:
        for address in addresses:
            if address.socket_address is not None:
                address.socket_address.protocol = pb.core.SocketAddressProtocol.UDP
    message = pb.listener.Listener(name=plan.name, address=addresses[0])
    if len(addresses) > 1:
        message.additional_addresses = [pb.listener.AdditionalAddress(address=other) for other in addresses[1:]]
    if plan.udp:
        message.listener_filters = [l4.udp_proxy(plan, tunnel, ctx) for tunnel in plan.tunnels]
    elif plan.chains and not plan.tls:
        (chain,) = plan.chains
        message.default_filter_chain = pb.listener.FilterChain(
            name=chain.name, filters=[hcm.connection_manager(plan, chain, ctx)]
        )
    else:
        message.filter_chains = [_secure(plan, chain, ctx) for chain in plan.chains]
        message.filter_chains += [l4.filter_chain(plan, tunnel, ctx) for tunnel in plan.tunnels]
        if plan.chains or any(chain.filter_chain_match is not None for chain in message.filter_chains):
            # Server names are read from the first bytes of a connection.
            message.listener_filters = [
                pb.listener.ListenerFilter(name=_INSPECTOR, typed_config=pb.pack(pb.tls_inspector.TlsInspector()))
            ]
    for feature in ON_LISTENER:
        feature.on_listener(plan, message, ctx)
    return message


def _secure(plan: Listener, chain: Chain, ctx: Context) -> "pb.listener.FilterChain":
    message = pb.listener.FilterChain(
        name=chain.name,
        filters=[hcm.connection_manager(plan, chain, ctx)],
        transport_socket=pb.core.TransportSocket(name=_TLS, typed_config=pb.pack(secrets.downstream(chain, ctx))),
    )
    if chain.server_name is not None:
        message.filter_chain_match = pb.listener.FilterChainMatch(server_names=[chain.server_name])
    timeout = chain.client.spec.timeout if chain.client else None
    if timeout and timeout.tcp and timeout.tcp.tls_handshake_timeout is not None:
        message.transport_socket_connect_timeout = timeout.tcp.tls_handshake_timeout
    return message


def _address(host: str, port: int) -> "pb.core.Address":
    return pb.core.Address(socket_address=pb.core.SocketAddress(address=host, port_value=port))


def _any_address(port: int) -> "pb.core.Address":
    """All addresses of the host, IPv4 and IPv6, on one socket."""
    return pb.core.Address(socket_address=pb.core.SocketAddress(address="::", port_value=port, ipv4_compat=True))
