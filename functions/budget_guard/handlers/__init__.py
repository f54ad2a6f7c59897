"""The Lambda functions: parse the event, call the use case, log, count."""
