"""A small exchange: five accounts, two assets."""

SPEC = """\
polyproof: 1
name: example
organisation: Example Exchange
assets:
  - {symbol: BTC, decimals: 8, aliases: [XBT]}
  - {symbol: USDT, decimals: 6}
backend: {name: tally, capacity: 2}
accounts: {path: accounts.csv}
snapshot: 2025-11-30T00:00:00Z
"""
ACCOUNTS = "account,BTC,USDT\nalice,0.25,100\nbob,0,12.5\ncarol,1,0\ndave,0,0\neve,0.00000001,7\n"
TOTALS = (125_000_001, 119_500_000)
