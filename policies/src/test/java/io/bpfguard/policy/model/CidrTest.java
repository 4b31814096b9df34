package io.bpfguard.policy.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CidrTest {
    @ParameterizedTest
    @CsvSource({"10.0.0.0/8, 10.0.0.0/8", "192.0.2.1, 192.0.2.1", "192.0.2.1/32, 192.0.2.1", "0.0.0.0/0, 0.0.0.0/0", "FD00:EC2::254, fd00:ec2::254",
        "fd00::/8, fd00::/8", "::/0, ::/0", "::ffff:10.0.0.0/104, 10.0.0.0/8", "::ffff:a9fe:a9fe, 169.254.169.254", "1:0:0:2:0:0:0:3, 1:0:0:2::3",
        "::1, ::1", "1::, 1::", "1:2:3:4:5:6:7:8, 1:2:3:4:5:6:7:8"})
    void readsAndPrints(String text, String printed) throws Exception {
        assertThat(Cidr.parse(text)).hasToString(printed);
        assertThat(Cidr.parse(printed)).isEqualTo(Cidr.parse(text));
    }

    @ParameterizedTest
    @CsvSource({"10.1.2.3/8, write 10.0.0.0/8 for the network", "fd00::1/8, write fd00::/8 for the network", "10.0.0.0/33, IPv4 has 0 to 32",
        "::/129, IPv6 has 0 to 128", "10.0.0.0/08, has the prefix length", "010.0.0.1, leading zero", "256.0.0.1, is no IPv4 address",
        "10.0.0, is no IPv4 or IPv6 address", "fe80::1%eth0, has a zone", ":::1, is no IPv6 address", "example.org, is no IPv4 or IPv6 address",
        "'', is no IPv4 or IPv6 address", "::ffff:0:0/90, has bits behind its prefix"})
    void refuses(String text, String reason) {
        assertThatThrownBy(() -> Cidr.parse(text)).isInstanceOf(Cidr.SyntaxException.class).hasMessageContaining(reason);
    }

    @Test
    void noSetOfIpv6HoldsIpv4() throws Exception {
        assertThat(Cidr.parse("::/0").isIpv4()).isFalse();
        assertThat(Cidr.parse("0.0.0.0/0").isIpv4()).isTrue();
        assertThat(Cidr.parse("::ffff:0:0/96")).isEqualTo(Cidr.parse("0.0.0.0/0"));
    }
}
