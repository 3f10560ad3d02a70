"""What readers of the events may count on, generated from the facts: JSON Schema, AsyncAPI, and what would break whom."""
