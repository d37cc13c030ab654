"""What the decorators return: Task, Call, JobHandle and their options."""

from headrace.tasks.blueprint import Blueprint
from headrace.tasks.call import Call
from headrace.tasks.defaults import TaskDefaults
from headrace.tasks.define import TaskDecorator, TaskSettings, define_task
from headrace.tasks.handle import JobHandle
from headrace.tasks.options import JobOptions
from headrace.tasks.schema import ArgumentsSchema
from headrace.tasks.task import Task

__all__ = [
    "ArgumentsSchema",
    "Blueprint",
    "Call",
    "JobHandle",
    "JobOptions",
    "Task",
    "TaskDecorator",
    "TaskDefaults",
    "TaskSettings",
    "define_task",
]
