"""The secrets of applications: the port `Vault`, in Secrets Manager and in this process."""
