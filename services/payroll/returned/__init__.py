"""The return file: what the payroll system or the bank says was paid, held against what was to be paid."""
