"""Measures the least that PostgreSQL and RabbitMQ take for a job; benches/queue_floor.sh starts it."""

import os
import subprocess
import sys
from pathlib import Path

import pika

BATCH = 50
CLIENTS = 16
UNDER_WAY = 200


def processor_seconds(root: int) -> float:
    """What a process and those that it has started have used, and those of them that have ended (proc(5))."""
    total = 0.0
    for about_it in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = about_it.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if root in (int(about_it.parent.name), int(fields[1])):
            total += sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return total


def database(script: Path, url: str, pid: int, jobs: int, each: int) -> float:
    """Milliseconds for a job; each transaction is for so many."""
    clients = CLIENTS if each == 1 else 1
    command = ["pgbench", "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=1", "--define=n=1"]
    command += [f"--transactions={jobs // each // clients}", f"--file={script}", url]
    before = processor_seconds(pid)
    subprocess.run(command, check=True, capture_output=True)
    return (processor_seconds(pid) - before) * 1e3 / jobs


def broker(url: str, pid: int, jobs: int) -> float:
    """Milliseconds for a message."""
    sent = confirmed = got = 0
    before = 0.0
    properties = pika.BasicProperties(delivery_mode=2, content_type="application/json")
    message = b'{"v":1,"job_id":"01934f6e-7d1e-7cc2-a1f1-0123456789ab","epoch":0,"traceparent":null}'
    queue = "floor"

    def opened(channel) -> None:
        def on() -> None:
            nonlocal sent
            while sent < jobs and sent - min(confirmed, got) < UNDER_WAY:
                channel.basic_publish("", queue, message, properties, mandatory=True)
                sent += 1
            if min(confirmed, got) == jobs:
                channel.connection.close()

        def confirm(frame) -> None:
            nonlocal confirmed
            confirmed = frame.method.delivery_tag if frame.method.multiple else confirmed + 1
            on()

        def deliver(_, method, __, ___) -> None:
            nonlocal got
            got += 1
            channel.basic_ack(method.delivery_tag)
            on()

        def begin(_) -> None:
            nonlocal before
            before = processor_seconds(pid)
            on()

        channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
        channel.confirm_delivery(confirm)
        channel.basic_qos(prefetch_count=UNDER_WAY)
        channel.basic_consume(queue, deliver, callback=begin)

    connection = pika.SelectConnection(
        pika.URLParameters(url),
        on_open_callback=lambda made: made.channel(on_open_callback=opened),
        on_close_callback=lambda made, _: made.ioloop.stop(),
    )
    connection.ioloop.start()
    return (processor_seconds(pid) - before) * 1e3 / jobs


def main() -> None:
    jobs, scripts = int(sys.argv[1]), Path(sys.argv[2])
    (postgres, postgres_url), (rabbitmq, rabbitmq_url) = sys.argv[3:5], sys.argv[5:7]
    postmaster = int((Path(postgres) / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
    steps = {"accept": 1, "publish": BATCH, "claim": BATCH, "end": BATCH}
    taken = {
        f"PostgreSQL, {name}": database(scripts / name, postgres_url, postmaster, jobs, each)
        for name, each in steps.items()
    }
    taken["RabbitMQ"] = broker(rabbitmq_url, int((Path(rabbitmq) / "pid").read_text()), jobs)
    for name, milliseconds in taken.items():
        print(f"{name:24}{milliseconds:8.3f} ms")
    print(f"{'together':24}{sum(taken.values()):8.3f} ms")


if __name__ == "__main__":
    main()
