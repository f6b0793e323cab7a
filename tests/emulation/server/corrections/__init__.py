"""What ministack 1.5.33 gets wrong of what this project relies on, one correction each.

Each is tried through AWS's own API by tests/e2e/deployment/test_emulator.py: a fault that comes back fails there.
"""

from tests.emulation.containers.engine import engine
from tests.emulation.server.clock import Clock
from tests.emulation.server.configuration import Configuration
from tests.emulation.server.corrections.alarms import correct_alarm_actions, correct_metric_math
from tests.emulation.server.corrections.callers import (
    correct_log_groups_in_policies,
    correct_rights_of_tools,
    correct_tasks_in_policies,
    correct_transport,
)
from tests.emulation.server.corrections.functions import correct_variables_of_functions
from tests.emulation.server.corrections.notifications import (
    correct_deliveries_to_functions,
    correct_encrypted_topics,
    correct_events_to_topics,
    correct_mail,
)
from tests.emulation.server.corrections.registry import correct_unknown_images
from tests.emulation.server.corrections.schedules import (
    correct_enabling,
    correct_input_transformers,
    correct_network_configuration,
    correct_scheduler_clock,
    correct_starts_of_tasks,
)
from tests.emulation.server.corrections.secrets import correct_reference_to_secret
from tests.emulation.server.corrections.security_groups import correct_security_group_rules
from tests.emulation.server.corrections.task_definitions import correct_container_definitions
from tests.emulation.server.corrections.tasks import correct_tasks
from tests.emulation.server.journal import Journal


def correct_all(configuration: Configuration) -> None:
    """Before the emulator starts to serve. Raises FaultError where ministack is another than expected."""
    clock = Clock(configuration.clock_file)
    journal = Journal(configuration.journal_port)
    correct_variables_of_functions()
    correct_rights_of_tools()
    correct_transport()
    correct_log_groups_in_policies()
    correct_tasks_in_policies()
    correct_security_group_rules()
    correct_container_definitions()
    correct_reference_to_secret()
    correct_unknown_images()
    correct_network_configuration()
    correct_input_transformers()
    correct_scheduler_clock(clock)
    correct_enabling(clock)
    correct_tasks(
        clock=clock, journal=journal, engine=engine(configuration.engine), added=configuration.task_environment
    )
    correct_starts_of_tasks(clock=clock, journal=journal)
    correct_encrypted_topics()
    correct_mail(journal)
    correct_events_to_topics(journal)
    correct_deliveries_to_functions(clock=clock, journal=journal)
    correct_metric_math()
    correct_alarm_actions(clock=clock, journal=journal)
