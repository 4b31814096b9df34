/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM socket_accept (since 5.7): accept(2), before it takes a connection: the address is that of the socket that listens.
 * Who has connected is known only behind the last hook of the call that can prevent something.
 * Return: 0 allows, a negative errno is what accept(2) returns.
 */
#include "address.h"

HOOK(socket_accept)

SEC("lsm/socket_accept")
int BPF_PROG(match_address, struct socket *sock, struct socket *taken)
{
	return judge_own_address(ctx, sock, OPERATION_ACCEPT);
}
