/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM unix_may_send (since 5.7): connect(2) of a Unix datagram socket and each send by one, when the other socket was found;
 * its name is what that one was bound to, whatever name was given here. The hook is not told which of both it is. A socket
 * without a name is only reached by who was connected to it: the other end of a socketpair(2).
 * Return: 0 allows, a negative errno is what the call returns.
 */
#include "address.h"

HOOK(unix_may_send)

SEC("lsm/unix_may_send")
int BPF_PROG(match_address, struct socket *sock, struct socket *other)
{
	struct sock *sk = sock->sk, *peer = other->sk;
	struct socket_name name = {};
	struct socket_key key;

	if (!sk || !peer || is_kernel_socket(sk))
		return not_judged(ctx);
	name = name_of(peer);
	key = key_of_socket(sk);
	return judge_address(ctx, &key, &name,
			     name.mount || name.abstract || name.failed ? 1 << OPERATION_REACH : 1 << OPERATION_SEND_CONNECTED);
}
