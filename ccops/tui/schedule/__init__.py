"""Screen 4, schedule: who works when, what that covers, changed by hand or by the solver, published, lived with."""
