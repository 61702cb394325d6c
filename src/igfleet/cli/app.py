"""All commands, by noun."""

import typer

from igfleet.cli import (
    accounts,
    api_keys,
    audit,
    backups,
    breakers,
    captions,
    chaos,
    clients,
    databases,
    doctor,
    inbox,
    keys,
    kinds,
    media,
    methods,
    proxies,
    recurring,
    reports,
    sandbox,
    serve,
    settings,
    standstill,
    targets,
    tasks,
    users,
    webhooks,
    workers,
)
from igfleet.cli.exits import EPILOG

app = typer.Typer(
    help="Publish and care for fleets of Instagram accounts that you own or are authorised to manage.",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=EPILOG,
)
for module in (serve, sandbox, chaos, doctor, standstill, backups):
    module.add_to(app)
for name, nouns in {
    "accounts": accounts.app,
    "api-keys": api_keys.app,
    "audit": audit.app,
    "breakers": breakers.app,
    "captions": captions.app,
    "clients": clients.app,
    "db": databases.app,
    "keys": keys.app,
    "kinds": kinds.app,
    "inbox": inbox.app,
    "media": media.app,
    "methods": methods.app,
    "proxies": proxies.app,
    "recurring": recurring.app,
    "reports": reports.app,
    "settings": settings.app,
    "targets": targets.app,
    "tasks": tasks.app,
    "users": users.app,
    "webhooks": webhooks.app,
    "workers": workers.app,
}.items():
    app.add_typer(nouns, name=name)
