"""The work: slots with killable children, from a claim to its end, and what dead workers leave.

Nothing is imported here: a child needs `child` alone.
"""
