package io.bpfguard.e2e.scenario;

import java.util.List;

/**
 * Short paths of few letters, and globs that match many of them, each other's too.
 *
 * @param chance what they are made of
 */
record RandomPaths(Chance chance) {
    private static final List<String> DIRECTORIES = List.of("x", "y", "xy", "yx");
    private static final List<String> LETTERS = List.of("a", "b", "c", "d");

    /** Directories have other letters than what is in them. */
    String path() {
        return chance.repeat(chance.below(4), () -> chance.pick(DIRECTORIES) + "/") + chance.repeat(1 + chance.below(4), () -> chance.pick(LETTERS));
    }

    String glob() {
        return chance.repeat(chance.below(4), () -> chance.pick(List.of("x", "y", "xy", "y*", "*", "**", "?", "[xy]", "{x,yx}", "[!x]*")) + "/")
                + chance.repeat(1 + chance.below(3), () -> chance.pick(List.of("a", "b", "c", "?", "[ab]", "[!c]", "{a,bc}", "*")));
    }

    /** One that matches many. */
    String wideGlob() {
        return chance.pick(List.of("**/", "**/", "*/", "")) + chance.pick(List.of("[ab]*", "[!a]*", "*[!b]", "??*", "*{a,c}"));
    }

    /** One with a star only at its end: tables for names behind addresses grow fast with others. */
    String beginning() {
        return chance.pick(List.of("", "", "x/", "y/", "x/y/", "{xy,yx}/", "[xy]/")) + chance.pick(List.of("a*", "[bc]*", "?b*", "d*", "x*", "y*", "[!a]*"));
    }

    /** The same for many paths, whatever is behind their beginning. */
    String wideBeginning() {
        return chance.pick(List.of("[ab]*", "[cd]*", "x**", "y**", "[!a]**", "[xy]**"));
    }
}
