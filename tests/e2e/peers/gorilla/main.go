// An echo server of gorilla that sends "push 1" unasked. Arguments: none for ws; CERTIFICATE KEY for
// wss. Prints its port.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{EnableCompression: true}

func echo(writer http.ResponseWriter, request *http.Request) {
	connection, err := upgrader.Upgrade(writer, request, nil)
	if err != nil {
		return // the library has answered with the error
	}
	defer connection.Close()
	kind, message := websocket.TextMessage, []byte("push 1")
	for err == nil {
		if err = connection.WriteMessage(kind, message); err == nil {
			kind, message, err = connection.ReadMessage()
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	handler := http.HandlerFunc(echo)
	if len(os.Args) > 2 {
		log.Fatal(http.ServeTLS(listener, handler, os.Args[1], os.Args[2]))
	}
	log.Fatal(http.Serve(listener, handler))
}
