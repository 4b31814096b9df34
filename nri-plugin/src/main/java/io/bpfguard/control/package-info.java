/** What the command asks a running agent, over a Unix socket that only root reaches: one line of JSON each way. */
package io.bpfguard.control;
