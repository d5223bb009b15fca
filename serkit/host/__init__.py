"""The plugin host: discovers plugins through entry points, isolates broken ones, imports targets on demand."""

from serkit.host.hookspecs import hookimpl
from serkit.host.manager import Broken, Host, Registered, get_host
from serkit.host.specs import (
    HOST_API,
    AnySpec,
    ArchitectureSpec,
    DatasetSpec,
    FeatureSpec,
    Kind,
    MetricSpec,
    ProtocolSpec,
    RecipeSpec,
    Spec,
)

__all__ = [
    "HOST_API",
    "AnySpec",
    "ArchitectureSpec",
    "Broken",
    "DatasetSpec",
    "FeatureSpec",
    "Host",
    "Kind",
    "MetricSpec",
    "ProtocolSpec",
    "RecipeSpec",
    "Registered",
    "Spec",
    "get_host",
    "hookimpl",
]
