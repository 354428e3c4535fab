#!/usr/bin/env python3
"""What the tests ask of the Python side beyond py_worker.py and py_producer.py, with the real kser and confluent-kafka.

  py_tasks.py send --topic T < lines          sends messages through kser's producer; a line is a JSON object with
                                              uuid, entrypoint, params and metadata; with --crypto they are sealed
                                              by kser-crypto (kafka-python only), key in KSER_SECRETBOX_KEY
  py_tasks.py results --topic T --count N     prints N result messages as kser reads them, JSON with sorted keys
  py_tasks.py create NAME:PARTITIONS …        creates topics
  py_tasks.py abort --topic T VALUE …         sends values in a transaction, waits until they are delivered and aborts it
  py_tasks.py open --topic T VALUE …          the same, but prints "open" and leaves the transaction open until it is killed
  py_tasks.py members --group G --count N     ends when the group is stable with N members that all hold partitions
"""
import argparse
import json
import os
import sys
import tempfile
import time
from uuid import uuid4

ap = argparse.ArgumentParser()
ap.add_argument("command", choices=["send", "results", "create", "abort", "open", "members"])
ap.add_argument("topics", nargs="*")
ap.add_argument("--bootstrap", required=True)
ap.add_argument("--topic")
ap.add_argument("--group")
ap.add_argument("--driver", choices=["confluent", "kafka-python"], default="confluent")
ap.add_argument("--crypto", action="store_true")
ap.add_argument("--count", type=int)
ap.add_argument("--timeout", type=float, default=60)
args = ap.parse_args()
end = time.time() + args.timeout
if "LOCK_PATH" not in os.environ:
    os.environ["LOCK_PATH"] = tempfile.mkdtemp(prefix="kser-")

if args.command == "send":
    from kser.schemas import Message
    if args.driver == "confluent":
        from kser.confluent.producer import Producer
        producer = Producer({"bootstrap.servers": args.bootstrap, "linger.ms": 0})
    elif args.crypto:
        from kser_crypto.python_kafka.producer import CryptoProducer
        producer = CryptoProducer({"bootstrap_servers": args.bootstrap})
    else:
        from kser.python_kafka.producer import Producer
        producer = Producer({"bootstrap_servers": args.bootstrap})
    failed = [line for line in sys.stdin if producer.send(args.topic, Message(**json.loads(line))).retcode != 0]
    sys.exit("not sent: {}".format(failed) if failed else 0)

if args.command in ("abort", "open"):
    from confluent_kafka import Producer as Client
    client = Client({"bootstrap.servers": args.bootstrap, "transactional.id": "abort-" + str(uuid4())})
    client.init_transactions(args.timeout)
    client.begin_transaction()
    for value in args.topics:
        client.produce(args.topic, value)
    left = client.flush(args.timeout)
    if args.command == "open":
        print("open", flush=True)
        time.sleep(args.timeout)
    client.abort_transaction(args.timeout)
    sys.exit("{} not delivered".format(left) if left else 0)

if args.command == "results":
    from confluent_kafka import Consumer
    from kser.schemas import Message
    consumer = Consumer({"bootstrap.servers": args.bootstrap, "group.id": "results-" + str(uuid4()),
                         "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.subscribe([args.topic])
    seen = 0
    while seen < args.count and time.time() < end:
        record = consumer.poll(0.5)
        if record is None:
            continue
        if record.error():
            sys.exit(str(record.error()))
        message = Message.loads(record.value().decode("utf-8"))
        print(json.dumps(json.loads(message.dumps()), sort_keys=True, ensure_ascii=False))
        seen += 1
    consumer.close()
    sys.exit(0 if seen == args.count else "{} of {} results in {}".format(seen, args.count, args.topic))

from confluent_kafka.admin import AdminClient, NewTopic  # noqa: E402
client = AdminClient({"bootstrap.servers": args.bootstrap})

if args.command == "create":
    topics = [topic.rsplit(":", 1) for topic in args.topics]
    for future in client.create_topics([NewTopic(name, int(count), 1) for name, count in topics]).values():
        future.result(timeout=args.timeout)

if args.command == "members":
    while True:
        group = client.describe_consumer_groups([args.group])[args.group].result(timeout=args.timeout)
        held = [len(member.assignment.topic_partitions) for member in group.members]
        if group.state.name == "STABLE" and len(held) == args.count and all(held):
            break
        if time.time() > end:
            sys.exit("group {} is {} with members that hold {}".format(args.group, group.state.name, held))
        time.sleep(0.02)
