/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM socket_listen (since 5.7): listen(2), judged by the socket's own address. Return: 0 allows, a negative errno is what
 * listen(2) returns.
 */
#include "address.h"

HOOK(socket_listen)

SEC("lsm/socket_listen")
int BPF_PROG(match_address, struct socket *sock, int backlog)
{
	return judge_own_address(ctx, sock, OPERATION_LISTEN);
}
