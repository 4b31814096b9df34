package io.bpfguard.nri;

import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The subscription: one bit per event, never 0 (which would mean everything), never a bit that this runtime does not know
/// (which makes it close the link). Runtimes announce their NRI version only since 0.12, so before that it follows from the
/// runtime's version (go.mod of the containerd and CRI-O releases).
final class EventMask {
    /// Up to REMOVE_CONTAINER: NRI 0.2 to 0.9.
    static final int BASE = 0x07ff;
    /// With the events of pod updates: the pre-release of NRI 0.9.1 in CRI-O 1.33.
    static final int POD_UPDATES = 0x1fff;
    /// All: NRI 0.10 and later.
    static final int ALL = 0x3fff;

    private static final Pattern MAJOR_MINOR = Pattern.compile("v?(\\d{1,4})\\.(\\d{1,4})(?:\\D.*)?", Pattern.DOTALL);

    private EventMask() {}

    static int of(Set<EventKind> kinds, RuntimeInfo runtime) {
        int mask = 0;
        for (EventKind kind : kinds) {
            mask |= kind.bit();
        }
        int known = mask & valid(runtime);
        if (known == 0) {
            throw new IllegalArgumentException("%s %s knows none of the events %s; subscribe to at least one that it knows"
                    .formatted(runtime.name(), runtime.version(), kinds));
        }
        return known;
    }

    static int valid(RuntimeInfo runtime) {
        if (!runtime.nriVersion().isEmpty()) {
            return atLeast(runtime.nriVersion(), 0, 10) ? ALL : BASE;
        }
        return switch (runtime.name()) {
            case "containerd" -> atLeast(runtime.version(), 2, 2) ? ALL : BASE;
            case "cri-o" -> {
                if (atLeast(runtime.version(), 1, 34)) {
                    yield ALL;
                }
                yield atLeast(runtime.version(), 1, 33) ? POD_UPDATES : BASE;
            }
            default -> BASE;
        };
    }

    private static boolean atLeast(String version, int major, int minor) {
        Matcher matcher = MAJOR_MINOR.matcher(version);
        if (!matcher.matches()) {
            return false;
        }
        int itsMajor = Integer.parseInt(matcher.group(1));
        return itsMajor > major || itsMajor == major && Integer.parseInt(matcher.group(2)) >= minor;
    }
}
