package io.bpfguard.policy.compile;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Matches one glob against one string by trying: slow, and written from the description in README.md without the code it
 * is compared with.
 */
final class ReferenceMatcher {
    private final boolean isPath;

    ReferenceMatcher(boolean isPath) {
        this.isPath = isPath;
    }

    boolean matches(String glob, byte[] text) {
        return expand(glob).stream().anyMatch(pattern -> matches(pattern.getBytes(StandardCharsets.UTF_8), 0, text, 0));
    }

    /** Replaces the first group of braces by each of its alternatives, until there is none. */
    static List<String> expand(String glob) {
        int open = -1;
        int depth = 0;
        List<Integer> cuts = new ArrayList<>();
        for (int i = 0; i < glob.length(); i++) {
            char c = glob.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '[') {
                i = glob.indexOf(']', i + (glob.charAt(i + 1) == '!' ? 3 : 2));
            } else if (c == '{') {
                if (depth++ == 0) {
                    open = i;
                }
            } else if (c == ',' && depth == 1) {
                cuts.add(i);
            } else if (c == '}' && --depth == 0) {
                cuts.add(i);
                List<String> results = new ArrayList<>();
                int from = open + 1;
                for (int cut : cuts) {
                    results.addAll(expand(glob.substring(0, open) + glob.substring(from, cut) + glob.substring(i + 1)));
                    from = cut + 1;
                }
                return results;
            }
        }
        return List.of(glob);
    }

    private boolean matches(byte[] p, int i, byte[] t, int j) {
        if (i == p.length) {
            return j == t.length;
        }
        switch (p[i]) {
            case '*' -> {
                int end = i;
                while (end < p.length && p[end] == '*') {
                    end++;
                }
                boolean directories = isPath && end - i > 1 && i > 0 && p[i - 1] == '/' && end < p.length
                        && p[end] == '/';
                if (directories) {
                    return matches(p, end + 1, t, j) || anySlash(p, end + 1, t, j);
                }
                boolean slashes = !isPath || end - i > 1;
                for (int k = j; k <= t.length; k++) {
                    if (matches(p, end, t, k)) {
                        return true;
                    }
                    if (k < t.length && t[k] == '/' && !slashes) {
                        return false;
                    }
                }
                return false;
            }
            case '?' -> {
                return j < t.length && !(isPath && t[j] == '/') && matches(p, i + 1, t, j + 1);
            }
            case '[' -> {
                boolean not = p[i + 1] == '!';
                int k = not ? i + 2 : i + 1;
                boolean in = false;
                boolean first = true;
                while (p[k] != ']' || first) {
                    first = false;
                    if (p[k + 1] == '-' && p[k + 2] != ']') {
                        in |= j < t.length && t[j] >= p[k] && t[j] <= p[k + 2];
                        k += 3;
                    } else {
                        in |= j < t.length && t[j] == p[k];
                        k++;
                    }
                }
                return j < t.length && in != not && !(isPath && t[j] == '/') && matches(p, k + 1, t, j + 1);
            }
            case '\\' -> {
                return j < t.length && t[j] == p[i + 1] && matches(p, i + 2, t, j + 1);
            }
            default -> {
                return j < t.length && t[j] == p[i] && matches(p, i + 1, t, j + 1);
            }
        }
    }

    private boolean anySlash(byte[] p, int i, byte[] t, int j) {
        for (int k = j; k < t.length; k++) {
            if (t[k] == '/' && matches(p, i, t, k + 1)) {
                return true;
            }
        }
        return false;
    }
}
