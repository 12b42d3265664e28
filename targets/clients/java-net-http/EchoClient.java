// Reads URLs, one a line; sends each message back, and prints the URL when the connection is over.
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class EchoClient implements WebSocket.Listener {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final Pattern SUBPROTOCOL = Pattern.compile("[?&]subprotocol=([^&]+)");
    private final String url;

    private EchoClient(String url) {
        this.url = url;
    }

    // What a message is sent back by, part by part: a part is a fragment.
    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
        return socket.sendText(data, last).whenComplete((sent, failure) -> socket.request(1));
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
        return socket.sendBinary(data, last).whenComplete((sent, failure) -> socket.request(1));
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int statusCode, String reason) {
        System.out.println(url);
        return null; // the library sends the close frame
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
        System.out.println(url);
    }

    public static void main(String[] arguments) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String url = line;
            WebSocket.Builder builder = CLIENT.newWebSocketBuilder();
            Matcher asked = SUBPROTOCOL.matcher(url);
            if (asked.find()) {
                builder.subprotocols(asked.group(1));
            }
            builder.buildAsync(URI.create(url), new EchoClient(url)).exceptionally(failure -> {
                System.out.println(url);
                return null;
            });
        }
    }
}
