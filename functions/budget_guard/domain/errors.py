"""Every error of the guard.

GuardError
├── SettingsError            the deployment lacks something, or has it in the wrong form
│   ├── ManagementKeyError   no management key, a wrong kind of key, a revoked one, or an IP allowlist
│   └── BudgetsFileError     the budgets file has problems; all of them are listed
├── ProviderError            OpenRouter
│   ├── ProviderUnavailable  429, 5xx, time-out, broken connection: may work later
│   ├── ProviderRejected     a refusal for good: 400, 402, 403, 409
│   │   └── LivesTooLong     of a key that outlives the account's maximum
│   ├── KeyGone              404: there is no such key (any more)
│   └── ProviderConfusing    an answer that does not have the documented form
├── LedgerError              DynamoDB
│   ├── LedgerUnavailable    throttled or down after the SDK's own retries
│   ├── LeaseLost            another run holds the lease, or this run's has ended
│   └── WishReplaced         what this run was about to bring about is no longer wanted
├── NotifierError            SNS took no message
├── QueueError               SQS
├── VaultError               Secrets Manager
│   └── SecretGone           the secret was deleted, or is about to be
├── RotationPutOff           a key cannot be rotated as it is now
├── RotationFailed           a rotation was taken back
└── RequestError             a person's command asks for what cannot be
    └── NameTaken            another key under rotation has the name that it is for
"""


class GuardError(Exception):
    """What happened, to which object, and what the guard did about it, in one sentence or two."""


class SettingsError(GuardError):
    """The deployment lacks something, or has it in the wrong form."""


class ManagementKeyError(SettingsError):
    """The management key is missing, of the wrong kind, revoked, or not allowed from here."""


class BudgetsFileError(SettingsError):
    """The budgets file cannot be used; the message lists every problem with its place."""


class ProviderError(GuardError):
    """OpenRouter did not do what it was asked."""


class ProviderUnavailable(ProviderError):
    """OpenRouter cannot answer now (429, 5xx, time-out, broken connection)."""


class ProviderRejected(ProviderError):
    """OpenRouter refuses this request for good; `status` is the HTTP status."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class LivesTooLong(ProviderRejected):
    """OpenRouter makes no such key: the account has a maximum lifetime for keys."""


class KeyGone(ProviderError):
    """OpenRouter answers 404: the key was deleted."""


class ProviderConfusing(ProviderError):
    """OpenRouter's answer does not have the documented form; nothing was concluded from it."""


class LedgerError(GuardError):
    """The ledger did not do what it was asked."""


class LedgerUnavailable(LedgerError):
    """DynamoDB throttles or is down; nothing half-done counts."""


class LeaseLost(LedgerError):
    """Another run holds the lease, or this run's has ended: it changes nothing more."""


class WishReplaced(LedgerError):
    """The wish that a run acts on is no longer in the ledger as it was; nothing was sent."""


class NotifierError(GuardError):
    """SNS took no message; the alert stays pending and goes with the next run."""


class QueueError(GuardError):
    """SQS did not do what it was asked; messages that were not dealt with come again."""


class RequestError(GuardError):
    """A person's command asks for what cannot be; nothing was changed."""


class NameTaken(RequestError):
    """The successors of two keys under rotation would have the same names; nothing was changed."""


class VaultError(GuardError):
    """Secrets Manager did not do what it was asked; no secret is in the message."""


class SecretGone(VaultError):
    """The secret was deleted, or is scheduled to be: nobody can read it."""


class RotationPutOff(GuardError):
    """A key cannot be rotated as it is now; nothing was made, and what was lowered is given back."""


class RotationFailed(GuardError):
    """A rotation was taken back: the old key is in use as before."""
