/**
 * libbpf and the few system calls around it, through the foreign function API. The only package that touches {@code java.lang.foreign}.
 *
 * <p>Three layers. {@code LibbpfCalls} and {@code Kernel} hold the native handles: one method per C function, C spelling, no state, not public. The typed wrappers
 * ({@link io.bpfguard.bpf.libbpf.BpfObject}, {@link io.bpfguard.bpf.libbpf.BpfMap}, {@link io.bpfguard.bpf.libbpf.BpfProgram},
 * {@link io.bpfguard.bpf.libbpf.BpfLink}, {@link io.bpfguard.bpf.libbpf.RingBuffer}, {@link io.bpfguard.bpf.libbpf.KernelBtf}) own what they opened and are
 * closed by their caller. No signature outside this package names a native pointer: keys and values are byte arrays in the machine's (little-endian) order.
 *
 * <p>Objects, programs, links and BTF go through libbpf (1.1 or newer). What is one {@code bpf(2)} call in libbpf too (map elements, pins, information by
 * file descriptor) is made here directly: a short process that only touches pinned maps then loads no library and links a single native call shape.
 */
package io.bpfguard.bpf.libbpf;
