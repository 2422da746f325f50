from clouds.case import Cases

CASES = Cases("oci", lambda: None)
