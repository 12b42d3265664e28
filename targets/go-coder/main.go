// Echoes each message; selects the subprotocol "chat" when it is offered.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"unicode/utf8"

	"github.com/coder/websocket"
)

var options = websocket.AcceptOptions{
	Subprotocols:       []string{"chat"},
	InsecureSkipVerify: true, // any origin
	CompressionMode:    websocket.CompressionContextTakeover,
}

func echo(writer http.ResponseWriter, request *http.Request) {
	connection, err := websocket.Accept(writer, request, &options)
	if err != nil {
		return // the library has answered with the error
	}
	defer connection.CloseNow()
	connection.SetReadLimit(16 << 20)
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

func main() {
	http.HandleFunc("/", echo)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
