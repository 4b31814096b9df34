/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM socket_bind (since 5.7): bind(2), by whatever entry, before the protocol sees the address. A Unix socket that is bound
 * to a path is judged where the path is known, in path_mknod, which follows in the same call and does not know the
 * socket; the label carries the socket's type there.
 * Return: 0 allows, a negative errno is what bind(2) returns.
 */
#include "address.h"

HOOK(socket_bind)

SEC("lsm/socket_bind")
int BPF_PROG(match_address, struct socket *sock, struct sockaddr *address, int length)
{
	struct socket_name name = {};
	struct ip_address copy = {};
	struct sock *sk = sock->sk;
	struct label *label = current_label();
	struct socket_key key;
	__u16 family;

	if (!label)
		return 0;
	if (!sk || is_kernel_socket(sk))
		return not_judged(ctx);
	if (!read_address(&copy, address, length))
		return unreadable_address(ctx);
	key = key_of_socket(sk);
	family = sk->__sk_common.skc_family;
	if (family == AF_UNIX && length > (int)sizeof(copy.family)) {
		if (copy.port & bpf_htons(0xff00)) { /* the first byte of the name */
			label->binding = sk->sk_type;
			return not_judged(ctx);
		}
		name.abstract = (void *)address + sizeof(copy.family) + 1;
		name.length = length - sizeof(copy.family) - 1;
	} else {
		take_address(&key, family, &copy, length);
	}
	return judge_address(ctx, &key, &name, 1 << OPERATION_BIND);
}
