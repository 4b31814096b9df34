/** The OCI runtime hook: what a runtime says of a container it is creating becomes a route in the kernel, with the agent or without. */
package io.bpfguard.hook;
