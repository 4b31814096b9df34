/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM socket_create (since 5.7): socket(2), each end of a socketpair(2), and sockets that the kernel makes for itself
 * (kern), which are not judged. The type has no flags here. Return: 0 allows, a negative errno is what socket(2) returns.
 */
#include "address.h"

HOOK(socket_create)

/* The protocol that 0 stands for (inet_create, inet6_create), and those of packets in the byte order of others. */
static __always_inline __u16 protocol_of(int family, int type, int protocol)
{
	if (family == AF_PACKET)
		return bpf_ntohs(protocol);
	if (family == AF_SMC)
		return IPPROTO_SMC;
	if (protocol || (family != AF_INET && family != AF_INET6))
		return protocol;
	if (type == SOCK_STREAM)
		return IPPROTO_TCP;
	if (type == SOCK_DGRAM)
		return IPPROTO_UDP;
	if (type == SOCK_SEQPACKET)
		return IPPROTO_SCTP;
	return type == SOCK_DCCP ? IPPROTO_DCCP : 0;
}

SEC("lsm/socket_create")
int BPF_PROG(match_address, int family, int type, int protocol, int kern)
{
	const struct socket_name name = {};
	struct socket_key key = key_of(family, type, protocol_of(family, type, protocol));

	if (kern)
		return not_judged(ctx);
	return judge_address(ctx, &key, &name, 1 << OPERATION_SOCKET);
}
