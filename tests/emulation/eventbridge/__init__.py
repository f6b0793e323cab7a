"""EventBridge's own work, as its documentation tells it: which rule an event is for, when a schedule fires, and what a
target is handed.

Pure, and as strict as tests/emulation/cloudwatch: what is not documented is refused, or named as an interpretation.
"""
