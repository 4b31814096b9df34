/*
 * bpf HOW[/32] [HOLD]   bpf(2): map-create, prog-load, btf-load, prog-next-id, prog-fd-by-id (of the node's first program), stats,
 * obj-get (of a path that is not there: ENOENT), prog-query (of the root cgroup's device programs).
 * Then stays while the host looks at the descriptor (probe.h). Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include <linux/bpf.h>
#include <linux/btf.h>

static union bpf_attr attr;

static int held(long result, char **argv)
{
	int error = status(result);

	hold(argv[0]);
	return error;
}

static long bpf(int command)
{
	return CALL(bpf, (long)command, &attr, (long)sizeof(attr));
}

static int map_create(char **argv)
{
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = attr.value_size = 4;
	attr.max_entries = 1;
	return held(bpf(BPF_MAP_CREATE), argv);
}

static int prog_load(char **argv)
{
	static const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (unsigned long)program;
	attr.insn_cnt = 2;
	attr.license = (unsigned long)"GPL";
	return held(bpf(BPF_PROG_LOAD), argv);
}

/* One integer type; an empty one is refused. */
static int btf_load(char **argv)
{
	static struct {
		struct btf_header head;
		struct btf_type type;
		unsigned encoding;
		char strings[5];
	} __attribute__((packed)) btf = {
		.head = { .magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof(struct btf_header), .type_len = 16, .str_off = 16, .str_len = 5 },
		.type = { .name_off = 1, .info = BTF_KIND_INT << 24, .size = 4 },
		.encoding = 32,
		.strings = "\0int",
	};

	attr.btf = (unsigned long)&btf;
	attr.btf_size = sizeof(btf);
	return held(bpf(BPF_BTF_LOAD), argv);
}

static int prog_next_id(char **argv)
{
	return held(bpf(BPF_PROG_GET_NEXT_ID), argv);
}

static int prog_fd_by_id(char **argv)
{
	unsigned id;

	if (bpf(BPF_PROG_GET_NEXT_ID))
		return held(-1, argv);
	id = attr.next_id;
	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	return held(bpf(BPF_PROG_GET_FD_BY_ID), argv);
}

static int stats(char **argv)
{
	attr.enable_stats.type = BPF_STATS_RUN_TIME;
	return held(bpf(BPF_ENABLE_STATS), argv);
}

static int obj_get(char **argv)
{
	attr.pathname = (unsigned long)"/sys/fs/cgroup/nothing";
	return held(bpf(BPF_OBJ_GET), argv);
}

static int prog_query(char **argv)
{
	attr.query.target_fd = open("/sys/fs/cgroup", O_RDONLY);
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	return held(bpf(BPF_PROG_QUERY), argv);
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "map-create", map_create, 0 }, { "prog-load", prog_load, 0 }, { "btf-load", btf_load, 0 },
		{ "prog-next-id", prog_next_id, 0 }, { "prog-fd-by-id", prog_fd_by_id, 0 }, { "stats", stats, 0 },
		{ "obj-get", obj_get, 0 }, { "prog-query", prog_query, 0 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
