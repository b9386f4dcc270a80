"""Worlds: functions that declare back ends, services and schedules."""
