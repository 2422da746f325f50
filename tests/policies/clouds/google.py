from clouds.case import Cases

CASES = Cases("google", lambda: None)
