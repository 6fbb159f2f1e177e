// Uploads a file with a client of Java: the arguments are client, URL, file and number. Prints a line per upload: the status, or the error.
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;

class Upload {
    static final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    static int byHttpClient(URI url, Path path) throws Exception {
        var request = HttpRequest.newBuilder(url).POST(HttpRequest.BodyPublishers.ofFile(path)).build();
        return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }

    static int byUrlConnection(URI url, Path path) throws Exception {
        var connection = (HttpURLConnection) url.toURL().openConnection();
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        connection.setFixedLengthStreamingMode(Files.size(path));
        try (var body = connection.getOutputStream()) {
            Files.copy(path, body);
        }
        return connection.getResponseCode();
    }

    public static void main(String[] arguments) {
        var url = URI.create(arguments[1]);
        var path = Path.of(arguments[2]);
        for (int done = 0; done < Integer.parseInt(arguments[3]); done += 1) {
            try {
                System.out.println(arguments[0].equals("HttpClient") ? byHttpClient(url, path) : byUrlConnection(url, path));
            } catch (Exception error) {
                System.out.println("lost: " + error);
            }
        }
        System.exit(0);
    }
}
