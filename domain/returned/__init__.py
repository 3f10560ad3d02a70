"""The files in which the bank or the payroll system tells what was paid."""
