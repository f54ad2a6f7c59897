"""The deployment of Budget Guard: one CDK stack, its settings and its asset."""
