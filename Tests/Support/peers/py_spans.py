"""Receives spans with the official decoders and prints them, a JSON line for each datagram or request.

    py_spans.py agent                   UDP, Jaeger's Thrift classes of jaeger-client
    py_spans.py collector [STATUS...]   HTTP, opentelemetry-proto; the first answers have these statuses, such as 503 or
                                        429:2 (Retry-After), the others 200. "slow" answers nothing, "partial:3" refuses 3, "json:3" does so
                                        in JSON, with a number.
    py_spans.py answer BODY             HTTP, answers each GET with the body

The first line is {"port": PORT}.
"""
import base64
import gzip
import json
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def show(value):
    print(json.dumps(value, sort_keys=True), flush=True)


def tag(thrift):
    kind = ["vStr", "vDouble", "vBool", "vLong", "vBinary"][thrift.vType]
    value = getattr(thrift, kind)
    return [thrift.key, kind, value.hex() if isinstance(value, bytes) else value]


def ident(high, low):
    return "%032x" % ((high & (1 << 64) - 1) << 64 | low & (1 << 64) - 1)


def span(thrift):
    return {
        "trace": ident(thrift.traceIdHigh, thrift.traceIdLow),
        "span": "%016x" % (thrift.spanId & (1 << 64) - 1),
        "parent": "%016x" % (thrift.parentSpanId & (1 << 64) - 1),
        "name": thrift.operationName,
        "flags": thrift.flags,
        "start": thrift.startTime,
        "duration": thrift.duration,
        "tags": [tag(t) for t in thrift.tags],
        "logs": [[log.timestamp, [tag(t) for t in log.fields]] for log in thrift.logs],
        "references": [[r.refType, ident(r.traceIdHigh, r.traceIdLow), "%016x" % (r.spanId & (1 << 64) - 1)]
                       for r in thrift.references or []],
    }


def batch(thrift, **more):
    process = {"service": thrift.process.serviceName, "tags": [tag(t) for t in thrift.process.tags]}
    show(dict(more, process=process, spans=[span(s) for s in thrift.spans]))


def agent():
    from jaeger_client.thrift_gen.agent import Agent
    from thrift.protocol.TCompactProtocol import TCompactProtocol
    from thrift.transport.TTransport import TMemoryBuffer

    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    receiver.bind(("127.0.0.1", 0))
    show({"port": receiver.getsockname()[1]})
    while True:
        datagram, sender = receiver.recvfrom(65536)
        protocol = TCompactProtocol(TMemoryBuffer(datagram))
        name, kind, sequence = protocol.readMessageBegin()
        arguments = Agent.emitBatch_args()
        arguments.read(protocol)
        protocol.readMessageEnd()
        batch(arguments.batch, message=[name, kind, sequence], size=len(datagram), source=sender[1])


class Collector(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    statuses = []
    answer = b""

    def do_GET(self):
        show({"get": self.path})
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        seen = {"path": self.path, "type": self.headers["Content-Type"], "authorization": self.headers["Authorization"],
                "encoding": self.headers["Content-Encoding"], "agent": self.headers["User-Agent"]}
        answer = self.statuses.pop(0) if self.statuses else "200"
        status, _, after = answer.partition(":")
        if self.headers["Content-Type"] == "application/x-thrift":
            self.thrift(body, seen)
        else:
            self.otlp(body, seen)
        if status == "slow":
            time.sleep(3600)
        reply = b""
        if status == "partial":
            from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
            partial = trace_service_pb2.ExportTraceServiceResponse()
            partial.partial_success.rejected_spans = int(after)
            partial.partial_success.error_message = "too many"
            status, after, reply = "200", "", partial.SerializeToString()
        kind = "application/x-protobuf"
        if status == "json":
            kind, reply = "application/json", json.dumps(
                {"partialSuccess": {"rejectedSpans": int(after), "errorMessage": "too many"}}).encode()
            status, after = "200", ""
        self.send_response(int(status))
        if after:
            self.send_header("Retry-After", after)
        if status.startswith("3"):
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def otlp(self, body, seen):
        from google.protobuf import json_format
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

        request = trace_service_pb2.ExportTraceServiceRequest()
        if seen["type"] == "application/json":
            # protobuf's own JSON has ids in base64, OTLP's in hexadecimal digits
            document = json.loads(body)
            for resource in document["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    for span in scope["spans"]:
                        for owner in [span] + span.get("links", []):
                            for key in ("traceId", "spanId", "parentSpanId"):
                                if key in owner:
                                    owner[key] = base64.b64encode(bytes.fromhex(owner[key])).decode()
            json_format.ParseDict(document, request)
        else:
            request.ParseFromString(body)
        show(dict(seen, request=json_format.MessageToDict(request)))

    def thrift(self, body, seen):
        from jaeger_client.thrift_gen.jaeger.ttypes import Batch
        from thrift.protocol.TBinaryProtocol import TBinaryProtocol
        from thrift.transport.TTransport import TMemoryBuffer

        thrift = Batch()
        thrift.read(TBinaryProtocol(TMemoryBuffer(body)))
        batch(thrift, **seen)

    def log_message(self, *arguments):
        pass


def collector(statuses, answer=""):
    Collector.statuses = statuses
    Collector.answer = answer.encode()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    show({"port": server.server_address[1]})
    server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "agent":
        agent()
    elif sys.argv[1] == "answer":
        collector([], sys.argv[2])
    else:
        collector(sys.argv[2:])
