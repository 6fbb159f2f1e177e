// Sends the requests on standard input with net/http, and prints what came back: the format of client.py.
package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"strings"
	"time"
)

func main() {
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}, Timeout: 20 * time.Second}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if told, err := send(client, fields); err != nil {
			fmt.Printf("%s\terror\t%s\n", fields[0], strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Printf("%s\t%s\n", fields[0], told)
		}
	}
}

func send(client *http.Client, fields []string) (string, error) {
	method, url, framing, file, headers := fields[1], fields[2], fields[3], fields[4], fields[5:]
	request, err := http.NewRequest(method, url, nil)
	if err != nil {
		return "", err
	}
	if framing != "none" {
		body, err := os.Open(file)
		if err != nil {
			return "", err
		}
		size, _ := body.Stat()
		request.Body = body
		request.ContentLength = size.Size()
		if framing == "chunked" {
			request.ContentLength = -1
		} else if size.Size() == 0 {
			request.Body = http.NoBody
		}
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	_, reason, _ := strings.Cut(response.Status, " ")
	told := []string{}
	for name, values := range response.Header {
		for _, value := range values {
			told = append(told, name+": "+value)
		}
	}
	sort.Strings(told)
	first := fmt.Sprintf("%d\t%s\t%d\t%x", response.StatusCode, reason, len(body), sha256.Sum256(body))
	return strings.Join(append([]string{first}, told...), "\t"), nil
}
