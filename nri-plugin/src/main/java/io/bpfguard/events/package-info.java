/** What happened, for people and machines: lines of JSON on their way out, kept in files, and read again. Knows no kernel and no runtime. */
package io.bpfguard.events;
