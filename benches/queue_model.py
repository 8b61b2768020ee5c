"""Reckons how many jobs a second so many workers do, up to 1,000 of them, and what ends it first.

    python3 benches/queue_model.py                     as docs/operations.md shows it
    python3 benches/queue_model.py --database 4 ..     with other numbers of processors, slots, seconds of a job

A closed queueing network, solved exactly (mean value analysis; a station with many processors by Seidmann's
approximation): each slot is a customer that works on a job and then goes round the stations, because jobs
are always waiting. What workers ask even when idle, and what a running job asks each second, is taken off
the database. All demands are measured; `MEASURED` says how.
"""

import argparse
from dataclasses import dataclass

# Milliseconds of processor time for each job without work, in a burst of them (benches/queue.sh), fsync on.
# The last four by themselves, on the same machine.
MEASURED = {
    "database, per job": 3.2,  # accept, publish, claim, end
    "api, per job": 0.9,
    "worker, per job": 0.8,
    "broker, per job": 0.3,  # of a job that ends within a quarter of a second
    # A transaction that rings the bell (NOTIFY) holds PostgreSQL's lock of the queue of notifications until
    # it is on disk, so these go one after the other (pgbench, 8 clients). A job has two: accepted, ended.
    "ringing commit": 0.32,
    # One process publishes, and marks one hint after the other over one connection.
    "relay, per job": 0.6,
    # What the database spends on a worker that does nothing, each second: whether the leader's office is
    # free, a sign of life each 5 s (16 workers of 4 slots against one).
    "idle worker": 0.53,
    # And on a job that runs: whether it is to be cancelled, a renewed lease each 10 s (100 jobs that wait,
    # against none: HOLD_MS of crates/worker/benches/queue.rs).
    "running job": 0.37,
}
# Connections of the api; of a worker besides those of its slots; one of the leader.
API_CONNECTIONS, BESIDE = 16, 4
WORKERS = (1, 3, 10, 30, 100, 300, 1_000)


@dataclass
class Station:
    """Where all jobs pass: milliseconds of service each, and how many are served at once."""

    name: str
    demand: float
    servers: float = 1


@dataclass
class Installation:
    """Processors of each part, which have machines of their own; slots of a worker; how long a job works."""

    database: float
    api: float
    broker: float
    slots: int
    seconds: float


def connections(workers: int, slots: int) -> int:
    """The most that PostgreSQL has to hold."""
    return API_CONNECTIONS + workers * (slots + BESIDE) + 1


def stations(there: Installation, workers: int, running: float) -> list[Station]:
    """What a job passes, with what is left of the database beside everything that is asked of it anyway."""
    asked = MEASURED
    taken = (workers * asked["idle worker"] + running * asked["running job"]) / 1e3
    left = max(there.database - taken, 1e-6)
    return [
        Station("database", asked["database, per job"], left),
        Station("ringing commits", 2 * asked["ringing commit"]),
        Station("relay", asked["relay, per job"]),
        Station("api", asked["api, per job"], there.api),
        Station("broker", asked["broker, per job"], there.broker),
    ]


def throughput(there: Installation, workers: int) -> tuple[float, str]:
    """Jobs a second, and what they wait for most."""
    slots = workers * there.slots
    rate, running = 0.0, float(slots)
    # How many jobs run depends on how fast they come, and how much the database has left on how many run.
    for _ in range(50):
        passed = stations(there, workers, running)
        rate = solved(passed, slots, there.seconds * 1e3 + MEASURED["worker, per job"])
        now = min(slots, rate * there.seconds)
        if abs(now - running) < 0.01:
            break
        running = (running + now) / 2
    busiest = max(passed, key=lambda station: station.demand / station.servers)
    used = rate / 1e3 * busiest.demand / busiest.servers
    name = busiest.name if used > 0.8 else "slots"
    return rate, name


def solved(passed: list[Station], customers: int, elsewhere: float) -> float:
    """Customers a second, by mean value analysis; `elsewhere` is what takes no turns, in milliseconds."""
    # Seidmann: many servers are one that is as fast as all, and the rest of the time is waited for nobody.
    demands = [station.demand / station.servers for station in passed]
    alone = sum(
        station.demand - demand
        for station, demand in zip(passed, demands, strict=True)
        if station.servers > 1
    )
    lengths = [0.0] * len(passed)
    rate = 0.0
    for customer in range(1, customers + 1):
        times = [demand * (1 + length) for demand, length in zip(demands, lengths, strict=True)]
        rate = customer / (elsewhere + alone + sum(times))
        lengths = [rate * time for time in times]
    return rate * 1e3


def most(there: Installation) -> str:
    """What each part could do by itself, the slowest first."""
    parts = sorted(stations(there, 0, 0), key=lambda station: station.servers / station.demand)
    return ", ".join(f"{part.name} {part.servers / part.demand * 1e3:,.0f}" for part in parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", type=float, nargs="+", default=[2, 16], help="processors of PostgreSQL")
    parser.add_argument("--api", type=float, default=4, help="processors of all apis")
    parser.add_argument("--broker", type=float, default=4, help="processors of RabbitMQ")
    parser.add_argument("--slots", type=int, default=4, help="slots of a worker")
    parser.add_argument(
        "--seconds", type=float, nargs="+", default=[0.05, 1, 60], help="how long a job works"
    )
    parser.add_argument("--max-connections", type=int, default=100, help="PostgreSQL's setting")
    args = parser.parse_args()
    all_of_them = [
        Installation(database, args.api, args.broker, args.slots, seconds)
        for database in args.database
        for seconds in args.seconds
    ]
    for database in args.database:
        there = Installation(database, args.api, args.broker, args.slots, 0)
        print(f"PostgreSQL with {database:g} processors. Jobs a second at most: {most(there)}")
    print("\nJobs a second, and what they wait for most:\n")
    heads = [f"{one.database:g} processors, jobs of {one.seconds:g} s" for one in all_of_them]
    print("| workers | connections | " + " | ".join(heads) + " |")
    print("|---|---|" + "---|" * len(heads))
    for workers in WORKERS:
        cells = []
        for one in all_of_them:
            rate, name = throughput(one, workers)
            cells.append(f"{rate:,.0f} {name}" if rate >= 10 else f"{rate:.1f} {name}")
        print(f"| {workers:,} | {connections(workers, args.slots):,} | " + " | ".join(cells) + " |")
    print()
    fit = (args.max_connections - API_CONNECTIONS - 1) // (args.slots + BESIDE)
    print(
        f"First of all come the connections: max_connections = {args.max_connections} is enough for {fit} workers."
    )


if __name__ == "__main__":
    main()
