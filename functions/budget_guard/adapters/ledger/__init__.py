"""The guard's memory: in DynamoDB, and in this process for tests and simulations."""
