package io.bpfguard.bpf.node;

import io.bpfguard.bpf.libbpf.BtfType;
import io.bpfguard.bpf.libbpf.KernelBtf;
import io.bpfguard.policy.check.KernelType;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The kernel's types as the checker of policies wants to see them. */
final class NodeTypes {
    private record Pointer(BtfType type) implements KernelType.Pointer {
        @Override
        public String text() {
            return type.describe();
        }

        @Override
        public KernelType to() {
            return of(type.target());
        }

        @Override
        public boolean isUser() {
            return type.isUserPointer();
        }
    }

    private record Struct(BtfType type) implements KernelType.Struct {
        @Override
        public String text() {
            return type.describe();
        }

        @Override
        public String name() {
            return type.name();
        }

        @Override
        public int bytes() {
            return type.bytes();
        }

        @Override
        public Set<String> members() {
            return type.members();
        }

        @Override
        public Optional<KernelType.Member> member(String name) {
            return type.member(name).map(member -> new KernelType.Member(of(member.type()), member.bitOffset(), member.bitSize()));
        }
    }

    private NodeTypes() {}

    static List<KernelType.Parameter> parameters(List<KernelBtf.TypedParameter> parameters) {
        return parameters.stream().map(parameter -> new KernelType.Parameter(parameter.name(), of(parameter.type()))).toList();
    }

    private static KernelType of(BtfType type) {
        return switch (type.kind()) {
            case INTEGER, ENUM -> type.bytes() <= Long.BYTES ? new KernelType.Number(type.describe(), type.bytes(), type.isSigned())
                    : new KernelType.Other(type.describe());
            case POINTER -> new Pointer(type);
            case STRUCT -> new Struct(type);
            case ARRAY -> new KernelType.Array(type.describe(), of(type.target()));
            case OTHER -> new KernelType.Other(type.describe());
        };
    }
}
