"""The payroll run: periods closed once, statements that never change, files that finance can sign."""
