from clouds.case import Cases

CASES = Cases("sakura", lambda: None)
