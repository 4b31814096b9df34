package io.bpfguard.agent;

import io.bpfguard.events.EventSink;
import io.bpfguard.events.RotatingFile;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What an agent tells of its work.
 *
 * @param file of events; empty for none
 * @param fullAt bytes after which the next file begins
 * @param kept how many full files stay
 * @param metrics where they are served; empty for nowhere
 */
public record AgentOutput(Optional<Path> file, long fullAt, int kept, Optional<InetSocketAddress> metrics) {
    /** Neither. */
    public static final AgentOutput NONE = new AgentOutput(Optional.empty(), 0, 0, Optional.empty());

    /** One more, and the file. */
    List<EventSink> sinks(EventSink one) {
        List<EventSink> all = new ArrayList<>(List.of(one));
        file.ifPresent(path -> all.add(new RotatingFile(path, fullAt, kept)));
        return all;
    }
}
