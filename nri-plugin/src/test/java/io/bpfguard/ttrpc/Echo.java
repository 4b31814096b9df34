package io.bpfguard.ttrpc;

import com.google.protobuf.ByteString;
import io.bpfguard.ttrpc.proto.KeyValue;
import io.bpfguard.ttrpc.proto.Request;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.ServerCalls.UnaryMethod;
import java.util.LinkedHashMap;
import java.util.Map;

/// A service `test.Echo` whose methods a test makes up; messages are KeyValue.
final class Echo implements BindableService {
    static final String SERVICE = "test.Echo";
    static final MethodDescriptor<KeyValue, KeyValue> ECHO = method("Echo", MethodType.UNARY);

    private final Map<String, UnaryMethod<KeyValue, KeyValue>> methods = new LinkedHashMap<>();

    Echo() {
        with("Echo", (request, observer) -> {
            observer.onNext(request);
            observer.onCompleted();
        });
    }

    Echo with(String name, UnaryMethod<KeyValue, KeyValue> method) {
        methods.put(name, method);
        return this;
    }

    static MethodDescriptor<KeyValue, KeyValue> method(String name, MethodType type) {
        return MethodDescriptor.<KeyValue, KeyValue>newBuilder()
                .setType(type)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, name))
                .setRequestMarshaller(ProtoUtils.marshaller(KeyValue.getDefaultInstance()))
                .setResponseMarshaller(ProtoUtils.marshaller(KeyValue.getDefaultInstance()))
                .build();
    }

    static KeyValue text(String value) {
        return KeyValue.newBuilder().setValue(value).build();
    }

    static Request call(String method, ByteString payload) {
        return Request.newBuilder().setService(SERVICE).setMethod(method).setPayload(payload).build();
    }

    static Request call(String method, String value) {
        return call(method, text(value).toByteString());
    }

    @Override
    public ServerServiceDefinition bindService() {
        ServerServiceDefinition.Builder builder = ServerServiceDefinition.builder(SERVICE);
        methods.forEach((name, method) -> builder.addMethod(method(name, MethodType.UNARY), ServerCalls.asyncUnaryCall(method)));
        builder.addMethod(
                method("Stream", MethodType.SERVER_STREAMING), ServerCalls.asyncServerStreamingCall((request, observer) -> {}));
        return builder.build();
    }
}
