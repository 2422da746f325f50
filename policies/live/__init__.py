"""The rules live: as the engine registers resources, before each is made, and over the stack at the end."""
