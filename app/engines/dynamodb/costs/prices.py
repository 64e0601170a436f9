"""What DynamoDB costs at AWS: the list prices that plans show, in one table."""

AS_OF = "November 2024"
REGION = "us-east-1 (N. Virginia)"
PER_MILLION_USD = {"RCU": 0.125, "WCU": 0.625}
"""On-demand tables of the standard class, a million read or write request units."""


def per_million_calls(units: float, unit: str) -> float:
    """A million such calls in US dollars."""
    return units * PER_MILLION_USD[unit]


def said(units: float, unit: str) -> str:
    price = per_million_calls(units, unit)
    text = f"{price:,.2f}" if price >= 0.1 else f"{price:.4f}".rstrip("0")
    return f"{text} USD"
