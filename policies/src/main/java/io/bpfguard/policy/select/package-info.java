/** Which policies are for a container: its facts against the policies' selectors. Knows no runtime and no kernel. */
package io.bpfguard.policy.select;
