"""The operator's commands; not shipped to Lambda."""
