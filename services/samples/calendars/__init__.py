"""Working days that are shipped, as files; a policy holds a copy of the ones it counts by."""
