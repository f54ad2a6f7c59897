"""The budgets file: YAML checked where it is written, exact JSON read where it is used."""
