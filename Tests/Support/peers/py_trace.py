#!/usr/bin/env python3
"""A trace that begins in Python and comes back to it, with jaeger-client's own tracer and codecs.

  py_trace.py send --topic T --carrier C   sends a task of dice.DiceLaunch in a span, whose context travels as C says: headers
                                           (a Kafka header uber-trace-id, by confluent-kafka), tracing or parent-span (in the
                                           message's metadata, by kser's producer); prints the span
  py_trace.py read --topic R               reads an answer, starts a child of what its headers carry, and one of what its
                                           metadata carry; prints the spans and the metadata
"""
import argparse
import json
import os
import sys
import tempfile
import time
from uuid import uuid4

ap = argparse.ArgumentParser()
ap.add_argument("command", choices=["send", "read"])
ap.add_argument("--bootstrap", required=True)
ap.add_argument("--topic", required=True)
ap.add_argument("--carrier", choices=["headers", "tracing", "parent-span"])
args = ap.parse_args()
if "LOCK_PATH" not in os.environ:
    os.environ["LOCK_PATH"] = tempfile.mkdtemp(prefix="kser-")

from jaeger_client import ConstSampler, SpanContext, Tracer  # noqa: E402
from jaeger_client.reporter import InMemoryReporter          # noqa: E402
from kser.schemas import Message                             # noqa: E402
from opentracing import Format                               # noqa: E402

tracer = Tracer("python", reporter=InMemoryReporter(), sampler=ConstSampler(True))


def shown(span):
    return {"trace": "%x" % span.trace_id, "span": "%x" % span.span_id, "parent": "%x" % (span.parent_id or 0)}


if args.command == "send":
    from confluent_kafka import Producer as Client
    from kser.confluent.producer import Producer
    message = Message(uuid=str(uuid4()), entrypoint="dice.DiceLaunch")
    with tracer.start_span("python.play") as span:
        if args.carrier == "headers":
            headers = {}
            tracer.inject(span.context, Format.HTTP_HEADERS, headers)
            client = Client({"bootstrap.servers": args.bootstrap, "linger.ms": 0})
            client.produce(args.topic, message.dumps().encode("utf-8"), headers=list(headers.items()))
            client.flush()
        else:
            if args.carrier == "tracing":
                message.metadata["tracing"] = {"traceparent": "00-%032x-%016x-01" % (span.trace_id, span.span_id)}
            else:
                message.metadata["__parent-span__"] = {
                    "trace_id": span.trace_id, "span_id": span.span_id, "parent_id": None, "flags": span.flags,
                    "operation_name": span.operation_name, "start_time": span.start_time, "tags": {}}
            producer = Producer({"bootstrap.servers": args.bootstrap, "linger.ms": 0})
            if producer.send(args.topic, message).retcode != 0:
                sys.exit("not sent")
    print(json.dumps(shown(span)))
    sys.exit(0)

from confluent_kafka import Consumer  # noqa: E402

consumer = Consumer({"bootstrap.servers": args.bootstrap, "group.id": str(uuid4()),
                     "auto.offset.reset": "earliest", "enable.auto.commit": False})
consumer.subscribe([args.topic])
end = time.time() + 60
while time.time() < end:
    record = consumer.poll(0.5)
    if record is None:
        continue
    if record.error():
        sys.exit(str(record.error()))
    headers = {name: value.decode("utf-8") for name, value in record.headers() or []}
    metadata = Message.loads(record.value().decode("utf-8")).metadata
    seen = {"metadata": metadata,
            "headers": shown(tracer.start_span("python.read", child_of=tracer.extract(Format.HTTP_HEADERS, headers)))}
    if "tracing" in metadata:
        _, trace, parent, flags = metadata["tracing"]["traceparent"].split("-")
        context = SpanContext(int(trace, 16), int(parent, 16), None, int(flags, 16))
        seen["carrier"] = shown(tracer.start_span("python.read", child_of=context))
    elif "__parent-span__" in metadata:
        carrier = metadata["__parent-span__"]
        # As kser.tracing reads it: a field that is not there is an error.
        carrier["operation_name"], carrier["start_time"], carrier["tags"]
        context = SpanContext(carrier["trace_id"], carrier["span_id"], carrier["parent_id"], carrier["flags"])
        seen["carrier"] = shown(tracer.start_span("python.read", child_of=context))
    print(json.dumps(seen))
    consumer.close()
    sys.exit(0)
sys.exit("no answer in " + args.topic)
