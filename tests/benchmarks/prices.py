"""AWS's list prices in USD: eu-central-1 (Frankfurt), on demand, without the free tier.

Of the pages named, as noted in November 2026 (DynamoDB's since its reduction of November 2024).
They were not compared with the live pages: look again before you rely on a cent.
"""

PER_MILLION_READ_UNITS = 0.1525  # Amazon DynamoDB pricing for on-demand capacity
PER_MILLION_WRITE_UNITS = 0.7625  # Amazon DynamoDB pricing for on-demand capacity
PER_GB_SECOND = 0.0000133334  # AWS Lambda pricing, Arm
PER_MILLION_INVOCATIONS = 0.20  # AWS Lambda pricing
PER_MILLION_STARTS = 1.00  # Amazon EventBridge pricing, Scheduler
PER_METRIC = 0.30  # Amazon CloudWatch pricing, custom metrics, a month
PER_ALARM = 0.10  # Amazon CloudWatch pricing, standard resolution, a month
PER_DASHBOARD = 3.00  # Amazon CloudWatch pricing, a month (three are free in an account)
PER_GB_OF_LOGS = 0.63  # Amazon CloudWatch pricing, ingestion
PER_KEY = 1.00  # AWS KMS pricing, customer-managed, a month
PER_SECRET = 0.40  # AWS Secrets Manager pricing, a month
PER_10_000_SECRET_CALLS = 0.05  # AWS Secrets Manager pricing
