/**
 * The resident agent: NRI events in, routes out; the policy directory watched; decisions of the kernel side written as
 * JSON lines. It wires the other packages together and knows no wire format and no kernel map itself.
 */
package io.bpfguard.agent;
