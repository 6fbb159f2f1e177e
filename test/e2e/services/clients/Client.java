import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;

/** Sends the requests on standard input with java.net.http, and prints what came back: the format of client.py, without reasons. */
public class Client {
    private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] fields = line.split("\t");
            try {
                System.out.println(fields[0] + "\t" + send(fields));
            } catch (Exception error) {
                System.out.println(fields[0] + "\terror\t" + error.toString().replace('\n', ' '));
            }
        }
    }

    private static String send(String[] fields) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(fields[2])).timeout(Duration.ofSeconds(20));
        request.method(fields[1], body(fields[3], Path.of(fields[4])));
        for (int i = 5; i < fields.length; i++) {
            String[] header = fields[i].split(": ", 2);
            request.setHeader(header[0], header[1]);
        }
        HttpResponse<byte[]> response = CLIENT.send(request.build(), BodyHandlers.ofByteArray());
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(response.body());
        StringBuilder told = new StringBuilder();
        told.append(response.statusCode()).append("\t\t").append(response.body().length).append('\t');
        told.append(HexFormat.of().formatHex(digest));
        response.headers().map().forEach((name, values) -> {
            for (String value : values) told.append('\t').append(name).append(": ").append(value);
        });
        return told.toString();
    }

    private static BodyPublisher body(String framing, Path file) throws Exception {
        if (framing.equals("none")) return BodyPublishers.noBody();
        if (framing.equals("length")) return BodyPublishers.ofFile(file);
        byte[] content = Files.readAllBytes(file);
        return BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(content));
    }
}
