package io.bpfguard.ttrpc;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;

/// gRPC status to google.rpc.Status and back; both use the same code numbers (ttrpc PROTOCOL.md, "Response").
final class Statuses {
    /// Keeps an error reply far below every message limit, whatever text an exception carries.
    private static final int MAX_TEXT = 16 * 1024;

    private Statuses() {}

    static com.google.rpc.Status toProto(Status status, Metadata trailers) {
        String text = status.getDescription();
        Status clipped = text == null || text.length() <= MAX_TEXT
                ? status
                : status.withDescription(text.substring(0, MAX_TEXT) + "…");
        com.google.rpc.Status proto = StatusProto.fromStatusAndTrailers(clipped, trailers);
        return proto.getSerializedSize() <= 8 * MAX_TEXT ? proto : proto.toBuilder().clearDetails().build();
    }

    /// A code outside 0 to 16 becomes UNKNOWN.
    static Status fromProto(com.google.rpc.Status proto) {
        Status status = Status.fromCodeValue(proto.getCode());
        return proto.getMessage().isEmpty() ? status : status.withDescription(proto.getMessage());
    }

    /// Trailers with the error's details, where a caller of `StatusProto.fromThrowable` looks for them.
    static Metadata trailers(com.google.rpc.Status proto) {
        boolean known = proto.getCode() >= 0 && proto.getCode() <= 16;
        if (proto.getDetailsCount() == 0 || !known) {
            return new Metadata();
        }
        return StatusProto.toStatusRuntimeException(proto).getTrailers();
    }

    /// What a handler's exception means to the caller: a status exception is taken at its word, anything else is UNKNOWN
    /// with the exception's text, as in the Go implementation.
    static Status fromHandler(Throwable failure) {
        return switch (failure) {
            case StatusRuntimeException e -> notOk(e.getStatus());
            case StatusException e -> notOk(e.getStatus());
            default -> {
                String text = failure.getMessage();
                yield Status.UNKNOWN
                        .withDescription(text == null || text.isBlank() ? failure.getClass().getSimpleName() : text)
                        .withCause(failure);
            }
        };
    }

    /// A failure never counts as success, even if somebody throws an OK status.
    private static Status notOk(Status status) {
        return status.isOk() ? Status.UNKNOWN.withDescription("the handler failed with an OK status") : status;
    }
}
