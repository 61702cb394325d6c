"""All settings, typed and documented; a wrong one stops the process with one line.

Values come from the environment, then from `.env` in the working folder. `NAME_FILE` names a file that holds the
value of `NAME`. Every name of the first contract keeps working; igfleet's own names are added.
"""

import os
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import (
    AliasChoices,
    Field,
    HttpUrl,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from igfleet.errors import SetupError
from igfleet.setting_sources import FromFiles, names_of
from igfleet.setting_values import (
    DEFAULT_BUDGETS,
    Addresses,
    Ages,
    Budgets,
    MailAddress,
    MailServerAddress,
    MailServers,
    PostgresAddress,
    ProxyAddress,
    Seconds,
    ShortName,
    Token,
    Wait,
    WebAddress,
    Words,
    shown,
)

_SHORTEST_LEASE = timedelta(seconds=2)
"""A permit keeps a second of it."""


class Settings(BaseSettings):
    """What both roles know."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("igfleet", appauthor=False)),
        validation_alias="IGFLEET_DATA_DIR",
        description="Folder of the embedded database, media and keys.",
    )
    mode: Literal["sandbox", "live"] = Field(
        "sandbox",
        validation_alias="IGFLEET_MODE",
        description="sandbox: nothing ever leaves this machine. live: it does.",
    )
    egress_proxy: ProxyAddress | None = Field(
        None, validation_alias="EGRESS_PROXY", description="Proxy of accounts that have none of their own."
    )
    egress_ca_file: Path | None = Field(
        None, validation_alias="EGRESS_CA_FILE", description="PEM file with a CA to trust besides the public ones."
    )
    require_proxy: bool = Field(
        True, validation_alias="REQUIRE_PROXY", description="Refuse to run an account without any proxy."
    )
    private_networks: Words = Field(
        (),
        validation_alias="PRIVATE_NETWORKS",
        description="Private networks in which proxies, receivers of webhooks and mail servers may stand (CIDR list).",
    )
    verify_ssl: bool = Field(
        True, validation_alias="VERIFY_SSL", description="Check certificates between ui and worker."
    )
    log_format: Literal["text", "json"] = Field(
        "text", validation_alias="LOG_FORMAT", description="How logs are written."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", validation_alias="LOG_LEVEL", description="The least level that is logged."
    )
    metrics_token: Token | None = Field(
        None, validation_alias="METRICS_TOKEN", description="Who sends it may read /metrics; without it nobody may."
    )
    ffmpeg: str | None = Field(None, validation_alias="IGFLEET_FFMPEG", description="Path of ffmpeg.")
    chromium: str | None = Field(None, validation_alias="IGFLEET_CHROMIUM", description="Path of the browser.")

    @field_validator("private_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network)
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        if "\0" in str(value):
            raise ValueError("contains a zero byte")
        return value.expanduser().absolute()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, FromFiles(settings_cls), dotenv_settings

    @property
    def is_live(self) -> bool:
        return self.mode == "live"


class UiSettings(Settings):
    """Settings of `serve --role ui` and of the commands that work on the database."""

    database_url: PostgresAddress | None = Field(
        None, validation_alias="DATABASE_URL", description="PostgreSQL to use; without it the embedded one is started."
    )
    database_owner_url: PostgresAddress | None = Field(
        None,
        validation_alias="DATABASE_OWNER_URL",
        description="Owner of the tables, when DATABASE_URL is a role that cannot change the audit (igfleet db role).",
    )
    secret_key: SecretStr | None = Field(
        None, validation_alias="SECRET_KEY", description="Signs forms. Made and kept in the data folder when not given."
    )
    master_key: SecretStr | None = Field(
        None,
        validation_alias="MASTER_KEY",
        description="32 bytes in base64 that wrap all account keys. Made and kept in the data folder when not given.",
    )
    master_keys_before: SecretStr | None = Field(
        None,
        validation_alias="MASTER_KEYS_BEFORE",
        description="Earlier master keys, with commas between, until `igfleet keys rotate` is through.",
    )
    debug: bool = Field(False, validation_alias="DEBUG", description="Show traces on error pages. Never in production.")
    allowed_hosts: Words = Field((), validation_alias="ALLOWED_HOSTS", description="Host names that may be asked for.")
    worker_api_token: Token | None = Field(
        None, validation_alias="WORKER_API_TOKEN", description="Token shared by all workers and sent to them."
    )
    worker_pool: Addresses = Field(
        (),
        validation_alias=AliasChoices("WORKER_POOL", "WORKER_BASE_URL"),
        description="Addresses of the workers that are told at once when there is work.",
    )
    dispatch_batch_size: Annotated[int, Field(ge=1, le=1000)] = Field(
        5,
        validation_alias="DISPATCH_BATCH_SIZE",
        description="Account tasks per worker that one start call stands for.",
    )
    dispatch_concurrency: Annotated[int, Field(ge=1, le=100)] = Field(
        2, validation_alias="DISPATCH_CONCURRENCY", description="Start calls under way at once."
    )
    breakers: bool = Field(
        True, validation_alias="BREAKERS", description="Let rest what several accounts fail with; off: only tell."
    )
    aggregate_secrets: Literal["leased", "all", "never"] = Field(
        "leased", validation_alias="AGGREGATE_SECRETS", description="Which accounts' secrets an aggregate carries."
    )
    lease_length: Seconds = Field(
        timedelta(seconds=30),
        validation_alias="LEASE_LENGTH",
        description="Silence after which a worker loses its work.",
    )
    heartbeat_interval: Seconds = Field(
        timedelta(seconds=5), validation_alias="HEARTBEAT_INTERVAL_SECS", description="How often workers report."
    )
    commit_window: Seconds = Field(
        timedelta(seconds=20),
        validation_alias="COMMIT_WINDOW_SECS",
        description="Longest time one publish call may take.",
    )
    browser_commit_window: Seconds = Field(
        timedelta(minutes=5),
        validation_alias="BROWSER_COMMIT_WINDOW_SECS",
        description="The same for a browser, which uploads the video within it.",
    )
    reconcile_pause: Seconds = Field(
        timedelta(seconds=20), validation_alias="RECONCILE_PAUSE_SECS", description="Wait between readings of a doubt."
    )
    verify_after: Ages = Field(
        (timedelta(minutes=2), timedelta(hours=1), timedelta(days=1)),
        validation_alias="VERIFY_AFTER",
        description="Ages in seconds at which a published post is looked for again; empty: never.",
    )
    verify_again: Seconds = Field(
        timedelta(minutes=1),
        validation_alias="VERIFY_AGAIN_SECS",
        description="A post that was not seen is looked for once more after so long, before it counts as vanished.",
    )
    publish_budget_per_hour: Annotated[int, Field(ge=1)] = Field(
        10, validation_alias="PUBLISH_BUDGET_PER_HOUR", description="Posts an account may publish in an hour."
    )
    publish_budget_per_day: Annotated[int, Field(ge=1)] = Field(
        25, validation_alias="PUBLISH_BUDGET_PER_DAY", description="Posts an account may publish in 24 hours."
    )
    action_budgets: Budgets = Field(
        DEFAULT_BUDGETS,
        validation_alias="ACTION_BUDGETS",
        description="What an account may do besides publishing, per hour/per day: like=30/150, follow=15/60, …",
    )
    caption_max_chars: Annotated[int, Field(ge=1)] = Field(
        2200, validation_alias="CAPTION_MAX_CHARS", description="Instagram's limit for a caption, as of 2026."
    )
    caption_max_hashtags: Annotated[int, Field(ge=1)] = Field(
        30, validation_alias="CAPTION_MAX_HASHTAGS", description="Instagram's limit for hashtags, as of 2026."
    )
    media_max_bytes: Annotated[int, Field(ge=1)] = Field(
        1024**3, validation_alias="MEDIA_MAX_BYTES", description="Largest file that the library takes."
    )
    media_quota_bytes: Annotated[int, Field(ge=1)] = Field(
        50 * 1024**3, validation_alias="MEDIA_QUOTA_BYTES", description="Largest size of the whole library."
    )
    evidence_quota_bytes: Annotated[int, Field(ge=1)] = Field(
        2 * 1024**3,
        validation_alias="EVIDENCE_QUOTA_BYTES",
        description="Largest size of all screenshots and traces of failed runs; the oldest leave first.",
    )
    sandbox_url: WebAddress | None = Field(
        None, validation_alias="SANDBOX_URL", description="Control address of the sandbox: simulated posts link to it."
    )
    public_url: WebAddress = Field(
        "", validation_alias="PUBLIC_URL", description="Address of the dashboard, for links in mails."
    )
    smtp_url: MailServerAddress | None = Field(
        None,
        validation_alias="SMTP_URL",
        description="Server that takes mails to people: smtp:// (STARTTLS) or smtps://, with user and password.",
    )
    mail_from: MailAddress = Field(
        "igfleet@localhost", validation_alias="MAIL_FROM", description="Address that mails to people come from."
    )
    require_second_factor: Literal["nobody", "admins", "all"] = Field(
        "nobody", validation_alias="REQUIRE_SECOND_FACTOR", description="Who sets up a second factor before all else."
    )
    session_idle: Seconds = Field(
        timedelta(minutes=30),
        validation_alias="SESSION_IDLE_SECS",
        description="Sign-out after so long without a click.",
    )
    session_longest: Seconds = Field(
        timedelta(hours=12), validation_alias="SESSION_LONGEST_SECS", description="Sign-out in any case after so long."
    )

    @field_validator("database_url", "database_owner_url", "smtp_url")
    @classmethod
    def _given(cls, value: SecretStr | None) -> SecretStr | None:
        """An empty one is none."""
        return value if value is not None and value.get_secret_value() else None

    @field_validator("lease_length")
    @classmethod
    def _long_enough(cls, value: timedelta) -> timedelta:
        if value < _SHORTEST_LEASE:
            raise ValueError(f"must be at least {_SHORTEST_LEASE.total_seconds():g} seconds")
        return value


class WorkerSettings(Settings):
    """Settings of `serve --role worker`."""

    ui_api_base: HttpUrl = Field(
        HttpUrl("http://127.0.0.1:8000"), validation_alias="UI_API_BASE", description="Address of the ui."
    )
    ui_api_token: Token = Field(
        SecretStr(""), validation_alias="UI_API_TOKEN", description="This worker's token, or the shared one."
    )
    worker_api_token: Token | None = Field(
        None,
        validation_alias="WORKER_API_TOKEN",
        description="Token that callers of the worker's own API must send; UI_API_TOKEN when not given.",
    )
    name: ShortName = Field(
        "", validation_alias="WORKER_NAME", description="Name of this worker; the host's name by default."
    )
    labels: Words = Field((), validation_alias="WORKER_LABELS", description="Words that tasks may ask for.")
    upload_method: Literal["instagrapi", "playwright"] = Field(
        "instagrapi", validation_alias="UPLOAD_METHOD", description="Method of tasks that name none."
    )
    slots: Annotated[int, Field(ge=1, le=1000)] = Field(
        2, validation_alias="CONCURRENCY_LIMIT", description="Account tasks run at once."
    )
    batch_size: Annotated[int, Field(ge=1, le=100)] = Field(
        2, validation_alias="BATCH_SIZE", description="Account tasks leased by one call."
    )
    headless: bool = Field(True, validation_alias="HEADLESS", description="Run the browser without a window.")
    visible_browser: bool = Field(False, validation_alias="VISIBLE_BROWSER", description="Show the browser's window.")
    request_timeout: Seconds = Field(
        timedelta(seconds=60), validation_alias="REQUEST_TIMEOUT_SECS", description="Limit of one call to the ui."
    )
    media_dir: Path | None = Field(
        None,
        validation_alias="MEDIA_TEMP_DIR",
        description="Folder of downloaded media; in the data folder by default.",
    )
    media_cache_bytes: Annotated[int, Field(ge=0)] = Field(
        5 * 1024**3, validation_alias="MEDIA_CACHE_BYTES", description="Downloaded media kept at most."
    )
    disk_reserve_bytes: Annotated[int, Field(ge=0)] = Field(
        256 * 1024**2, validation_alias="DISK_RESERVE_BYTES", description="Free space below which nothing is leased."
    )
    drain_timeout: Seconds = Field(
        timedelta(seconds=60), validation_alias="DRAIN_TIMEOUT_SECS", description="Time that runs get to end at a stop."
    )
    proxy_slow_threshold: Seconds = Field(
        timedelta(seconds=3),
        validation_alias="PROXY_SLOW_THRESHOLD",
        description="A proxy whose requests take longer than so many seconds is slow.",
    )
    proxy_echo_endpoints: Addresses = Field(
        (HttpUrl("https://api.ipify.org/"), HttpUrl("https://icanhazip.com/"), HttpUrl("https://ifconfig.me/ip")),
        validation_alias="PROXY_ECHO_ENDPOINTS",
        description="Addresses that answer with the caller's IP; checks of proxies ask the first that works.",
    )
    geoip_file: Path | None = Field(
        None,
        validation_alias="GEOIP_FILE",
        description="GeoIP database in MaxMind's format: tells the country of a proxy's exit.",
    )
    mailbox_servers: MailServers = Field(
        default_factory=dict,
        validation_alias="MAILBOX_SERVERS",
        description="IMAP servers of the accounts' own mailboxes, as in example.com=imap.example.com:993/tls, "
        "*=mail.{domain}:143/starttls. Without one, no mailbox is read.",
    )
    mailbox_senders: Words = Field(
        ("instagram.com", "facebookmail.com"),
        validation_alias="MAILBOX_SENDERS",
        description="Domains of senders whose mails may carry a code.",
    )
    mailbox_via_proxy: bool = Field(
        False,
        validation_alias="MAILBOX_VIA_PROXY",
        description="Read an account's mailbox through the account's proxy, which must let IMAP through.",
    )
    mailbox_wait: Wait = Field(
        timedelta(seconds=60),
        validation_alias="MAILBOX_WAIT_SECS",
        description="How long a mailed code is waited for; 0: one look.",
    )
    challenge_wait: Wait = Field(
        timedelta(seconds=120),
        validation_alias="CHALLENGE_WAIT_SECS",
        description="How long a run keeps its slot for a person to enter a code; after it a later run goes on. 0: not.",
    )
    dolphin_api_host: HttpUrl | None = Field(
        None,
        validation_alias="DOLPHIN_API_HOST",
        description="Local address of Dolphin Anty; without it, no task by its profiles is taken.",
    )
    dolphin_api_token: SecretStr | None = Field(
        None, validation_alias="DOLPHIN_API_TOKEN", description="Token of Dolphin Anty."
    )


def make_data_dir(settings: Settings) -> None:
    """Make the data folder, or see that it can be used. Raises `SetupError`."""
    folder = settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"IGFLEET_DATA_DIR: cannot use {folder}: {error.strerror}. Name another folder.") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SetupError(f"IGFLEET_DATA_DIR: {folder} cannot be written by this user. Name another folder.")


def load[S: Settings](kind: type[S], **given: object) -> S:
    """The settings from the environment; `given` (by variable name) win. Raises `SetupError` with one line."""
    try:
        return kind(**given)  # type: ignore[arg-type]  # pydantic checks the values
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        variable = str(first["loc"][0]) if first["loc"] else "settings"
        raise SetupError(
            f"{variable}: {first['msg'].removeprefix('Value error, ')}. {_example(kind, variable)}"
        ) from None
    except ValueError as error:
        raise SetupError(str(error)) from None


def _example(kind: type[Settings], variable: str) -> str:
    for field in kind.model_fields.values():
        if variable in names_of(field.validation_alias):
            default = field.get_default(call_default_factory=True)
            example = f" Example: {variable}={shown(default)}" if default not in (None, ()) else ""
            return f"{field.description}{example}"
    return ""
