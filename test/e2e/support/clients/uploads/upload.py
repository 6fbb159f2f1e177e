"""Uploads a file with http.client or urllib: the arguments are client, URL, file and number. Prints a line per upload: the status, or the error."""
import http.client
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

client, url, path, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
place = urllib.parse.urlsplit(url)
length = str(os.path.getsize(path))


def by_http_client():
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    with open(path, "rb") as body:
        connection.request("POST", place.path, body=body, headers={"Content-Length": length})
    status = connection.getresponse().status
    connection.close()
    return status


def by_urllib():
    with open(path, "rb") as body:
        request = urllib.request.Request(url, data=body, method="POST", headers={"Content-Length": length})
        try:
            return urllib.request.urlopen(request, timeout=60).status
        except urllib.error.HTTPError as refused:
            return refused.code


upload = by_http_client if client == "http.client" else by_urllib
for _ in range(count):
    try:
        print(upload(), flush=True)
    except Exception as error:  # Whatever it is, the status was not seen.
        print(f"lost: {error!r}", flush=True)
