"""Planning for one person: reads what there is, changes it by right, and writes every change to the audit.

    office = Office(loaded)                     # ccops.desk.planning.office; Office(settings) will do
    import_team(office, path) · Rosters(office).solve(…) · Leaves(office).request(…) · Swaps(office).offer(…)

Console and commands hold an `Office`; nothing here talks to the PBX.
"""
