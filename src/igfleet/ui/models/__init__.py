"""The tables. One noun a file; queries and verbs stand beside the model they return."""

from igfleet.ui.models.account_tasks import AccountTask, LogEntry
from igfleet.ui.models.accounts import Account
from igfleet.ui.models.answers import KeptAnswer
from igfleet.ui.models.api_keys import ApiKey
from igfleet.ui.models.attempts import Attempt
from igfleet.ui.models.audit import AuditEntry, AuditSeal
from igfleet.ui.models.base import Base
from igfleet.ui.models.breakers import Breaker, Scope
from igfleet.ui.models.bulk import BulkJob, BulkState
from igfleet.ui.models.caption_sets import CaptionSet
from igfleet.ui.models.challenges import Challenge
from igfleet.ui.models.conversions import Conversion
from igfleet.ui.models.evidence import Evidence
from igfleet.ui.models.holds import Hold
from igfleet.ui.models.incidents import Incident
from igfleet.ui.models.mail import Mail, MailChoice, MailPace, Notice
from igfleet.ui.models.media import Media
from igfleet.ui.models.people import OneTimeToken, RecoveryCode, Role, SignInFailure, StagedImport, User, UserSession
from igfleet.ui.models.posts import Post, PostChange
from igfleet.ui.models.proxies import Proxy
from igfleet.ui.models.proxy_checks import ProxyCheckEntry
from igfleet.ui.models.receipts import Receipt
from igfleet.ui.models.recurring import Occurrence, RecurringTask
from igfleet.ui.models.saved_views import SavedView
from igfleet.ui.models.secrets import DataKey, SealedSecret
from igfleet.ui.models.setting_values import SettingValue
from igfleet.ui.models.spendings import ActionRest, Spending
from igfleet.ui.models.standstills import Standstill
from igfleet.ui.models.targets import Follow, Target, TargetLookUp
from igfleet.ui.models.tasks import Task, TaskMedia
from igfleet.ui.models.uploads import Upload
from igfleet.ui.models.verifications import Check, PostIncident
from igfleet.ui.models.webhooks import Delivery, DeliveryState, Webhook, WebhookEvent, WebhookFormat
from igfleet.ui.models.workers import LiveMethod, Worker, WorkerToken

__all__ = [
    "Account",
    "AccountTask",
    "ActionRest",
    "ApiKey",
    "Attempt",
    "AuditEntry",
    "AuditSeal",
    "Base",
    "Breaker",
    "BulkJob",
    "BulkState",
    "CaptionSet",
    "Challenge",
    "Check",
    "Conversion",
    "DataKey",
    "Delivery",
    "DeliveryState",
    "Evidence",
    "Follow",
    "Hold",
    "Incident",
    "KeptAnswer",
    "LiveMethod",
    "LogEntry",
    "Mail",
    "MailChoice",
    "MailPace",
    "Media",
    "Notice",
    "Occurrence",
    "OneTimeToken",
    "Post",
    "PostChange",
    "PostIncident",
    "Proxy",
    "ProxyCheckEntry",
    "Receipt",
    "RecoveryCode",
    "RecurringTask",
    "Role",
    "SavedView",
    "Scope",
    "SealedSecret",
    "SettingValue",
    "SignInFailure",
    "Spending",
    "StagedImport",
    "Standstill",
    "Target",
    "TargetLookUp",
    "Task",
    "TaskMedia",
    "Upload",
    "User",
    "UserSession",
    "Webhook",
    "WebhookEvent",
    "WebhookFormat",
    "Worker",
    "WorkerToken",
]
