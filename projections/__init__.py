"""What was recorded, arranged for reading: one read model a file, all droppable."""
