// Uploads a file with net/http: the arguments are client, URL, file and number. Prints a line per upload: the status, or the error.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
)

func upload(url, path string) (int, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequest("POST", url, file)
	if err != nil {
		return 0, err
	}
	request.ContentLength = info.Size()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

func main() {
	count, _ := strconv.Atoi(os.Args[4])
	for done := 0; done < count; done++ {
		status, err := upload(os.Args[2], os.Args[3])
		if err != nil {
			fmt.Println("lost:", err)
		} else {
			fmt.Println(status)
		}
	}
}
