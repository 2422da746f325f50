"""The fleet: all local governments, from one machine or many (DESIGN §7)."""
