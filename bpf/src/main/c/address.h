/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Judges what is done with a socket, by the socket and by the address at its other or its own end. Addresses are the
 * kernel's copies; of which family one is decides the code that takes it, not what the address says of itself (AF_UNSPEC).
 *
 * Sockets that the kernel made for itself (of a network file system, of Multipath TCP's further connections) are not
 * judged, in whatever task it uses them.
 */
#pragma once
#include <bpf/bpf_endian.h>
#include "hook.h"
#include "key.h"
#include "path.h"

/* The name of a Unix socket: a path, or the bytes of an abstract name, or nothing. */
struct socket_name {
	struct vfsmount *mount;
	struct dentry *dentry;
	const char *abstract; /* behind the leading NUL; kernel memory */
	__u32 length;
	bool failed; /* it is there and could not be read */
};

#define ABSTRACT_SIZE 108

/* The beginning of struct sockaddr_in and of struct sockaddr_in6, whose shortest form it is. */
struct ip_address {
	__u16 family;
	__be16 port;
	__u8 ipv4[4]; /* of sockaddr_in; sockaddr_in6 has its flow label here */
	__u8 ipv6[16];
	__u8 unused[8];
};
#define IPV4_ADDRESS_SIZE 16
#define IPV6_ADDRESS_SIZE 24

static __always_inline bool is_kernel_socket(struct sock *sk)
{
	return BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock);
}

static __always_inline struct socket_key key_of(__u16 family, __u16 type, __u16 protocol)
{
	return (struct socket_key){ .family = bpf_htons(family), .type = bpf_htons(type), .protocol = bpf_htons(protocol) };
}

static __always_inline struct socket_key key_of_socket(struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	/* Such a socket speaks TCP beside its own protocol, and in its place where the peer has none. */
	return key_of(family, sk->sk_type, family == AF_SMC ? IPPROTO_SMC : sk->sk_protocol);
}

static __always_inline void set_ipv4(struct socket_key *key, const void *address)
{
	key->address_kind = ADDRESS_IPV4;
	key->address[10] = 0xff;
	key->address[11] = 0xff;
	__builtin_memcpy(key->address + 12, address, 4);
}

static __always_inline bool is_zero(const __u8 *bytes, int length)
{
	__u8 any = 0;

#pragma unroll
	for (int i = 0; i < length; i++)
		any |= bytes[i];
	return !any;
}

static __always_inline void set_ipv6(struct socket_key *key, const __u8 *address)
{
	__builtin_memcpy(key->address, address, 16);
	key->address_kind = is_zero(address, 10) && address[10] == 0xff && address[11] == 0xff ? ADDRESS_IPV4 : ADDRESS_IPV6;
}

/* Takes an address that user space gave, as the socket's family does. One that is too short for the kernel is none. */
static __always_inline void take_address(struct socket_key *key, __u16 family, const struct ip_address *address, __u32 length)
{
	if (family != AF_INET && family != AF_INET6 && family != AF_SMC && address->family != AF_INET && address->family != AF_INET6)
		return;
	/* Sockets for IPv4 take any family for theirs in places; those for IPv6 take an IPv4 address where it says so. */
	if (family == AF_INET || address->family == AF_INET || (family == AF_SMC && address->family == AF_UNSPEC)) {
		if (length >= IPV4_ADDRESS_SIZE) {
			key->port = address->port;
			set_ipv4(key, address->ipv4);
		}
	} else if (length >= IPV6_ADDRESS_SIZE) {
		key->port = address->port;
		set_ipv6(key, address->ipv6);
	}
}

static __always_inline bool read_address(struct ip_address *copy, const void *address, __u32 length)
{
	if (length > IPV6_ADDRESS_SIZE)
		length = IPV6_ADDRESS_SIZE;
	return !bpf_probe_read_kernel(copy, bounded(length, sizeof(*copy) - 1), address);
}

/*
 * Whereto a packet for the unspecified address goes: to this host, by the socket's own address where it has one
 * (ip_route_output_key_hash, tcp_v6_connect, udpv6_sendmsg).
 */
static __always_inline void resolve_unspecified(struct socket_key *key, struct sock *sk)
{
	if (key->address_kind == ADDRESS_IPV4 && is_zero(key->address + 12, 4)) {
		__be32 own = sk->__sk_common.skc_rcv_saddr;

		if (!own)
			own = bpf_htonl(0x7f000001);
		__builtin_memcpy(key->address + 12, &own, 4);
	} else if (key->address_kind == ADDRESS_IPV6 && is_zero(key->address, 16)) {
		key->address[15] = 1;
	}
}

/* The IP address at one end of a socket; none where there is no such end. False when it could not be read. */
static __always_inline bool take_end(struct socket_key *key, struct sock *sk, bool peer)
{
	__u16 family = sk->__sk_common.skc_family;
	__be16 port = peer ? sk->__sk_common.skc_dport : bpf_htons(sk->__sk_common.skc_num);
	__be32 ipv4 = peer ? sk->__sk_common.skc_daddr : sk->__sk_common.skc_rcv_saddr;
	__u8 ipv6[16];
	long failed;

	if (family == AF_INET) {
		if (peer && !ipv4)
			return true;
		key->port = port;
		set_ipv4(key, &ipv4);
	} else if (family == AF_INET6) {
		if (peer)
			failed = bpf_core_read(ipv6, sizeof(ipv6), &sk->__sk_common.skc_v6_daddr);
		else
			failed = bpf_core_read(ipv6, sizeof(ipv6), &sk->__sk_common.skc_v6_rcv_saddr);
		if (failed)
			return false;
		if (peer && is_zero(ipv6, 16))
			return true;
		key->port = port;
		set_ipv6(key, ipv6);
	}
	return true;
}

/* The name that a Unix socket is bound to. */
static __always_inline struct socket_name name_of(struct sock *sk)
{
	struct unix_sock *socket = (struct unix_sock *)sk;
	struct unix_address *address = BPF_CORE_READ(socket, addr);
	struct socket_name name = {};
	const char *path;
	char first;
	int length;

	if (!address)
		return name;
	length = BPF_CORE_READ(address, len);
	if (length <= (int)sizeof(__u16))
		return name;
	path = (void *)address + bpf_core_field_offset(struct unix_address, name) +
	       bpf_core_field_offset(struct sockaddr_un, sun_path);
	if (bpf_probe_read_kernel(&first, sizeof(first), path)) {
		name.failed = true;
	} else if (first) {
		name.mount = BPF_CORE_READ(socket, path.mnt);
		name.dentry = BPF_CORE_READ(socket, path.dentry);
		name.failed = !name.mount || !name.dentry;
	} else {
		name.abstract = path + 1;
		name.length = length - sizeof(__u16) - 1;
	}
	return name;
}

/*
 * Writes the name before the end of the buffer's first TEXT_SIZE bytes. The offset of its first byte, PATH_LAST for none;
 * 0 when that did not work.
 */
static __always_inline __u32 render_name(const struct socket_name *name, struct text_buffer *buffer)
{
	__u32 offset = PATH_LAST;

	if (name->failed)
		return 0;
	if (name->mount) {
		buffer->judgement.mount = (__u64)name->mount;
		buffer->judgement.dentry = (__u64)name->dentry;
		offset = render_judged(buffer);
		/* Moved out of the part of its file system that it was bound in: nothing is known of it. */
		return offset & PATH_OUTSIDE ? 0 : offset;
	}
	if (name->abstract) {
		if (name->length >= ABSTRACT_SIZE)
			return 0;
		offset -= name->length;
		if (bpf_probe_read_kernel(buffer->text + bounded(offset, TEXT_SIZE - 1), bounded(name->length, 127), name->abstract))
			return 0;
		offset--;
		buffer->text[bounded(offset, TEXT_SIZE - 1)] = 1;
	}
	return offset;
}

/* Judges each operation of the mask (bits by enum socket_operation); the strongest verdict counts. */
static __always_inline int judge_address(void *ctx, const struct socket_key *key, const struct socket_name *name,
					 __u32 operations)
{
	struct object object = { .kind = OBJECT_ADDRESS };
	struct label *label = current_label();
	const struct verdicts *verdicts;
	struct verdict strongest = {};
	struct text_buffer *buffer;
	struct scan scan = {};
	struct step *step;
	__u32 offset;

	if (!label)
		return 0;
	step = current_step(label);
	if (!scan_begin(&scan, step) || scan.rules->fields != (1 << ADDRESS_FIELDS) - 1)
		return conclude_error(ctx, label, step, REASON_NO_RULESET, &object);
	if (!(scan.rules->operations & operations))
		return conclude(ctx, label, &strongest, &object);
	buffer = current_text_buffer();
	if (!buffer)
		return conclude_error(ctx, label, step, REASON_NO_MEMORY, &object);
	offset = render_name(name, buffer);
	if (offset < sizeof(*key))
		return conclude_error(ctx, label, step, name->mount ? REASON_PATH_TOO_LONG : REASON_READ_FAILED, &object);
	offset -= sizeof(*key);
	__builtin_memcpy(buffer->text + bounded(offset, TEXT_SIZE - 1), key, sizeof(*key));
	object.text = buffer->text + bounded(offset, TEXT_SIZE - 1);
	object.length = PATH_LAST - offset;
	scan.state = follow(buffer, scan.ruleset, scan.state, offset, PATH_LAST);
	verdicts = scan_end(&scan);
	if (!verdicts)
		return conclude_error(ctx, label, step, REASON_NO_RULESET, &object);
#pragma clang loop unroll(disable)
	for (int i = 0; i < OPERATIONS; i++) {
		if (!(operations & (1 << i)))
			continue;
		if (verdicts->of[i].action > strongest.action) {
			strongest = verdicts->of[i];
			object.operation = i;
		}
	}
	return conclude(ctx, label, &strongest, &object);
}

/* An address that could not be read. */
static __always_inline int unreadable_address(void *ctx)
{
	const struct object object = { .kind = OBJECT_ADDRESS };
	struct label *label = current_label();

	return label ? conclude_error(ctx, label, current_step(label), REASON_READ_FAILED, &object) : 0;
}

/* Judges by the address that the socket has itself. */
static __always_inline int judge_own_address(void *ctx, struct socket *sock, enum socket_operation operation)
{
	struct socket_name name = {};
	struct sock *sk = sock->sk;
	struct socket_key key;

	if (!sk || is_kernel_socket(sk))
		return not_judged(ctx);
	key = key_of_socket(sk);
	if (sk->__sk_common.skc_family == AF_UNIX)
		name = name_of(sk);
	else if (!take_end(&key, sk, false))
		return unreadable_address(ctx);
	return judge_address(ctx, &key, &name, 1 << operation);
}
