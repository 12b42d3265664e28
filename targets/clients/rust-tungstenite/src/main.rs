//! Sends each message back to the URL in its first argument, until the connection is over; offers the
//! subprotocol in its second, if that is not empty.

use tungstenite::{client::ClientRequestBuilder, Error};

fn echo(url: &str, subprotocol: &str) -> Result<(), Error> {
    let mut request = ClientRequestBuilder::new(url.parse()?);
    if !subprotocol.is_empty() {
        request = request.with_sub_protocol(subprotocol);
    }
    let (mut socket, _) = tungstenite::connect(request)?;
    loop {
        let message = socket.read()?;
        if message.is_text() || message.is_binary() {
            socket.send(message)?;
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // It always ends with an error: that the connection is over, or why.
    let _ = echo(&arguments[1], &arguments[2]);
}
