"""How a club meets: series, sessions, agendas, who takes which part, and the calendar that says so."""
