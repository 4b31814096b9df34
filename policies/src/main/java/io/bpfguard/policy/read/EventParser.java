package io.bpfguard.policy.read;

import com.fasterxml.jackson.core.ObjectCodec;
import com.fasterxml.jackson.core.io.IOContext;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.Reader;
import java.io.StringReader;
import java.io.IOException;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.events.Event;

/** Jackson's YAML parser, which also shows the event behind a token: quotes, anchors and tags are only there. */
final class EventParser extends YAMLParser {
    private static final class Factory extends YAMLFactory {
        @Override
        protected EventParser _createParser(Reader in, IOContext context) throws IOException {
            return new EventParser(context, _parserFeatures, _yamlParserFeatures, _loaderOptions, _objectCodec, in);
        }
    }

    private EventParser(IOContext context, int features, int yamlFeatures, LoaderOptions options, ObjectCodec codec,
            Reader in) {
        super(context, features, yamlFeatures, options, codec, in);
    }

    static EventParser of(String text) throws IOException {
        return (EventParser) new Factory().createParser(new StringReader(text));
    }

    /** The event that the current token was made of. */
    Event event() {
        return _lastEvent;
    }
}
