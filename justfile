# Shorthands; no command of the README needs `just` (PyPI: rust-just).

# Lists what there is.
default:
    @just --list

# Runs all tests, as CI does.
test:
    bash deploy/dev/test.sh

# Formats and lints.
lint:
    cargo fmt --all -- --check
    cargo fmt --manifest-path fuzz/Cargo.toml -- --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --all-features --no-deps

# Maps the README's example.
example:
    cargo run --release -- map examples/bank/umsaetze_2026-03.csv --to examples/bank/transaction.schema.json --accept 0.75 --max-rejects 2 -o target/example --force

# Serves pages and REST from `aimapper-data`.
serve:
    cargo run --release --features server -- serve

# Makes the tables of `aimapper-data`, or brings them up to date.
migrate:
    cargo run --release --features server -- migrate

# Compares the speed with DuckDB in the same run.
bench:
    bash benches/compare.sh

# Compares the job system with Celery over Redis in the same run. Then reckons how far it goes.
bench-queue:
    bash benches/queue.sh
    bash benches/queue_floor.sh
    python3 benches/queue_model.py

# Distils the table of word vectors again, and says whether it is still the same. Wants a Python with
# what training/requirements.txt lists (pip install --no-deps); takes about a minute and no network.
distill python="python3":
    {{python}} training/distill.py crates/core/src/matching/meaning | diff - training/checksums.txt
    {{python}} training/golden.py crates/core/src/matching/meaning
    {{python}} training/evaluate.py crates/core/src/matching/meaning

# Trains the weights of matching again from the cases of a folder. Wants what `distill` wants.
train cases python="python3":
    cargo run --release -- eval {{cases}} --features training/features.bin.gz
    {{python}} training/train.py training/features.bin.gz crates/core/src/matching/model/weights.json

# Fuzzes the reading and the check of tokens: each target so many seconds, all five one after the other.
fuzz seconds="300":
    bash fuzz/run.sh {{seconds}}

# Grows every file of the fault corpus to 20 MB, and asks for every row and for flat memory. Then kills
# a service 50 times in runs of a million rows, and asks for the same bytes; a storm of 200 faults over
# 2,000 jobs of api and workers apart; bounds on cancel, start and recovery. Needs PostgreSQL and RabbitMQ as
# deploy/dev/test.sh does, with their variables set.
faults:
    cargo test --release --workspace --all-features --test faults -- --ignored --nocapture every_large_file
    cargo test --release --workspace --all-features --test service -- --ignored --nocapture --test-threads 1

# Reads every CSV file below a folder with different threads and blocks: the same bytes have to come out.
same-bytes folder:
    AIMAPPER_CASES={{quote(absolute_path(folder))}} cargo test --release --workspace --all-features --test same_bytes -- --ignored --nocapture
