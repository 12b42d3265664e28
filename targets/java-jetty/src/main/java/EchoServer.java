import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.server.ServerUpgradeRequest;
import org.eclipse.jetty.websocket.server.ServerUpgradeResponse;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

/** Echoes each message; selects the subprotocol `chat` when it is offered. */
final class EchoServer {
  private static final int MAX_MESSAGE_BYTES = 16 << 20;

  /** The library calls one endpoint a connection. */
  public static final class Echo extends Session.Listener.AbstractAutoDemanding {
    @Override
    public void onWebSocketText(String message) {
      getSession().sendText(message, Callback.NOOP);
    }

    @Override
    public void onWebSocketBinary(ByteBuffer message, Callback callback) {
      getSession().sendBinary(message, callback);
    }
  }

  private static Object createEndpoint(
      ServerUpgradeRequest request,
      ServerUpgradeResponse response,
      org.eclipse.jetty.util.Callback callback) {
    if (request.getSubProtocols().contains("chat")) {
      response.setAcceptedSubProtocol("chat");
    }
    return new Echo();
  }

  public static void main(String[] arguments) throws Exception {
    var server = new Server(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])));
    server.setHandler(
        WebSocketUpgradeHandler.from(
            server,
            container -> {
              container.setMaxTextMessageSize(MAX_MESSAGE_BYTES);
              container.setMaxBinaryMessageSize(MAX_MESSAGE_BYTES);
              container.setMaxFrameSize(MAX_MESSAGE_BYTES);
              container.addMapping("/*", EchoServer::createEndpoint);
            }));
    server.start();
    server.join();
  }
}
