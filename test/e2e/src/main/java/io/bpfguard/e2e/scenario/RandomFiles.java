package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.scenario.RandomAction.Step;
import io.bpfguard.e2e.scenario.RandomPolicy.Rule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Files and programs. What passes one question at one hook is done below {@code any}, under rules on whatever operations. What asks for
 * several operations at once, or compares both names (link, rename, symlink), is done below {@code names}, under rules on all of these
 * operations together, where the case of one of them says it all. Programs are below {@code programs}.
 *
 * <p>Left out: mounting on a file, which changes what paths all files have; devices and mounts of others. A descriptor's operations
 * (ftruncate, fchmod) need an open first, which is judged itself.
 */
final class RandomFiles implements RandomPart {
    private static final String SELF = "/probes/actions";
    private static final String NAMES = "operations: [create, link, rename, symlink]";
    private static final List<String> OPENS = List.of("read", "write", "append");
    private static final List<String> OTHERS = List.of("chmod", "chown", "truncate", "setxattr", "unlink", "rmdir", "mkdir", "mknod");
    private static final List<String> OPERATIONS = List.of("read", "append", "create", "unlink", "chmod", "chown", "truncate", "setxattr");
    private static final List<String> FROM = List.of("/probes/*", SELF, "/bin/*", "/probes/a[a-b]*");
    private static final List<String> ARGUMENTS = List.of("-a", "-b", "-bc", "c");

    private final boolean byDefault;
    private final String fileSystem;
    private final Chance chance;
    private final RandomPaths paths;
    private final List<RandomPolicy> policies;
    private final Set<String> used = new HashSet<>();
    private int others;

    /**
     * Random files.
     *
     * @param byDefault whether everything is denied that is not allowed
     * @param fileSystem the type of the shared directory's
     */
    RandomFiles(boolean byDefault, String fileSystem, long seed) {
        this.byDefault = byDefault;
        this.fileSystem = fileSystem;
        chance = new Chance(seed);
        paths = new RandomPaths(chance);
        policies = byDefault
                ? List.of(new RandomPolicy(List.of("files", "processes"), needed()), RandomPolicy.of(rules(true, 12, 4)), RandomPolicy.of(rules(false, 10, 4)))
                : List.of(RandomPolicy.of(rules(false, 25, 6)), RandomPolicy.of(rules(false, 25, 6)), RandomPolicy.of(rules(true, 10, 5)));
    }

    @Override
    public String name() {
        return byDefault ? "allowed-files" : "files";
    }

    @Override
    public int percent() {
        return byDefault ? 15 : 40;
    }

    @Override
    public List<RandomPolicy> policies() {
        return policies;
    }

    @Override
    public Stream<RandomAction> actions() {
        return Stream.generate(this::action);
    }

    /** What makes no difference to the random files. */
    private List<Rule> needed() {
        return List.of(Rule.allow("files", "paths: [\"" + ROOT + name() + ".list\", \"" + in("free/**") + "\"]"),
                Rule.allow("processes", "paths: [\"/probes/**\"], operations: [exec, map]"));
    }

    /** So many for what is done below {@code any}, and so many for each of the others. */
    private List<Rule> rules(boolean allow, int count, int others) {
        var rules = new ArrayList<Rule>();
        rules.addAll(chance.several(count, () -> rule(allow, "files", path(allow, "any/") + fileOperations() + fileConditions())));
        rules.addAll(chance.several(others, () -> rule(allow, "files", path(allow, "names/") + (allow ? "" : ", " + NAMES))));
        rules.addAll(chance.several(2 * others, () -> rule(allow, "processes", path(allow, "programs/") + processConditions())));
        rules.addAll(chance.several(others, () -> rule(allow, "files", path(allow, "programs/") + ", operations: [read]")));
        return rules;
    }

    private Rule rule(boolean allow, String family, String conditions) {
        return allow ? Rule.allow(family, conditions) : Rule.deny(family, chance.pick(RandomPolicy.ERRNOS), conditions);
    }

    private String path(boolean allow, String directory) {
        return "paths: [\"" + in(directory) + (allow ? paths.wideGlob() : paths.glob()) + "\"]";
    }

    /** A word may stand for others, which must not be there twice. */
    private String fileOperations() {
        return switch (chance.below(10)) {
            case 0 -> "";
            case 1 -> ", operations: [modify]";
            case 2 -> ", operations: [write, " + chance.pick(List.of("read", "unlink", "chmod", "setxattr")) + "]";
            default -> ", operations: " + chance.some(1 + chance.below(3), OPERATIONS);
        };
    }

    private String fileConditions() {
        return switch (chance.below(8)) {
            case 0 -> ", from: [\"" + chance.pick(FROM) + "\"]";
            case 1 -> ", owner: self";
            case 2 -> ", fileSystems: [\"" + chance.pick(List.of(fileSystem, fileSystem.charAt(0) + "*", "ext[234]")) + "\"]";
            default -> "";
        };
    }

    private String processConditions() {
        return switch (chance.below(8)) {
            case 0 -> ", operations: [exec], arguments: [\"" + chance.pick(ARGUMENTS) + "\", \"-b*\"]";
            case 1 -> ", from: [\"" + chance.pick(FROM) + "\"], operations: [exec, map]";
            case 2 -> ", origins: [" + chance.pick(List.of("notInImage", "deleted", "memory")) + "], operations: [exec, map]";
            case 3, 4, 5 -> ", operations: [map]";
            default -> "";
        };
    }

    private RandomAction action() {
        return switch (chance.below(10)) {
            case 0, 1, 2, 3, 4 -> one(chance.pick(OPENS), unused("any/"));
            case 5, 6 -> one(chance.pick(OTHERS), unused("any/"));
            case 7 -> name(unused("names/"));
            case 8 -> exec(unused("programs/"), chance.pick(ARGUMENTS));
            default -> map(unused("programs/"));
        };
    }

    private RandomAction one(String word, String path) {
        return RandomAction.of(word + " " + path, switch (word) {
            case "unlink", "rmdir" -> step("name", path, "unlink");
            case "mkdir", "mknod" -> step("name", path, "create");
            default -> step(OPENS.contains(word) ? "open" : "change", path, word);
        });
    }

    private RandomAction name(String path) {
        String other = in("free/" + others++);
        return switch (chance.below(5)) {
            case 0 -> RandomAction.of("symlink " + path, step("name", path, "symlink"));
            case 1 -> RandomAction.of("link " + path + " " + other, step("name", path, "link"));
            case 2 -> RandomAction.of("link " + other + " " + path, step("name", path, "link"));
            case 3 -> RandomAction.of("rename " + path + " " + other, step("name", path, "rename"));
            default -> RandomAction.of("rename " + other + " " + path, step("name", path, "rename"));
        };
    }

    private RandomAction exec(String path, String argument) {
        return RandomAction.of("exec " + path + " " + argument,
                new Step("program", "exec: " + path + ", arguments: [\"" + argument + "\", nothing], from: " + SELF + ", is: [own, notInImage]"));
    }

    private RandomAction map(String path) {
        return RandomAction.of("map " + path, step("open", path, "read"), new Step("program", "map: " + path + ", from: " + SELF + ", is: [own, notInImage]"));
    }

    private Step step(String kind, String path, String operation) {
        return new Step(kind, "file: " + path + ", operation: " + operation + ", from: " + SELF + ", is: [own], fileSystem: " + fileSystem);
    }

    /** What one action does to a file, another would find done. */
    private String unused(String directory) {
        return in(Stream.generate(() -> directory + paths.path()).filter(used::add).findFirst().orElseThrow());
    }

    private String in(String path) {
        return ROOT + name() + "/" + path;
    }

    @Override
    public void prepare(Path shared, List<RandomAction> actions) throws IOException {
        SharedTree tree = new SharedTree(shared, ROOT + name());
        tree.clear();
        Path program = tree.copy(shared.resolveSibling("probes/actions"), in("free/program"));
        for (RandomAction action : actions) {
            String[] words = action.line().split(" ");
            switch (words[0]) {
                case "rmdir" -> tree.directory(words[1]);
                case "mkdir", "mknod", "symlink" -> tree.parent(words[1]);
                case "link", "rename" -> {
                    tree.file(words[1]);
                    tree.parent(words[2]);
                }
                case "exec" -> Files.createLink(tree.parent(words[1]), program);
                default -> tree.file(words[1]);
            }
        }
    }
}
