"""What is stored, and what is sent."""

from server.models.base import Base
from server.models.model_inference import InvocationLog
from server.models.schema_detection_result import SchemaDetectionEvent
from server.models.user_preference import StoredPreference

__all__ = ["Base", "InvocationLog", "SchemaDetectionEvent", "StoredPreference"]
