package io.bpfguard.e2e.cri;

/** A container that was created. */
public record Container(String id, String name, Pod pod) {}
