package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.ContainerSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Random policies about a part of the policy language, and random actions that they are about. */
sealed interface RandomPart permits RandomFiles, RandomSockets, RandomCalls, RandomCapabilities {
    /** Where each part has a directory of its own, as containers see it. */
    String ROOT = "/shared/agreement/";

    /** A word of its own. */
    String name();

    /** How many of a hundred actions are its. */
    int percent();

    /** All of them are for one container. */
    List<RandomPolicy> policies();

    /** As many as one likes, or all that there are; none comes twice, and what one does makes no difference to another. */
    Stream<RandomAction> actions();

    /** What its container needs so that nothing but the guard can deny. */
    default ContainerSpec equip(ContainerSpec container) {
        return container;
    }

    /**
     * Makes the files of some actions as they are before these.
     *
     * @param shared the shared directory, as the host sees it
     */
    default void prepare(Path shared, List<RandomAction> actions) throws IOException {}
}
