"""Other people's formats into an inventory; one file per format, and this table of them.

The commands look a format up here and load its reader only then, because a reader brings the YAML
parser along. A reader takes paths and gives a `draft.Draft`; `write.py` writes it, the coverage
report included. Tables of connections are too large for that: `table_import.py` writes theirs.
The sample estate (`sample.py`) is made up, not read, and stands apart.
To add a format: a new file in this folder, one line in FORMATS, one sub-command.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Format:
    """A format that can be imported. `reader` is `module:function` inside this package."""

    name: str
    reader: str
    reads: str


FORMATS: Final = (
    Format("kubernetes", "kubernetes:read_kubernetes", "rendered manifests (YAML, JSON, Lists)"),
    Format("casual", "casual:read_casual", "Casual's domain configuration (YAML, JSON, XML, INI)"),
    Format("casual-log", "casual_log:read_casual_log", "Casual's service logs"),
    Format("compose", "compose:read_compose", "Compose files, with .env and env_file"),
    Format("otel-graph", "otel_graph:read_otel_graph", "OpenTelemetry's service graph"),
    Format("jaeger", "jaeger:read_jaeger", "Jaeger's dependencies (JSON)"),
    Format("csv", "csv_links:import_csv", "tables of connections, by a column map"),
    Format("azure-migrate", "azure_migrate:import_azure_migrate", "Azure Migrate's dependencies"),
    Format("aws-discovery", "aws_discovery:import_aws_discovery", "AWS discovery exports"),
)
