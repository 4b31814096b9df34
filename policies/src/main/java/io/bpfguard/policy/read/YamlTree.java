package io.bpfguard.policy.read;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Position;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;

/**
 * The documents of one file as trees. Refuses what the language has no use for and what is used for attacks: anchors and
 * aliases, tags, keys that are not text, the same key twice, deep nesting.
 */
final class YamlTree {
    private static final int MAX_DEPTH = 32;

    /** A refused construct after which the rest of the file cannot be read sensibly. */
    private static final class Unreadable extends Exception {}

    private final String file;
    private final ProblemList problems;
    private final EventParser parser;

    private YamlTree(String file, ProblemList problems, EventParser parser) {
        this.file = file;
        this.problems = problems;
        this.parser = parser;
    }

    /** The documents up to the first error of syntax, which is added to the problems. */
    static List<YamlNode> documents(String file, String text, ProblemList problems) {
        List<YamlNode> documents = new ArrayList<>();
        try (EventParser parser = EventParser.of(text)) {
            YamlTree tree = new YamlTree(file, problems, parser);
            while (parser.nextToken() != null) {
                documents.add(tree.node(0));
            }
        } catch (Unreadable e) {
            // The problem is in the list.
        } catch (JsonProcessingException e) {
            if (e.getCause() instanceof YAMLException cause) {
                problems.add(place(file, text, cause), sentence(cause));
            } else {
                problems.add(position(file, e.getLocation()), "not YAML: " + firstLine(e.getOriginalMessage()));
            }
        } catch (YAMLException e) {
            problems.add(place(file, text, e), sentence(e));
        } catch (IOException e) {
            problems.add(Position.startOf(file), "cannot be read: " + e.getMessage());
        }
        return documents;
    }

    private YamlNode node(int depth) throws IOException, Unreadable {
        Position at = here();
        if (depth > MAX_DEPTH) {
            problems.add(at, "nested deeper than " + MAX_DEPTH + " levels");
            throw new Unreadable();
        }
        refuseAnchorsAndTags(at);
        JsonToken token = parser.currentToken();
        if (token == JsonToken.START_OBJECT) {
            return mapping(at, depth);
        }
        if (token == JsonToken.START_ARRAY) {
            List<YamlNode> items = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                items.add(node(depth + 1));
            }
            return new YamlNode.Sequence(List.copyOf(items), at);
        }
        return parser.event() instanceof ScalarEvent scalar
                ? new YamlNode.Scalar(scalar.getValue(), scalar.getScalarStyle() != ScalarStyle.PLAIN, at)
                : new YamlNode.Scalar("", false, at);
    }

    private YamlNode mapping(Position at, int depth) throws IOException, Unreadable {
        List<YamlNode.Entry> entries = new ArrayList<>();
        Map<String, Position> seen = new HashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            Position keyAt = here();
            refuseAnchorsAndTags(keyAt);
            String key = parser.currentName();
            boolean plain = parser.event() instanceof ScalarEvent scalar
                    && scalar.getScalarStyle() == ScalarStyle.PLAIN;
            if (plain && PlainScalar.kind(key) != PlainScalar.Kind.TEXT) {
                problems.add(keyAt, "the key " + key + " is " + PlainScalar.kind(key).words()
                        + " to YAML; write it in quotes: \"" + key + "\"");
            }
            Position first = seen.putIfAbsent(key, keyAt);
            parser.nextToken();
            YamlNode value = node(depth + 1);
            if (first != null) {
                problems.add(keyAt, "the key \"" + key + "\" is here for the second time; the first is in line "
                        + first.line());
            } else {
                entries.add(new YamlNode.Entry(new Located<>(key, keyAt), value));
            }
        }
        return new YamlNode.Mapping(List.copyOf(entries), at);
    }

    private void refuseAnchorsAndTags(Position at) throws Unreadable {
        Event event = parser.event();
        if (parser.isCurrentAlias() || event instanceof NodeEvent node && node.getAnchor() != null) {
            problems.add(at, "anchors (&) and aliases (*) are not part of the policy language; write the value out, or put text that begins with them in quotes");
            throw new Unreadable();
        }
        Optional<String> tag = switch (event) {
            case ScalarEvent scalar -> Optional.ofNullable(scalar.getTag());
            case CollectionStartEvent collection -> Optional.ofNullable(collection.getTag());
            default -> Optional.empty();
        };
        if (tag.isPresent()) {
            problems.add(at, "tags (" + tag.get() + ") are not part of the policy language; put text that begins with ! in quotes");
            throw new Unreadable();
        }
    }

    private Position here() {
        return position(file, parser.currentTokenLocation());
    }

    private static Position position(String file, JsonLocation location) {
        return location == null ? Position.startOf(file)
                : new Position(file, Math.max(1, location.getLineNr()), Math.max(1, location.getColumnNr()));
    }

    private static Position place(String file, String text, YAMLException e) {
        return switch (e) {
            case MarkedYAMLException marked when marked.getProblemMark() != null -> position(file,
                    marked.getProblemMark());
            case org.yaml.snakeyaml.reader.ReaderException unprintable -> TextPlace.of(file, text,
                    unprintable.getPosition());
            default -> Position.startOf(file);
        };
    }

    private static Position position(String file, Mark mark) {
        return new Position(file, mark.getLine() + 1, mark.getColumn() + 1);
    }

    private static String sentence(YAMLException e) {
        return switch (e) {
            case MarkedYAMLException marked when marked.getProblem() != null -> "not YAML: "
                    + firstLine(marked.getProblem());
            case org.yaml.snakeyaml.reader.ReaderException unprintable ->
                    "holds the control character U+%04X, which YAML does not allow".formatted(unprintable.getCodePoint());
            default -> "not YAML: " + firstLine(e.getMessage());
        };
    }

    private static String firstLine(String message) {
        return message == null ? "no reason given" : message.lines().findFirst().orElse("no reason given");
    }
}
