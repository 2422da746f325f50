from clouds.case import Cases

CASES = Cases("azure", lambda: None)
