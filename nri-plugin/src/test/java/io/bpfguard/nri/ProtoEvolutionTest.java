package io.bpfguard.nri;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import io.bpfguard.nri.proto.ConfigureRequest;
import io.bpfguard.nri.proto.Nri;
import io.bpfguard.nri.proto.PodSandbox;
import io.bpfguard.nri.proto.SynchronizeRequest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Messages of all NRI releases, put together from bare field numbers.
class ProtoEvolutionTest {
    private static final long MAX_UINT32 = 0xffff_ffffL;

    private final UnknownFieldSet.Builder message = UnknownFieldSet.newBuilder();

    private ProtoEvolutionTest text(int number, String value) {
        return bytes(number, ByteString.copyFromUtf8(value));
    }

    private ProtoEvolutionTest bytes(int number, ByteString value) {
        message.mergeField(number, Field.newBuilder().addLengthDelimited(value).build());
        return this;
    }

    private ProtoEvolutionTest number(int number, long value) {
        message.mergeField(number, Field.newBuilder().addVarint(value).build());
        return this;
    }

    private ByteString build() {
        return message.build().toByteString();
    }

    private static ProtoEvolutionTest message() {
        return new ProtoEvolutionTest();
    }

    private static ByteString entry(String key, String value) {
        return message().text(1, key).text(2, value).build();
    }

    private static ByteString container(int nriMinor) {
        ProtoEvolutionTest linux = message().bytes(4, message().number(1, -998).build()).text(5, "slice:cri-containerd:c");
        ProtoEvolutionTest container = message()
                .text(1, "c")
                .text(2, "p")
                .text(3, "app")
                .number(4, 3)
                .bytes(5, entry("l", "1"))
                .bytes(6, entry("io.kubernetes.cri.image-name", "annotated"))
                .text(7, "/bin/app")
                .text(8, "A=B")
                .bytes(9, message().text(1, "/mnt").text(4, "ro").build())
                .bytes(10, message().bytes(2, message().text(1, "/hook").build()).build())
                .number(12, MAX_UINT32);
        if (nriMinor >= 4) {
            container.bytes(13, message().text(1, "RLIMIT_NOFILE").number(2, -1).number(3, 1024).build());
        }
        if (nriMinor >= 10) {
            linux.bytes(6, message().number(1, 2).build()).bytes(8, message().text(1, "SCMP_ACT_ERRNO").build());
            container.number(14, 1).number(15, 2).number(16, 3).number(17, -1).text(18, "r").text(19, "m").bytes(20, message().text(1, "x").build());
        }
        if (nriMinor >= 11) {
            linux.bytes(9, entry("net.x", "1")).bytes(11, message().number(1, 6).build()).bytes(12, ByteString.EMPTY);
            container.bytes(21, message().number(1, 1000).build());
        }
        if (nriMinor >= 12) {
            container.bytes(22, message().text(1, "img").text(2, "sha256:1").text(3, "sha256:2").build());
        }
        return container.bytes(11, linux.build()).build();
    }

    private static ByteString pod(int nriMinor) {
        ProtoEvolutionTest pod = message()
                .text(1, "p")
                .text(2, "pod")
                .text(3, "u")
                .text(4, "ns")
                .bytes(5, entry("app", "x"))
                .bytes(6, entry("k", "v"))
                .text(7, "runc")
                .bytes(8, message().text(3, "/parent").text(4, "/path").build())
                .number(9, 12);
        if (nriMinor >= 8) {
            pod.text(10, "10.0.0.1").text(10, "fd00::1");
        }
        return pod.build();
    }

    @ParameterizedTest
    @CsvSource({"3", "6", "8", "10", "11", "12"})
    @DisplayName("item 55: pods and containers with the field sets of NRI 0.3, 0.6.1, 0.8, 0.10, 0.11 and 0.12")
    void fieldSets(int nriMinor) throws IOException {
        ProtoEvolutionTest request = message().bytes(1, pod(nriMinor)).bytes(2, container(nriMinor));
        if (nriMinor >= 7) {
            request.number(3, 1);
        }
        SynchronizeRequest decoded = SynchronizeRequest.parseFrom(request.build());
        assertThat(decoded.getMore()).isEqualTo(nriMinor >= 7);
        assertThat(decoded.getUnknownFields().asMap()).isEmpty();
        assertThat(decoded.getContainers(0).getUnknownFields().asMap()).isEmpty();
        assertThat(decoded.getContainers(0).getLinux().getUnknownFields().asMap()).isEmpty();

        Container container = Facts.container(decoded.getContainers(0));
        boolean image = nriMinor >= 12;
        assertThat(container)
                .isEqualTo(new Container(
                        "c", "p", "app", ContainerState.RUNNING, Map.of("l", "1"), Map.of("io.kubernetes.cri.image-name", "annotated"),
                        List.of("/bin/app"), MAX_UINT32, "slice:cri-containerd:c", image ? "img" : "", image ? "sha256:1" : ""));
        assertThat(container.imageName()).contains(image ? "img" : "annotated");
        assertThat(Facts.pod(decoded.getPods(0)))
                .isEqualTo(new Pod(
                        "p", "pod", "u", "ns", Map.of("app", "x"), Map.of("k", "v"), "runc", 12, "/parent", "/path",
                        nriMinor >= 8 ? List.of("10.0.0.1", "fd00::1") : List.of()));
    }

    @Test
    @DisplayName("item 55: Configure of NRI 0.3, 0.7 and 0.12")
    void configure() throws IOException {
        ProtoEvolutionTest request = message().text(1, "c").text(2, "containerd").text(3, "1.7.0");
        assertThat(Facts.runtime(ConfigureRequest.parseFrom(request.build())).requestTimeout()).isZero();
        request.number(4, 5000).number(5, 2000);
        assertThat(Facts.runtime(ConfigureRequest.parseFrom(request.build())).requestTimeout()).hasSeconds(2);
        request.text(6, "0.12.0");
        assertThat(Facts.runtime(ConfigureRequest.parseFrom(request.build())).nriVersion()).isEqualTo("0.12.0");
        request.number(5, -5);
        assertThat(Facts.runtime(ConfigureRequest.parseFrom(request.build())).requestTimeout()).isZero();
    }

    @Test
    @DisplayName("item 55: states and maps that this version does not know, duplicates, and fields of a wrong wire type")
    void future() throws IOException {
        var odd = io.bpfguard.nri.proto.Container.parseFrom(
                message().text(1, "first").text(1, "last").number(4, 9).number(7, 5).bytes(5, ByteString.EMPTY).number(999, 1).build());
        Container container = Facts.container(odd);
        assertThat(container.id()).isEqualTo("last");
        assertThat(container.state()).isEqualTo(ContainerState.UNKNOWN);
        assertThat(container.labels()).containsExactly(Map.entry("", ""));
        assertThat(container.imageName()).isEmpty();
        NodeState twice = NodeState.of(
                List.of(Facts.pod(PodSandbox.newBuilder().setId("p").setName("1").build()), Facts.pod(PodSandbox.newBuilder().setId("p").setName("2").build())),
                List.of());
        assertThat(twice.pods().get("p").name()).isEqualTo("2");
    }

    @Test
    @DisplayName("item 55: every message has the published names and numbers")
    void numbers() throws IOException {
        String published;
        try (InputStream in = ProtoEvolutionTest.class.getResourceAsStream("fields.txt")) {
            published = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        assertThat(Nri.getDescriptor().getMessageTypes().stream().map(ProtoEvolutionTest::describe))
                .containsExactlyInAnyOrderElementsOf(published.lines().filter(line -> !line.startsWith("#")).toList());
    }

    private static String describe(Descriptor type) {
        return type.getFields().stream()
                .map((FieldDescriptor field) -> " " + field.getName() + "=" + field.getNumber())
                .collect(Collectors.joining("", type.getName(), ""));
    }
}
