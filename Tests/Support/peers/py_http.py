"""An HTTP server of few virtues, without a library that would have some. It prints a JSON line for each request.

    py_http.py silent           never answers
    py_http.py drip             answers, and then a byte of the body each tenth of a second
    py_http.py huge             answers with a body that does not end
    py_http.py redirect         sends elsewhere, with four megabytes of a body that does not end
    py_http.py bomb             answers with a megabyte of gzip that becomes a gigabyte
    py_http.py lost             closes the first connection instead of answering
    py_http.py plain            answers, and tells {"closed": NUMBER} when the connection is closed
    py_http.py stale            answers, keeps the connection, and closes it at the second request

The first line is {"port": PORT}.
"""
import itertools
import json
import socket
import struct
import sys
import threading
import time
import zlib


def show(value):
    print(json.dumps(value, sort_keys=True), flush=True)


def read(connection):
    """The head's lines and the body of a request; None at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    while len(body) < int(headers.get("content-length", 0)):
        more = connection.recv(65536)
        if not more:
            return None
        body += more
    return lines[0], headers, body


def head(*headers, status="200 OK"):
    return "\r\n".join(("HTTP/1.1 " + status,) + headers + ("", "")).encode()


def bomb():
    # The same block again and again, since compressing a gigabyte takes long.
    zeros, packer, check = bytes(1 << 20), zlib.compressobj(9, zlib.DEFLATED, -15), 0
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(1024):
        check = zlib.crc32(zeros, check)
    head = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 255])
    return head + block * 1024 + packer.flush() + struct.pack("<II", check, 1 << 30)


def answer(mode, connection, number, requests, payload):
    if mode == "silent":
        time.sleep(3600)
    elif mode == "drip":
        connection.sendall(head("Content-Length: 100000"))
        while True:
            connection.sendall(b"x")
            time.sleep(0.1)
    elif mode == "redirect":
        connection.sendall(head("Location: /elsewhere", status="302 Found") + bytes(4 << 20))
        time.sleep(3600)
    elif mode == "huge":
        connection.sendall(head("Content-Type: text/plain"))
        while True:
            connection.sendall(bytes(65536))
    elif mode == "bomb":
        connection.sendall(head("Content-Encoding: gzip", "Content-Length: %d" % len(payload)) + payload)
    elif mode == "lost" and number == 0 or mode == "stale" and requests > 0:
        return False
    else:
        connection.sendall(head("Content-Length: 2", "Connection: keep-alive") + b"{}")
    return True


def serve(mode, connection, number, payload):
    try:
        for requests in itertools.count():
            request = read(connection)
            if request is None:
                if mode == "plain":
                    show({"closed": number})
                break
            line, headers, body = request
            show({"request": line, "headers": headers, "body": body.decode(errors="replace"), "connection": number})
            if not answer(mode, connection, number, requests, payload):
                break
    except OSError:
        pass
    connection.close()


def main(mode):
    payload = bomb() if mode == "bomb" else b""
    server = socket.create_server(("127.0.0.1", 0))
    show({"port": server.getsockname()[1]})
    for number in itertools.count():
        connection, _ = server.accept()
        threading.Thread(target=serve, args=(mode, connection, number, payload), daemon=True).start()


main(sys.argv[1])
