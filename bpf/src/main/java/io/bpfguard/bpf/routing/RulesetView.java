package io.bpfguard.bpf.routing;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.ProcessAccess;
import io.bpfguard.policy.compiled.Ruleset;
import io.bpfguard.policy.compiled.SignalTarget;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Set;

/** What the loader has to know of a ruleset's verdicts; the offsets are those of ruleset.h. */
final class RulesetView {
    private static final int TABLE = 64;
    private static final int VERDICT_SIZE = 8;
    private static final int VERDICT_ACTION = 4;
    private static final int KEY_VERDICTS = 12;
    private static final int KEY_VERDICT_COUNT = 16;
    private static final int OPERATIONS = 16;
    private static final int CAPABILITIES = 64;
    private static final int SYSTEM_CALLS = 1024;
    private static final int SIGNALS = 65;

    private RulesetView() {}

    /** The strongest action of any verdict. */
    static Action strongest(Ruleset ruleset) {
        return actions(ruleset).stream().max(Comparator.naturalOrder()).orElseThrow();
    }

    /** The actions that the verdicts have. */
    static Set<Action> actions(Ruleset ruleset) {
        ByteBuffer image = ByteBuffer.wrap(ruleset.image()).order(ByteOrder.LITTLE_ENDIAN);
        int offset = ruleset.matcher().hasKeys() ? image.getInt(KEY_VERDICTS) : TABLE;
        int count = switch (ruleset.matcher()) {
            case PATH, MOUNT, ADDRESS, ARGUMENTS, ALIAS -> image.getInt(KEY_VERDICT_COUNT) * OPERATIONS;
            case CAPABILITY -> CAPABILITIES;
            case SYSTEM_CALL -> 2 * SYSTEM_CALLS;
            case ALWAYS, PROGRAM -> 1;
            case SIGNAL -> SignalTarget.values().length * SIGNALS;
            case PROCESS_FILE -> ProcessAccess.values().length;
        };
        Action[] known = Action.values();
        Set<Action> actions = EnumSet.noneOf(Action.class);
        for (int verdict = 0; verdict < count; verdict++) {
            actions.add(known[image.get(offset + verdict * VERDICT_SIZE + VERDICT_ACTION)]);
        }
        return actions;
    }
}
