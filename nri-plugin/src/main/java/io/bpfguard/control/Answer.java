package io.bpfguard.control;

/**
 * What is answered.
 *
 * @param error why there is no status; null if there is one
 * @param status null if there is an error
 */
public record Answer(String error, AgentStatus status) {}
