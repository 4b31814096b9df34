/**
 * From checked policies to what the kernel side loads: which chains a container gets
 * ({@link io.bpfguard.policy.compile.Compiler}), and the tables behind them. All rules for one matcher at one hook become
 * one ruleset, so a decision costs the same for one rule and for ten thousand. Globs become one minimal deterministic
 * automaton: {@code GlobTrie} (automaton with choices), {@code SubsetConstruction} (without), {@code Minimizer} (smallest),
 * {@code StringImage} (bytes).
 */
package io.bpfguard.policy.compile;
