// Sends each message back to the URL in its first argument, until the connection is over; offers the
// subprotocol in its second, if that is not empty.
package main

import (
	"context"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/coder/websocket"
)

func main() {
	options := websocket.DialOptions{
		CompressionMode: websocket.CompressionContextTakeover,
		Subprotocols:    strings.Fields(os.Args[2]),
	}
	connection, _, err := websocket.Dial(context.Background(), os.Args[1], &options)
	if err != nil {
		return
	}
	defer connection.CloseNow()
	connection.SetReadLimit(-1)
	for {
		kind, message, err := connection.Read(context.Background())
		if err != nil {
			return
		}
		// The library does not look whether text is UTF-8, on purpose.
		if kind == websocket.MessageText && !utf8.Valid(message) {
			connection.Close(websocket.StatusInvalidFramePayloadData, "")
			return
		}
		if err := connection.Write(context.Background(), kind, message); err != nil {
			return
		}
	}
}
