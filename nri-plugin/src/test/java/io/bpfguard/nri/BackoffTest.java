package io.bpfguard.nri;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class BackoffTest {
    @Test
    @DisplayName("item 52: the waits double from 0.1 s to 5 s, with jitter downwards, and begin again after a good link")
    void waits() {
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5), new Random(52));
        long[] nominal = {100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000};
        boolean jitter = false;
        for (int round = 0; round < 3; round++) {
            for (long millis : nominal) {
                Duration wait = backoff.next();
                assertThat(wait).isBetween(Duration.ofMillis(millis * 8 / 10), Duration.ofMillis(millis));
                jitter |= wait.compareTo(Duration.ofMillis(millis * 99 / 100)) < 0;
            }
            backoff.reset();
        }
        assertThat(jitter).isTrue();
    }
}
