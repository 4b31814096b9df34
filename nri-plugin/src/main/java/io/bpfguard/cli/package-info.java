/** The {@code bpfguard} command. */
package io.bpfguard.cli;
