// Echoes each message; selects the subprotocol "chat" when it is offered.
package main

import (
	"log"
	"net/http"
	"os"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{
	Subprotocols:      []string{"chat"},
	EnableCompression: true,
	CheckOrigin:       func(*http.Request) bool { return true },
}

func echo(writer http.ResponseWriter, request *http.Request) {
	connection, err := upgrader.Upgrade(writer, request, nil)
	if err != nil {
		return // the library has answered with the error
	}
	defer connection.Close()
	connection.SetReadLimit(16 << 20)
	for {
		kind, message, err := connection.ReadMessage()
		if err != nil {
			return
		}
		// The library leaves it to the application to look whether text is UTF-8.
		if kind == websocket.TextMessage && !utf8.Valid(message) {
			reason := websocket.FormatCloseMessage(websocket.CloseInvalidFramePayloadData, "")
			connection.WriteControl(websocket.CloseMessage, reason, time.Now().Add(time.Second))
			return
		}
		if err := connection.WriteMessage(kind, message); err != nil {
			return
		}
	}
}

func main() {
	http.HandleFunc("/", echo)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
