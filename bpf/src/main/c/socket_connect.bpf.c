/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM socket_connect (since 5.7): connect(2), by whatever entry, before the protocol sees the address. Not a send with
 * MSG_FASTOPEN (socket_sendmsg). Unix sockets are judged where the other socket is known: unix_stream_connect, unix_may_send.
 * Return: 0 allows, a negative errno is what connect(2) returns.
 */
#include "address.h"

HOOK(socket_connect)

SEC("lsm/socket_connect")
int BPF_PROG(match_address, struct socket *sock, struct sockaddr *address, int length)
{
	const struct socket_name name = {};
	struct ip_address copy = {};
	struct sock *sk = sock->sk;
	struct socket_key key;
	__u16 family;

	if (!sk || is_kernel_socket(sk))
		return not_judged(ctx);
	family = sk->__sk_common.skc_family;
	if (family == AF_UNIX)
		return not_judged(ctx);
	if (!read_address(&copy, address, length))
		return unreadable_address(ctx);
	/* Ends a connection and makes none. */
	if (copy.family == AF_UNSPEC && (family == AF_INET || family == AF_INET6 || family == AF_NETLINK))
		return not_judged(ctx);
	key = key_of_socket(sk);
	take_address(&key, family, &copy, length);
	resolve_unspecified(&key, sk);
	return judge_address(ctx, &key, &name, 1 << OPERATION_CONNECT);
}
