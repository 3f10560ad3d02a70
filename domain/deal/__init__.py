"""How far a deal has come."""
