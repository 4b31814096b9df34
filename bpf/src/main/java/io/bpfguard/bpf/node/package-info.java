/** What this node can do, found by trying: the requirements of any enforcement, and what each hook and function allows. */
package io.bpfguard.bpf.node;
