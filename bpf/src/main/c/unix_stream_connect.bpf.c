/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM unix_stream_connect (since 5.7): connect(2) of a Unix stream or seqpacket socket, when the socket that listens was
 * found; its name is what that one was bound to, whatever name was given here.
 * Return: 0 allows, a negative errno is what connect(2) returns.
 */
#include "address.h"

HOOK(unix_stream_connect)

SEC("lsm/unix_stream_connect")
int BPF_PROG(match_address, struct sock *sk, struct sock *other, struct sock *taken)
{
	struct socket_name name = name_of(other);
	struct socket_key key = key_of_socket(sk);

	if (is_kernel_socket(sk))
		return not_judged(ctx);
	return judge_address(ctx, &key, &name, 1 << OPERATION_CONNECT);
}
