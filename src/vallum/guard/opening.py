"""What a guard does to the logs of its process: every record is secured, and in production they are JSON lines."""

from vallum.guard.policy import GuardPolicy


def open_process(policy: GuardPolicy) -> None:
    """What every guard does when it is built: secure the logs, and tell which protections the policy weakens."""
    from vallum.guard.configuration.weakenings import announce_weakenings  # noqa: PLC0415 - importing stays light

    open_logs(policy)
    announce_weakenings(policy)


def open_logs(policy: GuardPolicy) -> None:
    """Mask the policy's secrets and secure all records; set the logs up where production has no handler of its own."""
    import logging  # noqa: PLC0415 - with the first guard that is built, so that importing it stays light

    from vallum.guard.logging.records import guard_records  # noqa: PLC0415 - as above
    from vallum.guard.logging.redaction import hide_secrets  # noqa: PLC0415 - as above

    hide_secrets(*policy.secrets)
    guard_records()
    if policy.is_production and not logging.getLogger().handlers:
        from vallum.guard.logging.setup import set_up_logs  # noqa: PLC0415 - only where it is needed

        set_up_logs()
