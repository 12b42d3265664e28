//! Sends each message back to the URL in its argument, until the connection is over.

use tungstenite::Error;

fn echo(url: &str) -> Result<(), Error> {
    let (mut socket, _) = tungstenite::connect(url)?;
    loop {
        let message = socket.read()?;
        if message.is_text() || message.is_binary() {
            socket.send(message)?;
        }
    }
}

fn main() {
    let url = std::env::args().nth(1).expect("usage: URL");
    let _ = echo(&url); // it always ends with an error: that the connection is over, or why
}
