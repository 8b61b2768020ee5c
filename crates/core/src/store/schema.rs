//! The tables as diesel sees them; both databases have the same ones (`migrations/`).

diesel::table! {
    tenants (id) {
        id -> Text,
        name -> Text,
        weight -> Integer,
        max_running -> Nullable<Integer>,
        created_at -> BigInt,
    }
}

diesel::table! {
    users (tenant_id, id) {
        tenant_id -> Text,
        id -> Text,
        issuer -> Text,
        subject -> Text,
        display_name -> Nullable<Text>,
        created_at -> BigInt,
        seen_at -> BigInt,
        account_id -> Nullable<Text>,
    }
}

diesel::table! {
    accounts (id) {
        id -> Text,
        kind -> Text,
        username -> Text,
        display_name -> Nullable<Text>,
        email -> Nullable<Text>,
        active -> Bool,
        created_at -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    identities (id) {
        id -> Text,
        issuer -> Text,
        subject -> Text,
        account_id -> Text,
        id_key -> Text,
        sub -> Text,
        created_at -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    sessions (hash) {
        hash -> Text,
        account_id -> Text,
        issuer -> Text,
        sub -> Text,
        sid -> Nullable<Text>,
        principal -> Text,
        sealed -> Text,
        renew_at -> BigInt,
        renewing_until -> BigInt,
        created_at -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    tickets (hash) {
        hash -> Text,
        account_id -> Text,
        path -> Text,
        principal -> Text,
        session_id -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    login_attempts (state_hash) {
        state_hash -> Text,
        browser_hash -> Text,
        nonce -> Text,
        pkce_verifier -> Text,
        next -> Text,
        account_id -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    revocations (issuer, what, name) {
        issuer -> Text,
        what -> Text,
        name -> Text,
        at -> BigInt,
        until -> BigInt,
    }
}

diesel::table! {
    audit (id) {
        id -> Text,
        at -> BigInt,
        event -> Text,
        account_id -> Nullable<Text>,
        issuer -> Nullable<Text>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    jobs (id) {
        id -> Text,
        tenant_id -> Text,
        kind -> Text,
        class -> Text,
        priority -> Integer,
        payload -> Text,
        traceparent -> Nullable<Text>,
        created_by -> Text,
        created_at -> BigInt,
        state -> Text,
        epoch -> BigInt,
        attempt -> Integer,
        max_attempts -> Integer,
        crashes -> Integer,
        run_at -> BigInt,
        dispatched_at -> Nullable<BigInt>,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<BigInt>,
        cancel_requested -> Bool,
        started_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
        checkpoint -> Nullable<Text>,
        progress -> Nullable<Text>,
        outcome -> Nullable<Text>,
        failure -> Nullable<Text>,
        events -> BigInt,
    }
}

diesel::table! {
    job_events (job_id, seq) {
        job_id -> Text,
        seq -> BigInt,
        tenant_id -> Text,
        epoch -> BigInt,
        kind -> Text,
        body -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    outbox (job_id) {
        job_id -> Text,
        tenant_id -> Text,
        class -> Text,
        priority -> Integer,
        epoch -> BigInt,
        due_at -> BigInt,
        tries -> Integer,
    }
}

diesel::table! {
    turns (class, tenant_id) {
        class -> Text,
        tenant_id -> Text,
        started -> BigInt,
        finished -> BigInt,
    }
}

diesel::table! {
    worker_slots (worker, class) {
        worker -> Text,
        class -> Text,
        slots -> Integer,
        seen_at -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (tenant_id, route, idem_key) {
        tenant_id -> Text,
        route -> Text,
        idem_key -> Text,
        body_sha256 -> Text,
        job_id -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    answers (tenant_id, route, idem_key) {
        tenant_id -> Text,
        route -> Text,
        idem_key -> Text,
        body_sha256 -> Text,
        status -> Integer,
        location -> Nullable<Text>,
        body -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    blobs (tenant_id, id) {
        tenant_id -> Text,
        id -> Text,
        object_key -> Text,
        bytes -> BigInt,
        sha256 -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    outputs (tenant_id, job_id, part, chunk) {
        tenant_id -> Text,
        job_id -> Text,
        part -> Text,
        chunk -> BigInt,
        epoch -> BigInt,
        blob_id -> Text,
        row_count -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    sources (tenant_id, id) {
        tenant_id -> Text,
        id -> Text,
        name -> Text,
        created_by -> Text,
        created_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    source_versions (tenant_id, id) {
        tenant_id -> Text,
        id -> Text,
        source_id -> Text,
        number -> Integer,
        file_name -> Text,
        blob_id -> Nullable<Text>,
        decisions -> Text,
        profile_blob_id -> Nullable<Text>,
        created_by -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    targets (tenant_id, id) {
        tenant_id -> Text,
        id -> Text,
        name -> Text,
        created_by -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    target_versions (tenant_id, id) {
        tenant_id -> Text,
        id -> Text,
        target_id -> Text,
        number -> Integer,
        body -> Text,
        sha256 -> Text,
        created_by -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    mappings (tenant_id, id) {
        tenant_id -> Text,
        id -> Text,
        name -> Text,
        created_by -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    mapping_versions (tenant_id, id) {
        tenant_id -> Text,
        id -> Text,
        mapping_id -> Text,
        number -> Integer,
        source_version_id -> Text,
        target_version_id -> Text,
        body -> Text,
        sha256 -> Text,
        created_by -> Text,
        created_at -> BigInt,
        approved_by -> Nullable<Text>,
        approved_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    mapping_decisions (tenant_id, id) {
        tenant_id -> Text,
        id -> Text,
        mapping_version_id -> Text,
        field -> Text,
        verdict -> Text,
        rule -> Text,
        note -> Nullable<Text>,
        decided_by -> Text,
        decided_at -> BigInt,
    }
}

diesel::table! {
    runs (tenant_id, id) {
        tenant_id -> Text,
        id -> Text,
        job_id -> Text,
        mapping_version_id -> Text,
        source_version_id -> Text,
        format -> Text,
        max_rejects -> BigInt,
        created_by -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    memory_decisions (tenant_id, id) {
        tenant_id -> Text,
        id -> Text,
        target_name -> Text,
        field -> Text,
        source_column -> Text,
        verdict -> Text,
        rule -> Text,
        decided_by -> Text,
        decided_at -> BigInt,
        source_file -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    answers,
    audit,
    blobs,
    idempotency_keys,
    identities,
    job_events,
    jobs,
    login_attempts,
    mapping_decisions,
    mapping_versions,
    mappings,
    memory_decisions,
    outbox,
    outputs,
    revocations,
    runs,
    sessions,
    source_versions,
    sources,
    target_versions,
    targets,
    tenants,
    tickets,
    turns,
    users,
    worker_slots,
);
