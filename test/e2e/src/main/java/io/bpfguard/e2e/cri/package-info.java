/** The player of the kubelet: pods, containers and sessions over CRI, on a runtime's Unix socket. */
package io.bpfguard.e2e.cri;
