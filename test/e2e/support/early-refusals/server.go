// Refuses every upload with 413 before it reads the body, as net/http does it: the connection lingers.
package main

import (
	"fmt"
	"net"
	"net/http"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	http.Serve(listener, http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		http.Error(response, "too large", http.StatusRequestEntityTooLarge)
	}))
}
