/** Containers without a kubelet: made by OCI runtimes and Podman, as an administrator's command line would. */
package io.bpfguard.e2e.oci;
