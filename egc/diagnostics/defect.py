"""The diagnostic of egc's own defects."""

from egc.diagnostics.rule import Rule, Severity

DEFECT = Rule(
    code="EGC0900",
    severity=Severity.ERROR,
    title="defect of egc",
    explanation="""
        Something happened that egc did not foresee. Nothing was written. What is printed are the lines of egc's own
        code that it came through, without any value: neither the input nor a secret is in it.
        """,
    help="please report this with the lines above; they hold nothing of the input",
)
