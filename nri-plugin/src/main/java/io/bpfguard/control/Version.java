package io.bpfguard.control;

/** Of the product. */
public final class Version {
    /** As in the pom, without SNAPSHOT. */
    public static final String PRODUCT = "0.1.0";

    private Version() {}
}
