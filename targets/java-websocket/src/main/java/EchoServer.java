import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import org.java_websocket.WebSocket;
import org.java_websocket.drafts.Draft_6455;
import org.java_websocket.extensions.permessage_deflate.PerMessageDeflateExtension;
import org.java_websocket.handshake.ClientHandshake;
import org.java_websocket.protocols.Protocol;
import org.java_websocket.server.WebSocketServer;

/** Echoes each message; selects the subprotocol `chat` when it is offered. */
final class EchoServer extends WebSocketServer {
  private static final int MAX_MESSAGE_BYTES = 16 << 20;

  private EchoServer(int port) {
    super(
        new InetSocketAddress("127.0.0.1", port),
        List.of(
            new Draft_6455(
                List.of(new PerMessageDeflateExtension()),
                List.of(new Protocol("chat"), new Protocol("")),
                MAX_MESSAGE_BYTES)));
    setReuseAddr(true);
  }

  @Override
  public void onOpen(WebSocket connection, ClientHandshake handshake) {}

  @Override
  public void onMessage(WebSocket connection, String message) {
    connection.send(message);
  }

  @Override
  public void onMessage(WebSocket connection, ByteBuffer message) {
    connection.send(message);
  }

  @Override
  public void onClose(WebSocket connection, int code, String reason, boolean remote) {}

  @Override
  public void onError(WebSocket connection, Exception error) {
    if (connection == null) {
      System.err.println(error); // not a connection's error: the server cannot listen
      System.exit(1);
    }
  }

  @Override
  public void onStart() {}

  public static void main(String[] arguments) {
    new EchoServer(Integer.parseInt(arguments[0])).run();
  }
}
