"""Opens connections that say nothing: idle_clients.py <port> <count>. It prints "open" and keeps them until it is killed."""

import resource
import signal
import socket
import sys

port, count = int(sys.argv[1]), int(sys.argv[2])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
clients = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(count)]
# The server closes every one above its limit.
assert clients[-1].recv(1) == b""
print("open", flush=True)
signal.pause()
