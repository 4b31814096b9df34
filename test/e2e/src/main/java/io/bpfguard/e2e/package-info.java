/** End-to-end tests, run inside a throw-away guest: the command. */
package io.bpfguard.e2e;
