package io.bpfguard.policy.check;

import io.bpfguard.policy.model.Nearest;
import java.util.Optional;
import java.util.Set;

/** Which LSM hooks a rule may name ({@code include/linux/lsm_hook_defs.h}). */
final class HookRules {
    /** Hooks that return nothing: they tell of something that cannot be prevented any more. */
    private static final Set<String> VOID = Set.of("bprm_committing_creds", "bprm_committed_creds", "sb_delete",
            "sb_free_security", "sb_free_mnt_opts", "inode_free_security", "inode_free_security_rcu",
                    "inode_post_setxattr",
            "inode_post_removexattr", "inode_post_set_acl", "inode_post_remove_acl", "inode_post_create_tmpfile",
            "inode_post_setattr", "path_post_mknod", "inode_getsecid", "inode_getlsmprop", "file_release",
                    "file_free_security",
            "file_set_fowner", "task_free", "cred_free", "cred_transfer", "cred_getsecid", "cred_getlsmprop",
            "current_getsecid_subj", "current_getlsmprop_subj", "task_getsecid_obj", "task_getlsmprop_obj",
                    "task_to_inode",
            "ipc_getsecid", "ipc_getlsmprop", "msg_msg_free_security", "msg_queue_free_security", "shm_free_security",
            "sem_free_security", "d_instantiate", "release_secctx", "inode_invalidate_secctx", "sk_free_security",
            "sk_clone_security", "sk_getsecid", "sock_graft", "inet_csk_clone", "inet_conn_established",
                    "secmark_refcount_inc",
            "secmark_refcount_dec", "req_classify_flow", "tun_dev_free_security", "sctp_sk_clone", "ib_free_security",
            "xfrm_policy_free_security", "xfrm_state_free_security", "key_free", "key_post_create_or_update",
                    "audit_rule_free",
            "bpf_map_free_security", "bpf_map_free", "bpf_prog_free_security", "bpf_prog_free", "bpf_token_free",
            "perf_event_free", "bdev_free_security");

    /** Hooks where 0 does not mean "go on": a program there that lets a call pass would answer in the kernel's place. */
    private static final Set<String> ZERO_IS_AN_ANSWER = Set.of("fs_context_parse_param", "task_prctl",
            "dentry_init_security",
            "inode_init_security", "inode_getsecurity", "inode_setsecurity", "inode_copy_up_xattr", "getprocattr",
                    "setprocattr",
            "getselfattr", "setselfattr", "secid_to_secctx", "lsmprop_to_secctx", "secctx_to_secid", "inode_getsecctx",
            "socket_getpeersec_stream", "socket_getpeersec_dgram", "xfrm_state_pol_flow_match", "xattr",
                    "audit_rule_match",
            "audit_rule_known", "ismaclabel", "inode_need_killpriv", "vm_enough_memory", "key_getsecurity",
            "inode_listsecurity", "inode_xattr_skipcap");

    /** Hooks that run for whatever task was interrupted, which says nothing of whose deed it is. */
    private static final Set<String> OTHER_TASK = Set.of("socket_sock_rcv_skb", "inet_conn_request",
            "sctp_assoc_request",
            "sctp_assoc_established", "sctp_bind_connect", "file_send_sigiotask", "xfrm_decode_session");

    private HookRules() {}

    /** Whether a call of the hook's function in the security layer says that the current task did something. */
    static boolean isWatchable(String name) {
        return VOID.contains(name) || ZERO_IS_AN_ANSWER.contains(name);
    }

    /** Why a rule cannot name the hook. */
    static Optional<String> refusal(String name, NodeCapabilities node) {
        if (name.startsWith("bpf_lsm_")) {
            return Optional.of("write the hook's name without bpf_lsm_: " + name.substring("bpf_lsm_".length()));
        }
        if (VOID.contains(name)) {
            return Optional.of("the LSM hook " + name + " returns nothing, so it can neither prevent nor be judged");
        }
        if (ZERO_IS_AN_ANSWER.contains(name)) {
            return Optional.of("the LSM hook " + name + " does more than allow or deny (its neutral answer is not 0), so no rule can stand there");
        }
        if (OTHER_TASK.contains(name)) {
            return Optional.of("the LSM hook " + name + " runs for whatever task was interrupted, so it cannot be tied to a container");
        }
        if (!node.hasLsmHook(name)) {
            return Optional.of("the kernel of this node (" + node.kernelRelease() + ") has no LSM hook " + name
                    + " that a program can be attached to" + Nearest.hint(name, node.lsmHooks()));
        }
        return Optional.empty();
    }
}
