"""Two subscribers that earn their keep: a live leaderboard, and a payroll that reckons for itself."""
