package io.bpfguard.e2e.scenario;

/** The first two numbers of a kernel's release. */
public record KernelVersion(int major, int minor) {
    /** Any kernel that we run on. */
    public static final KernelVersion ANY = new KernelVersion(0, 0);

    /** Of {@code 6.12} or {@code 6.12.117+deb13-amd64}. */
    public static KernelVersion parse(String release) {
        String[] numbers = release.split("[^0-9]+", 3);
        return new KernelVersion(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]));
    }

    /** Whether the running kernel is at least this one. */
    public boolean isReached() {
        var running = parse(System.getProperty("os.version"));
        return running.major > major || running.major == major && running.minor >= minor;
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
