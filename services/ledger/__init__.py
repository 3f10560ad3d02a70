"""The event store: commands come in, are judged, and their facts are recorded for ever."""
