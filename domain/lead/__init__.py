"""Who might become a customer, and what it takes to become one."""
