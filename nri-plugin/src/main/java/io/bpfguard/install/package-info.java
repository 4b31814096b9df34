/**
 * Registers the OCI hook with runtimes that read hooks.d directories, and says whether they will run it. Knows files only: neither the
 * agent nor the kernel.
 */
package io.bpfguard.install;
