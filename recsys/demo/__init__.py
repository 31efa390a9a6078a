"""The embedded demo shop: a believable outdoor-and-home shop, made by a seeded generator that knows the truth."""

from recsys.demo.generate import DemoSummary, generate_demo

__all__ = ["DemoSummary", "generate_demo"]
