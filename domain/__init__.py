"""What can happen in a sales organisation, and what is allowed. Pure: no clock, no database, no environment."""
