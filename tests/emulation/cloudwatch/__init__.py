"""CloudWatch's own work, as its documentation tells it: log lines into metrics, metrics into the state of alarms.

Pure: no clock, no I/O, no boto3; input has the shape of boto3's answers. Where the documentation says nothing, either
UnsupportedError is raised or the module's docstring names the interpretation, with the word "interpretation", and what
speaks for it. What only memory tells is marked "from memory".
"""
