"""Rows from elsewhere as commands: files are read, rows become commands by a mapping, and every row that stays out is explained."""
