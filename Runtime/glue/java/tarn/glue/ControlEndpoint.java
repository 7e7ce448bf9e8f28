package tarn.glue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The server's control endpoint of this run, as the driver speaks to it. Executors never do. */
final class ControlEndpoint {
  private static final int TIMEOUT_MILLISECONDS = 600_000;
  private static final int PROGRESS_TIMEOUT_MILLISECONDS = 2_000;
  private static final int NOTE_TIMEOUT_MILLISECONDS = 60_000;
  private static final int OK = 200;
  private static final int FORBIDDEN = 403;
  private static final ObjectMapper JSON = new ObjectMapper();

  private ControlEndpoint() {}

  /** Whether a server started this process and waits for its commits. */
  static boolean isThere() {
    String address = System.getenv("TARN_GLUE_CONTROL");
    return address != null && !address.isEmpty();
  }

  /** Makes moves and deletions visible in one step. Not tried twice: a commit that was cut off may have happened. */
  static void commit(Map<String, ?> body) throws IOException {
    HttpURLConnection connection = send("/commit", body, TIMEOUT_MILLISECONDS);
    try {
      int status = connection.getResponseCode();
      if (status != OK) {
        String told = message(connection);
        throw new IOException(status == FORBIDDEN ? "AccessDenied: " + told : told);
      }
    } finally {
      connection.disconnect();
    }
  }

  /** Tells how far the run is. What cannot be told is lost: progress must never fail a job. */
  static void progress(Map<String, ?> body) {
    told(body, PROGRESS_TIMEOUT_MILLISECONDS);
  }

  /** Tells what the server should write down; waits longer for it, and goes on without as well. */
  static void note(Map<String, ?> body) {
    told(body, NOTE_TIMEOUT_MILLISECONDS);
  }

  private static void told(Map<String, ?> body, int timeout) {
    try {
      HttpURLConnection connection = send("/progress", body, timeout);
      connection.getResponseCode();
      connection.disconnect();
    } catch (IOException lost) {
      // As said.
    }
  }

  private static HttpURLConnection send(String path, Map<String, ?> body, int timeout) throws IOException {
    URI address = URI.create(System.getenv("TARN_GLUE_CONTROL") + path);
    // No proxy stands between a process and its own machine.
    HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection(Proxy.NO_PROXY);
    connection.setRequestMethod("POST");
    connection.setConnectTimeout(timeout);
    connection.setReadTimeout(timeout);
    connection.setDoOutput(true);
    connection.setRequestProperty("content-type", "application/json");
    String token = System.getenv("TARN_GLUE_TOKEN");
    connection.setRequestProperty("x-tarn-run-token", token == null ? "" : token);
    byte[] bytes = JSON.writeValueAsBytes(body);
    connection.setFixedLengthStreamingMode(bytes.length);
    try (OutputStream out = connection.getOutputStream()) {
      out.write(bytes);
    }
    return connection;
  }

  private static String message(HttpURLConnection connection) throws IOException {
    try (InputStream in = connection.getErrorStream()) {
      String text = in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
      try {
        JsonNode told = JSON.readTree(text);
        for (String name : new String[] {"message", "Message"}) {
          if (told != null && told.hasNonNull(name)) {
            return told.get(name).asText();
          }
        }
      } catch (IOException notJson) {
        // The text itself is the message.
      }
      return text.isEmpty() ? "the commit was refused with status " + connection.getResponseCode() : text;
    }
  }
}
