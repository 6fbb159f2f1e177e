// The sample application with net/http, on the port given as the first argument.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"
)

var text = []byte(strings.Repeat("A line of text.\n", 100))
var modified = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func main() {
	pattern := make([]byte, 256)
	for i := range pattern {
		pattern[i] = byte(i)
	}
	large := bytes.Repeat(pattern, 4096)
	content := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"text-1"`)
		http.ServeContent(w, r, "text.txt", modified, bytes.NewReader(text))
	}
	http.HandleFunc("/text", content)
	http.HandleFunc("/file", content)
	http.HandleFunc("/echo", echo)
	http.HandleFunc("/echo/", echo)
	http.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(large)))
		w.Write(large)
	})
	http.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		for _, line := range []string{"one\n", "two\n", "three\n"} {
			io.WriteString(w, line)
			w.(http.Flusher).Flush()
		}
	})
	http.HandleFunc("/gzip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Vary", "Accept-Encoding")
		out := gzip.NewWriter(w)
		out.Write(text)
		out.Close()
	})
	http.HandleFunc("/empty", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
	http.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/text", 302) })
	http.HandleFunc("/cookies", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1", HttpOnly: true})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2, 3"})
		io.WriteString(w, r.Header.Get("Cookie"))
	})
	http.HandleFunc("/early", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload; as=style")
		w.WriteHeader(103)
		w.Write(text)
	})
	http.HandleFunc("/fails", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "on purpose", 500) })
	fmt.Fprintln(os.Stderr, http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}

// What arrived, without the headers that the client lists in X-Omit.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	omitted := "," + r.Header.Get("X-Omit") + ","
	lines := []string{}
	for name, values := range r.Header {
		if !strings.Contains(omitted, ","+strings.ToLower(name)+",") {
			lines = append(lines, name+": "+strings.Join(values, " | "))
		}
	}
	sort.Strings(lines)
	w.Header().Set("Content-Type", "text/plain")
	fmt.Fprintf(w, "%s %s\n%d %x\n%s", r.Method, r.RequestURI, len(body), sha256.Sum256(body), strings.Join(lines, "\n"))
}
