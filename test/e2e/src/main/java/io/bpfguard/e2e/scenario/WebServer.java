package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.cri.ContainerSpec;
import io.bpfguard.e2e.node.Event;
import io.bpfguard.e2e.node.Shell;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A real server under the library's example of an allow-list: it serves, takes a new configuration and asks the network behind it, and does nothing else. */
public final class WebServer implements Scenario {
    private static final int REQUESTS = 500;
    private static final String PAGE = "served by nginx\n";
    private static final String BEHIND = "10.77.0.1";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

    @Override
    public String name() {
        return "web-server";
    }

    @Override
    public void control(Stage stage) throws Exception {
        Shell.run("ip", "address", "add", BEHIND + "/32", "dev", "lo");
        stage.sharedFile("www/index.html", PAGE);
        // Behind the server, and one that serves elsewhere than the policy allows.
        start(stage, stage.pod("behind"), "behind", 8080);
        Container server = start(stage, stage.pod("web-control"), "server", 80);
        if (!serves(80, "/") || !serves(80, "/behind/") || stage.kubelet.execSync(server, List.of("/bin/true")).exitCode() != 0) {
            stage.report.voided("nginx serves, and a shell runs beside it, without us", log(stage, server));
        }
        stage.kubelet.remove(server);
    }

    @Override
    public void run(Stage stage) throws Exception {
        stage.guarded();
        stage.policies.change(() -> stage.policies.write(name(), text(stage.layout.source().resolve("policies/library/web-server.yaml"))));
        start(stage, stage.pod("behind"), "behind", 8080);
        var pod = stage.pod("web");
        int mark = stage.agent.events().mark();
        Container server = start(stage, pod, "server", 80);
        int good = 0;
        int times = stage.count(REQUESTS);
        for (int i = 0; i < times; i++) {
            good += serves(80, i % 10 == 0 ? "/behind/" : "/") ? 1 : 0;
        }
        stage.report.check(good == times, "nginx answers " + times + " requests, a tenth of them from behind it", good + " answered" + log(stage, server));
        Shell.must("kill", "-HUP", Integer.toString(stage.kubelet.status(server).pid()));
        Thread.sleep(2000);
        stage.report.check(serves(80, "/"), "it serves after it has read its configuration again", log(stage, server));
        var denials = stage.agent.events().settled(mark, Event::isDecision, 0, stage.agent.patience());
        stage.report.check(denials.isEmpty(), "no denials so far", denials.toString());

        mark = stage.agent.events().mark();
        int shell = stage.kubelet.execSync(server, List.of("/bin/true")).exitCode();
        denials = stage.agent.events().settled(mark, Event::isDecision, 1, stage.agent.patience());
        stage.report.check(shell != 0 && denials.size() == 1 && denials.getFirst().policy().equals("web-server"), "another program is not executed beside it",
                "exit " + shell + ": " + denials);
        mark = stage.agent.events().mark();
        Container other = start(stage, pod, "other-port", 8081);
        boolean elsewhere = serves(8081, "/");
        denials = stage.agent.events().settled(mark, Event::isDecision, 1, stage.agent.patience());
        stage.report.check(!elsewhere && !denials.isEmpty() && !stage.kubelet.status(other).running(), "on another port it cannot serve", denials.toString());
        stage.policies.change(() -> stage.policies.remove(name()));
    }

    /** The node's own nginx and its libraries, on the test image. */
    private static Container start(Stage stage, io.bpfguard.e2e.cri.Pod pod, String name, int port) {
        stage.sharedFile(name + ".conf", """
                daemon off;
                user root;
                worker_processes 2;
                error_log stderr;
                pid /tmp/nginx.pid;
                events {}
                http {
                    access_log off;
                    client_body_temp_path /tmp/body;
                    proxy_temp_path /tmp/proxy;
                    fastcgi_temp_path /tmp/fastcgi;
                    uwsgi_temp_path /tmp/uwsgi;
                    scgi_temp_path /tmp/scgi;
                    server {
                        listen %d;
                        root /shared/www;
                        location /behind/ { proxy_pass http://%s:8080/; }
                    }
                }
                """.formatted(port, BEHIND));
        ContainerSpec spec = stage.spec(name, "/usr/sbin/nginx", "-c", "/shared/" + name + ".conf")
                .mount(Path.of("/usr/sbin"), "/usr/sbin", true).mount(Path.of("/usr/lib"), "/usr/lib", true)
                .mount(Path.of("/usr/lib"), "/lib", true).mount(Path.of("/usr/lib64"), "/lib64", true);
        return stage.kubelet.run(pod, spec);
    }

    /** Whether the page comes from this port; a server that has just been started may take its time. */
    private boolean serves(int port, String path) throws InterruptedException {
        long end = System.nanoTime() + (port == 8081 ? Duration.ofSeconds(5) : PATIENCE).toNanos();
        do {
            try {
                var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).timeout(PATIENCE).build();
                var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
                return answer.statusCode() == 200 && answer.body().equals(PAGE);
            } catch (IOException notYet) {
                Thread.sleep(200);
            }
        } while (System.nanoTime() < end);
        return false;
    }

    private static String log(Stage stage, Container container) {
        try {
            return Files.readString(stage.kubelet.log(container));
        } catch (IOException none) {
            return none.toString();
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
