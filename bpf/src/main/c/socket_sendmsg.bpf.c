/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM socket_sendmsg (since 5.7): send, sendto, sendmsg, sendmmsg and write(2) on a socket, by whatever entry; since 6.5
 * also splice(2) and sendfile(2) to one. With an address the send is to that address, where the protocol looks at it;
 * without, to the socket's peer. MSG_FASTOPEN with an address connects, and so does SCTP with any. Unix datagrams are judged
 * in unix_may_send. Return: 0 allows, a negative errno is what the call returns.
 */
#include "address.h"

HOOK(socket_sendmsg)

SEC("lsm/socket_sendmsg")
int BPF_PROG(match_address, struct socket *sock, struct msghdr *msg, int size)
{
	struct socket_name name = {};
	struct ip_address copy = {};
	struct sock *sk = sock->sk;
	struct socket_key key;
	__u32 length = msg->msg_namelen;
	void *address = msg->msg_name;
	__u16 family, type, protocol;
	bool connects;

	if (!sk || is_kernel_socket(sk))
		return not_judged(ctx);
	key = key_of_socket(sk);
	family = sk->__sk_common.skc_family;
	type = sk->sk_type;
	protocol = sk->sk_protocol;
	if (family == AF_UNIX) {
		struct sock *peer;

		if (type == SOCK_DGRAM)
			return not_judged(ctx);
		peer = BPF_CORE_READ((struct unix_sock *)sk, peer);
		if (peer)
			name = name_of(peer);
		return judge_address(ctx, &key, &name, 1 << OPERATION_SEND_CONNECTED);
	}
	if (address && length && !read_address(&copy, address, length))
		return unreadable_address(ctx);
	connects = address && length && (protocol == IPPROTO_SCTP || (type == SOCK_STREAM && msg->msg_flags & MSG_FASTOPEN));
	/* Streams go where they are connected to, and UDP for IPv6 takes no address for none. */
	if (!connects && (!address || !length || type == SOCK_STREAM ||
			  (family == AF_INET6 && copy.family == AF_UNSPEC &&
			   (protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE)))) {
		if (!take_end(&key, sk, true))
			return unreadable_address(ctx);
		return judge_address(ctx, &key, &name, 1 << OPERATION_SEND_CONNECTED);
	}
	take_address(&key, family, &copy, length);
	resolve_unspecified(&key, sk);
	return judge_address(ctx, &key, &name,
			     connects ? 1 << OPERATION_CONNECT | 1 << OPERATION_SEND_CONNECTED : 1 << OPERATION_SEND);
}
